/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ipc/base/error.h"
#include "tests/kit/token-rig.h"

#include <signal.h>
#include <string.h>

#define SHORT_MS 300

static TokenRig *rig;

/* After every fault: a fresh worker signs. */
static void
assert_next_call_works(void)
{
    g_autoptr(GError) error = NULL;

    token_rig_set_rules(rig, NULL);
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
    g_autoptr(GBytes) signature = token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", 0, &error);
    g_assert_no_error(error);
    g_assert_true(token_rig_verify(rig, "leader", KYSO_SIGN_RSA_PKCS1, "SHA256", signature));
}

/* A deadline that is met is long, so that a slow machine does not fail the test. */
typedef struct {
    const char *rules;
    guint deadline_ms; /* 0: the usual */
    int code;
    const char *told; /* part of the message or details; may be NULL */
} Fault;

static void
test_listing_faults_are_told(void)
{
    static const Fault faults[] = {
        {"C_GetFunctionList:rv=0x5\n", 0, KYSO_ERROR_MODULE_FAILED, "C_GetFunctionList"},
        {"C_Initialize:rv=0x5\n", 0, KYSO_ERROR_MODULE_FAILED, "0x5"},
        {"C_Initialize:crash\n", 0, KYSO_ERROR_TOKEN_CRASHED, "signal 11"},
        {"C_Initialize:exit\n", 0, KYSO_ERROR_TOKEN_CRASHED, "status 3"},
        {"C_GetSlotList:rv=0x30\n", 0, KYSO_ERROR_TOKEN_FAILED, "0x30"},
        {"C_GetSlotList:hang\n", SHORT_MS, KYSO_ERROR_TOKEN_HUNG, "p11fault"},
        {"C_GetTokenInfo:abort\n", 0, KYSO_ERROR_TOKEN_CRASHED, "signal 6"},
        {"C_OpenSession:rv=0x31\n", 0, KYSO_ERROR_TOKEN_FAILED, "C_OpenSession"},
        {"C_FindObjectsInit:rv=0x30\n", 0, KYSO_ERROR_TOKEN_FAILED, "0x30"},
        {"C_FindObjects:hang\n", SHORT_MS, KYSO_ERROR_TOKEN_HUNG, NULL},
        /* libp11 0.4.12 waits for ever where its own C_OpenSession fails after ours */
        {"C_OpenSession#2:rv=0xe0\n", SHORT_MS, KYSO_ERROR_TOKEN_HUNG, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        /* A fresh worker for each: what was loaded once is not loaded again. */
        g_object_unref(token_rig_open(rig, "leader"));
        token_rig_set_rules(rig, faults[i].rules);
        g_autoptr(GPtrArray) told = NULL;
        g_autoptr(GPtrArray) tokens = token_rig_list(rig, faults[i].deadline_ms, &told);
        g_test_message("%s", faults[i].rules);
        g_assert_cmpuint(told->len, >=, 1);
        KysoModuleFault *fault = told->pdata[0];
        g_assert_error(fault->error, KYSO_ERROR, faults[i].code);
        g_assert_cmpstr(fault->path, ==, rig->module);
        if (faults[i].told != NULL)
            g_assert_nonnull(strstr(fault->error->message, faults[i].told));
        assert_next_call_works();
    }
}

static void
test_login_faults_are_told(void)
{
    static const Fault faults[] = {
        {"C_Login:hang\n", SHORT_MS, KYSO_ERROR_TOKEN_HUNG, NULL},
        {"C_Login:crash\n", 0, KYSO_ERROR_TOKEN_CRASHED, "signal 11"},
        {"C_Login:rv=0xa2\n", 0, KYSO_ERROR_PIN_INCORRECT, NULL},
        {"C_Login:rv=0xa4\n", 0, KYSO_ERROR_PIN_LOCKED, NULL},
        {"C_Login:rv=0x32\n", 0, KYSO_ERROR_TOKEN_REMOVED, NULL},
        {"C_Login:rv=0x100\n", 0, KYSO_ERROR_TOKEN_FAILED, "C_Login"},
        {"C_OpenSession:hang\n", SHORT_MS, KYSO_ERROR_TOKEN_HUNG, NULL},
        {"C_OpenSession:rv=0xe0\n", 0, KYSO_ERROR_TOKEN_REMOVED, NULL},
        {"C_FindObjectsInit:rv=0x30\n", 0, KYSO_ERROR_TOKEN_FAILED, NULL},
        {"TOKEN:absent\n", 0, KYSO_ERROR_TOKEN_CHANGED, NULL},
        {"TOKEN:blank\n", 0, KYSO_ERROR_TOKEN_CHANGED, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(KysoCredential) credential = token_rig_find(rig, "leader", NULL, &error);
        g_assert_no_error(error);
        token_rig_set_rules(rig, faults[i].rules);
        g_autoptr(KysoLogin) login =
            token_rig_login(rig, credential, TOKEN_RIG_PIN, faults[i].deadline_ms, &error);
        g_test_message("%s", faults[i].rules);
        g_assert_error(error, KYSO_ERROR, faults[i].code);
        g_assert_nonnull(strstr(error->message, rig->module));
        if (faults[i].told != NULL)
            g_assert_nonnull(strstr(error->message, faults[i].told));
        assert_next_call_works();
    }
}

static void
test_signing_faults_are_told(void)
{
    static const Fault faults[] = {
        {"C_Sign:hang\n", SHORT_MS, KYSO_ERROR_TOKEN_HUNG, NULL},
        {"C_Sign:crash\n", 0, KYSO_ERROR_TOKEN_CRASHED, "signal 11"},
        {"C_Sign:post-rv=0x30\n", 0, KYSO_ERROR_TOKEN_FAILED, "C_Sign"},
        {"C_Sign:rv=0x32\n", 0, KYSO_ERROR_TOKEN_REMOVED, NULL},
        {"C_Sign:garble\n", 0, KYSO_ERROR_SIGNATURE_WRONG, NULL},
        {"C_SignInit:rv=0xb3\n", 0, KYSO_ERROR_TOKEN_REMOVED, NULL},
        {"TOKEN:absent\n", 0, KYSO_ERROR_TOKEN_REMOVED, NULL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) later = NULL;
        g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
        token_rig_set_rules(rig, faults[i].rules);
        g_autoptr(GBytes) signature =
            token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", faults[i].deadline_ms, &error);
        g_test_message("%s", faults[i].rules);
        g_assert_error(error, KYSO_ERROR, faults[i].code);
        if (faults[i].told != NULL)
            g_assert_nonnull(strstr(error->message, faults[i].told));

        /* The login is spent, whatever the token does now. */
        token_rig_set_rules(rig, NULL);
        g_assert_false(kyso_login_is_usable(login));
        g_autoptr(GBytes) second = token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", 0, &later);
        g_assert_error(later, KYSO_ERROR, faults[i].code);
        assert_next_call_works();
    }
}

static void
test_fault_details_name_function_and_value(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");

    token_rig_set_rules(rig, "C_Sign:post-rv=0x30\n");
    g_autoptr(GBytes) signature = token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", 0, &error);
    token_rig_set_rules(rig, NULL);
    g_assert_cmpstr(kyso_error_details(error), ==, "{\"ckr\":\"0x30\",\"function\":\"C_Sign\"}");
}

/* A token that does not know an algorithm has refused, not failed. */
static void
test_refusal_leaves_login_usable(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");

    token_rig_set_rules(rig, "C_SignInit:rv=0x70\n");
    g_autoptr(GBytes) refused = token_rig_sign(login, KYSO_SIGN_RSA_PSS, "SHA256", 0, &error);
    token_rig_set_rules(rig, NULL);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED);
    g_clear_error(&error);
    g_autoptr(GBytes) signature = token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", 0, &error);
    g_assert_no_error(error);
}

static void
test_no_token_is_no_fault(void)
{
    static const char *const rules[] = {"TOKEN:absent\n", "TOKEN:no-reader\n"};

    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++) {
        g_autoptr(GPtrArray) faults = NULL;
        g_autoptr(GError) error = NULL;
        token_rig_set_rules(rig, rules[i]);
        g_autoptr(GPtrArray) tokens = token_rig_list(rig, 0, &faults);
        g_assert_cmpuint(tokens->len, ==, 0);
        g_assert_cmpuint(faults->len, ==, 0);
        g_autoptr(KysoCredential) none = token_rig_find(rig, "leader", NULL, &error);
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_NO_TOKEN);
        assert_next_call_works();
    }
}

