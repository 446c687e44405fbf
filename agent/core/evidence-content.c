/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/evidence-content.h"

#include "agent/core/document-verdict.h"
#include "agent/pki/certificate-policies.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

#define FORMAT "kyso-evidence-1"

static json_t *
add_certificates(KysoEvidence *self, const GPtrArray *certificates)
{
    json_t *digests = json_array();

    for (guint i = 0; certificates != NULL && i < certificates->len; i++) {
        GBytes *der = kyso_certificate_get_der(certificates->pdata[i]);
        json_array_append_new(digests, json_string(kyso_evidence_add(self, "certificate", der)));
    }
    return digests;
}

static void
add_all(KysoEvidence *self, const char *type, const GPtrArray *blobs)
{
    for (guint i = 0; i < blobs->len; i++)
        kyso_evidence_add(self, type, blobs->pdata[i]);
}

/* Null where there is none. */
static json_t *
timestamp_to_json(KysoEvidence *self, const KysoTimestamp *timestamp)
{
    if (timestamp == NULL)
        return json_null();
    g_autofree char *time = kyso_clock_to_rfc3339(timestamp->time);
    const char *token = kyso_evidence_add(self, "timestamp", timestamp->token);
    return json_pack("{s:s, s:s, s:s, s:o}", "time", time, "service",
                     kyso_certificate_get_common_name(timestamp->signer), "token", token, "path",
                     add_certificates(self, timestamp->chain));
}

static json_t *
policies_to_json(const KysoCertificate *certificate)
{
    g_autoptr(GPtrArray) policies = kyso_certificate_policies_read(certificate);
    json_t *list = json_array();

    for (guint i = 0; i < policies->len; i++) {
        const KysoCertificatePolicy *policy = policies->pdata[i];
        json_t *cps = json_array();
        for (guint j = 0; j < policy->cps->len; j++)
            json_array_append_new(cps, json_string(policy->cps->pdata[j]));
        json_array_append_new(list, json_pack("{s:s, s:o}", "oid", policy->oid, "cps", cps));
    }
    return list;
}

/* By whom it is said: what was asked for goes before what the document itself brings. */
static json_t *
status_to_json(const KysoEvidenceFacts *facts, const KysoDocumentSignature *signature)
{
    const GPtrArray *chain = signature->report->chain;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    KysoRevocationStatus status = kyso_proofs_judge(facts->proofs, chain, now);
    const char *source = "asked";

    if (status == KYSO_REVOCATION_NOT_PROVEN && signature->status != KYSO_REVOCATION_NOT_PROVEN) {
        status = signature->status;
        source = "document";
    }
    if (status == KYSO_REVOCATION_NOT_PROVEN)
        source = NULL;
    return json_pack("{s:s, s:s?}", "status", kyso_revocation_status_name(status), "source",
                     source);
}

static json_t *
signature_to_json(KysoEvidence *self, const KysoEvidenceFacts *facts,
                  const KysoDocumentSignature *signature)
{
    const KysoSignatureReport *report = signature->report;
    const KysoTimestamp *timestamp = kyso_document_signature_get_timestamp(signature);
    const KysoCertificate *signer = report != NULL ? report->signer : NULL;

    if (signer == NULL) /* a document timestamp, or what cannot be read */
        return json_pack("{s:s, s:n, s:o}", "field", signature->field, "certificate", "timestamp",
                         timestamp_to_json(self, timestamp));
    const char *certificate =
        kyso_evidence_add(self, "certificate", kyso_certificate_get_der(signer));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "field", signature->field,
                     "certificate", certificate, "subject", kyso_certificate_get_subject(signer),
                     "role", kyso_policy_role_name(signature->role), "path",
                     add_certificates(self, report->chain), "policies", policies_to_json(signer),
                     "revocation", status_to_json(facts, signature), "timestamp",
                     timestamp_to_json(self, timestamp));
}

