/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/sign-doc-state.h"
#include "ipc/base/error.h"

static gboolean
has_level(const KysoSigningDocument *self, const KysoSignatureReport *report)
{
    return self->level < KYSO_LEVEL_T || report->timestamp != NULL;
}

/* The timestamp over all of it. */
static gboolean
is_document_timestamp(const KysoDocumentSignature *last)
{
    return last->timestamp != NULL && last->verdict == KYSO_VALID && last->covers_whole_document;
}

guint
kyso_sign_doc_check_our_index(const KysoSigningDocument *self)
{
    return self->facts.n_earlier + self->n_signatures - 1;
}

static gboolean
is_ours(const KysoSigningDocument *self, const KysoDocumentSignature *signature)
{
    const char *id = kyso_certificate_get_id(self->signing->certificate);

    return signature->verdict == KYSO_VALID &&
           strcmp(kyso_certificate_get_id(signature->report->signer), id) == 0 &&
           has_level(self, signature->report);
}

static gboolean
is_as_wanted(const KysoSigningDocument *self, const KysoDocumentReport *report)
{
    KysoDocumentSignature **signatures = (KysoDocumentSignature **) report->signatures->pdata;
    guint n = report->signatures->len, last = kyso_sign_doc_check_our_index(self);
    gboolean is_stamped = self->level >= KYSO_LEVEL_LTA;

    if (n != last + (is_stamped ? 2 : 1) || signatures[last]->end != self->signed_size ||
        (is_stamped && !is_document_timestamp(signatures[n - 1])))
        return FALSE;
    for (guint i = 0; i <= last; i++) {
        gboolean is_earlier = i < self->facts.n_earlier;
        if (is_earlier ? signatures[i]->verdict == KYSO_INVALID : !is_ours(self, signatures[i]))
            return FALSE;
    }
    return TRUE;
}

gboolean
kyso_sign_doc_check_report(const KysoSigningDocument *self, const KysoDocumentReport *report,
                           GError **error)
{
    gboolean is_good = is_as_wanted(self, report);

    if (!is_good)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID,
                            "our own result does not verify");
    return is_good;
}

void
kyso_sign_doc_check_copy_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->report = kyso_document_report_finish(result, &error);
    if (self->report != NULL && kyso_sign_doc_check_report(self, self->report, &error)) {
        self->result = self->copy->file;
        self->result_size = self->copy->size;
    }
    kyso_sign_document_completed(self, error);
}
