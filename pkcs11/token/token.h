/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A token as its module showed it at one moment, without any PIN.
 *
 * Ref-counted. The maker adds the credentials; from then on it is immutable and thread-safe. The
 * fields are read only.
 */

#include "pkcs11/token/credential.h"

typedef enum {
    KYSO_TOKEN_PIN_COUNT_LOW = 1 << 0,  /* a wrong PIN was typed since the last right one */
    KYSO_TOKEN_PIN_FINAL_TRY = 1 << 1,  /* one more wrong PIN locks the token */
    KYSO_TOKEN_PIN_LOCKED = 1 << 2,     /* no PIN is taken any more */
    KYSO_TOKEN_PROTECTED_PATH = 1 << 3, /* the PIN is typed on the reader's own keypad */
    KYSO_TOKEN_LOGIN_REQUIRED = 1 << 4, /* the private keys need a PIN */
    KYSO_TOKEN_INITIALIZED = 1 << 5,    /* a blank token has no credentials */
} KysoTokenFlags;

/* The texts are UTF-8 with trailing blanks cut. */
typedef struct {
    char *module_path; /* resolved */
    char *module_description;
    guint64 slot_id; /* of this one listing: never an identity */
    char *label;
    char *serial;
    char *manufacturer;
    char *model;
    char *reader;      /* the reader's name; without PC/SC the slot's description */
    guint64 insertion; /* KysoReader's; 0 without PC/SC */
    KysoTokenFlags flags;
    GPtrArray *credentials; /* KysoCredential; never NULL */
} KysoToken;

#define KYSO_TYPE_TOKEN (kyso_token_get_type())
GType kyso_token_get_type(void);

/* @fields is copied, its credentials left out; NULL texts become "". */
KysoToken *kyso_token_new(const KysoToken *fields);
KysoToken *kyso_token_ref(KysoToken *self);
void kyso_token_unref(KysoToken *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoToken, kyso_token_unref)

/* Adds the certificate; only by the maker, before anyone else has a reference. */
void kyso_token_add_credential(KysoToken *self, GBytes *certificate, const char *key_id,
                               const char *label);

/* The credential named @id, or NULL. Borrowed. */
KysoCredential *kyso_token_find_credential(const KysoToken *self, const char *id);
