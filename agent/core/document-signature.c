/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/document-signature.h"

#include <string.h>

#include "agent/pki/role-hint.h"
#include "ipc/base/clock.h"
#include "ipc/base/error.h"

/* GCC's tools write Vietnam's time and call it UTC; a few minutes are the clocks' own. */
#define ZONE_SECONDS (7 * 3600)
#define ZONE_SLACK 300

void
kyso_document_signature_free(KysoDocumentSignature *self)
{
    g_free(self->field);
    g_free(self->format);
    g_clear_pointer(&self->report, kyso_signature_report_free);
    g_clear_pointer(&self->timestamp, kyso_timestamp_free);
    g_clear_pointer(&self->signed_at, g_date_time_unref);
    json_decref(self->difference);
    json_decref(self->covered);
    g_free(self);
}

/* The verdict */

static const char *
difference_status(const KysoDocumentSignature *self)
{
    const char *status = json_string_value(json_object_get(self->difference, "status"));

    return status != NULL ? status : "unclear";
}

/* TRUE where one of the changes after it is not of @kinds (NULL-ended). */
static gboolean
has_change_beyond(const KysoDocumentSignature *self, const char *const *kinds)
{
    json_t *change;
    size_t i;

    json_array_foreach(json_object_get(self->difference, "changes"), i, change)
    {
        const char *kind = json_string_value(json_object_get(change, "kind"));
        if (kind == NULL || !g_strv_contains(kinds, kind))
            return TRUE;
    }
    return FALSE;
}

gboolean
kyso_document_signature_is_outdated(const KysoDocumentSignature *self)
{
    const char *status = difference_status(self);

    return self->difference != NULL && strcmp(status, "none") != 0 &&
           strcmp(status, "allowed") != 0;
}

gboolean
kyso_document_signature_is_followed(const KysoDocumentSignature *self)
{
    static const char *const proof[] = {"validation_data_added", "metadata_changed",
                                        "timestamp_added", NULL};

    return kyso_document_signature_is_outdated(self) || has_change_beyond(self, proof);
}

gboolean
kyso_document_signature_is_filled_later(const KysoDocumentSignature *self)
{
    json_t *change;
    size_t i;

    json_array_foreach(json_object_get(self->difference, "changes"), i, change)
    {
        if (g_strcmp0(json_string_value(json_object_get(change, "kind")), "field_filled") == 0)
            return TRUE;
    }
    return FALSE;
}

static void
lower_verdict(KysoDocumentSignature *self, KysoSignatureVerdict verdict, const char *reason)
{
    if (self->verdict == KYSO_INVALID ||
        (self->verdict == KYSO_UNDETERMINED && verdict == KYSO_UNDETERMINED))
        return;
    self->verdict = verdict;
    self->reason = reason;
}

static int
check_certificate_then(const KysoDocumentSignature *self, KysoTrust *trust)
{
    const KysoSignatureReport *report = self->report;
    g_autoptr(GError) error = NULL;

    if (report->signer == NULL)
        return KYSO_ERROR_CERTIFICATE_UNREADABLE;
    if (self->signed_at == NULL)
        return report->certificate_code;
    if (kyso_certificate_check_signer(report->signer, self->signed_at, &error) &&
        kyso_trust_check(trust, report->signer, report->certificates, self->signed_at, NULL,
                         &error))
        return 0;
    return kyso_error_code(error);
}

static void
take_role(KysoDocumentSignature *self, KysoSigner *signer, const KysoCertificate *certificate)
{
    self->role = kyso_signer_get_role(signer, certificate);
    self->likely_role = self->role;
    if (self->role == KYSO_ROLE_UNKNOWN)
        self->likely_role = kyso_policy_role_from_name(kyso_role_hint_get(certificate));
}

/* A witness goes before the signer's own word. */
static void
take_time(KysoDocumentSignature *self, const KysoSignatureReport *report)
{
    GDateTime *witnessed = report->timestamp != NULL ? report->timestamp->time : NULL;

    if (witnessed != NULL)
        g_clear_pointer(&self->signed_at, g_date_time_unref);
    else
        witnessed = report->signing_time;
    if (self->signed_at == NULL && witnessed != NULL)
        self->signed_at = g_date_time_ref(witnessed);
}

