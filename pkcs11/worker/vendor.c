/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/vendor.h"

#include "ipc/base/error.h"
#include "pkcs11/worker/ckr.h"
#include "pkcs11/worker/view-loader.h"

#include <dlfcn.h>

struct _KysoVendor {
    char *path;
    char *reader; /* NULL: all of them */
    gboolean has_view;
    void *library; /* our own hold on it, never let go */
    CK_FUNCTION_LIST *functions;
    PKCS11_CTX *context; /* NULL: not initialised */
    PKCS11_SLOT *slots;
    guint n_slots;
};

KysoVendor *
kyso_vendor_new(const char *path, const char *reader)
{
    KysoVendor *self = g_new0(KysoVendor, 1);

    self->path = g_strdup(path);
    self->reader = g_strdup(reader);
    return self;
}

void
kyso_vendor_free(KysoVendor *self)
{
    kyso_vendor_unload(self);
    g_free(self->path);
    g_free(self->reader);
    g_free(self);
}

static gboolean
load_view(KysoVendor *self, GError **error)
{
    if (self->reader != NULL && !self->has_view)
        self->has_view = kyso_view_loader_load(self->reader, error);
    return self->reader == NULL || self->has_view;
}

/* Done here, as libp11 writes the reason of a failure to stderr only. */
static gboolean
map_library(KysoVendor *self, GError **error)
{
    if (self->functions != NULL)
        return TRUE;
    if (!load_view(self, error))
        return FALSE;

    if (self->library == NULL)
        self->library = dlopen(self->path, RTLD_NOW | RTLD_LOCAL);
    if (self->library == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED, "cannot load the module: %s",
                    dlerror());
        return FALSE;
    }

    CK_C_GetFunctionList get_list =
        (CK_C_GetFunctionList) dlsym(self->library, "C_GetFunctionList");
    if (get_list == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED, "%s is no PKCS#11 module",
                    self->path);
        return FALSE;
    }

    CK_RV rv = get_list(&self->functions);
    if (rv != CKR_OK || self->functions == NULL) {
        self->functions = NULL;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED,
                    "C_GetFunctionList fails (CKR 0x%lx)", rv);
        return FALSE;
    }

    return TRUE;
}

gboolean
kyso_vendor_load(KysoVendor *self, GError **error)
{
    if (self->context != NULL)
        return TRUE;
    if (!map_library(self, error))
        return FALSE;

    PKCS11_CTX *context = PKCS11_CTX_new();
    ERR_clear_error();
    if (PKCS11_CTX_load(context, self->path) != 0) {
        g_autoptr(GError) reason = NULL;
        kyso_ckr_set_from_queue(&reason, KYSO_ERROR_MODULE_FAILED, "C_Initialize");
        const char *details = kyso_error_details(reason);
        g_propagate_error(error, kyso_error_new_with_details(KYSO_ERROR_MODULE_FAILED, details,
                                                             "the module does not start: %s",
                                                             reason->message));
        PKCS11_CTX_free(context); /* no unload: after a failed load libp11 0.4.12 crashes in it */
        return FALSE;
    }

    self->context = context;
    return TRUE;
}

static void
release_slots(KysoVendor *self)
{
    if (self->slots != NULL)
        PKCS11_release_all_slots(self->context, self->slots, self->n_slots);
    self->slots = NULL;
    self->n_slots = 0;
}

void
kyso_vendor_unload(KysoVendor *self)
{
    if (self->context == NULL)
        return;

    release_slots(self);
    PKCS11_CTX_unload(self->context);
    PKCS11_CTX_free(self->context);
    self->context = NULL;
}

gboolean
kyso_vendor_look_again(KysoVendor *self, GError **error)
{
    CK_ULONG n = 0;

    CK_RV rv = self->functions->C_GetSlotList(CK_FALSE, NULL, &n);
    if (rv != CKR_OK)
        kyso_ckr_set_error(error, rv, "C_GetSlotList");
    return rv == CKR_OK;
}

/* Tokens that were not seen through the view may be in any reader. */
static gboolean
check_view(const KysoVendor *self, GError **error)
{
    if (self->reader == NULL || kyso_view_loader_was_used())
        return TRUE;
    for (guint i = 0; i < self->n_slots; i++)
        if (self->slots[i].token != NULL) {
            g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED,
                                "the module does not keep to its reader: it has a way to pcscd "
                                "that is not libpcsclite.so.1");
            return FALSE;
        }
    return TRUE;
}

gboolean
kyso_vendor_enumerate(KysoVendor *self, PKCS11_SLOT **ret_slots, guint *ret_n_slots, GError **error)
{
    if (!kyso_vendor_load(self, error))
        return FALSE;

    release_slots(self);
    if (!kyso_vendor_look_again(self, error))
        return FALSE;
    ERR_clear_error();
    int failed = PKCS11_enumerate_slots(self->context, &self->slots, &self->n_slots);
    if (failed) {
        self->slots = NULL;
        self->n_slots = 0;
    }
    /* Without any reader libp11 0.4.12 fails with an empty queue. */
    if (failed && !kyso_ckr_queue_is_empty()) {
        kyso_ckr_set_from_queue(error, KYSO_ERROR_TOKEN_FAILED, "PKCS11_enumerate_slots");
        return FALSE;
    }

    if (!check_view(self, error))
        return FALSE;
    *ret_slots = self->slots;
    *ret_n_slots = self->n_slots;
    return TRUE;
}

CK_FUNCTION_LIST *
kyso_vendor_functions(KysoVendor *self)
{
    return self->functions;
}

PKCS11_CTX *
kyso_vendor_context(KysoVendor *self)
{
    return self->context;
}

gboolean
kyso_vendor_open_session(KysoVendor *self, PKCS11_SLOT *slot, CK_SESSION_HANDLE *ret,
                         GError **error)
{
    CK_RV rv = self->functions->C_OpenSession(PKCS11_get_slotid_from_slot(slot), CKF_SERIAL_SESSION,
                                              NULL, NULL, ret);
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, "C_OpenSession");
        return FALSE;
    }

    return TRUE;
}

void
kyso_vendor_close_session(KysoVendor *self, CK_SESSION_HANDLE session)
{
    self->functions->C_CloseSession(session);
}

gboolean
kyso_vendor_certificates(KysoVendor *self, PKCS11_SLOT *slot, PKCS11_CERT **ret, guint *ret_n,
                         GError **error)
{
    g_return_val_if_fail(slot->token != NULL && slot->token->initialized, FALSE);

    ERR_clear_error();
    if (PKCS11_enumerate_certs(slot->token, ret, ret_n) != 0) {
        kyso_ckr_set_from_queue(error, KYSO_ERROR_TOKEN_FAILED, "PKCS11_enumerate_certs");
        return FALSE;
    }

    return TRUE;
}

GBytes *
kyso_vendor_certificate_der(const PKCS11_CERT *certificate)
{
    guchar *der = NULL;
    int size = i2d_X509(certificate->x509, &der);

    if (size <= 0)
        return NULL;

    GBytes *result = g_bytes_new(der, (gsize) size);
    OPENSSL_free(der);
    return result;
}

char *
kyso_vendor_certificate_key_id(const PKCS11_CERT *certificate)
{
    GString *hex = g_string_sized_new(2 * certificate->id_len + 1);

    for (size_t i = 0; i < certificate->id_len; i++)
        g_string_append_printf(hex, "%02x", certificate->id[i]);
    return g_string_free(hex, FALSE);
}
