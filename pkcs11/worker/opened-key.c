/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/opened-key.h"

#include "ipc/base/error.h"
#include "pkcs11/worker/ckr.h"
#include "pkcs11/worker/pin.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <string.h>

#define MIN_RSA_BITS 2048
#define MAX_RSA_BITS 4096
#define LEAST_RSA_SIZE_IN_BITS 1024
#define MAX_CERTIFICATES 16 /* of the same CKA_ID */

static const char *
curve_of(const EVP_PKEY *key)
{
    char name[32];

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(key, name, sizeof name, NULL) != 1)
        return NULL;
    if (g_str_equal(name, SN_X9_62_prime256v1))
        return "P-256";
    if (g_str_equal(name, SN_secp384r1))
        return "P-384";
    return NULL;
}

const char *
kyso_opened_key_curve(const KysoOpenedKey *self)
{
    return curve_of(self->public_key);
}

static gboolean
check_kind_of_key(const EVP_PKEY *key, GError **error)
{
    if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
        int bits = EVP_PKEY_get_bits(key);
        if (bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS)
            return TRUE;
    } else if (key != NULL && curve_of(key) != NULL) {
        return TRUE;
    }

    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED,
                        "only RSA of 2048 to 4096 bits and EC P-256 and P-384 can sign");
    return FALSE;
}

/* Some modules list keys that they cannot use: ykcs11 2.2 fails in C_Sign with RSA-3072. Better
 * said before the PIN goes in. Sizes are in bits (PKCS #11 v2.40 §2.1); a module that counts in
 * bytes is told by a number that no key in bits has, and not believed. */
static gboolean
check_size_of_key(KysoOpenedKey *self, GError **error)
{
    int bits = EVP_PKEY_get_bits(self->public_key);
    CK_MECHANISM_INFO info = {0};

    if (EVP_PKEY_get_base_id(self->public_key) != EVP_PKEY_RSA ||
        kyso_vendor_functions(self->vendor)
                ->C_GetMechanismInfo(self->slot_id, CKM_RSA_PKCS, &info) != CKR_OK ||
        info.ulMaxKeySize < LEAST_RSA_SIZE_IN_BITS || info.ulMaxKeySize >= (CK_ULONG) bits)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED,
                "the driver signs with RSA of up to %lu bits, the key has %d", info.ulMaxKeySize,
                bits);
    return FALSE;
}

/* Looks for the certificate on @slot. *ret is NULL where it is not there. */
static gboolean
find_certificate(KysoVendor *vendor, PKCS11_SLOT *slot, const char *id, PKCS11_CERT **ret,
                 GError **error)
{
    PKCS11_CERT *certificates = NULL;
    guint n = 0;

    *ret = NULL;
    if (!kyso_vendor_certificates(vendor, slot, &certificates, &n, error))
        return FALSE;

    for (guint i = 0; i < n && *ret == NULL; i++) {
        g_autoptr(GBytes) der = kyso_vendor_certificate_der(&certificates[i]);
        g_autofree char *found =
            der != NULL ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, der) : NULL;
        if (g_strcmp0(found, id) == 0)
            *ret = &certificates[i];
    }
    return TRUE;
}

/* One card may show several slots of the same serial: the one with the certificate is meant. The
 * session found with it is left open in @self. */
