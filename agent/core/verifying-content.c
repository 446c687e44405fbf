/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/verifying-content.h"

#include "agent/core/data-content.h"
#include "agent/core/data-report.h"
#include "agent/core/delivery.h"
#include "agent/core/request-file.h"
#include "ipc/base/error.h"

/* Taken out -> handed over -> answered. Each arrow is one callback; read downwards. */
static void content_taken(GObject *source, GAsyncResult *result, gpointer user_data);
static void content_delivered(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoJob *job;
    KysoDocumentReport *report;
    KysoPrivateCopy *copy;
    KysoContentOutput output;
    KysoSignDataResult *content;
} Handing;

void
kyso_content_output_clear(KysoContentOutput *self)
{
    kyso_fd_clear(&self->fd);
    g_clear_pointer(&self->path, g_free);
}

gboolean
kyso_content_output_read(KysoContentOutput *self, KysoJob *job, GError **error)
{
    self->fd = -1;
    if (json_object_get(kyso_job_params(job), "content") == NULL)
        return TRUE;
    return kyso_request_file_read_output(job, kyso_job_params(job), "content", &self->fd,
                                         &self->path, error);
}

static void
handing_free(Handing *self)
{
    g_object_unref(self->job);
    kyso_document_report_free(self->report);
    kyso_private_copy_free(self->copy);
    kyso_content_output_clear(&self->output);
    kyso_sign_data_result_free(self->content);
    g_free(self);
}

static void
fail(Handing *self, GError *error)
{
    kyso_job_fail(self->job, error);
    handing_free(self);
}

/* A null tells that nothing was written. */
static void
answer(Handing *self)
{
    json_t *result = kyso_document_report_to_json(self->report);
    const KysoSignDataResult *content = self->content;

    json_object_set_new(result, "content",
                        content == NULL
                            ? json_null()
                            : json_pack("{s:I, s:s}", "size", (json_int_t) content->size, "digest",
                                        content->digest));
    kyso_job_return(self->job, result);
    handing_free(self);
}

/* Bytes that nobody signed are not handed out as content. A signature that is whole but by a
 * certificate that does not count is: the verdict says so. */
static gboolean
is_intact(const Handing *self)
{
    const GPtrArray *signatures = self->report->signatures;

    if (signatures->len != 1 || !kyso_data_report_knows(self->copy->read_only, self->copy->size))
        return FALSE;
    const KysoDocumentSignature *signature = signatures->pdata[0];
    return signature->report != NULL && signature->report->integrity;
}

void
kyso_verifying_content_finish(KysoAgent *agent, KysoJob *job, KysoDocumentReport *report,
                              KysoPrivateCopy *copy, KysoContentOutput *output)
{
    Handing *self = g_new0(Handing, 1);

    self->job = g_object_ref(job);
    self->report = report;
    self->copy = copy;
    self->output.fd = kyso_fd_steal(&output->fd);
    self->output.path = g_steal_pointer(&output->path);
    if (!is_intact(self)) {
        answer(self);
        return;
    }
    g_autofree char *dir = self->output.path != NULL ? g_path_get_dirname(self->output.path)
                                                     : g_strdup(agent->configuration->state_dir);
    kyso_data_content_take_async(copy->read_only, copy->size, dir, kyso_job_cancellable(job),
                                 content_taken, self);
}

static void
content_taken(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Handing *self = user_data;
    GError *error = NULL;

    self->content = kyso_data_content_take_finish(result, &error);
    if (self->content == NULL || !kyso_job_commit(self->job, TRUE, &error)) {
        fail(self, error);
        return;
    }
    KysoDeliverySpec spec = {self->content->file, self->content->size, self->output.path,
                             self->output.fd};
    kyso_delivery_start_async(&spec, content_delivered, self);
}

static void
content_delivered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Handing *self = user_data;
    GError *error = NULL;

    if (kyso_delivery_start_finish(result, &error))
        answer(self);
    else
        fail(self, error);
}
