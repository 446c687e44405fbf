/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The pool over cards in readers: what becomes of that which is asked when one goes, and of two
 * modules that show the same one. */

#include "ipc/base/error.h"
#include "pkcs11/pool/pool.h"
#include "tests/kit/card-rig.h"

#include <glob.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define WRONG_PIN "000000"
#define PENDING (-1)

typedef struct {
    CardRig *rig;
    KysoPcscMonitor *monitor;
    KysoPool *pool;
} Office;

/* What a call has ended with. */
typedef struct {
    int code; /* PENDING; 0: well */
    GPtrArray *tokens;
    GPtrArray *faults;
    KysoLogin *login;
} End;

static void
end_clear(End *self)
{
    g_clear_pointer(&self->tokens, g_ptr_array_unref);
    g_clear_pointer(&self->faults, g_ptr_array_unref);
    g_clear_object(&self->login);
    self->code = PENDING;
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(End, end_clear)

#define NEW_END                                                                                    \
    {                                                                                              \
        .code = PENDING                                                                            \
    }

static void
listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    End *end = user_data;
    g_autoptr(GError) error = NULL;

    end->tokens = kyso_pool_list_finish(KYSO_POOL(source), result, &end->faults, &error);
    end->code = error != NULL ? error->code : 0;
}

static void
logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    End *end = user_data;
    g_autoptr(GError) error = NULL;

    end->login = kyso_pool_login_finish(KYSO_POOL(source), result, &error);
    end->code = error != NULL ? error->code : 0;
}

static void
wait_for(const End *end)
{
    while (end->code == PENDING)
        g_main_context_iteration(NULL, TRUE);
}

static void
begin_list(Office *self, GCancellable *cancellable, End *ret)
{
    end_clear(ret);
    kyso_pool_list_async(self->pool, DEADLINE_MS, cancellable, listed, ret);
}

static void
list(Office *self, End *ret)
{
    begin_list(self, NULL, ret);
    wait_for(ret);
    g_assert_cmpint(ret->code, ==, 0);
}

static void
begin_login(Office *self, const KysoToken *token, const char *pin, GAsyncReadyCallback done,
            End *ret)
{
    int ends[2];

    end_clear(ret);
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], pin, strlen(pin)), ==, (gssize) strlen(pin));
    close(ends[1]);
    kyso_pool_login_async(self->pool, token->credentials->pdata[0], ends[0], DEADLINE_MS, NULL,
                          done, ret);
    close(ends[0]);
}

/* OpenSC under the names that @pattern finds, each a module of its own to the pool. */
static void
add_module(GPtrArray *modules, const char *pattern)
{
    glob_t found;

    g_assert_cmpint(glob(pattern, 0, NULL, &found), ==, 0);
    KysoModule *module = kyso_module_new(pattern);
    module->path = g_strdup(found.gl_pathv[0]);
    module->per_reader = TRUE;
    g_ptr_array_add(modules, module);
    globfree(&found);
}

/* NULL where this machine cannot have it: the test is skipped. */
static Office *
office_new(guint n_modules)
{
    static const char *const patterns[] = {"/usr/lib/*/opensc-pkcs11.so",
                                           "/usr/lib/*/pkcs11/opensc-pkcs11.so"};
    g_autofree char *why = NULL;
    CardRig *rig = card_rig_new(2, FALSE, &why);

    if (rig == NULL) {
        g_test_skip(why);
        return NULL;
    }
    g_autoptr(GPtrArray) modules =
        g_ptr_array_new_with_free_func((GDestroyNotify) kyso_module_free);
    for (guint i = 0; i < n_modules; i++)
        add_module(modules, patterns[i]);
    Office *self = g_new0(Office, 1);
    self->rig = rig;
    self->monitor = kyso_pcsc_monitor_new();
    self->pool = kyso_pool_new(modules, KYSO_TOKEN_PROGRAM);
    kyso_pool_attach_readers(self->pool, self->monitor, KYSO_CARD_RESET_PROGRAM);
    return self;
}

static void
office_free(Office *self)
{
    g_object_unref(self->pool);
    g_object_unref(self->monitor);
    card_rig_free(self->rig);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Office, office_free)

/* Until the pool has taken note of what the rig has done. */
static void
wait_for_card(Office *self, guint reader, gboolean is_there)
{
    const char *name = card_rig_reader_name(self->rig, reader);

    for (;;) {
        const KysoReader *known = kyso_pcsc_monitor_find(self->monitor, name);
        if (known != NULL && kyso_reader_has_card(known) == is_there)
            return;
        g_main_context_iteration(NULL, TRUE);
    }
}

static void
insert(Office *self, guint reader, const char *card)
{
    card_rig_card_insert(self->rig, reader, card);
    wait_for_card(self, reader, TRUE);
}

