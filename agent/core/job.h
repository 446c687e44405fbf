/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One request under way: who asked, on which connection, until when, and how to stop it.
 *
 * A job is answered exactly once, by return or fail; after that its reference is of no use but to
 * be dropped. Work that is still running learns from the cancellable that it shall stop; it then
 * ends with any error, and the client is told why the job was stopped (cancelled, past its
 * deadline, client gone). Main thread only.
 */

#include <gio/gio.h>

#include "ipc/wire/server.h"

typedef struct _KysoJobs KysoJobs;

#define KYSO_TYPE_JOB (kyso_job_get_type())
G_DECLARE_FINAL_TYPE(KysoJob, kyso_job, KYSO, JOB, GObject)

#define KYSO_MAX_JOBS 4096
#define KYSO_MAX_SIGNING_JOBS 64
#define KYSO_JOB_ALL_DOCUMENTS G_MAXUINT

/* What a job is from the start. */
typedef struct {
    KysoConnection *connection;
    json_t *id;         /* JSON-RPC id; NULL: nobody waits for an answer */
    const char *method; /* static */
    gboolean is_signing;
    guint timeout_ms;
} KysoJobSpec;

KysoJobs *kyso_jobs_new(void);
void kyso_jobs_free(KysoJobs *self);

/* A new reference; @self keeps its own until the answer. @message gives its parameters and
 * descriptors away. KYSO_ERROR_QUEUE_FULL. */
KysoJob *kyso_jobs_start(KysoJobs *self, const KysoJobSpec *spec, KysoMessage *message,
                         GError **error);

/* The connection is gone: its jobs are stopped, and are answered to nobody. */
void kyso_jobs_forget_connection(KysoJobs *self, KysoConnection *connection);

/* Stops the job with this request id, or with this JSON-RPC id on @connection (either NULL).
 * FALSE: there is none, or it can be stopped no more. */
gboolean kyso_jobs_cancel(KysoJobs *self, const char *request_id, KysoConnection *connection,
                          const json_t *id);

/* Stops all jobs, takes no more, and runs the main context until each is answered or @seconds have
 * passed: what is stopped is recorded as such, what is recorded as signed is handed over. */
void kyso_jobs_end(KysoJobs *self, guint seconds);

/* A new array: requests.list of ipc/PROTOCOL.md. */
json_t *kyso_jobs_list(KysoJobs *self);

/* Borrowed. params is an object, never NULL. */
json_t *kyso_job_params(KysoJob *self);
KysoFdList *kyso_job_fds(KysoJob *self);
const char *kyso_job_request_id(KysoJob *self); /* UUID */
const char *kyso_job_method(KysoJob *self);
GCancellable *kyso_job_cancellable(KysoJob *self);
KysoPeer *kyso_job_peer(KysoJob *self);             /* also after the connection is gone */
KysoConnection *kyso_job_connection(KysoJob *self); /* NULL once it is gone */

/* Milliseconds to the deadline; 1 at the least. */
guint kyso_job_remaining_ms(KysoJob *self);

/* What requests.list shows; copied. */
void kyso_job_describe(KysoJob *self, const char *purpose, const char *name);

/* How far the request is: for requests.list, and told to the client of a signing job. @stage is
 * static (ipc/PROTOCOL.md §1). */
void kyso_job_set_stage(KysoJob *self, const char *stage);

/* The same of one document of a batch, counted from 0. kyso_job_set_stage is about all of them. */
void kyso_job_set_document_stage(KysoJob *self, const char *stage, guint document);

/* It is a batch of so many, for requests.list and the progress. */
void kyso_job_set_documents(KysoJob *self, guint n_documents);

/* Stops the work under way, as a client could: it ends with @code (KysoErrorCode). */
void kyso_job_stop(KysoJob *self, int code);
gboolean kyso_job_is_stopped(const KysoJob *self);

/* From here on it cannot be stopped: a result is being handed over. Of a part that is not the last
 * one, what comes to stop it takes effect at the resume. FALSE with its reason where it was stopped
 * before. */
gboolean kyso_job_commit(KysoJob *self, gboolean is_last_part, GError **error);
void kyso_job_resume(KysoJob *self);

/* @error (taken) as the client shall know it: the reason of the stop where the job was stopped. */
GError *kyso_job_explain(KysoJob *self, GError *error);

/* The answer. @result and @error are taken. */
void kyso_job_return(KysoJob *self, json_t *result);
void kyso_job_fail(KysoJob *self, GError *error);
