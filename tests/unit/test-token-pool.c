/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ipc/base/error.h"
#include "tests/kit/token-rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_REGION (256UL << 20) /* bytes; only a sanitizer's own are larger */

static TokenRig *rig;

static void
test_list_needs_no_pin(void)
{
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GPtrArray) tokens = token_rig_list(rig, 0, &faults);

    g_assert_cmpuint(faults->len, ==, 0);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, 0);
    g_autofree char *id = token_rig_get(rig, "leader", "id");
    g_autofree char *serial = token_rig_get(rig, "leader", "serial");
    KysoCredential *credential = NULL;
    guint n_blank = 0;
    for (guint i = 0; i < tokens->len; i++) {
        KysoToken *token = tokens->pdata[i];
        if ((token->flags & KYSO_TOKEN_INITIALIZED) == 0)
            n_blank++;
        if (kyso_token_find_credential(token, id) != NULL) {
            credential = kyso_token_find_credential(token, id);
            g_assert_cmpstr(token->serial, ==, serial);
            g_assert_cmpstr(token->label, ==, "Lãnh đạo xã Thử Nghiệm");
            g_assert_cmpint(token->flags, ==, KYSO_TOKEN_INITIALIZED | KYSO_TOKEN_LOGIN_REQUIRED);
        }
    }
    g_assert_cmpuint(n_blank, ==, 1); /* SoftHSM always shows one */
    g_assert_nonnull(credential);
    g_assert_cmpstr(credential->key_id, ==, "01");
    g_assert_cmpstr(credential->label, ==, "Nguyễn Văn Thử");
    g_assert_cmpstr(credential->module_path, ==, rig->module);
}

static void
test_sign_every_kind_of_key(void)
{
    static const struct {
        const char *name;
        const char *type;
        const char *curve;
        guint bits;
    } keys[] = {
        {"leader", "RSA", NULL, 2048},  {"agency", "RSA", NULL, 3072},
        {"rsa4096", "RSA", NULL, 4096}, {"p256", "EC", "P-256", 256},
        {"p384", "EC", "P-384", 384},
    };
    static const char *const hashes[] = {"SHA256", "SHA384", "SHA512"};

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(KysoLogin) login = token_rig_open(rig, keys[i].name);
        g_assert_cmpstr(kyso_login_get_key_type(login), ==, keys[i].type);
        g_assert_cmpstr(kyso_login_get_key_curve(login), ==, keys[i].curve);
        g_assert_cmpuint(kyso_login_get_key_bits(login), ==, keys[i].bits);
        for (int algorithm = KYSO_SIGN_RSA_PKCS1; algorithm <= KYSO_SIGN_ECDSA; algorithm++) {
            gboolean fits = (algorithm == KYSO_SIGN_ECDSA) == (keys[i].curve != NULL);
            for (gsize j = 0; j < G_N_ELEMENTS(hashes); j++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(GBytes) signature =
                    token_rig_sign(login, algorithm, hashes[j], 0, &error);
                if (fits) {
                    g_assert_no_error(error);
                    g_assert_true(
                        token_rig_verify(rig, keys[i].name, algorithm, hashes[j], signature));
                } else {
                    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED);
                }
            }
        }
        g_assert_true(kyso_login_is_usable(login));
    }
}

static void
test_wrong_pin_costs_one_try(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "leader", NULL, NULL);
    guint before = token_rig_count(rig, "C_Login");

    g_autoptr(KysoLogin) login = token_rig_login(rig, credential, "000000", 0, &error);
    g_assert_null(login);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_INCORRECT);
    g_assert_cmpstr(kyso_error_details(error), ==,
                    "{\"pin_count_low\":true,\"pin_final_try\":false,\"pin_locked\":false,"
                    "\"tries_left\":null}");
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before + 1);
    g_assert_cmpint(kyso_pool_get_worker_pid(rig->pool, rig->module), ==, 0); /* it saw a PIN */

    g_autoptr(KysoToken) token = NULL;
    g_autoptr(KysoCredential) again = token_rig_find(rig, "leader", &token, NULL);
    g_assert_true((token->flags & KYSO_TOKEN_PIN_COUNT_LOW) != 0);
    g_autoptr(KysoLogin) right = token_rig_open(rig, "leader");
    g_assert_true(kyso_login_is_usable(right));
}

