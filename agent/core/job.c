/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/job.h"

#include "ipc/base/alarm.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"

struct _KysoJobs {
    GHashTable *jobs; /* set of KysoJob, a reference each */
    guint n_signing;
    gboolean is_ending;
    KysoAlarm *alarm;
};

struct _KysoJob {
    GObject parent_instance;
    KysoJobs *jobs;             /* NULL once answered */
    KysoConnection *connection; /* NULL once gone */
    KysoPeer *peer;
    KysoMessage *message;
    json_t *id;
    const char *method;
    const char *stage;
    guint document, n_documents; /* of a batch; 0 of 0 where it is none */
    char *request_id;
    char *purpose;
    char *name;
    gboolean is_signing;
    gboolean is_committed;
    gboolean is_last_part; /* of what is committed */
    int stopped_by;        /* KysoErrorCode, or 0 */
    int stop_pending;      /* the same, of a stop that came while a part was handed over */
    gint64 deadline;
    GDateTime *since;
    GCancellable *cancellable;
};

G_DEFINE_FINAL_TYPE(KysoJob, kyso_job, G_TYPE_OBJECT)

static void
kyso_job_finalize(GObject *object)
{
    KysoJob *self = KYSO_JOB(object);

    kyso_peer_unref(self->peer);
    kyso_message_free(self->message);
    json_decref(self->id);
    g_free(self->request_id);
    g_free(self->purpose);
    g_free(self->name);
    g_clear_pointer(&self->since, g_date_time_unref);
    g_clear_object(&self->cancellable);
    G_OBJECT_CLASS(kyso_job_parent_class)->finalize(object);
}

static void
kyso_job_class_init(KysoJobClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_job_finalize;
}

static void
kyso_job_init(KysoJob *self)
{
}

static gboolean
can_be_stopped(const KysoJob *self)
{
    return self->stopped_by == 0 && self->stop_pending == 0 &&
           !(self->is_committed && self->is_last_part);
}

void
kyso_job_stop(KysoJob *self, int code)
{
    if (!can_be_stopped(self))
        return;
    if (self->is_committed) {
        self->stop_pending = code;
        return;
    }
    self->stopped_by = code;
    if (self->cancellable != NULL)
        g_cancellable_cancel(self->cancellable);
}

gboolean
kyso_job_is_stopped(const KysoJob *self)
{
    return self->stopped_by != 0;
}

static gint64
deadlines_are_due(gint64 now, gpointer user_data)
{
    KysoJobs *self = user_data;
    g_autoptr(GPtrArray) due = g_ptr_array_new_with_free_func(g_object_unref);
    gint64 next = KYSO_ALARM_NEVER;
    GHashTableIter iter;
    KysoJob *job;

    g_hash_table_iter_init(&iter, self->jobs);
    while (g_hash_table_iter_next(&iter, (gpointer *) &job, NULL)) {
        if (!can_be_stopped(job))
            continue;
        if (job->deadline <= now)
            g_ptr_array_add(due, g_object_ref(job));
        else
            next = MIN(next, job->deadline);
    }
    for (guint i = 0; i < due->len; i++)
        kyso_job_stop(due->pdata[i], KYSO_ERROR_DEADLINE_EXCEEDED);
    return next;
}

KysoJobs *
kyso_jobs_new(void)
{
    KysoJobs *self = g_new0(KysoJobs, 1);
    self->jobs = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
    self->alarm = kyso_alarm_new(deadlines_are_due, self);
    return self;
}

void
kyso_jobs_free(KysoJobs *self)
{
    GHashTableIter iter;
    KysoJob *job;

    if (self == NULL)
        return;
    g_hash_table_iter_init(&iter, self->jobs);
    while (g_hash_table_iter_next(&iter, (gpointer *) &job, NULL)) {
        job->jobs = NULL;
        job->connection = NULL;
    }
    g_hash_table_unref(self->jobs);
    kyso_alarm_free(self->alarm);
    g_free(self);
}

KysoJob *
kyso_jobs_start(KysoJobs *self, const KysoJobSpec *spec, KysoMessage *message, GError **error)
{
    if (self->is_ending) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CANCELLED, "the agent is ending");
        return NULL;
    }
    if (g_hash_table_size(self->jobs) >= KYSO_MAX_JOBS ||
        (spec->is_signing && self->n_signing >= KYSO_MAX_SIGNING_JOBS)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_QUEUE_FULL, "too many requests");
        return NULL;
    }

    KysoJob *job = g_object_new(KYSO_TYPE_JOB, NULL);
    job->jobs = self;
    job->connection = spec->connection;
    job->peer = kyso_peer_ref(kyso_connection_peer(spec->connection));
    job->message = g_new0(KysoMessage, 1);
    job->message->body = json_incref(message->body);
    job->message->fds = g_steal_pointer(&message->fds);
    job->id = json_incref(spec->id);
    job->method = spec->method;
    job->is_signing = spec->is_signing;
    job->deadline = g_get_monotonic_time() + (gint64) spec->timeout_ms * 1000;
    if (json_object_get(job->message->body, "params") == NULL)
        json_object_set_new(job->message->body, "params", json_object());

    self->n_signing += job->is_signing ? 1 : 0;
    g_hash_table_add(self->jobs, g_object_ref(job));
    kyso_alarm_set(self->alarm, job->deadline);
    return job;
}

