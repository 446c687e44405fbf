/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/token-listing.h"

#include "ipc/base/error.h"

#define MAX_TOKENS 256
#define MAX_CERTIFICATES 256             /* of a token */
#define MAX_CERTIFICATE_SIZE (16 * 1024) /* bytes of DER */

/* Whose listing it is. */
typedef struct {
    const char *module_path;
    const KysoReader *reader; /* may be NULL */
} Origin;

void
kyso_module_fault_free(KysoModuleFault *self)
{
    g_free(self->path);
    g_clear_error(&self->error);
    g_free(self);
}

GPtrArray *
kyso_token_listing_new_tokens(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) kyso_token_unref);
}

GPtrArray *
kyso_token_listing_new_faults(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) kyso_module_fault_free);
}

void
kyso_token_listing_add_fault(GPtrArray *faults, const char *path, const GError *error)
{
    KysoModuleFault *fault = g_new0(KysoModuleFault, 1);

    fault->path = g_strdup(path);
    fault->error = g_error_copy(error);
    g_ptr_array_add(faults, fault);
}

static gboolean
read_flags(const json_t *value, KysoTokenFlags *ret, GError **error)
{
    static const struct {
        const char *name;
        KysoTokenFlags flag;
    } names[] = {
        {"pin_count_low", KYSO_TOKEN_PIN_COUNT_LOW},
        {"pin_final_try", KYSO_TOKEN_PIN_FINAL_TRY},
        {"pin_locked", KYSO_TOKEN_PIN_LOCKED},
        {"protected_path", KYSO_TOKEN_PROTECTED_PATH},
        {"login_required", KYSO_TOKEN_LOGIN_REQUIRED},
        {"initialized", KYSO_TOKEN_INITIALIZED},
    };

    *ret = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        gboolean is_set = FALSE;
        if (!kyso_json_get_boolean(value, names[i].name, KYSO_JSON_REQUIRED, &is_set, error))
            return FALSE;
        *ret |= is_set ? names[i].flag : 0;
    }
    return TRUE;
}

static gboolean
read_certificate(const json_t *value, KysoToken *token, GError **error)
{
    g_autoptr(GBytes) der = NULL;
    const char *key_id = NULL;
    const char *label = NULL;

    if (!kyso_json_get_bytes(value, "der", KYSO_JSON_REQUIRED, MAX_CERTIFICATE_SIZE, &der, error) ||
        !kyso_json_get_string(value, "key_id", KYSO_JSON_REQUIRED, &key_id, error) ||
        !kyso_json_get_string(value, "label", KYSO_JSON_REQUIRED, &label, error))
        return FALSE;

    kyso_token_add_credential(token, der, key_id, label);
    return TRUE;
}

/* The texts stay owned by @value. */
static gboolean
read_texts(const json_t *value, KysoToken *ret, GError **error)
{
    const struct {
        const char *name;
        char **text;
    } texts[] = {
        {"label", &ret->label}, {"serial", &ret->serial}, {"manufacturer", &ret->manufacturer},
        {"model", &ret->model}, {"reader", &ret->reader},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        if (!kyso_json_get_string(value, texts[i].name, KYSO_JSON_REQUIRED,
                                  (const char **) texts[i].text, error))
            return FALSE;
    return TRUE;
}

static KysoToken *
read_token(const json_t *value, const Origin *origin, const char *description, GError **error)
{
    KysoToken fields = {
        .module_path = (char *) origin->module_path,
        .module_description = (char *) description,
    };
    json_t *certificates = NULL;
    gint64 slot_id = 0;

    if (!read_texts(value, &fields, error) || !read_flags(value, &fields.flags, error) ||
        !kyso_json_get_int(value, "slot_id", KYSO_JSON_REQUIRED, G_MININT64, G_MAXINT64, &slot_id,
                           error) ||
        !kyso_json_get_array(value, "certificates", KYSO_JSON_REQUIRED, MAX_CERTIFICATES,
                             &certificates, error))
        return NULL;

    fields.slot_id = (guint64) slot_id;
    if (origin->reader != NULL) {
        fields.reader = origin->reader->name;
        fields.insertion = origin->reader->insertion;
    }
    g_autoptr(KysoToken) token = kyso_token_new(&fields);
    for (gsize i = 0; i < json_array_size(certificates); i++)
        if (!read_certificate(json_array_get(certificates, i), token, error))
            return NULL;
    return g_steal_pointer(&token);
}

static gboolean
read_fault(const json_t *value, const char *module_path, GPtrArray *faults, GError **error)
{
    const char *code = NULL;
    const char *detail = NULL;

    if (!kyso_json_get_string(value, "code", KYSO_JSON_REQUIRED, &code, error) ||
        !kyso_json_get_string(value, "detail", KYSO_JSON_REQUIRED, &detail, error))
        return FALSE;

    int number = kyso_error_from_name(code);
    g_autoptr(GError) fault =
        g_error_new_literal(KYSO_ERROR, number != 0 ? number : KYSO_ERROR_TOKEN_FAILED, detail);
    kyso_token_listing_add_fault(faults, module_path, fault);
    return TRUE;
}

static gboolean
read_all(const json_t *result, const Origin *origin, GPtrArray *tokens, GPtrArray *faults,
         GError **error)
{
    json_t *module = NULL;
    json_t *token_values = NULL;
    json_t *fault_values = NULL;
    const char *description = NULL;

    if (!kyso_json_get_object(result, "module", KYSO_JSON_REQUIRED, &module, error) ||
        !kyso_json_get_string(module, "description", KYSO_JSON_REQUIRED, &description, error) ||
        !kyso_json_get_array(result, "tokens", KYSO_JSON_REQUIRED, MAX_TOKENS, &token_values,
                             error) ||
        !kyso_json_get_array(result, "faults", KYSO_JSON_REQUIRED, MAX_TOKENS, &fault_values,
                             error))
        return FALSE;

    for (gsize i = 0; i < json_array_size(token_values); i++) {
        KysoToken *token = read_token(json_array_get(token_values, i), origin, description, error);
        if (token == NULL)
            return FALSE;
        g_ptr_array_add(tokens, token);
    }
    for (gsize i = 0; i < json_array_size(fault_values); i++)
        if (!read_fault(json_array_get(fault_values, i), origin->module_path, faults, error))
            return FALSE;
    return TRUE;
}

gboolean
kyso_token_listing_read(const json_t *result, const char *module_path, const KysoReader *reader,
                        GPtrArray *tokens, GPtrArray *faults, GError **error)
{
    Origin origin = {module_path, reader};
    g_autoptr(GError) wrong = NULL;

    if (read_all(result, &origin, tokens, faults, &wrong))
        return TRUE;

    g_set_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED, "%s: the listing makes no sense: %s",
                module_path, wrong->message);
    return FALSE;
}