/* Null where nothing was asked for. */
static json_t *
asked_to_json(KysoEvidence *self, const KysoEvidenceFacts *facts)
{
    g_autoptr(GDateTime) now = kyso_clock_now();
    g_autofree char *time = kyso_clock_to_rfc3339(now);

    if (facts->proofs == NULL && facts->status_code == 0)
        return json_null();
    if (facts->proofs != NULL) {
        json_decref(add_certificates(self, facts->proofs->certificates));
        add_all(self, "ocsp", facts->proofs->ocsps);
        add_all(self, "crl", facts->proofs->crls);
    }
    return json_pack("{s:s, s:s?}", "time", time, "error",
                     facts->status_code != 0 ? kyso_error_info(facts->status_code)->name : NULL);
}

static json_t *
metadata_to_json(const KysoEvidenceFacts *facts)
{
    json_t *metadata = facts->metadata != NULL ? json_loads(facts->metadata, 0, NULL) : NULL;

    return json_is_object(metadata) ? metadata : json_object();
}

static json_t *
reception_to_json(KysoEvidence *self, const KysoEvidenceFacts *facts)
{
    if (facts->reception_code != 0)
        return json_pack("{s:s}", "error", kyso_error_info(facts->reception_code)->name);
    return timestamp_to_json(self, facts->reception);
}

static const char *
text_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

KysoEvidence *
kyso_evidence_content_new(const KysoEvidenceFacts *facts)
{
    KysoEvidence *self = kyso_evidence_new();
    g_autoptr(GDateTime) now = kyso_clock_now();
    json_t *signatures = json_array();

    self->digest = g_strdup(facts->digest);
    self->beside = g_strdup(facts->beside);
    self->kind = g_strdup(facts->kind);
    self->time = kyso_clock_to_rfc3339(now);
    for (guint i = 0; i < facts->report->signatures->len; i++)
        json_array_append_new(signatures,
                              signature_to_json(self, facts, facts->report->signatures->pdata[i]));
    g_autoptr(json_t) content =
        json_pack("{s:s, s:s?, s:s?, s:I, s:s?, s:o, s:I, s:s, s:o, s:o, s:o, s:o}", "format",
                  FORMAT, "purpose", text_or_null(facts->purpose), "name",
                  text_or_null(facts->name), "size", (json_int_t) facts->size, "input_digest",
                  text_or_null(facts->input_digest), "metadata", metadata_to_json(facts), "journal",
                  (json_int_t) facts->journal, "verdict", kyso_document_verdict_get(facts->report),
                  "asked", asked_to_json(self, facts), "reception", reception_to_json(self, facts),
                  "signatures", signatures, "report", kyso_document_report_to_json(facts->report));
    self->content = kyso_json_format(content, NULL);
    return self;
}

json_t *
kyso_evidence_content_to_json(const KysoEvidence *evidence)
{
    json_t *object = json_loads(evidence->content, 0, NULL);
    gboolean is_beside = evidence->beside[0] != '\0';
    g_autoptr(json_t) known =
        json_pack("{s:I, s:s, s:s?, s:s, s:s}", "evidenceID", (json_int_t) evidence->id, "digest",
                  evidence->digest, "beside", is_beside ? evidence->beside : NULL, "kind",
                  evidence->kind, "time", evidence->time);

    if (!json_is_object(object)) { /* altered by hand */
        json_decref(object);
        object = json_object();
    }
    json_object_update(object, known);
    return object;
}

json_t *
kyso_evidence_content_export(const KysoEvidence *evidence)
{
    json_t *object = kyso_evidence_content_to_json(evidence);
    json_t *items = json_object();

    for (guint i = 0; i < evidence->items->len; i++) {
        const KysoEvidenceItem *item = evidence->items->pdata[i];
        json_object_set_new(
            items, item->digest,
            json_pack("{s:s, s:o}", "type", item->type, "der", kyso_json_bytes(item->der)));
    }
    json_object_set_new(object, "items", items);
    return object;
}
