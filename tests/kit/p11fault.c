/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A PKCS#11 module for tests: hands every call on to a real one and does harm on request.
 *
 *   P11FAULT_MODULE  the real module, any (SoftHSM where not set)
 *   P11FAULT_FILE    rules, one a line; read anew at each call, so that a test can change them
 *   P11FAULT_LOG     one line for each call: "pid function what return-value"; never arguments
 *
 * A rule is FUNCTION:ACTION, or FUNCTION#N:ACTION for the N-th call in this process:
 *   hang, crash, abort, exit   instead of the call
 *   post-hang, post-crash      after the call: what it does to the token is done
 *   rv=0x30                    instead of the call; the real module's own state stays as it was
 *   post-rv=0x30               after the call
 *   delay=300                  milliseconds before the call
 *   try                        does, before the call, what a module must not be able to do
 *                              (p11fault-tries.c) in the folder P11FAULT_ELSEWHERE; the log tells
 *   other                      (C_GetTokenInfo, C_GetAttributeValue) as from this call another
 *                              token were there, for this call only
 *   garble                     (C_Sign) one bit of the signature is wrong
 *   lie=0xffffff               (C_GetSlotList, C_FindObjects, C_GetAttributeValue, C_Sign) after
 * the call: so many slots, objects, or bytes are said to have come And for the token itself:
 *   TOKEN:absent               pulled out, until the rule goes; a new login is needed then
 *   TOKEN:no-reader            not even an empty slot
 *   TOKEN:pin-low, TOKEN:pin-final, TOKEN:pin-locked, TOKEN:keypad, TOKEN:blank
 *                              flags of C_GetTokenInfo; SoftHSM itself never locks
 *   TOKEN:keypad=123456        the person types this at the reader for C_Login without a PIN
 *   TOKEN:pin-each-time=123456 each signature wants this PIN (CKA_ALWAYS_AUTHENTICATE)
 *   TOKEN:other                another one in its place: the serial number differs
 *   TOKEN:other-certificate    each certificate differs in its last byte
 */

#include "tests/kit/p11fault-tries.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
#define MAX_FUNCTIONS 80
#define MAX_SLOTS 64
#define MAX_RULES 16
#define MAX_PIN 32
#define MIN_CERTIFICATE 256 /* bytes of DER; no other attribute that is read has so many */

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **ret);

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST wrapped;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const char *function;
    int calls;
} counters[MAX_FUNCTIONS];
static bool was_absent;
static bool has_pin_for_signature;

/* What the rules say about one call. */
typedef struct {
    bool is_replaced; /* by rv, without the call */
    bool is_spoilt;   /* by rv, after it */
    bool is_garbled;
    bool is_lying;
    CK_ULONG lie;
    const char *end; /* NULL, or how the process ends after the call */
    CK_RV rv;
    bool token_is_absent;
    bool has_no_slots;
    CK_FLAGS token_flags;
    bool token_is_blank;
    bool token_is_other;
    bool certificate_is_other;
    char typed[MAX_PIN]; /* at the keypad; "" is nobody there */
    char each[MAX_PIN];  /* the PIN for each signature; "" where none is wanted */
} Fault;

static void
write_log(const char *function, const char *what, CK_RV rv)
{
    const char *path = getenv("P11FAULT_LOG");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;

    if (file == NULL)
        return;
    fprintf(file, "%d %s %s 0x%lx\n", (int) getpid(), function, what, rv);
    fclose(file);
}

static void
write_try(const char *what, int error)
{
    write_log(what, "tried", (CK_RV) error);
}

static int
count_call(const char *function)
{
    int calls = 0;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < MAX_FUNCTIONS && calls == 0; i++) {
        if (counters[i].function == NULL)
            counters[i].function = function;
        if (strcmp(counters[i].function, function) == 0)
            calls = ++counters[i].calls;
    }
    pthread_mutex_unlock(&lock);
    return calls;
}