static void
test_last_try_is_told(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "leader", NULL, NULL);

    token_rig_set_rules(rig, "TOKEN:pin-final\n");
    g_autoptr(KysoLogin) login = token_rig_login(rig, credential, "000000", 0, &error);
    token_rig_set_rules(rig, NULL);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_INCORRECT);
    g_assert_nonnull(strstr(kyso_error_details(error), "\"tries_left\":1"));
}

static void
test_locked_token_gets_no_pin(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "leader", NULL, NULL);
    guint before = token_rig_count(rig, "C_Login");

    token_rig_set_rules(rig, "TOKEN:pin-locked\n");
    g_autoptr(KysoLogin) login = token_rig_login(rig, credential, TOKEN_RIG_PIN, 0, &error);
    token_rig_set_rules(rig, NULL);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_LOCKED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before);
}

static void
test_empty_pipe_is_no_try(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "leader", NULL, NULL);
    guint before = token_rig_count(rig, "C_Login");

    g_autoptr(KysoLogin) login = token_rig_login(rig, credential, "", 0, &error);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before);
}

/* The PIN of one token never goes to another, whatever slot and label say. */
static void
test_other_token_or_certificate_gets_no_pin(void)
{
    g_autoptr(KysoCredential) leader = token_rig_find(rig, "leader", NULL, NULL);
    g_autoptr(KysoCredential) agency = token_rig_find(rig, "agency", NULL, NULL);
    guint before = token_rig_count(rig, "C_Login");
    const struct {
        const char *serial;
        int code;
    } cases[] = {
        {"0000000000000000", KYSO_ERROR_TOKEN_CHANGED},
        {agency->token_serial, KYSO_ERROR_UNKNOWN_CREDENTIAL},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        KysoCredentialPlace place = {leader->key_id, leader->label, leader->token_label,
                                     cases[i].serial, leader->module_path};
        g_autoptr(KysoCredential) moved = kyso_credential_new(leader->certificate, &place);
        g_autoptr(KysoLogin) login = token_rig_login(rig, moved, TOKEN_RIG_PIN, 0, &error);
        g_assert_error(error, KYSO_ERROR, cases[i].code);
    }
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before);
}

static void
test_missing_key_is_told(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "no-key", NULL, NULL);

    g_autoptr(KysoLogin) login = token_rig_login(rig, credential, TOKEN_RIG_PIN, 0, &error);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_KEY_MISSING);
}

static void
test_weak_key_is_refused_before_pin(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "weak", NULL, NULL);
    guint before = token_rig_count(rig, "C_Login");

    g_autoptr(KysoLogin) login = token_rig_login(rig, credential, TOKEN_RIG_PIN, 0, &error);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before);
}

static void
test_key_that_wants_pin_each_time_signs_once(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoLogin) login = token_rig_open(rig, "always");

    g_autoptr(GBytes) first = token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", 0, &error);
    g_assert_no_error(error);
    g_assert_true(token_rig_verify(rig, "always", KYSO_SIGN_RSA_PKCS1, "SHA256", first));
    g_autoptr(GBytes) second = token_rig_sign(login, KYSO_SIGN_RSA_PKCS1, "SHA256", 0, &error);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED);
}