static PKCS11_CERT *
find_place(KysoOpenedKey *self, const KysoOpening *opening, PKCS11_SLOT **ret_slot, GError **error)
{
    PKCS11_SLOT *slots = NULL;
    guint n_slots = 0;
    gboolean serial_seen = FALSE;

    if (!kyso_vendor_enumerate(self->vendor, &slots, &n_slots, error))
        return NULL;

    for (guint i = 0; i < n_slots; i++) {
        PKCS11_TOKEN *token = slots[i].token;
        if (token == NULL || !token->initialized ||
            g_strcmp0(token->serialnr, opening->serial) != 0)
            continue;

        PKCS11_CERT *certificate = NULL;
        serial_seen = TRUE;
        if (!kyso_vendor_open_session(self->vendor, &slots[i], &self->session, error) ||
            !find_certificate(self->vendor, &slots[i], opening->certificate, &certificate, error))
            return NULL;
        if (certificate != NULL) {
            *ret_slot = &slots[i];
            return certificate;
        }
        kyso_vendor_close_session(self->vendor, self->session);
        self->session = CK_INVALID_HANDLE;
    }

    g_set_error(error, KYSO_ERROR,
                serial_seen ? KYSO_ERROR_UNKNOWN_CREDENTIAL : KYSO_ERROR_TOKEN_CHANGED,
                serial_seen ? "the token %s has not this certificate" : "no token %s is there",
                opening->serial);
    return NULL;
}

static gboolean
read_pin(const KysoOpening *opening, gboolean has_keypad, KysoSecret **ret, GError **error)
{
    if (opening->pin_fd >= 0)
        return kyso_pin_read(opening->pin_fd, ret, error);

    if (!has_keypad)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "the token has no keypad: the PIN is missing");
    return has_keypad;
}

static gboolean
log_in(KysoOpenedKey *self, const KysoSecret *pin, GError **error)
{
    KysoPinPlace place = {self->vendor, self->slot_id, self->session, CKU_USER};

    self->has_keypad = pin == NULL;
    return kyso_pin_log_in(&place, pin, error);
}

/* The attributes of a key that a certificate names: its class and CKA_ID. */
static gboolean
find_key(KysoOpenedKey *self, const PKCS11_CERT *certificate, GError **error)
{
    CK_FUNCTION_LIST *p11 = kyso_vendor_functions(self->vendor);
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_ID, certificate->id, certificate->id_len},
    };

    CK_RV rv = p11->C_FindObjectsInit(self->session, template, G_N_ELEMENTS(template));
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, "C_FindObjectsInit");
        return FALSE;
    }
    CK_ULONG n = 0;
    rv = p11->C_FindObjects(self->session, &self->handle, 1, &n);
    p11->C_FindObjectsFinal(self->session);
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, "C_FindObjects");
        return FALSE;
    }
    if (n == 0 || certificate->id_len == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_KEY_MISSING,
                            "the token has no private key of the certificate's CKA_ID");
        return FALSE;
    }

    CK_BBOOL each_time =
        CK_FALSE; /* a token that does not know the attribute does not ask for it */
    CK_ATTRIBUTE attribute = {CKA_ALWAYS_AUTHENTICATE, &each_time, sizeof each_time};
    rv = p11->C_GetAttributeValue(self->session, self->handle, &attribute, 1);
    self->wants_pin_each_time = rv == CKR_OK && each_time == CK_TRUE;
    return TRUE;
}

/* One certificate object of the session. Its DER is never longer than what is expected, or it is
 * another one. */
static gboolean
has_value(KysoOpenedKey *self, CK_OBJECT_HANDLE object, GBytes *expected)
{
    g_autofree guchar *value = g_malloc(g_bytes_get_size(expected));
    CK_ATTRIBUTE attribute = {CKA_VALUE, value, g_bytes_get_size(expected)};

    CK_RV rv = kyso_vendor_functions(self->vendor)
                   ->C_GetAttributeValue(self->session, object, &attribute, 1);
    if (rv != CKR_OK || attribute.ulValueLen != g_bytes_get_size(expected))
        return FALSE;

    g_autoptr(GBytes) found = g_bytes_new_static(value, attribute.ulValueLen);
    return g_bytes_equal(found, expected);
}