static void
apply_to_token(const char *action, Fault *ret)
{
    if (strcmp(action, "absent") == 0)
        ret->token_is_absent = true;
    else if (strcmp(action, "no-reader") == 0)
        ret->has_no_slots = true;
    else if (strcmp(action, "pin-low") == 0)
        ret->token_flags |= CKF_USER_PIN_COUNT_LOW;
    else if (strcmp(action, "pin-final") == 0)
        ret->token_flags |= CKF_USER_PIN_FINAL_TRY;
    else if (strcmp(action, "pin-locked") == 0)
        ret->token_flags |= CKF_USER_PIN_LOCKED;
    else if (strcmp(action, "keypad") == 0)
        ret->token_flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    else if (sscanf(action, "keypad=%31s", ret->typed) == 1)
        ret->token_flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    else if (sscanf(action, "pin-each-time=%31s", ret->each) == 1)
        return;
    else if (strcmp(action, "blank") == 0)
        ret->token_is_blank = true;
    else if (strcmp(action, "other") == 0)
        ret->token_is_other = true;
    else if (strcmp(action, "other-certificate") == 0)
        ret->certificate_is_other = true;
}

static void
end_process(const char *function, const char *action)
{
    static const char *const actions[] = {"hang", "crash", "abort", "exit"};

    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i]) == 0)
            write_log(function, action, 0);
    if (strcmp(action, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(action, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer has one of its own */
        raise(SIGSEGV);
    }
    if (strcmp(action, "abort") == 0)
        abort();
    if (strcmp(action, "exit") == 0)
        _exit(3);
}

static void
apply_to_call(const char *function, const char *action, Fault *ret)
{
    unsigned long value = 0;

    end_process(function, action);
    if (strcmp(action, "post-hang") == 0)
        ret->end = "hang";
    if (strcmp(action, "post-crash") == 0)
        ret->end = "crash";
    if (sscanf(action, "delay=%lu", &value) == 1) {
        write_log(function, "delay", 0);
        usleep((useconds_t) value * 1000);
    }
    if (strcmp(action, "try") == 0 && getenv("P11FAULT_ELSEWHERE") != NULL)
        p11fault_try_all(getenv("P11FAULT_ELSEWHERE"), write_try);
    if (strcmp(action, "other") == 0)
        ret->token_is_other = ret->certificate_is_other = true;
    if (strcmp(action, "garble") == 0)
        ret->is_garbled = true;
    if (sscanf(action, "lie=%lx", &ret->lie) == 1)
        ret->is_lying = true;
    if (sscanf(action, "rv=%lx", &ret->rv) == 1)
        ret->is_replaced = true;
    if (sscanf(action, "post-rv=%lx", &ret->rv) == 1)
        ret->is_spoilt = true;
}

/* What a session answers after its token has been pulled out. */
static void
apply_absence(const char *function, Fault *ret)
{
    static const struct {
        const char *function;
        CK_RV rv;
    } answers[] = {
        {"C_GetTokenInfo", CKR_TOKEN_NOT_PRESENT},
        {"C_OpenSession", CKR_TOKEN_NOT_PRESENT},
        {"C_Sign", CKR_DEVICE_REMOVED},
        {"C_SignInit", CKR_SESSION_HANDLE_INVALID},
        {"C_Login", CKR_SESSION_HANDLE_INVALID},
        {"C_Logout", CKR_SESSION_HANDLE_INVALID},
        {"C_FindObjects", CKR_SESSION_HANDLE_INVALID},
        {"C_FindObjectsInit", CKR_SESSION_HANDLE_INVALID},
        {"C_GetAttributeValue", CKR_SESSION_HANDLE_INVALID},
    };

    if (ret->token_is_absent && !was_absent) {
        CK_SLOT_ID slots[MAX_SLOTS];
        CK_ULONG n = MAX_SLOTS;
        if (real->C_GetSlotList(CK_TRUE, slots, &n) == CKR_OK)
            for (CK_ULONG i = 0; i < n; i++)
                real->C_CloseAllSessions(slots[i]);
    }
    was_absent = ret->token_is_absent;

    for (size_t i = 0; was_absent && i < sizeof answers / sizeof *answers; i++) {
        if (strcmp(function, answers[i].function) == 0) {
            ret->is_replaced = true;
            ret->rv = answers[i].rv;
        }
    }
}

static Fault
look_up(const char *function)
{
    Fault fault = {0};
    int calls = count_call(function);
    const char *path = getenv("P11FAULT_FILE");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char rules[MAX_RULES][128];
    int n = 0;

    while (file != NULL && n < MAX_RULES && fgets(rules[n], sizeof rules[n], file) != NULL)
        n++;
    if (file != NULL)
        fclose(file); /* before an action that never returns */

    for (int i = 0; i < n; i++) {
        char name[64], action[64];
        int number = 0;
        if (sscanf(rules[i], " %63[^:#]#%d:%63s", name, &number, action) != 3) {
            number = 0;
            if (sscanf(rules[i], " %63[^:]:%63s", name, action) != 2)
                continue;
        }
        if (strcmp(name, "TOKEN") == 0)
            apply_to_token(action, &fault);
        else if (strcmp(name, function) == 0 && (number == 0 || number == calls))
            apply_to_call(function, action, &fault);
    }
    if (real != NULL)
        apply_absence(function, &fault);
    return fault;
}

/* After the call: the answer that the caller gets. */
static CK_RV
finish(const char *function, const Fault *fault, CK_RV rv)
{
    if (fault->end != NULL)
        end_process(function, fault->end);
    if (fault->is_spoilt)
        rv = fault->rv;
    write_log(function, fault->is_replaced || fault->is_spoilt ? "fault" : "call", rv);
    return rv;
}

/* One wrapper: the call is made where no rule replaces it. */
#define WRAP(name, parameters, arguments)                                                          \
    static CK_RV wrapped_##name parameters                                                         \
    {                                                                                              \
        Fault fault = look_up(#name);                                                              \
        return finish(#name, &fault, fault.is_replaced ? fault.rv : real->name arguments);         \
    }

/* clang-format off */
WRAP(C_Initialize, (void *args), (args))
WRAP(C_Finalize, (void *args), (args))
WRAP(C_GetInfo, (CK_INFO *info), (info))
WRAP(C_OpenSession, (CK_SLOT_ID slot, CK_FLAGS flags, void *data, CK_NOTIFY notify, CK_SESSION_HANDLE *ret), (slot, flags, data, notify, ret))
WRAP(C_CloseSession, (CK_SESSION_HANDLE session), (session))
WRAP(C_CloseAllSessions, (CK_SLOT_ID slot), (slot))
WRAP(C_Logout, (CK_SESSION_HANDLE session), (session))
WRAP(C_FindObjectsInit, (CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n), (session, template, n))
WRAP(C_FindObjectsFinal, (CK_SESSION_HANDLE session), (session))
WRAP(C_SignInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key), (session, mechanism, key))
/* clang-format on */

/* SoftHSM knows neither a keypad nor, for these keys, a PIN for each signature. */
static CK_RV
log_in(Fault *fault, CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG size)
{
    if (pin == NULL && fault->typed[0] != '\0') {
        pin = (CK_UTF8CHAR *) fault->typed;
        size = strlen(fault->typed);
    }
    if (user != CKU_CONTEXT_SPECIFIC || fault->each[0] == '\0')
        return real->C_Login(session, user, pin, size);

    has_pin_for_signature =
        pin != NULL && size == strlen(fault->each) && memcmp(pin, fault->each, size) == 0;
    return has_pin_for_signature ? CKR_OK : CKR_PIN_INCORRECT;
}

static CK_RV
wrapped_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG size)
{
    Fault fault = look_up("C_Login");
    CK_RV rv = fault.is_replaced ? fault.rv : log_in(&fault, session, user, pin, size);

    return finish("C_Login", &fault, rv);
}

static CK_RV
wrapped_C_GetSlotList(CK_BBOOL with_token, CK_SLOT_ID *slots, CK_ULONG *n)
{
    Fault fault = look_up("C_GetSlotList");
    CK_RV rv = fault.is_replaced ? fault.rv : real->C_GetSlotList(with_token, slots, n);

    if (fault.has_no_slots || (fault.token_is_absent && with_token))
        *n = 0;
    if (rv == CKR_OK && fault.is_lying)
        *n = fault.lie;
    return finish("C_GetSlotList", &fault, rv);
}

static CK_RV
wrapped_C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    Fault fault = look_up("C_GetSlotInfo");
    CK_RV rv = fault.is_replaced ? fault.rv : real->C_GetSlotInfo(slot, info);

    if (fault.token_is_absent)
        info->flags &= ~(CK_FLAGS) CKF_TOKEN_PRESENT;
    return finish("C_GetSlotInfo", &fault, rv);
}

