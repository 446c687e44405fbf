/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A key of a token by plain PKCS#11, for the programs that our own path is compared with. Functions
 * end the program where the token does not do what they ask.
 */

#include <p11-kit/pkcs11.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    CK_FUNCTION_LIST *p11;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    int is_ec;
} KysoRawToken;

#define KYSO_RAW_TOKEN_DIGEST 32
#define KYSO_RAW_TOKEN_MAX_SIGNATURE 1024

/* Logs in with the PIN of the first line of stdin. @key_id: CKA_ID in hex. */
KysoRawToken kyso_raw_token_open(const char *module, const char *serial, const char *key_id);
CK_SESSION_HANDLE kyso_raw_token_new_session(const KysoRawToken *self);

/* Signs a SHA-256 digest (RSA PKCS#1 v1.5, ECDSA). Returns the size, 0 on a fault. From any thread
 * that has @session to itself. */
size_t kyso_raw_token_sign(const KysoRawToken *self, CK_SESSION_HANDLE session,
                           const uint8_t *digest, uint8_t *ret);

/* The first line of stdin, without its end. */
void kyso_raw_token_read_pin(char *ret, size_t size);
void kyso_raw_token_check(CK_RV rv, const char *function);
