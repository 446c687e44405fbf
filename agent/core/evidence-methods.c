/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/evidence-methods.h"

#include <string.h>
#include <sys/stat.h>

#include "agent/cms/file-hash.h"
#include "agent/core/attempt.h"
#include "agent/core/delivery.h"
#include "agent/core/evidence-content.h"
#include "agent/core/request-file.h"
#include "agent/core/signer-state.h"
#include "ipc/base/error.h"

#define MAX_LISTED 200
#define DIGEST_SIZE 64 /* hex digits */

/* list:   [input hashed ->] listed.
 * get:    read and written -> handed over.
 * delete: [input hashed ->] counted -> recorded -> deleted.
 * Each arrow is one callback; what blocks runs in a thread. */
static void rows_listed(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_written(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_delivered(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_counted(GObject *source, GAsyncResult *result, gpointer user_data);
static void deletion_recorded(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_deleted(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoEvidenceStore *store;
    KysoFd input;  /* -1: digest is given, or no document */
    char *digest;  /* NULL: not known yet, or no document */
    gint64 id;     /* of one; 0: none, or of the listed the oldest told already */
    gint64 n;      /* wanted, or found */
    KysoFd output; /* -1 where output_path is set */
    char *output_path;
    KysoTemporary *file;
    goffset file_size;
    json_t *answer;
    KysoRecord *record;
} Order;

static void
order_free(Order *self)
{
    g_object_unref(self->job);
    g_clear_pointer(&self->store, kyso_evidence_store_unref);
    kyso_fd_clear(&self->input);
    kyso_fd_clear(&self->output);
    g_free(self->digest);
    g_free(self->output_path);
    g_clear_pointer(&self->file, kyso_temporary_free);
    json_decref(self->answer);
    g_clear_pointer(&self->record, kyso_record_free);
    g_free(self);
}

static void
fail(Order *self, GError *error)
{
    kyso_job_fail(self->job, error);
    order_free(self);
}

static void
answer(Order *self)
{
    kyso_job_return(self->job, g_steal_pointer(&self->answer));
    order_free(self);
}

static Order *
order_new(KysoAgent *agent, KysoJob *job, GError **error)
{
    KysoEvidenceStore *store = kyso_signer_get_evidence(agent->signer, error);

    if (store == NULL)
        return NULL;
    Order *self = g_new0(Order, 1);
    self->agent = agent;
    self->job = g_object_ref(job);
    self->store = kyso_evidence_store_ref(store);
    self->input = self->output = -1;
    return self;
}

static void
start(Order *self, GTaskThreadFunc work, GAsyncReadyCallback done)
{
    g_autoptr(GTask) task = g_task_new(NULL, kyso_job_cancellable(self->job), done, self);

    g_task_set_task_data(task, self, NULL);
    g_task_run_in_thread(task, work);
}

/* The document: by its file, or by its digest */

static gboolean
is_digest(const char *text)
{
    return strlen(text) == DIGEST_SIZE && strspn(text, "0123456789abcdef") == DIGEST_SIZE;
}

static gboolean
read_document(Order *self, GError **error)
{
    const json_t *params = kyso_job_params(self->job);
    const char *digest = NULL;

    if (!kyso_json_get_string(params, "digest", KYSO_JSON_OPTIONAL, &digest, error) ||
        !kyso_request_file_open_input(self->job, params, "input", KYSO_JSON_OPTIONAL, &self->input,
                                      NULL, error))
        return FALSE;
    if (digest != NULL && (self->input >= 0 || !is_digest(digest))) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"digest\" must be SHA-256 in lower-case hex, and without \"input\"");
        return FALSE;
    }
    self->digest = g_strdup(digest);
    return TRUE;
}

static gboolean
hash_document(Order *self, GError **error)
{
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
    struct stat st;

    if (self->input < 0)
        return TRUE;
    if (fstat(self->input, &st) < 0 || !kyso_file_hash_add(hash, self->input, 0, st.st_size, error))
        return FALSE;
    g_autoptr(GBytes) digest = kyso_file_hash_get(hash);
    self->digest = kyso_file_hash_to_hex(digest);
    return TRUE;
}

/* evidence.list */

/* What a list tells of each: enough to know it, and not its report. */
static json_t *
summarize(const KysoEvidence *evidence)
{
    json_t *object = kyso_evidence_content_to_json(evidence);
    json_t *signers = json_array(), *signature;
    size_t i;

    json_array_foreach(json_object_get(object, "signatures"), i, signature)
    {
        json_t *subject = json_object_get(signature, "subject");
        if (subject != NULL)
            json_array_append(signers, subject);
    }
    json_object_set_new(object, "signers", signers);
    json_object_del(object, "signatures");
    json_object_del(object, "report");
    return object;
}

static void
list_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Order *self = task_data;
    GError *error = NULL;
    g_autoptr(GPtrArray) rows =
        hash_document(self, &error)
            ? kyso_evidence_store_list(self->store, self->digest, self->id, (guint) self->n, &error)
            : NULL;

    if (rows == NULL) {
        g_task_return_error(task, error);
        return;
    }
    json_t *list = json_array();
    for (guint i = 0; i < rows->len; i++)
        json_array_append_new(list, summarize(rows->pdata[i]));
    self->answer = json_pack("{s:o, s:s?}", "evidence", list, "digest", self->digest);
    g_task_return_boolean(task, TRUE);
}

void
kyso_evidence_methods_list(KysoAgent *agent, KysoJob *job)
{
    const json_t *params = kyso_job_params(job);
    GError *error = NULL;
    Order *self = order_new(agent, job, &error);

    if (self == NULL) {
        kyso_job_fail(job, error);
        return;
    }
    self->n = MAX_LISTED;
    if (!read_document(self, &error) ||
        !kyso_json_get_int(params, "limit", KYSO_JSON_OPTIONAL, 1, MAX_LISTED, &self->n, &error) ||
        !kyso_json_get_int(params, "before", KYSO_JSON_OPTIONAL, 1, G_MAXINT64, &self->id, &error))
        fail(self, error);
    else
        start(self, list_in_thread, rows_listed);
}

static void
rows_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;

    if (g_task_propagate_boolean(G_TASK(result), &error))
        answer(user_data);
    else
        fail(user_data, error);
}