static CK_RV
wrapped_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    Fault fault = look_up("C_GetTokenInfo");
    CK_RV rv = fault.is_replaced ? fault.rv : real->C_GetTokenInfo(slot, info);

    if (rv == CKR_OK)
        info->flags |= fault.token_flags;
    if (rv == CKR_OK && fault.token_is_blank)
        info->flags &= ~(CK_FLAGS) CKF_TOKEN_INITIALIZED;
    if (rv == CKR_OK && fault.token_is_other)
        info->serialNumber[0] ^= 1; /* another hex digit */
    return finish("C_GetTokenInfo", &fault, rv);
}

static CK_RV
wrapped_C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max,
                      CK_ULONG *n)
{
    Fault fault = look_up("C_FindObjects");
    CK_RV rv = fault.is_replaced ? fault.rv : real->C_FindObjects(session, objects, max, n);

    if (rv == CKR_OK && fault.is_lying)
        *n = fault.lie;
    return finish("C_FindObjects", &fault, rv);
}

static CK_RV
wrapped_C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE *template, CK_ULONG n)
{
    Fault fault = look_up("C_GetAttributeValue");
    CK_RV rv =
        fault.is_replaced ? fault.rv : real->C_GetAttributeValue(session, object, template, n);

    for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++) {
        CK_BYTE *value = template[i].pValue;
        if (fault.certificate_is_other && template[i].type == CKA_VALUE && value != NULL &&
            template[i].ulValueLen >= MIN_CERTIFICATE)
            value[template[i].ulValueLen - 1] ^= 1;
        if (fault.each[0] != '\0' && template[i].type == CKA_ALWAYS_AUTHENTICATE && value != NULL)
            *value = CK_TRUE;
        if (fault.is_lying)
            template[i].ulValueLen = fault.lie;
    }
    return finish("C_GetAttributeValue", &fault, rv);
}