void
kyso_jobs_forget_connection(KysoJobs *self, KysoConnection *connection)
{
    g_autoptr(GList) jobs = g_hash_table_get_keys(self->jobs);

    for (GList *l = jobs; l != NULL; l = l->next)
        g_object_ref(l->data);
    for (GList *l = jobs; l != NULL; l = l->next) {
        KysoJob *job = l->data;
        if (job->connection == connection) {
            job->connection = NULL;
            kyso_job_stop(job, KYSO_ERROR_CLIENT_GONE);
        }
        g_object_unref(job);
    }
}

static KysoJob *
find(KysoJobs *self, const char *request_id, KysoConnection *connection, const json_t *id)
{
    GHashTableIter iter;
    KysoJob *job;

    g_hash_table_iter_init(&iter, self->jobs);
    while (g_hash_table_iter_next(&iter, (gpointer *) &job, NULL)) {
        if (job->cancellable == NULL)
            continue; /* answered at once, as the one that asks to cancel is itself */
        if (request_id != NULL && g_strcmp0(request_id, job->request_id) == 0)
            return job;
        if (id != NULL && job->connection == connection && job->id != NULL &&
            json_equal(id, job->id))
            return job;
    }
    return NULL;
}

gboolean
kyso_jobs_cancel(KysoJobs *self, const char *request_id, KysoConnection *connection,
                 const json_t *id)
{
    KysoJob *job = find(self, request_id, connection, id);

    if (job == NULL || !can_be_stopped(job))
        return FALSE;
    g_object_ref(job);
    kyso_job_stop(job, KYSO_ERROR_CANCELLED);
    g_object_unref(job);
    return TRUE;
}

static gboolean
time_is_over(gpointer user_data)
{
    gboolean *ret_is_over = user_data;

    *ret_is_over = TRUE;
    return G_SOURCE_CONTINUE;
}

void
kyso_jobs_end(KysoJobs *self, guint seconds)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(g_object_unref);
    gboolean is_over = FALSE;
    GHashTableIter iter;
    KysoJob *job;

    self->is_ending = TRUE;
    g_hash_table_iter_init(&iter, self->jobs);
    while (g_hash_table_iter_next(&iter, (gpointer *) &job, NULL))
        g_ptr_array_add(jobs, g_object_ref(job));
    for (guint i = 0; i < jobs->len; i++)
        kyso_job_stop(jobs->pdata[i], KYSO_ERROR_CANCELLED);

    guint timer = g_timeout_add_seconds(seconds, time_is_over, &is_over);
    while (g_hash_table_size(self->jobs) > 0 && !is_over)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

/* Which document of a batch the stage is about. */
static void
put_place_in_batch(const KysoJob *self, json_t *object)
{
    if (self->n_documents == 0)
        return;
    if (self->document != KYSO_JOB_ALL_DOCUMENTS)
        json_object_set_new(object, "document", json_integer(self->document));
    json_object_set_new(object, "documents", json_integer(self->n_documents));
}

static json_t *
list_one(KysoJob *job)
{
    KysoPeer *peer = kyso_job_peer(job);
    g_autofree char *since = job->since != NULL ? kyso_clock_to_rfc3339(job->since) : NULL;
    g_autoptr(GDateTime) now = kyso_clock_now();
    g_autoptr(GDateTime) deadline = g_date_time_add(now, job->deadline - g_get_monotonic_time());
    g_autofree char *deadline_text = kyso_clock_to_rfc3339(deadline);

    json_t *entry =
        json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:{s:i, s:s, s:s}, s:s?, s:s}", "requestID",
                  kyso_job_request_id(job), "method", job->method, "purpose", job->purpose, "name",
                  job->name, "stage", job->stage, "client", "pid", (int) kyso_peer_pid(peer),
                  "executable", kyso_peer_executable(peer), "unit", kyso_peer_unit(peer), "since",
                  since, "deadline", deadline_text);
    put_place_in_batch(job, entry);
    return entry;
}

