/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/listing.h"

#include "ipc/base/error.h"

/* Vendors write what they like where PKCS #11 asks for UTF-8. */
static json_t *
text_value(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);

    return json_string(valid);
}

static json_t *
describe_module(KysoVendor *vendor)
{
    PKCS11_CTX *context = kyso_vendor_context(vendor);
    CK_INFO info = {0};
    g_autofree char *version = NULL;

    if (kyso_vendor_functions(vendor)->C_GetInfo(&info) == CKR_OK)
        version = g_strdup_printf("%d.%d", info.libraryVersion.major, info.libraryVersion.minor);

    json_t *module = json_object();
    json_object_set_new(module, "manufacturer", text_value(context->manufacturer));
    json_object_set_new(module, "description", text_value(context->description));
    json_object_set_new(module, "version", text_value(version));
    return module;
}

static json_t *
describe_token(PKCS11_SLOT *slot)
{
    const PKCS11_TOKEN *token = slot->token;
    json_t *value = json_object();

    json_object_set_new(value, "slot_id",
                        json_integer((json_int_t) PKCS11_get_slotid_from_slot(slot)));
    json_object_set_new(value, "label", text_value(token->label));
    json_object_set_new(value, "serial", text_value(token->serialnr));
    json_object_set_new(value, "manufacturer", text_value(token->manufacturer));
    json_object_set_new(value, "model", text_value(token->model));
    json_object_set_new(value, "reader", text_value(slot->description));
    json_object_set_new(value, "pin_count_low", json_boolean(token->userPinCountLow));
    json_object_set_new(value, "pin_final_try", json_boolean(token->userPinFinalTry));
    json_object_set_new(value, "pin_locked", json_boolean(token->userPinLocked));
    json_object_set_new(value, "protected_path", json_boolean(token->secureLogin));
    json_object_set_new(value, "login_required", json_boolean(token->loginRequired));
    json_object_set_new(value, "initialized", json_boolean(token->initialized));
    return value;
}

static json_t *
describe_certificate(const PKCS11_CERT *certificate)
{
    g_autoptr(GBytes) der = kyso_vendor_certificate_der(certificate);
    if (der == NULL)
        return NULL;

    g_autofree char *key_id = kyso_vendor_certificate_key_id(certificate);
    json_t *value = json_object();
    json_object_set_new(value, "der", kyso_json_bytes(der));
    json_object_set_new(value, "key_id", json_string(key_id));
    json_object_set_new(value, "label", text_value(certificate->label));
    return value;
}

static json_t *
list_certificates(KysoVendor *vendor, PKCS11_SLOT *slot, GError **error)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    PKCS11_CERT *certificates = NULL;
    guint n = 0;

    if (!slot->token->initialized)
        return json_array();
    if (!kyso_vendor_open_session(vendor, slot, &session, error))
        return NULL;

    json_t *list = NULL;
    if (kyso_vendor_certificates(vendor, slot, &certificates, &n, error)) {
        list = json_array();
        for (guint i = 0; i < n; i++) {
            json_t *certificate = describe_certificate(&certificates[i]);
            if (certificate != NULL)
                json_array_append_new(list, certificate);
        }
    }
    kyso_vendor_close_session(vendor, session);
    return list;
}

static json_t *
describe_fault(const PKCS11_SLOT *slot, const GError *error)
{
    json_t *value = json_object();

    json_object_set_new(value, "serial", text_value(slot->token->serialnr));
    json_object_set_new(value, "code", json_string(kyso_error_info(error->code)->name));
    json_object_set_new(value, "detail", text_value(error->message));
    return value;
}

json_t *
kyso_listing_make(KysoVendor *vendor, GError **error)
{
    PKCS11_SLOT *slots = NULL;
    guint n_slots = 0;

    if (!kyso_vendor_enumerate(vendor, &slots, &n_slots, error))
        return NULL;

    json_t *tokens = json_array();
    json_t *faults = json_array();
    for (guint i = 0; i < n_slots; i++) {
        if (slots[i].token == NULL)
            continue;

        g_autoptr(GError) fault = NULL;
        json_t *certificates = list_certificates(vendor, &slots[i], &fault);
        if (certificates != NULL) {
            json_t *token = describe_token(&slots[i]);
            json_object_set_new(token, "certificates", certificates);
            json_array_append_new(tokens, token);
        } else if (!g_error_matches(fault, KYSO_ERROR, KYSO_ERROR_TOKEN_REMOVED)) {
            json_array_append_new(faults, describe_fault(&slots[i], fault));
        }
    }

    json_t *result = json_object();
    json_object_set_new(result, "module", describe_module(vendor));
    json_object_set_new(result, "tokens", tokens);
    json_object_set_new(result, "faults", faults);
    return result;
}
