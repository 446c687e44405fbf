/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/pool.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/lane.h"
#include "pkcs11/pool/token-listing.h"

struct _KysoPool {
    GObject parent_instance;
    GPtrArray *modules;
    GPtrArray *lanes; /* KysoLane: the modules without a fault, in their order */
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE(KysoPool, kyso_pool, G_TYPE_OBJECT)

static void
kyso_pool_finalize(GObject *object)
{
    KysoPool *self = KYSO_POOL(object);

    g_ptr_array_unref(self->lanes);
    g_ptr_array_unref(self->modules);
    G_OBJECT_CLASS(kyso_pool_parent_class)->finalize(object);
}

static void
kyso_pool_class_init(KysoPoolClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_pool_finalize;
    changed_signal = g_signal_new("changed", KYSO_TYPE_POOL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
}

static void
kyso_pool_init(KysoPool *self)
{
    self->lanes = g_ptr_array_new_with_free_func(g_object_unref);
}

KysoPool *
kyso_pool_new(GPtrArray *modules, const char *worker_program)
{
    KysoPool *self = g_object_new(KYSO_TYPE_POOL, NULL);

    self->modules = g_ptr_array_ref(modules);
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        if (module->fault == NULL)
            g_ptr_array_add(self->lanes, kyso_lane_new(module->path, worker_program));
    }
    return self;
}

void
kyso_pool_emit_changed(KysoPool *self)
{
    g_signal_emit(self, changed_signal, 0);
}

static KysoLane *
find_lane(KysoPool *self, const char *module_path)
{
    for (guint i = 0; i < self->lanes->len; i++)
        if (g_str_equal(kyso_lane_get_path(self->lanes->pdata[i]), module_path))
            return self->lanes->pdata[i];
    return NULL;
}

GPid
kyso_pool_get_worker_pid(KysoPool *self, const char *module_path)
{
    KysoLane *lane = find_lane(self, module_path);

    return lane != NULL ? kyso_lane_get_worker_pid(lane) : 0;
}

/* A listing of all modules: data of its task. */
typedef struct {
    guint n_left;
    GPtrArray **tokens; /* by lane; NULL: none yet */
    guint n_lanes;
    GPtrArray *faults;
    gboolean was_cancelled;
} Survey;

static void
survey_free(gpointer data)
{
    Survey *self = data;

    for (guint i = 0; i < self->n_lanes; i++)
        g_clear_pointer(&self->tokens[i], g_ptr_array_unref);
    g_free(self->tokens);
    g_ptr_array_unref(self->faults);
    g_free(self);
}

static Survey *
survey_new(KysoPool *pool)
{
    Survey *self = g_new0(Survey, 1);

    self->n_left = self->n_lanes = pool->lanes->len;
    self->tokens = g_new0(GPtrArray *, self->n_lanes);
    self->faults = kyso_token_listing_new_faults();
    for (guint i = 0; i < pool->modules->len; i++) {
        const KysoModule *module = pool->modules->pdata[i];
        if (module->fault != NULL)
            kyso_token_listing_add_fault(self->faults, module->path, module->fault);
    }
    return self;
}

static void
survey_ended(GTask *task)
{
    Survey *survey = g_task_get_task_data(task);

    if (survey->was_cancelled) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
        return;
    }

    GPtrArray *all = kyso_token_listing_new_tokens();
    for (guint i = 0; i < survey->n_lanes; i++)
        for (guint j = 0; survey->tokens[i] != NULL && j < survey->tokens[i]->len; j++)
            g_ptr_array_add(all, kyso_token_ref(survey->tokens[i]->pdata[j]));
    g_task_return_pointer(task, all, (GDestroyNotify) g_ptr_array_unref);
}

static void
lane_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    KysoPool *self = g_task_get_source_object(task);
    Survey *survey = g_task_get_task_data(task);
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GError) error = NULL;
    guint index = 0;

    g_ptr_array_find(self->lanes, source, &index);
    if (kyso_lane_list_finish(KYSO_LANE(source), result, &survey->tokens[index], &faults, &error)) {
        for (guint i = 0; i < faults->len; i++) {
            const KysoModuleFault *fault = faults->pdata[i];
            kyso_token_listing_add_fault(survey->faults, fault->path, fault->error);
        }
    } else if (g_error_matches(error, KYSO_ERROR, KYSO_ERROR_CANCELLED)) {
        survey->was_cancelled = TRUE;
    } else {
        kyso_token_listing_add_fault(survey->faults, kyso_lane_get_path(KYSO_LANE(source)), error);
    }

    survey->n_left--;
    if (survey->n_left == 0)
        survey_ended(task);
}