static void
test_blank_token_is_never_opened(void)
{
    g_autoptr(GPtrArray) faults = NULL;

    token_rig_set_rules(rig, "TOKEN:blank\n");
    guint before = token_rig_count(rig, "C_OpenSession");
    g_autoptr(GPtrArray) tokens = token_rig_list(rig, 0, &faults);
    g_assert_cmpuint(tokens->len, ==, 3);
    for (guint i = 0; i < tokens->len; i++) {
        KysoToken *token = tokens->pdata[i];
        g_assert_cmpint(token->flags & KYSO_TOKEN_INITIALIZED, ==, 0);
        g_assert_cmpuint(token->credentials->len, ==, 0);
    }
    g_assert_cmpuint(token_rig_count(rig, "C_OpenSession"), ==, before);
    token_rig_set_rules(rig, NULL);
}

typedef struct {
    GCancellable *cancellable;
    guint n_left;
    int codes[8];
} Crowd;

typedef struct {
    Crowd *crowd;
    guint number;
} Member;

static void
member_signed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree Member *member = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) signature = kyso_pool_sign_finish(KYSO_LOGIN(source), result, &error);

    member->crowd->codes[member->number] = error != NULL ? error->code : 0;
    member->crowd->n_left--;
}

/* Eight signatures; even ones can be cancelled. */
static void
sign_eight(KysoLogin *login, Crowd *crowd)
{
    guchar bytes[32] = {1};
    g_autoptr(GBytes) digest = g_bytes_new(bytes, sizeof bytes);

    crowd->n_left = 8;
    for (guint i = 0; i < 8; i++) {
        Member *member = g_new0(Member, 1);
        member->crowd = crowd;
        member->number = i;
        kyso_pool_sign_async(login, KYSO_SIGN_RSA_PKCS1, "SHA256", digest, 20000,
                             i % 2 == 0 ? crowd->cancellable : NULL, member_signed, member);
    }
}