static gboolean
session_has_certificate(KysoOpenedKey *self, const PKCS11_CERT *certificate)
{
    CK_FUNCTION_LIST *p11 = kyso_vendor_functions(self->vendor);
    g_autoptr(GBytes) expected = kyso_vendor_certificate_der(certificate);
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_ID, certificate->id, certificate->id_len},
    };
    CK_OBJECT_HANDLE objects[MAX_CERTIFICATES];
    CK_ULONG n = 0;
    gboolean is_there = FALSE;

    if (p11->C_FindObjectsInit(self->session, template, G_N_ELEMENTS(template)) != CKR_OK)
        return FALSE;
    CK_RV rv = p11->C_FindObjects(self->session, objects, G_N_ELEMENTS(objects), &n);
    p11->C_FindObjectsFinal(self->session);
    for (CK_ULONG i = 0; rv == CKR_OK && i < MIN(n, G_N_ELEMENTS(objects)) && !is_there; i++)
        is_there = has_value(self, objects[i], expected);
    return is_there;
}

/* The person took time to type, and the token may have been swapped: what was found is looked for
 * again, in the session that is about to get the PIN. */
static gboolean
confirm_place(KysoOpenedKey *self, const KysoOpening *opening, const PKCS11_CERT *certificate,
              GError **error)
{
    CK_TOKEN_INFO info;

    if (!kyso_vendor_look_again(self->vendor, error))
        return FALSE;
    CK_RV rv = kyso_vendor_functions(self->vendor)->C_GetTokenInfo(self->slot_id, &info);
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, "C_GetTokenInfo");
        return FALSE;
    }

    g_autofree char *serial = g_strchomp(
        g_strndup((const char *) info.serialNumber, sizeof info.serialNumber)); /* as libp11 */
    if (g_str_equal(serial, opening->serial) && session_has_certificate(self, certificate))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_TOKEN_CHANGED,
                "the token %s was taken out while the PIN was typed", opening->serial);
    return FALSE;
}

/* Everything that can be refused without the PIN is refused before it is read. */
static gboolean
open_key(KysoOpenedKey *self, const KysoOpening *opening, GError **error)
{
    PKCS11_SLOT *slot = NULL;
    PKCS11_CERT *certificate = find_place(self, opening, &slot, error);
    if (certificate == NULL)
        return FALSE;

    self->slot_id = PKCS11_get_slotid_from_slot(slot);
    if (slot->token->userPinLocked) {
        g_propagate_error(error,
                          kyso_error_new_with_details(KYSO_ERROR_PIN_LOCKED, "{\"tries_left\": 0}",
                                                      "the token says so before any try"));
        return FALSE;
    }
    if (!check_kind_of_key(X509_get0_pubkey(certificate->x509), error))
        return FALSE;
    self->public_key = X509_get_pubkey(certificate->x509);
    if (!check_size_of_key(self, error))
        return FALSE;

    g_autoptr(KysoSecret) pin = NULL;
    if (!read_pin(opening, slot->token->secureLogin, &pin, error) ||
        !confirm_place(self, opening, certificate, error) || !log_in(self, pin, error) ||
        !find_key(self, certificate, error))
        return FALSE;

    if (self->wants_pin_each_time)
        self->pin = g_steal_pointer(&pin);
    return TRUE;
}

KysoOpenedKey *
kyso_opened_key_new(KysoVendor *vendor, const KysoOpening *opening, GError **error)
{
    g_autoptr(KysoOpenedKey) self = g_new0(KysoOpenedKey, 1);

    self->vendor = vendor;
    if (!open_key(self, opening, error))
        return NULL;

    return g_steal_pointer(&self);
}

void
kyso_opened_key_free(KysoOpenedKey *self)
{
    if (self->session != CK_INVALID_HANDLE) {
        /* Says CKR_USER_NOT_LOGGED_IN where the PIN was not right: nothing to undo then. */
        kyso_vendor_functions(self->vendor)->C_Logout(self->session);
        kyso_vendor_close_session(self->vendor, self->session);
    }
    EVP_PKEY_free(self->public_key);
    kyso_secret_free(self->pin);
    g_free(self);
}
