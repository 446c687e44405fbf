/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-doc-proofs.h"

#include <string.h>

#include "agent/core/document-reader.h"
#include "agent/core/proof.h"
#include "ipc/base/error.h"

#define CONTENTS_SIZE (16 * 1024) /* of the timestamp's token */

typedef struct {
    KysoSigningDocument *document;
    KysoProofsDone done;
    KysoHelper *reader;
    KysoIncrement *increment; /* of the document timestamp */
} Adding;

/* collect the proofs -> put them in -> B-LTA: prepare the timestamp -> have it stamped. Each arrow
 * is one callback; read downwards. */
static void proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data);
static void store_made(GObject *source, GAsyncResult *result, gpointer user_data);
static void timestamp_prepared(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_stamped(GObject *source, GAsyncResult *result, gpointer user_data);

static void
end(Adding *self, GError *error)
{
    KysoSigningDocument *document = self->document;
    KysoProofsDone done = self->done;

    g_clear_object(&self->reader);
    g_clear_pointer(&self->increment, kyso_increment_free);
    g_free(self);
    done(document, error);
}

void
kyso_sign_doc_proofs_add(KysoSigningDocument *document, KysoProofsDone done)
{
    Adding *self = g_new0(Adding, 1);
    const KysoSigning *signing = document->signing;
    g_autoptr(GPtrArray) chains = g_ptr_array_new();

    self->document = document;
    self->done = done;
    self->reader = kyso_document_reader_new(document->item->password);
    g_ptr_array_add(chains, signing->chain);
    g_ptr_array_add(chains, document->timestamp->chain);
    for (guint i = 0; i < document->earlier_chains->len; i++)
        g_ptr_array_add(chains, document->earlier_chains->pdata[i]);
    kyso_sign_document_set_stage(document, "proofs");
    kyso_proof_collect_async(signing->agent->signer, chains, FALSE,
                             kyso_job_cancellable(signing->job), proofs_collected, self);
}

/* The key of the signature's VRI entry: SHA-1, which is a name here and proves nothing, of all that
 * /Contents holds, its padding included (ISO 32000-2 table 261). */
static char *
name_signature(const KysoSigningDocument *document)
{
    const KysoIncrement *increment = document->increment;
    gsize room = (gsize) (increment->contents_end - increment->contents - 2) / 2;
    gsize size = 0;
    const guint8 *cms = g_bytes_get_data(document->cms, &size);
    g_autofree guint8 *contents = g_malloc0(room);

    memcpy(contents, cms, MIN(size, room));
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA1, contents, room);
    return g_ascii_strup(digest, -1);
}

static void
proofs_collected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Adding *self = user_data;
    const KysoSigning *signing = self->document->signing;
    GError *error = NULL;
    g_autoptr(KysoProofs) proofs = kyso_proof_collect_finish(result, &error);

    if (proofs == NULL) {
        end(self, error);
        return;
    }
    g_autofree char *name = name_signature(self->document);
    if (!kyso_document_reader_extend_async(self->reader, signing->agent, signing->job,
                                           self->document->copy->read_only, proofs, name,
                                           store_made, self, &error))
        end(self, error);
}

static void
store_made(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Adding *self = user_data;
    KysoSigningDocument *document = self->document;
    const KysoSigning *signing = document->signing;
    GError *error = NULL;
    g_autoptr(KysoReply) reply =
        kyso_document_reader_prepare_finish(KYSO_HELPER(source), result, &error);

    if (reply == NULL || !kyso_increment_append_unsigned(document->copy, reply, &error) ||
        document->level < KYSO_LEVEL_LTA) {
        end(self, error);
        return;
    }
    /* No other field has this name: the signature's own is unique, and this one holds it. */
    g_autofree char *field = g_strconcat(document->field, "-timestamp", NULL);
    kyso_document_reader_prepare_timestamp_async(self->reader, signing->agent, signing->job,
                                                 document->copy->read_only, field, CONTENTS_SIZE,
                                                 timestamp_prepared, self);
}

static void
timestamp_prepared(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Adding *self = user_data;
    KysoSigningDocument *document = self->document;
    const KysoSigning *signing = document->signing;
    GError *error = NULL;
    g_autoptr(KysoReply) reply =
        kyso_document_reader_prepare_finish(KYSO_HELPER(source), result, &error);

    if (reply != NULL)
        self->increment = kyso_increment_append(document->copy, reply, &error);
    if (self->increment == NULL) {
        end(self, error);
        return;
    }
    kyso_sign_document_set_stage(document, "timestamp");
    kyso_proof_stamp_async(signing->agent->signer, self->increment->digest,
                           kyso_job_cancellable(signing->job), document_stamped, self);
}

static void
document_stamped(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Adding *self = user_data;
    KysoPrivateCopy *copy = self->document->copy;
    GError *error = NULL;
    g_autoptr(KysoTimestamp) timestamp = kyso_proof_stamp_finish(result, &error);

    if (timestamp != NULL &&
        kyso_increment_complete(self->increment, copy, timestamp->token, &error))
        kyso_private_copy_grow(copy, self->increment->size, &error);
    end(self, error);
}
