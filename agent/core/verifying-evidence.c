/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/verifying-evidence.h"

#include "agent/core/document-verdict.h"
#include "agent/core/evidence-keeping.h"
#include "agent/core/proof.h"
#include "ipc/base/error.h"

/* Status asked for [-> stamped] -> kept. Each arrow is one callback; read downwards. */
static void proofs_gathered(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_stamped(GObject *source, GAsyncResult *result, gpointer user_data);
static void evidence_kept(GObject *source, GAsyncResult *result, gpointer user_data);

typedef struct {
    KysoAgent *agent;
    KysoJob *job;
    KysoDocumentReport *report;
    GBytes *digest; /* SHA-256 of the file that holds the signatures */
    char *beside;   /* hex, of the file beside it; NULL: none */
    goffset size;
    KysoProofs *proofs;
    int status_code;
    KysoTimestamp *reception; /* NULL: none */
    int reception_code;
} Receiving;

static void
receiving_free(Receiving *self)
{
    g_object_unref(self->job);
    kyso_document_report_free(self->report);
    g_bytes_unref(self->digest);
    g_free(self->beside);
    g_clear_pointer(&self->proofs, kyso_proofs_free);
    g_clear_pointer(&self->reception, kyso_timestamp_free);
    g_free(self);
}

static void
answer(Receiving *self, json_t *evidence)
{
    json_t *result = kyso_document_report_to_json(self->report);

    json_object_set_new(result, "evidence", evidence);
    kyso_job_return(self->job, result);
    receiving_free(self);
}

/* The certificates' paths: of the signers, and of who vouches for the times. */
static GPtrArray *
list_chains(const KysoDocumentReport *report)
{
    GPtrArray *chains = g_ptr_array_new();

    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        const KysoTimestamp *timestamp = kyso_document_signature_get_timestamp(signature);
        if (signature->report != NULL && signature->report->chain != NULL)
            g_ptr_array_add(chains, signature->report->chain);
        if (timestamp != NULL)
            g_ptr_array_add(chains, timestamp->chain);
    }
    return chains;
}

void
kyso_verifying_evidence_finish(KysoAgent *agent, KysoJob *job, KysoDocumentReport *report,
                               KysoPrivateCopy *copy, GBytes *signature)
{
    Receiving *self = g_new0(Receiving, 1);
    g_autoptr(GPtrArray) chains = list_chains(report);

    self->agent = agent;
    self->job = g_object_ref(job);
    self->report = report;
    self->digest = kyso_file_hash_get(copy->hash);
    self->size = copy->size;
    if (signature != NULL) {
        g_autoptr(KysoFileHash) hash = kyso_file_hash_new("SHA256");
        self->beside = kyso_file_hash_to_hex(self->digest);
        self->size = (goffset) g_bytes_get_size(signature);
        kyso_file_hash_add_bytes(hash, g_bytes_get_data(signature, NULL), (gsize) self->size);
        g_bytes_unref(self->digest);
        self->digest = kyso_file_hash_get(hash);
    }
    kyso_private_copy_free(copy);
    if (report->signatures->len == 0)
        answer(self, json_null());
    else
        kyso_proof_gather_async(agent->signer, chains, kyso_job_cancellable(job), proofs_gathered,
                                self);
}

static void
keep(Receiving *self)
{
    g_autofree char *digest = kyso_file_hash_to_hex(self->digest);
    GError *error = NULL;

    if (!kyso_job_commit(self->job, TRUE, &error)) {
        kyso_job_fail(self->job, error);
        receiving_free(self);
        return;
    }
    const KysoEvidenceFacts facts = {
        .kind = "received",
        .digest = digest,
        .size = self->size,
        .beside = self->beside,
        .report = self->report,
        .proofs = self->proofs,
        .status_code = self->status_code,
        .reception = self->reception,
        .reception_code = self->reception_code,
    };
    kyso_evidence_keeping_put_async(self->agent->signer, &facts, evidence_kept, self);
}

static void
proofs_gathered(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Receiving *self = user_data;

    self->proofs = kyso_proof_gather_finish(result, &self->status_code);
    for (guint i = 0; i < self->report->signatures->len; i++)
        kyso_document_signature_judge_reception(self->report->signatures->pdata[i], self->proofs);
    if (self->agent->configuration->timestamp_urls == NULL)
        keep(self);
    else
        kyso_proof_stamp_async(self->agent->signer, self->digest, kyso_job_cancellable(self->job),
                               document_stamped, self);
}

static void
document_stamped(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Receiving *self = user_data;
    g_autoptr(GError) fault = NULL;

    self->reception = kyso_proof_stamp_finish(result, &fault);
    if (self->reception == NULL)
        self->reception_code = kyso_error_code(fault);
    keep(self);
}

/* Null where there was none. */
static json_t *
fault_to_json(int code)
{
    const KysoErrorInfo *info = kyso_error_info(code);

    if (code == 0)
        return json_null();
    return json_pack("{s:s, s:{s:s, s:s}}", "code", info->name, "cause", "vi", info->cause_vi, "en",
                     info->cause_en);
}

static void
evidence_kept(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Receiving *self = user_data;
    GError *error = NULL;
    gint64 id = kyso_evidence_keeping_put_finish(result, &error);

    if (id == 0) {
        kyso_job_fail(self->job, error);
        receiving_free(self);
        return;
    }
    answer(self, json_pack("{s:I, s:o, s:o}", "evidenceID", (json_int_t) id, "status_error",
                           fault_to_json(self->status_code), "reception_error",
                           fault_to_json(self->reception_code)));
}
