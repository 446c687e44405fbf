/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/token/credential.h"

#include <string.h>

#define ID_LENGTH 64

G_DEFINE_BOXED_TYPE(KysoCredential, kyso_credential, kyso_credential_ref, kyso_credential_unref)

static char *
copy_text(const char *text)
{
    return g_strdup(text != NULL ? text : "");
}

KysoCredential *
kyso_credential_new(GBytes *certificate, const KysoCredentialPlace *place)
{
    g_return_val_if_fail(certificate != NULL && place != NULL, NULL);

    KysoCredential *self = g_atomic_rc_box_new0(KysoCredential);
    self->id = kyso_credential_id_of(certificate);
    self->certificate = g_bytes_ref(certificate);
    self->key_id = copy_text(place->key_id);
    self->label = copy_text(place->label);
    self->token_label = copy_text(place->token_label);
    self->token_serial = copy_text(place->token_serial);
    self->module_path = copy_text(place->module_path);
    self->reader = copy_text(place->reader);
    self->insertion = place->insertion;
    return self;
}

static void
credential_clear(gpointer data)
{
    KysoCredential *self = data;

    g_free(self->id);
    g_bytes_unref(self->certificate);
    g_free(self->key_id);
    g_free(self->label);
    g_free(self->token_label);
    g_free(self->token_serial);
    g_free(self->module_path);
    g_free(self->reader);
}

KysoCredential *
kyso_credential_ref(KysoCredential *self)
{
    return g_atomic_rc_box_acquire(self);
}

void
kyso_credential_unref(KysoCredential *self)
{
    g_atomic_rc_box_release_full(self, credential_clear);
}

char *
kyso_credential_id_of(GBytes *certificate)
{
    return g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, certificate);
}

gboolean
kyso_credential_is_id(const char *text)
{
    return text != NULL && strlen(text) == ID_LENGTH &&
           strspn(text, "0123456789abcdef") == ID_LENGTH;
}
