/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The vendor's PKCS#11 module in this process, seen from two sides: libp11's context (slots, tokens
 * and certificates) and the module's own function list (login and signatures; see README.md for
 * why). Both speak to the one loaded library.
 *
 * Never used by two threads at a time; the function list may be, as the module was initialised
 * with CKF_OS_LOCKING_OK.
 */

#include <glib.h>
#include <libp11.h>
#include <p11-kit/pkcs11.h>

typedef struct _KysoVendor KysoVendor;

/* @path is that of the module, resolved and checked by the agent. @reader: the only one that the
 * module shall see; NULL: all of them. Nothing is loaded yet. */
KysoVendor *kyso_vendor_new(const char *path, const char *reader);
void kyso_vendor_free(KysoVendor *self); /* unloads first */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoVendor, kyso_vendor_free)

/* Loads and initialises the module where that is not done. KYSO_ERROR_MODULE_FAILED, also where it
 * cannot be kept to its reader. */
gboolean kyso_vendor_load(KysoVendor *self, GError **error);

/* Releases slots and finalises the module: all sessions and logins of this process end. The
 * library stays mapped: unmapping is where vendor modules crash. It can be loaded again. */
void kyso_vendor_unload(KysoVendor *self);

/* What is in the slots now; loads first. Slots of an earlier call are released, and with them all
 * sessions of this process: never while a login is live. No slots at all is not an error. The
 * array stays owned by @self, until the next enumerate or unload. */
gboolean kyso_vendor_enumerate(KysoVendor *self, PKCS11_SLOT **ret_slots, guint *ret_n_slots,
                               GError **error);

/* Makes the module look at its readers. OpenSC 0.23 notices new ones, and that another token has
 * come in the place of one, only when it is asked for the length of its list of slots; that must
 * not hang on how libp11 asks. Part of enumerate. */
gboolean kyso_vendor_look_again(KysoVendor *self, GError **error);

/* The module's own functions; NULL before the first load. */
CK_FUNCTION_LIST *kyso_vendor_functions(KysoVendor *self);

/* Of the loaded module; NULL where not loaded. */
PKCS11_CTX *kyso_vendor_context(KysoVendor *self);

/* A read-only session on the slot, for C_CloseSession. libp11 waits for ever where it cannot open
 * one (up to 0.4.13), so this is always asked first. */
gboolean kyso_vendor_open_session(KysoVendor *self, PKCS11_SLOT *slot, CK_SESSION_HANDLE *ret,
                                  GError **error);
void kyso_vendor_close_session(KysoVendor *self, CK_SESSION_HANDLE session);

/* The X.509 certificates of an initialised token, which stay libp11's. */
gboolean kyso_vendor_certificates(KysoVendor *self, PKCS11_SLOT *slot, PKCS11_CERT **ret,
                                  guint *ret_n, GError **error);

/* Its DER, or NULL where it cannot be encoded. */
GBytes *kyso_vendor_certificate_der(const PKCS11_CERT *certificate);

/* Its CKA_ID in lower-case hex. g_free. */
char *kyso_vendor_certificate_key_id(const PKCS11_CERT *certificate);
