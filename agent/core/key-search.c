/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/key-search.h"

#include "ipc/base/error.h"

/* Look -> found, or in vain for good; or wait -> (the tokens have changed) -> look ... */
static void looked(GObject *source, GAsyncResult *result, gpointer user_data);
static void look(GTask *task);
static void arrange_notice(KysoKeySearches *self);

struct _KysoKeySearches {
    KysoSigner *signer;
    GPtrArray *waiting; /* GTask, oldest first; a reference each */
    gulong changed_handler;
    guint notice_source; /* the window will be told what has changed; 0: it knows */
};

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    char *credential_id, *purpose, *document;
    guint n_documents;
    gboolean waits;
    gboolean is_waiting;
    gboolean is_looking;
    gboolean must_look_again; /* the tokens changed while we looked */
    gboolean is_over;
    gulong cancel_handler;
    KysoToken *token; /* of the result */
    void (*waiting_has_begun)(gpointer user_data);
    gpointer user_data;
} Search;

static void
search_free(gpointer data)
{
    Search *search = data;

    g_object_unref(search->job);
    g_free(search->credential_id);
    g_free(search->purpose);
    g_free(search->document);
    g_clear_pointer(&search->token, kyso_token_unref);
    g_free(search);
}

KysoKeySearches *
kyso_key_search_new_set(KysoSigner *signer)
{
    KysoKeySearches *self = g_new0(KysoKeySearches, 1);

    self->signer = signer;
    self->waiting = g_ptr_array_new_with_free_func(g_object_unref);
    return self;
}

static void
stop_listening(KysoKeySearches *self)
{
    if (self->changed_handler != 0)
        g_signal_handler_disconnect(self->signer->agent->pool, self->changed_handler);
    self->changed_handler = 0;
}

void
kyso_key_search_free_set(KysoKeySearches *self)
{
    if (self == NULL)
        return;
    stop_listening(self);
    g_clear_handle_id(&self->notice_source, g_source_remove);
    if (self->signer->agent->prompt != NULL)
        kyso_prompt_set_notice(self->signer->agent->prompt, NULL, NULL, NULL);
    g_ptr_array_unref(self->waiting);
    g_free(self);
}

static KysoKeySearches *
set_of(const Search *search)
{
    return search->agent->signer->searches;
}

void
kyso_key_search_async(KysoAgent *agent, KysoJob *job, const KysoKeySearchSpec *spec,
                      GAsyncReadyCallback done, gpointer user_data)
{
    GTask *task = g_task_new(NULL, kyso_job_cancellable(job), done, user_data);
    Search *search = g_new0(Search, 1);

    g_task_set_check_cancellable(task, FALSE);
    search->agent = agent;
    search->job = g_object_ref(job);
    search->credential_id = g_strdup(spec->credential_id);
    search->purpose = g_strdup(spec->purpose);
    search->document = g_strdup(spec->document);
    search->n_documents = spec->n_documents;
    search->waits =
        spec->waits && kyso_roles_get(agent->signer->roles, spec->credential_id) != NULL;
    search->waiting_has_begun = spec->waiting_has_begun;
    search->user_data = spec->user_data;
    g_task_set_task_data(task, search, search_free);
    look(task);
}

/* Takes @task, to the end of the look; a search that waits has another reference. */
static void
look(GTask *task)
{
    Search *search = g_task_get_task_data(task);
    GError *error = NULL;
    KysoPool *pool = kyso_agent_get_pool(search->agent, &error);

    if (pool == NULL) {
        g_task_return_error(task, error);
        g_object_unref(task);
        return;
    }
    search->is_looking = TRUE;
    search->must_look_again = FALSE;
    kyso_pool_find_async(pool, search->credential_id, search->agent->configuration->token_ms,
                         g_task_get_cancellable(task), looked, task);
}

/* What plugging in a token mends; and, for who waits already, what plugging in goes through. */
static gboolean
can_be_mended(const Search *search, const GError *error)
{
    switch (kyso_error_code(error)) {
    case KYSO_ERROR_NO_TOKEN:
    case KYSO_ERROR_UNKNOWN_CREDENTIAL:
    case KYSO_ERROR_PCSC_UNAVAILABLE:
        return TRUE;
    case KYSO_ERROR_TOKEN_REMOVED:
    case KYSO_ERROR_TOKEN_CHANGED:
        return search->is_waiting;
    default:
        return FALSE;
    }
}

/* Out of the waiting ones; its reference there is taken over by the caller. */
static GTask *
take_out(GTask *task)
{
    Search *search = g_task_get_task_data(task);
    KysoKeySearches *self = set_of(search);
    guint index;

    if (!search->is_waiting || !g_ptr_array_find(self->waiting, task, &index))
        return NULL;
    search->is_waiting = FALSE;
    search->is_over = TRUE;
    if (search->cancel_handler != 0) /* not g_cancellable_disconnect: may run inside the handler */
        g_signal_handler_disconnect(g_task_get_cancellable(task), search->cancel_handler);
    search->cancel_handler = 0;
    g_autoptr(GTask) taken = g_ptr_array_steal_index(self->waiting, index);
    if (self->waiting->len == 0)
        stop_listening(self);
    arrange_notice(self);
    return g_steal_pointer(&taken);
}

static gboolean
give_up(gpointer user_data)
{
    g_task_return_new_error(user_data, KYSO_ERROR, KYSO_ERROR_CANCELLED,
                            "the token was not plugged in");
    return G_SOURCE_REMOVE;
}