static CK_RV
wrapped_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG size, CK_BYTE *signature,
               CK_ULONG *ret_size)
{
    Fault fault = look_up("C_Sign");
    if (fault.each[0] != '\0' && !has_pin_for_signature) {
        fault.is_replaced = true;
        fault.rv = CKR_USER_NOT_LOGGED_IN;
    }
    has_pin_for_signature = false;
    CK_RV rv =
        fault.is_replaced ? fault.rv : real->C_Sign(session, data, size, signature, ret_size);

    if (rv == CKR_OK && fault.is_garbled && *ret_size > 0)
        signature[*ret_size - 1] ^= 1;
    if (rv == CKR_OK && fault.is_lying)
        *ret_size = fault.lie;
    return finish("C_Sign", &fault, rv);
}

static void
fill_list(void)
{
    wrapped = *real;
    wrapped.C_GetFunctionList = C_GetFunctionList;
    wrapped.C_Initialize = wrapped_C_Initialize;
    wrapped.C_Finalize = wrapped_C_Finalize;
    wrapped.C_GetInfo = wrapped_C_GetInfo;
    wrapped.C_GetSlotList = wrapped_C_GetSlotList;
    wrapped.C_GetSlotInfo = wrapped_C_GetSlotInfo;
    wrapped.C_GetTokenInfo = wrapped_C_GetTokenInfo;
    wrapped.C_OpenSession = wrapped_C_OpenSession;
    wrapped.C_CloseSession = wrapped_C_CloseSession;
    wrapped.C_CloseAllSessions = wrapped_C_CloseAllSessions;
    wrapped.C_Login = wrapped_C_Login;
    wrapped.C_Logout = wrapped_C_Logout;
    wrapped.C_FindObjectsInit = wrapped_C_FindObjectsInit;
    wrapped.C_FindObjects = wrapped_C_FindObjects;
    wrapped.C_FindObjectsFinal = wrapped_C_FindObjectsFinal;
    wrapped.C_GetAttributeValue = wrapped_C_GetAttributeValue;
    wrapped.C_SignInit = wrapped_C_SignInit;
    wrapped.C_Sign = wrapped_C_Sign;
}

__attribute__((visibility("default"))) CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **ret)
{
    if (real == NULL) {
        const char *path = getenv("P11FAULT_MODULE");
        Fault fault = look_up("C_GetFunctionList");
        if (fault.is_replaced)
            return fault.rv;

        void *library = dlopen(path != NULL ? path : SOFTHSM, RTLD_NOW | RTLD_LOCAL);
        CK_C_GetFunctionList get_list =
            library != NULL ? (CK_C_GetFunctionList) dlsym(library, "C_GetFunctionList") : NULL;
        if (get_list == NULL || get_list(&real) != CKR_OK)
            return CKR_GENERAL_ERROR;
        fill_list();
    }

    *ret = &wrapped;
    return CKR_OK;
}