static void
take_out(Office *self, guint reader)
{
    card_rig_card_remove(self->rig, reader);
    wait_for_card(self, reader, FALSE);
}

/* The worker of the first reader dies while it is asked. */
static void
crash_once(Office *self, const char *module)
{
    g_auto(End) end = NEW_END;
    GPid worker;

    begin_list(self, NULL, &end);
    while ((worker = kyso_pool_get_worker_pid(self->pool, module)) == 0)
        g_main_context_iteration(NULL, TRUE);
    kill(worker, SIGKILL);
    wait_for(&end);
    while (kyso_pool_get_worker_pid(self->pool, module) == worker)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(end.faults->len, ==, 1);
    /* The worker's next start is put off for up to 4 s; a list waits 5 s for it, no longer. */
    int code = ((KysoModuleFault *) end.faults->pdata[0])->error->code;
    g_assert_true(code == KYSO_ERROR_TOKEN_CRASHED || code == KYSO_ERROR_TOKEN_HUNG);
}

/* One token that makes its module crash spoils no other of the same module, and plugged in anew it
 * is tried again. */
static void
test_quarantine_is_that_of_one_reader(void)
{
    g_autoptr(Office) office = office_new(1);
    g_auto(End) end = NEW_END;

    if (office == NULL)
        return;
    insert(office, 0, "leader");
    insert(office, 1, "agency");
    list(office, &end);
    g_assert_cmpuint(end.tokens->len, ==, 2);
    g_autofree char *module = g_strdup(((KysoToken *) end.tokens->pdata[0])->module_path);
    card_rig_card_fault(office->rig, 0, -1, "hang", 0, 0);
    for (guint i = 0; i < 4; i++)
        crash_once(office, module);

    list(office, &end);
    g_assert_cmpuint(end.faults->len, ==, 1);
    g_assert_cmpint(((KysoModuleFault *) end.faults->pdata[0])->error->code, ==,
                    KYSO_ERROR_MODULE_QUARANTINED);
    g_assert_cmpuint(end.tokens->len, ==, 1);
    g_assert_cmpstr(((KysoToken *) end.tokens->pdata[0])->reader, ==,
                    card_rig_reader_name(office->rig, 1));

    card_rig_card_clear(office->rig, 0);
    take_out(office, 0);
    insert(office, 0, "leader");
    list(office, &end);
    g_assert_cmpuint(end.faults->len, ==, 0);
    g_assert_cmpuint(end.tokens->len, ==, 2);
}

/* In each state of a lane: what is asked of a card that is taken out ends at once. */
static void
test_removal_ends_all_that_was_asked(void)
{
    g_autoptr(Office) office = office_new(2);
    g_auto(End) first = NEW_END;
    g_auto(End) second = NEW_END;
    g_auto(End) third = NEW_END;
    g_auto(End) end = NEW_END;

    if (office == NULL)
        return;
    insert(office, 0, "leader");
    list(office, &end);
    g_assert_cmpuint(end.tokens->len, ==, 2); /* both modules show it */
    const KysoToken *one = end.tokens->pdata[0];
    const KysoToken *other = end.tokens->pdata[1];

    /* Logged in; waiting behind it; waiting for the other module's turn. */
    begin_login(office, one, VIRTUAL_CARD_PIN, logged_in, &first);
    wait_for(&first);
    g_assert_cmpint(first.code, ==, 0);
    begin_login(office, one, VIRTUAL_CARD_PIN, logged_in, &second);
    begin_login(office, other, VIRTUAL_CARD_PIN, logged_in, &third);
    take_out(office, 0);
    wait_for(&second);
    wait_for(&third);
    g_assert_false(kyso_login_is_usable(first.login));
    g_assert_cmpint(second.code, ==, KYSO_ERROR_TOKEN_REMOVED);
    g_assert_cmpint(third.code, ==, KYSO_ERROR_TOKEN_REMOVED);
    g_assert_cmpuint(kyso_pool_count_logins(office->pool), ==, 0);

    /* Being asked for its tokens, and waiting for that. */
    insert(office, 0, "leader");
    card_rig_card_fault(office->rig, 0, -1, "hang", 0, 0);
    begin_list(office, NULL, &first);
    begin_list(office, NULL, &second);
    take_out(office, 0);
    wait_for(&first);
    wait_for(&second);
    g_assert_cmpuint(first.tokens->len + first.faults->len, ==, 0);
    g_assert_cmpuint(second.tokens->len + second.faults->len, ==, 0);

    /* Nothing is stuck: the next insertion is served. */
    card_rig_card_insert(office->rig, 1, "leader");
    card_rig_card_clear(office->rig, 1);
    wait_for_card(office, 1, TRUE);
    list(office, &end);
    g_assert_cmpuint(end.tokens->len, ==, 2);
}

