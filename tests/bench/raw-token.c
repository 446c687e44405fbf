/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/raw-token.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SLOTS 16

static const uint8_t sha256_prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

void
kyso_raw_token_check(CK_RV rv, const char *function)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "%s: 0x%lx\n", function, rv);
    exit(1);
}

void
kyso_raw_token_read_pin(char *ret, size_t size)
{
    if (fgets(ret, (int) size, stdin) == NULL)
        kyso_raw_token_check(CKR_PIN_INVALID, "stdin");
    ret[strcspn(ret, "\n")] = '\0';
}

static CK_FUNCTION_LIST *
load(const char *module)
{
    CK_C_INITIALIZE_ARGS threads = {.flags = CKF_OS_LOCKING_OK};
    CK_FUNCTION_LIST *p11 = NULL;
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get_list =
        library != NULL ? (CK_C_GetFunctionList) dlsym(library, "C_GetFunctionList") : NULL;

    kyso_raw_token_check(get_list != NULL ? get_list(&p11) : CKR_GENERAL_ERROR, module);
    kyso_raw_token_check(p11->C_Initialize(&threads), "C_Initialize");
    return p11;
}

static void
find_slot(KysoRawToken *self, const char *serial)
{
    CK_SLOT_ID slots[MAX_SLOTS];
    CK_ULONG n = MAX_SLOTS;

    kyso_raw_token_check(self->p11->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        kyso_raw_token_check(self->p11->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        self->slot = slots[i];
        if (strncmp((char *) info.serialNumber, serial, strlen(serial)) == 0)
            return;
    }
    kyso_raw_token_check(CKR_TOKEN_NOT_PRESENT, serial);
}

static CK_ULONG
read_hex(const char *hex, CK_BYTE *ret, CK_ULONG size)
{
    CK_ULONG n = 0;
    unsigned byte = 0;

    while (n < size && sscanf(hex + 2 * n, "%2x", &byte) == 1)
        ret[n++] = (CK_BYTE) byte;
    return n;
}

static void
find_key(KysoRawToken *self, const char *key_id)
{
    CK_BYTE id[32];
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = 0;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class},
                               {CKA_ID, id, read_hex(key_id, id, sizeof id)}};
    CK_ATTRIBUTE wanted = {CKA_KEY_TYPE, &type, sizeof type};
    CK_ULONG n = 0;

    kyso_raw_token_check(self->p11->C_FindObjectsInit(self->session, template, 2),
                         "C_FindObjectsInit");
    kyso_raw_token_check(self->p11->C_FindObjects(self->session, &self->key, 1, &n),
                         "C_FindObjects");
    self->p11->C_FindObjectsFinal(self->session);
    kyso_raw_token_check(n == 1 ? CKR_OK : CKR_KEY_HANDLE_INVALID, key_id);
    kyso_raw_token_check(self->p11->C_GetAttributeValue(self->session, self->key, &wanted, 1),
                         "C_GetAttributeValue");
    self->is_ec = type == CKK_EC;
}

KysoRawToken
kyso_raw_token_open(const char *module, const char *serial, const char *key_id)
{
    KysoRawToken self = {.p11 = load(module)};
    char pin[256];

    kyso_raw_token_read_pin(pin, sizeof pin);
    find_slot(&self, serial);
    self.session = kyso_raw_token_new_session(&self);
    kyso_raw_token_check(
        self.p11->C_Login(self.session, CKU_USER, (CK_UTF8CHAR *) pin, strlen(pin)), "C_Login");
    find_key(&self, key_id);
    return self;
}

CK_SESSION_HANDLE
kyso_raw_token_new_session(const KysoRawToken *self)
{
    CK_SESSION_HANDLE session;

    kyso_raw_token_check(
        self->p11->C_OpenSession(self->slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
        "C_OpenSession");
    return session;
}

size_t
kyso_raw_token_sign(const KysoRawToken *self, CK_SESSION_HANDLE session, const uint8_t *digest,
                    uint8_t *ret)
{
    CK_MECHANISM mechanism = {.mechanism = self->is_ec ? CKM_ECDSA : CKM_RSA_PKCS};
    uint8_t input[sizeof sha256_prefix + KYSO_RAW_TOKEN_DIGEST];
    size_t prefix = self->is_ec ? 0 : sizeof sha256_prefix;
    CK_ULONG size = KYSO_RAW_TOKEN_MAX_SIGNATURE;

    memcpy(input, sha256_prefix, prefix);
    memcpy(input + prefix, digest, KYSO_RAW_TOKEN_DIGEST);
    if (self->p11->C_SignInit(session, &mechanism, self->key) != CKR_OK ||
        self->p11->C_Sign(session, input, prefix + KYSO_RAW_TOKEN_DIGEST, ret, &size) != CKR_OK)
        return 0;
    return size;
}