static void
judge_changes(KysoDocumentSignature *self)
{
    if (kyso_document_signature_is_outdated(self)) {
        gboolean is_changed = strcmp(difference_status(self), "changed") == 0;
        lower_verdict(self, is_changed ? KYSO_INVALID : KYSO_UNDETERMINED,
                      is_changed ? "changed_after" : "changes_unclear");
    }
}

void
kyso_document_signature_judge_timestamp(KysoDocumentSignature *self, KysoTimestamp *timestamp)
{
    self->timestamp = timestamp;
    self->verdict = timestamp != NULL ? KYSO_VALID : KYSO_UNDETERMINED;
    self->reason = timestamp != NULL ? NULL : "timestamp";
    if (timestamp != NULL)
        self->signed_at = g_date_time_ref(timestamp->time);
    judge_changes(self);
}

void
kyso_document_signature_judge(KysoDocumentSignature *self, KysoSigner *signer,
                              KysoSignatureReport *report)
{
    self->report = report;
    self->verdict = report != NULL ? report->verdict : KYSO_INVALID;
    self->reason = report != NULL ? report->reason : "signature_unreadable";
    if (report != NULL && report->signer != NULL)
        take_role(self, signer, report->signer);
    if (report != NULL)
        take_time(self, report);
    if (report != NULL)
        self->then_code = check_certificate_then(self, signer->trust);

    judge_changes(self);
    /* Old documents stay readable; but who can make two contents of one SHA-1 digest may have. */
    if (report != NULL && report->is_weak)
        lower_verdict(self, KYSO_UNDETERMINED, "weak_hash");
}

const KysoTimestamp *
kyso_document_signature_get_timestamp(const KysoDocumentSignature *self)
{
    if (self->report == NULL)
        return self->timestamp;
    return self->report->timestamp != NULL ? self->report->timestamp : self->witness;
}

void
kyso_document_signature_take_witness(KysoDocumentSignature *self, KysoSigner *signer,
                                     const KysoDocumentSignature *later)
{
    if (self->report == NULL || !self->report->integrity || self->report->timestamp != NULL ||
        later->timestamp == NULL || later->verdict != KYSO_VALID || later->gap < self->end)
        return;
    self->witness = later->timestamp;
    g_clear_pointer(&self->signed_at, g_date_time_unref);
    self->signed_at = g_date_time_ref(self->witness->time);
    self->then_code = check_certificate_then(self, signer->trust);
}

KysoProofs *
kyso_document_signature_get_embedded(const KysoDocumentSignature *self)
{
    const KysoSignatureReport *report = self->report;

    if (report == NULL || report->crls->len == 0)
        return NULL;
    KysoProofs *proofs = kyso_proofs_new();
    for (guint i = 0; i < report->crls->len; i++)
        g_ptr_array_add(proofs->crls, g_bytes_ref(report->crls->pdata[i]));
    return proofs;
}

/* Only the certificate's end is against it, and it was good when it signed: so say the proofs of
 * it, and of who vouches for the time. Who has the key of a revoked service can have signed
 * whenever he likes. */
static gboolean
has_expired_since(const KysoDocumentSignature *self, KysoRevocationStatus witness_status)
{
    return self->status == KYSO_REVOCATION_GOOD && witness_status == KYSO_REVOCATION_GOOD &&
           self->then_code == 0 &&
           self->report->certificate_code == KYSO_ERROR_CERTIFICATE_EXPIRED &&
           g_strcmp0(self->reason, "certificate") == 0;
}

void
kyso_document_signature_judge_status(KysoDocumentSignature *self, const KysoProofs *proofs)
{
    const KysoSignatureReport *report = self->report;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    if (proofs == NULL || (report == NULL && self->timestamp == NULL))
        return;
    self->status =
        kyso_proofs_judge(proofs, report != NULL ? report->chain : self->timestamp->chain,
                          self->signed_at != NULL ? self->signed_at : now);
    if (self->status == KYSO_REVOCATION_REVOKED && report == NULL)
        lower_verdict(self, KYSO_UNDETERMINED, "timestamp");
    else if (self->status == KYSO_REVOCATION_REVOKED)
        lower_verdict(self, KYSO_INVALID, "certificate_revoked");
    const KysoTimestamp *timestamp = kyso_document_signature_get_timestamp(self);
    if (report == NULL || timestamp == NULL)
        return;
    KysoRevocationStatus witness_status =
        kyso_proofs_judge(proofs, timestamp->chain, timestamp->time);
    if (witness_status == KYSO_REVOCATION_REVOKED)
        lower_verdict(self, KYSO_UNDETERMINED, "timestamp");
    if (has_expired_since(self, witness_status)) {
        self->verdict = KYSO_VALID;
        self->reason = NULL;
    }
}