/* evidence.get */

static gboolean
write_export(Order *self, const KysoEvidence *evidence, GError **error)
{
    g_autoptr(json_t) export = kyso_evidence_content_export(evidence);
    g_autofree char *dir = self->output_path != NULL
                               ? g_path_get_dirname(self->output_path)
                               : g_strdup(self->agent->configuration->state_dir);
    gsize size = 0;
    g_autofree char *text = kyso_json_format(export, &size);

    self->file_size = (goffset) size;
    self->file = kyso_temporary_new(dir, error);
    return self->file != NULL &&
           kyso_fd_write_all(kyso_temporary_fd(self->file), text, size, error);
}

static void
get_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Order *self = task_data;
    GError *error = NULL;
    g_autoptr(KysoEvidence) evidence = kyso_evidence_store_get(self->store, self->id, &error);
    gboolean is_wanted = self->output >= 0 || self->output_path != NULL;

    if (evidence == NULL || (is_wanted && !write_export(self, evidence, &error))) {
        g_task_return_error(task, error);
        return;
    }
    self->answer = kyso_evidence_content_to_json(evidence);
    g_task_return_boolean(task, TRUE);
}

static gboolean
read_output(Order *self, GError **error)
{
    const json_t *params = kyso_job_params(self->job);

    return json_object_get(params, "output") == NULL ||
           kyso_request_file_read_output(self->job, params, "output", &self->output,
                                         &self->output_path, error);
}