/* TRUE where the bytes stand anywhere in the memory of the process. */
static gboolean
memory_has(GPid pid, const char *bytes)
{
    g_autofree char *maps_path = g_strdup_printf("/proc/%d/maps", pid);
    g_autofree char *mem_path = g_strdup_printf("/proc/%d/mem", pid);
    g_autofree char *maps = NULL;
    gboolean found = FALSE;
    guint n_read = 0;

    if (!g_file_get_contents(maps_path, &maps, NULL, NULL))
        return FALSE;
    int mem = open(mem_path, O_RDONLY | O_CLOEXEC);
    g_auto(GStrv) lines = g_strsplit(maps, "\n", -1);
    for (gsize i = 0; mem >= 0 && lines[i] != NULL && !found; i++) {
        unsigned long from = 0, to = 0;
        if (sscanf(lines[i], "%lx-%lx r", &from, &to) != 2 || to - from > MAX_REGION)
            continue;
        g_autofree char *copy = g_malloc(to - from);
        ssize_t n = pread(mem, copy, to - from, (off_t) from);
        n_read += n > 0;
        found = n > 0 && memmem(copy, (size_t) n, bytes, strlen(bytes)) != NULL;
    }
    close(mem);
    if (n_read == 0)
        g_test_skip("the memory of another process cannot be read here");
    return found;
}

static void
test_pin_is_not_in_worker_memory(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
    g_autoptr(GBytes) signature = token_rig_sign(login, KYSO_SIGN_RSA_PSS, "SHA256", 0, &error);
    GPid worker = kyso_pool_get_worker_pid(rig->pool, rig->module);

    g_assert_no_error(error);
    g_assert_cmpint(worker, !=, 0);
    g_assert_true(memory_has(getpid(), TOKEN_RIG_PIN)); /* the search does find */
    g_assert_false(memory_has(worker, TOKEN_RIG_PIN));
}

static void
test_worker_ends_with_its_login(void)
{
    KysoLogin *login = token_rig_open(rig, "leader");
    GPid first = kyso_pool_get_worker_pid(rig->pool, rig->module);
    g_autoptr(GPtrArray) meanwhile = token_rig_list(rig, 0, NULL);
    guint logouts = token_rig_count(rig, "C_Logout");

    g_assert_cmpuint(meanwhile->len, >=, 2);
    g_assert_cmpint(kyso_pool_get_worker_pid(rig->pool, rig->module), ==, first);
    g_object_unref(login);
    token_rig_wait_for_end(rig, first);
    g_assert_cmpuint(token_rig_count(rig, "C_Logout"), ==, logouts + 1);

    g_autoptr(KysoLogin) next = token_rig_open(rig, "agency");
    g_assert_cmpint(kyso_pool_get_worker_pid(rig->pool, rig->module), !=, first);
}

typedef struct {
    guint n_left;
    guint n_signed;
    guint order[64];
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

    g_assert_no_error(error);
    g_assert_true(token_rig_verify(rig, "leader", KYSO_SIGN_RSA_PKCS1, "SHA512", signature));
    member->crowd->order[member->crowd->n_signed++] = member->number;
    member->crowd->n_left--;
}

/* Asks for @n signatures at once and waits for all of them. */
static void
sign_crowd(KysoLogin *login, Crowd *crowd, guint n)
{
    guchar bytes[64];
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA512);
    gsize size = sizeof bytes;

    g_checksum_update(checksum, (const guchar *) "hồ sơ thử nghiệm", -1);
    g_checksum_get_digest(checksum, bytes, &size);
    g_autoptr(GBytes) digest = g_bytes_new(bytes, size);
    *crowd = (Crowd){.n_left = n};
    for (guint i = 0; i < n; i++) {
        Member *member = g_new0(Member, 1);
        member->crowd = crowd;
        member->number = i;
        kyso_pool_sign_async(login, KYSO_SIGN_RSA_PKCS1, "SHA512", digest, 20000, NULL,
                             member_signed, member);
    }
    while (crowd->n_left > 0)
        g_main_context_iteration(NULL, TRUE);
}