void
kyso_document_signature_judge_reception(KysoDocumentSignature *self, const KysoProofs *proofs)
{
    const KysoTimestamp *timestamp = kyso_document_signature_get_timestamp(self);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();

    if (self->report == NULL || self->report->chain == NULL)
        return;
    g_autoptr(GDateTime) revoked_at = kyso_proofs_find_revocation(proofs, self->report->chain, now);
    if (revoked_at == NULL ||
        (timestamp != NULL && g_date_time_compare(timestamp->time, revoked_at) < 0))
        return;
    self->status = KYSO_REVOCATION_REVOKED;
    lower_verdict(self, KYSO_INVALID, "certificate_revoked");
}

/* JSON */

json_t *
kyso_document_signature_signer_to_json(const KysoCertificate *signer)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s}", "common_name", kyso_certificate_get_common_name(signer),
        "organization", kyso_certificate_get_organization(signer), "credentialID",
        kyso_certificate_get_id(signer), "serial", kyso_certificate_get_serial(signer));
}

KysoPurpose
kyso_document_signature_get_purpose(const KysoDocumentSignature *self, KysoRole role)
{
    static const struct {
        const char *stem;
        KysoRole role;
        KysoPurpose purpose;
    } fields[] = {
        {"Initial", KYSO_ROLE_PERSONAL, KYSO_PURPOSE_INITIAL},
        {"Comment", KYSO_ROLE_PERSONAL, KYSO_PURPOSE_COMMENT},
        {"", KYSO_ROLE_PERSONAL, KYSO_PURPOSE_APPROVE},
        {"Appendix", KYSO_ROLE_AGENCY, KYSO_PURPOSE_APPENDIX},
        {"Copy", KYSO_ROLE_AGENCY, KYSO_PURPOSE_COPY},
        {"Receipt", KYSO_ROLE_AGENCY, KYSO_PURPOSE_RECEIVE},
        {"", KYSO_ROLE_AGENCY, KYSO_PURPOSE_ISSUE},
    };
    if (self->field == NULL || *self->field == '\0')
        return KYSO_PURPOSE_UNKNOWN;
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        if (role == fields[i].role && g_str_has_prefix(self->field, fields[i].stem))
            return fields[i].purpose;
    return KYSO_PURPOSE_UNKNOWN;
}

/* NULL: not known. */
static const char *
purpose_word(const KysoDocumentSignature *self, KysoRole role)
{
    KysoPurpose purpose = kyso_document_signature_get_purpose(self, role);
    return purpose != KYSO_PURPOSE_UNKNOWN ? kyso_policy_purpose_name(purpose) : NULL;
}

static const char *
certificate_word(int code)
{
    return code == 0 ? "valid" : kyso_error_info(code)->name;
}

static json_t *
timestamp_to_json(const KysoTimestamp *timestamp)
{
    if (timestamp == NULL)
        return json_null();
    g_autofree char *time = kyso_clock_to_rfc3339(timestamp->time);
    return json_pack("{s:s, s:s, s:s}", "time", time, "service",
                     kyso_certificate_get_common_name(timestamp->signer), "policy",
                     timestamp->policy);
}

static int
certificate_code_of(const KysoDocumentSignature *self)
{
    if (self->report != NULL)
        return self->report->certificate_code;
    return self->timestamp != NULL ? 0 : KYSO_ERROR_CERTIFICATE_UNREADABLE;
}