/* A PIN on its way to a card that is taken out is told as that. */
static void
test_removal_while_logging_in(void)
{
    enum { VERIFY = 0x20 };
    g_autoptr(Office) office = office_new(1);
    g_auto(End) login = NEW_END;
    g_auto(End) end = NEW_END;

    if (office == NULL)
        return;
    insert(office, 0, "leader");
    list(office, &end);
    card_rig_card_fault(office->rig, 0, VERIFY, "hang", 0, 0);
    begin_login(office, end.tokens->pdata[0], VIRTUAL_CARD_PIN, logged_in, &login);
    virtual_card_wait_event(card_rig_get_card(office->rig, 0), "fault 20 hang");
    take_out(office, 0);
    wait_for(&login);
    g_assert_cmpint(login.code, ==, KYSO_ERROR_TOKEN_REMOVED);

    insert(office, 0, "agency");
    list(office, &end);
    g_assert_cmpuint(end.tokens->len, ==, 1);
    begin_login(office, end.tokens->pdata[0], VIRTUAL_CARD_PIN, logged_in, &login);
    wait_for(&login);
    g_assert_cmpint(login.code, ==, 0);
}

/* Modules at one reader: the second waits while the first has a login, can leave, and is served. */
static void
test_modules_take_turns(void)
{
    g_autoptr(Office) office = office_new(2);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_auto(End) first = NEW_END;
    g_auto(End) second = NEW_END;
    g_auto(End) leaving = NEW_END;
    g_auto(End) end = NEW_END;

    if (office == NULL)
        return;
    insert(office, 0, "leader");
    list(office, &end);
    begin_login(office, end.tokens->pdata[0], VIRTUAL_CARD_PIN, logged_in, &first);
    wait_for(&first);
    begin_login(office, end.tokens->pdata[1], VIRTUAL_CARD_PIN, logged_in, &second);
    begin_list(office, cancellable, &leaving); /* both lanes have an answer of before */
    wait_for(&leaving);
    g_assert_cmpuint(leaving.tokens->len, ==, 2);
    g_assert_cmpint(second.code, ==, PENDING);
    g_clear_object(&first.login);
    wait_for(&second);
    g_assert_cmpint(second.code, ==, 0);
    g_assert_cmpuint(kyso_pool_count_logins(office->pool), ==, 1);
}

static void
login_failed_so_list(GObject *source, GAsyncResult *result, gpointer user_data)
{
    End *ends = user_data;

    logged_in(source, result, &ends[0]);
    for (guint i = 1; i <= 2; i++)
        kyso_pool_list_async(KYSO_POOL(source), DEADLINE_MS, NULL, listed, &ends[i]);
}

/* A wrong PIN given by one module makes old what the other had said of the tries. */
static void
test_tries_are_new_in_all_modules(void)
{
    g_autoptr(Office) office = office_new(2);
    End ends[3] = {NEW_END, NEW_END, NEW_END};
    g_auto(End) before = NEW_END;

    if (office == NULL)
        return;
    insert(office, 0, "leader");
    list(office, &before);
    begin_login(office, before.tokens->pdata[0], WRONG_PIN, logged_in, &ends[0]);
    wait_for(&ends[0]);
    list(office, &before);
    begin_login(office, before.tokens->pdata[0], WRONG_PIN, login_failed_so_list, &ends[0]);
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
        wait_for(&ends[i]);
    g_assert_cmpint(ends[0].code, ==, KYSO_ERROR_PIN_INCORRECT);
    g_assert_cmpuint(card_rig_card_tries(office->rig, 0), ==, 1);
    for (guint i = 1; i <= 2; i++) {
        g_assert_cmpuint(ends[i].tokens->len, ==, 2);
        for (guint j = 0; j < 2; j++) {
            const KysoToken *token = ends[i].tokens->pdata[j];
            g_assert_cmpint(token->flags & KYSO_TOKEN_PIN_FINAL_TRY, !=, 0);
        }
        end_clear(&ends[i]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/card-pool/quarantine-is-that-of-one-reader",
                    test_quarantine_is_that_of_one_reader);
    g_test_add_func("/card-pool/removal-ends-all-that-was-asked",
                    test_removal_ends_all_that_was_asked);
    g_test_add_func("/card-pool/removal-while-logging-in", test_removal_while_logging_in);
    g_test_add_func("/card-pool/modules-take-turns", test_modules_take_turns);
    g_test_add_func("/card-pool/tries-are-new-in-all-modules", test_tries_are_new_in_all_modules);
    return g_test_run();
}