/* On a token with one session, as two would overtake each other; it must do with one. */
static void
test_many_are_served_in_order(void)
{
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
    token_rig_set_rules(rig, "C_OpenSession:rv=0xb1\n");
    Crowd crowd;

    sign_crowd(login, &crowd, 64);
    for (guint i = 0; i < 64; i++)
        g_assert_cmpuint(crowd.order[i], ==, i);
    token_rig_set_rules(rig, NULL);
}

/* A chip does one thing at a time: a second session would only let one overtake the other. */
static void
test_only_a_quick_token_gets_a_second_session(void)
{
    g_autoptr(KysoLogin) login = token_rig_open(rig, "leader");
    guint before = token_rig_count(rig, "C_OpenSession");
    Crowd crowd;

    token_rig_set_rules(rig, "C_Sign:delay=25\n");
    sign_crowd(login, &crowd, 6);
    for (guint i = 0; i < 6; i++)
        g_assert_cmpuint(crowd.order[i], ==, i);
    g_assert_cmpuint(token_rig_count(rig, "C_OpenSession"), ==, before);

    token_rig_set_rules(rig, NULL);
    sign_crowd(login, &crowd, 16);
    g_assert_cmpuint(token_rig_count(rig, "C_OpenSession"), ==, before + 1);
}

static void
login_ended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    int *code = user_data;
    g_autoptr(GError) error = NULL;

    g_autoptr(KysoLogin) login = kyso_pool_login_finish(KYSO_POOL(source), result, &error);
    *code = error != NULL ? error->code : 0;
}

/* One login at a time on a module. Who does not want to wait any more, goes at once. */
static void
test_second_login_waits_and_can_leave(void)
{
    g_autoptr(KysoCredential) agency = token_rig_find(rig, "agency", NULL, NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    KysoLogin *first = token_rig_open(rig, "leader");
    guint before = token_rig_count(rig, "C_Login");
    int left = -1;
    int stayed = -1;

    kyso_pool_login_async(rig->pool, agency, -1, 20000, cancellable, login_ended, &left);
    kyso_pool_login_async(rig->pool, agency, -1, 20000, NULL, login_ended, &stayed);
    g_cancellable_cancel(cancellable);
    while (left == -1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(left, ==, KYSO_ERROR_CANCELLED);
    g_assert_cmpint(stayed, ==, -1);

    g_object_unref(first);
    while (stayed == -1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(stayed, ==, KYSO_ERROR_WRONG_PARAMETERS); /* no keypad, and no PIN was given */
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before);
}

static void
begin_login(KysoCredential *credential, const char *pin, GAsyncReadyCallback done,
            gpointer user_data)
{
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], pin, strlen(pin)), ==, (gssize) strlen(pin));
    close(ends[1]);
    kyso_pool_login_async(rig->pool, credential, ends[0], 20000, NULL, done, user_data);
    close(ends[0]);
}

static void
found_again(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(KysoToken) token = NULL;
    g_autoptr(GError) error = NULL;

    g_autoptr(KysoCredential) credential = kyso_pool_find_finish(rig->pool, result, &token, &error);
    g_assert_no_error(error);
    *(int *) user_data = (int) token->flags;
}