static void
job_stopped(GCancellable *cancellable, gpointer user_data)
{
    g_autoptr(GTask) taken = take_out(user_data);

    if (taken != NULL)
        give_up(taken);
}

static void
tokens_changed(KysoPool *pool, gpointer user_data)
{
    KysoKeySearches *self = user_data;
    g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < self->waiting->len; i++)
        g_ptr_array_add(tasks, g_object_ref(self->waiting->pdata[i]));
    for (guint i = 0; i < tasks->len; i++) {
        Search *search = g_task_get_task_data(tasks->pdata[i]);
        if (search->is_looking)
            search->must_look_again = TRUE;
        else
            look(g_object_ref(tasks->pdata[i]));
    }
}

static void
wait(GTask *task)
{
    Search *search = g_task_get_task_data(task);
    KysoKeySearches *self = set_of(search);

    search->is_waiting = TRUE;
    search->cancel_handler =
        g_signal_connect(g_task_get_cancellable(task), "cancelled", G_CALLBACK(job_stopped), task);
    g_ptr_array_add(self->waiting, g_object_ref(task));
    if (self->changed_handler == 0)
        self->changed_handler =
            g_signal_connect(search->agent->pool, "changed", G_CALLBACK(tokens_changed), self);
    if (search->waiting_has_begun != NULL)
        search->waiting_has_begun(search->user_data);
    arrange_notice(self);
}

static void
looked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Search *search = g_task_get_task_data(task);
    GError *error = NULL;
    KysoCredential *credential =
        kyso_pool_find_finish(KYSO_POOL(source), result, &search->token, &error);
    gboolean is_stopped = g_cancellable_is_cancelled(g_task_get_cancellable(task));

    search->is_looking = FALSE;
    if (search->is_over) { /* given up while we looked */
        g_clear_pointer(&credential, kyso_credential_unref);
        g_clear_error(&error);
        return;
    }
    if (credential == NULL && search->waits && !is_stopped && can_be_mended(search, error)) {
        g_clear_error(&error);
        if (!search->is_waiting)
            wait(task);
        else if (search->must_look_again)
            look(g_object_ref(task));
        return;
    }
    g_autoptr(GTask) taken = take_out(task);
    if (credential != NULL)
        g_task_return_pointer(task, credential, (GDestroyNotify) kyso_credential_unref);
    else
        g_task_return_error(task, error);
}

KysoCredential *
kyso_key_search_finish(GAsyncResult *result, KysoToken **ret_token, GError **error)
{
    Search *search = g_task_get_task_data(G_TASK(result));
    KysoCredential *credential = g_task_propagate_pointer(G_TASK(result), error);

    if (credential != NULL)
        *ret_token = g_steal_pointer(&search->token);
    return credential;
}

void
kyso_key_search_stop(KysoSigner *signer, KysoJob *job)
{
    KysoKeySearches *self = signer->searches;

    for (guint i = 0; i < self->waiting->len; i++) {
        GTask *task = self->waiting->pdata[i];
        Search *search = g_task_get_task_data(task);
        if (search->job != job)
            continue;
        g_idle_add_full(G_PRIORITY_DEFAULT, give_up, take_out(task), g_object_unref);
        return;
    }
}

void
kyso_key_search_look_again(KysoSigner *signer)
{
    tokens_changed(NULL, signer->searches);
}

/* The person said so of all that the window named. */
static void
notice_cancelled(gpointer user_data)
{
    KysoKeySearches *self = user_data;
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < self->waiting->len; i++) {
        Search *search = g_task_get_task_data(self->waiting->pdata[i]);
        g_ptr_array_add(jobs, g_object_ref(search->job));
    }
    for (guint i = 0; i < jobs->len; i++)
        kyso_job_stop(jobs->pdata[i], KYSO_ERROR_PIN_CANCELLED);
}

static KysoNoticeLine
describe(const Search *search)
{
    KysoPeer *peer = kyso_job_peer(search->job);
    const KysoRoles *roles = search->agent->signer->roles;

    return (KysoNoticeLine){
        .credential = kyso_roles_get_name(roles, search->credential_id),
        .is_agency = g_strcmp0(kyso_roles_get(roles, search->credential_id), "agency") == 0,
        .purpose = search->purpose,
        .document = search->document,
        .n_documents = search->n_documents,
        .caller_executable = kyso_peer_executable(peer),
        .caller_pid = kyso_peer_pid(peer),
    };
}

static gboolean
show_notice(gpointer user_data)
{
    KysoKeySearches *self = user_data;
    KysoAgent *agent = self->signer->agent;
    g_autofree KysoNoticeLine *lines = g_new0(KysoNoticeLine, self->waiting->len + 1);

    for (guint i = 0; i < self->waiting->len; i++)
        lines[i] = describe(g_task_get_task_data(self->waiting->pdata[i]));
    KysoNotice notice = {lines, self->waiting->len, agent->configuration->language};
    kyso_prompt_set_notice(kyso_agent_get_prompt(agent), self->waiting->len > 0 ? &notice : NULL,
                           notice_cancelled, self);
    self->notice_source = 0;
    return G_SOURCE_REMOVE;
}

/* Later, so that many that come or go at once are one change of the window. */
static void
arrange_notice(KysoKeySearches *self)
{
    if (self->notice_source == 0)
        self->notice_source = g_idle_add_full(G_PRIORITY_DEFAULT, show_notice, self, NULL);
}