void
kyso_pool_list_async(KysoPool *self, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);

    g_task_set_check_cancellable(task, FALSE); /* the lanes answer for cancelling */
    g_task_set_task_data(task, survey_new(self), survey_free);
    if (self->lanes->len == 0)
        survey_ended(task);
    for (guint i = 0; i < self->lanes->len; i++)
        kyso_lane_list_async(self->lanes->pdata[i], deadline_ms, cancellable, lane_listed,
                             g_object_ref(task));
}

GPtrArray *
kyso_pool_list_finish(KysoPool *self, GAsyncResult *result, GPtrArray **ret_faults, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    Survey *survey = g_task_get_task_data(G_TASK(result));
    GPtrArray *tokens = g_task_propagate_pointer(G_TASK(result), error);
    if (tokens != NULL && ret_faults != NULL)
        *ret_faults = g_ptr_array_ref(survey->faults);
    return tokens;
}

/* The answer to a search: a token; the credential is found in it again. */
static void
search_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    const char *id = g_task_get_task_data(task);
    g_autoptr(GPtrArray) faults = NULL;
    GError *error = NULL;

    g_autoptr(GPtrArray) tokens = kyso_pool_list_finish(KYSO_POOL(source), result, &faults, &error);
    if (tokens == NULL) {
        g_task_return_error(task, error);
        return;
    }

    for (guint i = 0; i < tokens->len; i++) {
        KysoToken *token = tokens->pdata[i];
        if (kyso_token_find_credential(token, id) != NULL) {
            g_task_return_pointer(task, kyso_token_ref(token), (GDestroyNotify) kyso_token_unref);
            return;
        }
    }

    if (faults->len > 0) {
        const KysoModuleFault *fault = faults->pdata[0];
        g_task_return_error(task, g_error_copy(fault->error));
    } else if (tokens->len == 0) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_NO_TOKEN, "no token is there");
    } else {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_UNKNOWN_CREDENTIAL,
                                "no token has certificate %s", id);
    }
}

void
kyso_pool_find_async(KysoPool *self, const char *id, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    GTask *task = g_task_new(self, cancellable, done, user_data);

    g_task_set_check_cancellable(task, FALSE);
    g_task_set_task_data(task, g_strdup(id), g_free);
    kyso_pool_list_async(self, deadline_ms, cancellable, search_listed, task);
}

KysoCredential *
kyso_pool_find_finish(KysoPool *self, GAsyncResult *result, KysoToken **ret_token, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    const char *id = g_task_get_task_data(G_TASK(result));
    g_autoptr(KysoToken) token = g_task_propagate_pointer(G_TASK(result), error);
    if (token == NULL)
        return NULL;

    KysoCredential *credential = kyso_credential_ref(kyso_token_find_credential(token, id));
    if (ret_token != NULL)
        *ret_token = g_steal_pointer(&token);
    return credential;
}

static void
lane_logged_in(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    GError *error = NULL;

    KysoLogin *login = kyso_lane_login_finish(KYSO_LANE(source), result, &error);
    if (login != NULL)
        g_task_return_pointer(task, login, g_object_unref);
    else
        g_task_return_error(task, error);
}

void
kyso_pool_login_async(KysoPool *self, KysoCredential *credential, int pin_fd, guint deadline_ms,
                      GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);
    KysoLane *lane = find_lane(self, credential->module_path);

    g_task_set_check_cancellable(task, FALSE);
    if (lane == NULL) {
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_UNKNOWN_CREDENTIAL,
                                "%s is no module of ours", credential->module_path);
        return;
    }

    kyso_lane_login_async(lane, credential, pin_fd, deadline_ms, cancellable, lane_logged_in,
                          g_steal_pointer(&task));
}

KysoLogin *
kyso_pool_login_finish(KysoPool *self, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    return g_task_propagate_pointer(G_TASK(result), error);
}
