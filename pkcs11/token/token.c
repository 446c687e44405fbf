/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/token/token.h"

G_DEFINE_BOXED_TYPE(KysoToken, kyso_token, kyso_token_ref, kyso_token_unref)

static char *
copy_text(const char *text)
{
    return g_strdup(text != NULL ? text : "");
}

KysoToken *
kyso_token_new(const KysoToken *fields)
{
    KysoToken *self = g_atomic_rc_box_new0(KysoToken);

    self->module_path = copy_text(fields->module_path);
    self->module_description = copy_text(fields->module_description);
    self->slot_id = fields->slot_id;
    self->label = copy_text(fields->label);
    self->serial = copy_text(fields->serial);
    self->manufacturer = copy_text(fields->manufacturer);
    self->model = copy_text(fields->model);
    self->reader = copy_text(fields->reader);
    self->insertion = fields->insertion;
    self->flags = fields->flags;
    self->credentials = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_credential_unref);
    return self;
}

static void
token_clear(gpointer data)
{
    KysoToken *self = data;

    g_free(self->module_path);
    g_free(self->module_description);
    g_free(self->label);
    g_free(self->serial);
    g_free(self->manufacturer);
    g_free(self->model);
    g_free(self->reader);
    g_ptr_array_unref(self->credentials);
}

KysoToken *
kyso_token_ref(KysoToken *self)
{
    return g_atomic_rc_box_acquire(self);
}

void
kyso_token_unref(KysoToken *self)
{
    g_atomic_rc_box_release_full(self, token_clear);
}

void
kyso_token_add_credential(KysoToken *self, GBytes *certificate, const char *key_id,
                          const char *label)
{
    KysoCredentialPlace place = {
        .key_id = key_id,
        .label = label,
        .token_label = self->label,
        .token_serial = self->serial,
        .module_path = self->module_path,
        .reader = self->insertion != 0 ? self->reader : NULL,
        .insertion = self->insertion,
    };

    g_ptr_array_add(self->credentials, kyso_credential_new(certificate, &place));
}

KysoCredential *
kyso_token_find_credential(const KysoToken *self, const char *id)
{
    for (guint i = 0; i < self->credentials->len; i++) {
        KysoCredential *credential = self->credentials->pdata[i];
        if (g_str_equal(credential->id, id))
            return credential;
    }
    return NULL;
}