static void
test_cancelling_hurts_nobody_else(void)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
    Crowd crowd = {.cancellable = cancellable};

    token_rig_set_rules(rig, "C_Sign:delay=30\n");
    sign_eight(login, &crowd);
    g_cancellable_cancel(cancellable);
    while (crowd.n_left > 0)
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < 8; i++)
        g_assert_cmpint(crowd.codes[i], ==, i % 2 == 0 ? KYSO_ERROR_CANCELLED : 0);
    token_rig_set_rules(rig, NULL);
    g_assert_true(kyso_login_is_usable(login));
}

static void
test_all_who_wait_learn_of_a_fault(void)
{
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
    Crowd crowd = {0};

    token_rig_set_rules(rig, "C_Sign:rv=0x32\n");
    sign_eight(login, &crowd);
    while (crowd.n_left > 0)
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < 8; i++)
        g_assert_cmpint(crowd.codes[i], ==, KYSO_ERROR_TOKEN_REMOVED);
    assert_next_call_works();
}

static void
test_worker_that_dies_idle_is_replaced(void)
{
    g_autoptr(GPtrArray) tokens = token_rig_list(rig, 0, NULL);
    GPid worker = kyso_pool_get_worker_pid(rig->pool, rig->module);

    g_assert_cmpint(worker, !=, 0);
    g_assert_cmpint(kill(worker, SIGKILL), ==, 0);
    token_rig_wait_for_end(rig, worker);
    assert_next_call_works();
}

static void
test_one_broken_module_spoils_no_other(void)
{
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_module_free);
    static const char *const paths[] = {"/no/such/module.so", P11FAULT_MODULE};

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        KysoModule *module = kyso_module_new("broken");
        module->path = g_strdup(paths[i]);
        g_ptr_array_add(modules, module);
    }
    g_autoptr(KysoPool) pool = kyso_pool_new(modules, KYSO_TOKEN_PROGRAM);
    TokenRig other = {.pool = pool};
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GPtrArray) tokens = token_rig_list(&other, 0, &faults);

    g_assert_cmpuint(tokens->len, ==, 3);
    g_assert_cmpuint(faults->len, ==, 1);
    KysoModuleFault *fault = faults->pdata[0];
    g_assert_cmpstr(fault->path, ==, "/no/such/module.so");
    g_assert_error(fault->error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rig = token_rig_new("");
    g_test_add_func("/token/listing-faults-are-told", test_listing_faults_are_told);
    g_test_add_func("/token/login-faults-are-told", test_login_faults_are_told);
    g_test_add_func("/token/signing-faults-are-told", test_signing_faults_are_told);
    g_test_add_func("/token/fault-details-name-function-and-value",
                    test_fault_details_name_function_and_value);
    g_test_add_func("/token/refusal-leaves-login-usable", test_refusal_leaves_login_usable);
    g_test_add_func("/token/no-token-is-no-fault", test_no_token_is_no_fault);
    g_test_add_func("/token/blank-token-is-never-opened", test_blank_token_is_never_opened);
    g_test_add_func("/token/cancelling-hurts-nobody-else", test_cancelling_hurts_nobody_else);
    g_test_add_func("/token/all-who-wait-learn-of-a-fault", test_all_who_wait_learn_of_a_fault);
    g_test_add_func("/token/worker-that-dies-idle-is-replaced",
                    test_worker_that_dies_idle_is_replaced);
    g_test_add_func("/token/one-broken-module-spoils-no-other",
                    test_one_broken_module_spoils_no_other);
    int status = g_test_run();
    token_rig_free(rig);
    return status;
}
