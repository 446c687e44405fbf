/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment-state.h"

#include <string.h>

#include "agent/core/document-verdict.h"
#include "ipc/base/error.h"

/* The code that says what is wrong with a signature that is not valid. */
static int
code_of(const KysoDocumentSignature *signature)
{
    const char *reason = signature->reason != NULL ? signature->reason : "";

    if (strcmp(reason, "certificate") == 0)
        return signature->report->certificate_code;
    if (strcmp(reason, "certificate_revoked") == 0)
        return KYSO_ERROR_CERTIFICATE_REVOKED;
    if (strcmp(reason, "timestamp") == 0)
        return KYSO_ERROR_TIMESTAMP_WRONG;
    if (strcmp(reason, "changed_after") == 0 || strcmp(reason, "changes_unclear") == 0)
        return KYSO_ERROR_CHANGED_AFTER_SIGNATURE;
    return KYSO_ERROR_EARLIER_SIGNATURE_BROKEN;
}

gboolean
kyso_augment_verdict_allows(const KysoDocumentReport *report, GError **error)
{
    guint n_signers = 0;

    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        n_signers += signature->timestamp == NULL;
        if (signature->verdict == KYSO_VALID)
            continue;
        g_set_error(error, KYSO_ERROR, code_of(signature), "signature \"%s\" is %s: %s",
                    signature->field != NULL ? signature->field : "",
                    kyso_signature_verdict_name(signature->verdict),
                    signature->reason != NULL ? signature->reason : "");
        return FALSE;
    }
    if (n_signers == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_SIGNED, "nobody has signed it");
        return FALSE;
    }
    if (!kyso_document_verdict_is_covered(report)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CHANGED_AFTER_SIGNATURE,
                            "something was filled in after the last signature");
        return FALSE;
    }
    return TRUE;
}

gboolean
kyso_augment_verdict_has_times(const KysoDocumentReport *report)
{
    for (guint i = 0; i < report->signatures->len; i++)
        if (kyso_document_signature_get_timestamp(report->signatures->pdata[i]) == NULL)
            return FALSE;
    return TRUE;
}

static void
add_unproven(GPtrArray *chains, const KysoProofs *proofs, GPtrArray *chain, GDateTime *at)
{
    if (chain != NULL && !g_ptr_array_find(chains, chain, NULL) &&
        kyso_proofs_judge(proofs, chain, at) != KYSO_REVOCATION_GOOD)
        g_ptr_array_add(chains, chain);
}

GPtrArray *
kyso_augment_verdict_list_unproven(const KysoDocumentReport *report, const KysoProofs *proofs,
                                   gboolean and_all)
{
    GPtrArray *chains = g_ptr_array_new();

    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        const KysoTimestamp *timestamp = kyso_document_signature_get_timestamp(signature);
        if (signature->report != NULL)
            add_unproven(chains, proofs, signature->report->chain, signature->signed_at);
        if (timestamp != NULL && (signature->report != NULL || and_all))
            add_unproven(chains, proofs, timestamp->chain, timestamp->time);
    }
    return chains;
}

/* Has it a document timestamp behind all proofs? What stands behind that are proofs of its own. */
static gboolean
ends_stamped(const KysoDocumentReport *report)
{
    const KysoDocumentSignature *last = report->signatures->pdata[report->signatures->len - 1];
    gboolean is_witness = FALSE;

    for (guint i = 0; i < report->signatures->len; i++) {
        const KysoDocumentSignature *signature = report->signatures->pdata[i];
        is_witness |= last->timestamp != NULL && signature->witness == last->timestamp;
    }
    return last->timestamp != NULL && !is_witness;
}

KysoLevel
kyso_augment_verdict_level(const KysoDocumentReport *report, const KysoProofs *proofs)
{
    if (!kyso_augment_verdict_has_times(report))
        return KYSO_LEVEL_B;
    g_autoptr(GPtrArray) unproven = kyso_augment_verdict_list_unproven(report, proofs, FALSE);
    if (unproven->len > 0)
        return KYSO_LEVEL_T;
    return ends_stamped(report) ? KYSO_LEVEL_LTA : KYSO_LEVEL_LT;
}