json_t *
kyso_jobs_list(KysoJobs *self)
{
    json_t *list = json_array();
    GHashTableIter iter;
    KysoJob *job;

    /* Only requests that a person or a token has to do with: they have described themselves. */
    g_hash_table_iter_init(&iter, self->jobs);
    while (g_hash_table_iter_next(&iter, (gpointer *) &job, NULL))
        if (job->purpose != NULL && json_array_size(list) < KYSO_MAX_SIGNING_JOBS)
            json_array_append_new(list, list_one(job));
    return list;
}

json_t *
kyso_job_params(KysoJob *self)
{
    return json_object_get(self->message->body, "params");
}

KysoFdList *
kyso_job_fds(KysoJob *self)
{
    return self->message->fds;
}

/* Made at the first asking: a bare listing needs none. */
const char *
kyso_job_request_id(KysoJob *self)
{
    if (self->request_id == NULL)
        self->request_id = g_uuid_string_random();
    return self->request_id;
}

const char *
kyso_job_method(KysoJob *self)
{
    return self->method;
}

GCancellable *
kyso_job_cancellable(KysoJob *self)
{
    if (self->cancellable == NULL) {
        self->cancellable = g_cancellable_new();
        if (self->stopped_by != 0)
            g_cancellable_cancel(self->cancellable);
    }
    return self->cancellable;
}

KysoPeer *
kyso_job_peer(KysoJob *self)
{
    return self->peer;
}

KysoConnection *
kyso_job_connection(KysoJob *self)
{
    return self->connection;
}

guint
kyso_job_remaining_ms(KysoJob *self)
{
    gint64 remaining = (self->deadline - g_get_monotonic_time()) / 1000;
    return remaining > 0 ? (guint) remaining : 1;
}

void
kyso_job_describe(KysoJob *self, const char *purpose, const char *name)
{
    g_free(self->purpose);
    g_free(self->name);
    self->purpose = g_strdup(purpose);
    self->name = g_strdup(name);
    if (self->since == NULL)
        self->since = kyso_clock_now();
}

void
kyso_job_set_documents(KysoJob *self, guint n_documents)
{
    self->n_documents = n_documents;
    self->document = KYSO_JOB_ALL_DOCUMENTS;
}

void
kyso_job_set_stage(KysoJob *self, const char *stage)
{
    kyso_job_set_document_stage(self, stage, KYSO_JOB_ALL_DOCUMENTS);
}

void
kyso_job_set_document_stage(KysoJob *self, const char *stage, guint document)
{
    self->stage = stage;
    self->document = document;
    /* A program that has digests signed by the thousand would only be kept busy by it. */
    if (!self->is_signing || self->connection == NULL || self->id == NULL)
        return;
    json_t *params = json_pack("{s:O, s:s, s:s}", "id", self->id, "requestID",
                               kyso_job_request_id(self), "stage", stage);
    put_place_in_batch(self, params);
    g_autoptr(json_t) note = kyso_rpc_notification("requests.progress", params);
    kyso_connection_send(self->connection, note, NULL, 0);
}

gboolean
kyso_job_commit(KysoJob *self, gboolean is_last_part, GError **error)
{
    if (self->stopped_by != 0) {
        g_set_error_literal(error, KYSO_ERROR, self->stopped_by, "stopped before the hand-over");
        return FALSE;
    }
    self->is_committed = TRUE;
    self->is_last_part = is_last_part;
    return TRUE;
}

void
kyso_job_resume(KysoJob *self)
{
    int pending = self->stop_pending;

    self->is_committed = FALSE;
    self->stop_pending = 0;
    if (pending != 0)
        kyso_job_stop(self, pending);
    else if (self->jobs != NULL) /* its deadline was passed over meanwhile */
        kyso_alarm_set(self->jobs->alarm, self->deadline);
}

GError *
kyso_job_explain(KysoJob *self, GError *error)
{
    if (self->stopped_by == 0)
        return error;
    GError *reason = g_error_new(KYSO_ERROR, self->stopped_by, "stopped: %s", error->message);
    g_error_free(error);
    return reason;
}

static void
answer(KysoJob *self, const json_t *body)
{
    if (self->connection != NULL && self->id != NULL)
        kyso_connection_send(self->connection, body, NULL, 0);
    if (self->jobs == NULL)
        return;
    KysoJobs *jobs = g_steal_pointer(&self->jobs);
    jobs->n_signing -= self->is_signing ? 1 : 0;
    g_hash_table_remove(jobs->jobs, self);
}

void
kyso_job_return(KysoJob *self, json_t *result)
{
    g_autoptr(json_t) body = kyso_rpc_result(self->id, result);
    answer(self, body);
}

void
kyso_job_fail(KysoJob *self, GError *error)
{
    g_autoptr(GError) reason = kyso_job_explain(self, error);
    g_autoptr(json_t) body = kyso_rpc_error(self->id, reason);
    answer(self, body);
}