static void
login_ended_so_look(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree char *id = token_rig_get(rig, "leader", "id");
    g_autoptr(GError) error = NULL;

    g_assert_null(kyso_pool_login_finish(rig->pool, result, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_PIN_INCORRECT);
    kyso_pool_find_async(rig->pool, id, 20000, NULL, found_again, user_data);
}

static void
test_flags_after_wrong_pin_are_new(void)
{
    g_autoptr(KysoToken) token = NULL;
    g_autoptr(KysoCredential) credential = token_rig_find(rig, "leader", &token, NULL);
    int flags = -1;

    g_assert_cmpint(token->flags & KYSO_TOKEN_PIN_COUNT_LOW, ==, 0);
    begin_login(credential, "000000", login_ended_so_look, &flags);
    while (flags == -1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(flags & KYSO_TOKEN_PIN_COUNT_LOW, !=, 0);
    g_autoptr(KysoLogin) right = token_rig_open(rig, "leader"); /* all tries are there again */
}

/* A PIN that was typed before the person left is not used afterwards. */
static void
test_end_of_logins_is_that_of_waiting_ones(void)
{
    g_autoptr(GError) reason = g_error_new(KYSO_ERROR, KYSO_ERROR_LOGIN_ENDED, "locked");
    g_autoptr(KysoCredential) agency = token_rig_find(rig, "agency", NULL, NULL);
    g_autoptr(KysoLogin) first = token_rig_open(rig, "leader");
    guint before = token_rig_count(rig, "C_Login");
    int waiting = -1;

    begin_login(agency, TOKEN_RIG_PIN, login_ended, &waiting);
    kyso_pool_end_logins(rig->pool, reason);
    while (waiting == -1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(waiting, ==, KYSO_ERROR_LOGIN_ENDED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before);
}

static void
test_end_of_logins_is_that_of_one_under_way(void)
{
    g_autoptr(GError) reason = g_error_new(KYSO_ERROR, KYSO_ERROR_LOGIN_ENDED, "locked");
    g_autoptr(KysoCredential) agency = token_rig_find(rig, "agency", NULL, NULL);
    guint before = token_rig_count(rig, "C_Login");
    int under_way = -1;

    begin_login(agency, TOKEN_RIG_PIN, login_ended, &under_way);
    kyso_pool_end_logins(rig->pool, reason);
    while (under_way == -1)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(under_way, ==, KYSO_ERROR_LOGIN_ENDED);
    g_assert_cmpuint(token_rig_count(rig, "C_Login"), ==, before + 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rig = token_rig_new("rsa4096,p256,p384,weak,no-key,always");
    g_test_add_func("/token/list-needs-no-pin", test_list_needs_no_pin);
    g_test_add_func("/token/sign-every-kind-of-key", test_sign_every_kind_of_key);
    g_test_add_func("/token/last-try-is-told", test_last_try_is_told);
    g_test_add_func("/token/wrong-pin-costs-one-try", test_wrong_pin_costs_one_try);
    g_test_add_func("/token/locked-token-gets-no-pin", test_locked_token_gets_no_pin);
    g_test_add_func("/token/empty-pipe-is-no-try", test_empty_pipe_is_no_try);
    g_test_add_func("/token/other-token-or-certificate-gets-no-pin",
                    test_other_token_or_certificate_gets_no_pin);
    g_test_add_func("/token/missing-key-is-told", test_missing_key_is_told);
    g_test_add_func("/token/weak-key-is-refused-before-pin", test_weak_key_is_refused_before_pin);
    g_test_add_func("/token/key-that-wants-pin-each-time-signs-once",
                    test_key_that_wants_pin_each_time_signs_once);
    g_test_add_func("/token/pin-is-not-in-worker-memory", test_pin_is_not_in_worker_memory);
    g_test_add_func("/token/worker-ends-with-its-login", test_worker_ends_with_its_login);
    g_test_add_func("/token/second-login-waits-and-can-leave",
                    test_second_login_waits_and_can_leave);
    g_test_add_func("/token/many-are-served-in-order", test_many_are_served_in_order);
    g_test_add_func("/token/only-a-quick-token-gets-a-second-session",
                    test_only_a_quick_token_gets_a_second_session);
    g_test_add_func("/token/flags-after-wrong-pin-are-new", test_flags_after_wrong_pin_are_new);
    g_test_add_func("/token/end-of-logins-is-that-of-waiting-ones",
                    test_end_of_logins_is_that_of_waiting_ones);
    g_test_add_func("/token/end-of-logins-is-that-of-one-under-way",
                    test_end_of_logins_is_that_of_one_under_way);
    int status = g_test_run();
    token_rig_free(rig);
    return status;
}
