/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A certificate on a token, with what is needed to find its private key again.
 *
 * Its identity is the certificate itself, never a label or a slot. Immutable and ref-counted;
 * thread-safe. The fields are read only.
 */

#include <glib-object.h>

typedef struct {
    char *id;            /* SHA-256 of the certificate's DER, 64 lower-case hex digits */
    GBytes *certificate; /* DER (RFC 5280 §4.1) */
    char *key_id;        /* CKA_ID in lower-case hex; "" where the token gives none */
    char *label;         /* CKA_LABEL of the certificate; for people only */
    char *token_label;   /* label and serial of the token, trailing blanks cut */
    char *token_serial;
    char *module_path; /* resolved path of the module that showed it */
    char *reader;      /* that it is in; "" where the module has no PC/SC readers */
    guint64 insertion; /* KysoReader's; 0 there */
} KysoCredential;

#define KYSO_TYPE_CREDENTIAL (kyso_credential_get_type())
GType kyso_credential_get_type(void);

/* What is not the certificate's own: copied. */
typedef struct {
    const char *key_id;
    const char *label;
    const char *token_label;
    const char *token_serial;
    const char *module_path;
    const char *reader;
    guint64 insertion;
} KysoCredentialPlace;

/* A reference to @certificate is taken; NULL texts become "". */
KysoCredential *kyso_credential_new(GBytes *certificate, const KysoCredentialPlace *place);
KysoCredential *kyso_credential_ref(KysoCredential *self);
void kyso_credential_unref(KysoCredential *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoCredential, kyso_credential_unref)

/* The id of a certificate: the form in which it is named everywhere. g_free. */
char *kyso_credential_id_of(GBytes *certificate);

/* TRUE where @text has the form of an id: 64 lower-case hex digits. NULL has not. */
gboolean kyso_credential_is_id(const char *text);