json_t *
kyso_document_signature_to_json(const KysoDocumentSignature *self)
{
    const KysoSignatureReport *report = self->report;
    const KysoCertificate *signer = report != NULL ? report->signer : NULL;
    g_autofree char *time = self->signed_at != NULL ? kyso_clock_to_rfc3339(self->signed_at) : NULL;
    json_t *who = signer == NULL ? json_null() : kyso_document_signature_signer_to_json(signer);

    return json_pack(
        "{s:s?, s:s?, s:s?, s:o, s:s?, s:s, s:s?, s:b, s:s, s:b, s:s, s:s?, s:s?, s:s?, s:o}",
        "field", self->field, "purpose", purpose_word(self, self->role), "format", self->format,
        "signer", who, "issuer",
        signer != NULL ? kyso_certificate_get_issuer_common_name(signer) : NULL, "role",
        kyso_policy_role_name(self->role), "signed_at", time, "integrity",
        (report != NULL && report->integrity) || self->timestamp != NULL, "certificate",
        certificate_word(certificate_code_of(self)), "covers_whole_document",
        (int) self->covers_whole_document, "verdict", kyso_signature_verdict_name(self->verdict),
        "reason", self->reason, "algorithm", report != NULL ? report->algorithm : NULL, "hash",
        report != NULL ? report->hash : NULL, "timestamp",
        timestamp_to_json(kyso_document_signature_get_timestamp(self)));
}

static json_t *
units_to_json(const KysoCertificate *signer)
{
    json_t *units = json_array();

    if (signer == NULL)
        return units;
    const char *const *names = kyso_certificate_get_organizational_units(signer);
    for (guint i = 0; names[i] != NULL; i++)
        json_array_append_new(units, json_string(names[i]));
    return units;
}

static gboolean
is_local_time_as_utc(const KysoDocumentSignature *self)
{
    if (self->signed_at == NULL || self->report->signing_time == NULL)
        return FALSE;
    gint64 seconds =
        g_date_time_difference(self->report->signing_time, self->signed_at) / G_USEC_PER_SEC;
    return ABS(seconds - ZONE_SECONDS) <= ZONE_SLACK;
}

static json_t *
warnings_to_json(const KysoDocumentSignature *self)
{
    json_t *warnings = json_array();

    if (self->report == NULL)
        return warnings;
    if (self->report->is_weak)
        json_array_append_new(warnings, json_string("weak_hash"));
    if (is_local_time_as_utc(self))
        json_array_append_new(warnings, json_string("local_time_as_utc"));
    if (!self->report->has_timestamp && self->witness == NULL)
        json_array_append_new(warnings, json_string("no_timestamp"));
    return warnings;
}

static void
add_period(json_t *json, const KysoCertificate *signer)
{
    g_autofree char *from =
        signer != NULL ? kyso_clock_to_rfc3339(kyso_certificate_get_not_before(signer)) : NULL;
    g_autofree char *to =
        signer != NULL ? kyso_clock_to_rfc3339(kyso_certificate_get_not_after(signer)) : NULL;

    json_object_set_new(json, "valid_from", from != NULL ? json_string(from) : json_null());
    json_object_set_new(json, "valid_to", to != NULL ? json_string(to) : json_null());
}

json_t *
kyso_document_signature_describe(const KysoDocumentSignature *self)
{
    const KysoSignatureReport *report = self->report;
    const KysoCertificate *signer = report != NULL ? report->signer : NULL;
    const char *purpose = purpose_word(self, self->likely_role);
    json_t *json = kyso_document_signature_to_json(self);

    json_object_set_new(json, "role", json_string(kyso_policy_role_name(self->likely_role)));
    json_object_set_new(json, "role_source",
                        json_string(self->role != KYSO_ROLE_UNKNOWN          ? "configured"
                                    : self->likely_role != KYSO_ROLE_UNKNOWN ? "suggested"
                                                                             : "none"));
    json_object_set_new(json, "purpose", purpose != NULL ? json_string(purpose) : json_null());
    json_object_set_new(json, "units", units_to_json(signer));
    add_period(json, signer);
    json_object_set_new(json, "certificate_then",
                        json_string(certificate_word(report != NULL ? self->then_code
                                                                    : certificate_code_of(self))));
    json_object_set_new(
        json, "has_timestamp",
        json_boolean(report != NULL && (report->has_timestamp || self->witness != NULL)));
    json_object_set_new(json, "revocation", json_string(kyso_revocation_status_name(self->status)));
    json_object_set_new(json, "warnings", warnings_to_json(self));
    json_object_set_new(json, "covered",
                        self->covered != NULL ? json_incref(self->covered) : json_array());
    json_object_set_new(json, "difference",
                        self->difference != NULL ? json_incref(self->difference) : json_null());
    return json;
}