void
kyso_evidence_methods_get(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    Order *self = order_new(agent, job, &error);

    if (self == NULL)
        kyso_job_fail(job, error);
    else if (!kyso_json_get_int(kyso_job_params(job), "evidenceID", KYSO_JSON_REQUIRED, 1,
                                G_MAXINT64, &self->id, &error) ||
             !read_output(self, &error))
        fail(self, error);
    else
        start(self, get_in_thread, evidence_written);
}

static void
evidence_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Order *self = user_data;
    GError *error = NULL;

    if (!g_task_propagate_boolean(G_TASK(result), &error) ||
        !kyso_job_commit(self->job, TRUE, &error)) {
        fail(self, error);
        return;
    }
    if (self->file == NULL) {
        answer(self);
        return;
    }
    KysoDeliverySpec spec = {self->file, self->file_size, self->output_path, self->output};
    kyso_delivery_start_async(&spec, evidence_delivered, self);
}

static void
evidence_delivered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    GError *error = NULL;

    if (kyso_delivery_start_finish(result, &error))
        answer(user_data);
    else
        fail(user_data, error);
}

/* evidence.delete */

static void
count_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Order *self = task_data;
    GError *error = NULL;

    if (hash_document(self, &error))
        self->n = kyso_evidence_store_count(self->store, self->digest, &error);
    if (error == NULL && self->n == 0)
        g_set_error(&error, KYSO_ERROR, KYSO_ERROR_EVIDENCE_NOT_FOUND, "no evidence of %s",
                    self->digest);
    if (error != NULL)
        g_task_return_error(task, error);
    else
        g_task_return_boolean(task, TRUE);
}

void
kyso_evidence_methods_delete(KysoAgent *agent, KysoJob *job)
{
    GError *error = NULL;
    Order *self = order_new(agent, job, &error);

    if (self == NULL) {
        kyso_job_fail(job, error);
        return;
    }
    if (read_document(self, &error) && self->input < 0 && self->digest == NULL)
        g_set_error_literal(&error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "either \"input\" or \"digest\" is needed");
    if (error == NULL)
        kyso_signer_get_journal(agent->signer, &error);
    if (error != NULL)
        fail(self, error);
    else
        start(self, count_in_thread, evidence_counted);
}

/* No deletion that is not in the journal: so it is recorded first. */
static void
evidence_counted(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Order *self = user_data;
    GError *error = NULL;

    if (!g_task_propagate_boolean(G_TASK(result), &error) ||
        !kyso_job_commit(self->job, TRUE, &error)) {
        fail(self, error);
        return;
    }
    self->record = kyso_attempt_new(self->job, "evidence");
    self->record->document_digest = g_strdup(self->digest);
    self->record->outcome = KYSO_OUTCOME_DELETED;
    self->record->detail = g_strdup_printf("evidence deleted: %" G_GINT64_FORMAT, self->n);
    kyso_journal_append_async(self->agent->signer->journal, self->record, deletion_recorded, self);
}

static void
delete_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Order *self = task_data;
    GError *error = NULL;
    guint n = 0;

    if (kyso_evidence_store_delete(self->store, self->digest, &n, &error)) {
        self->n = n;
        g_task_return_boolean(task, TRUE);
    } else {
        g_task_return_error(task, error);
    }
}

static void
deletion_recorded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Order *self = user_data;
    GError *error = NULL;

    if (kyso_journal_append_finish(KYSO_JOURNAL(source), result, &self->record->sequence, &error))
        start(self, delete_in_thread, evidence_deleted);
    else
        fail(self, error);
}

static void
evidence_deleted(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Order *self = user_data;
    GError *error = NULL;

    if (!g_task_propagate_boolean(G_TASK(result), &error)) {
        fail(self, error);
        return;
    }
    self->answer = json_pack("{s:s, s:I, s:I}", "digest", self->digest, "deleted",
                             (json_int_t) self->n, "journal", (json_int_t) self->record->sequence);
    answer(self);
}
