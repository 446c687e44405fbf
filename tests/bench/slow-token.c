/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * SoftHSM with the pace of a real token: C_Sign takes KYSO_BENCH_SIGN_MS longer, and only one at a
 * time is at work, whoever asks.
 */

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST wrapped;
static pthread_mutex_t token = PTHREAD_MUTEX_INITIALIZER;

static CK_RV
slow_sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *signature,
          CK_ULONG *ret_size)
{
    const char *delay = getenv("KYSO_BENCH_SIGN_MS");

    pthread_mutex_lock(&token);
    usleep(delay != NULL ? (useconds_t) atoi(delay) * 1000 : 0);
    CK_RV rv = real->C_Sign(session, data, size, signature, ret_size);
    pthread_mutex_unlock(&token);
    return rv;
}

__attribute__((visibility("default"))) CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
    if (real == NULL) {
        void *library = dlopen(SOFTHSM, RTLD_NOW | RTLD_LOCAL);
        CK_C_GetFunctionList get_list =
            library != NULL ? (CK_C_GetFunctionList) dlsym(library, "C_GetFunctionList") : NULL;
        if (get_list == NULL || get_list(&real) != CKR_OK)
            return CKR_GENERAL_ERROR;
        wrapped = *real;
        wrapped.C_GetFunctionList = C_GetFunctionList;
        wrapped.C_Sign = slow_sign;
    }
    *ret = &wrapped;
    return CKR_OK;
}
