/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/data-report.h"

#include <string.h>

#include "agent/cms/cms-envelope.h"
#include "agent/cms/file-hash.h"
#include "agent/jose/jws-verify.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define SNIFFED 16
#define SEQUENCE 0x30 /* how DER begins */

typedef struct {
    KysoSigner *signer;
    int fd;
    goffset size;
    GBytes *jws;
} Order;

static void
order_free(Order *order)
{
    g_clear_pointer(&order->jws, g_bytes_unref);
    g_free(order);
}

typedef struct {
    int fd;
    const KysoCmsEnvelope *envelope;
} Content;

static GBytes *
hash_content(const char *hash, gpointer user_data, GError **error)
{
    const Content *content = user_data;
    const GArray *parts = content->envelope->content;
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(hash);

    if (!content->envelope->has_content)
        return g_bytes_new(NULL, 0); /* is no digest of anything */
    for (guint i = 0; i < parts->len; i++) {
        const KysoCmsRange *part = &g_array_index(parts, KysoCmsRange, i);
        if (!kyso_file_hash_add(state, content->fd, part->offset, part->length, error))
            return NULL;
    }
    return kyso_file_hash_get(state);
}

static KysoDocumentReport *
check_cms(const Order *order, GError **error)
{
    g_autoptr(KysoCmsEnvelope) envelope = kyso_cms_envelope_read(order->fd, order->size, error);
    Content content = {order->fd, envelope};

    if (envelope == NULL)
        return NULL;
    KysoSignatureReport *found =
        kyso_cms_verify(envelope->cms, hash_content, &content, order->signer->trust, NULL, error);
    if (found != NULL && !envelope->has_content &&
        g_strcmp0(found->reason, "digest_mismatch") == 0) {
        found->reason = "content_missing";
        found->verdict = KYSO_UNDETERMINED;
    }
    return found != NULL ? kyso_document_report_new_for(order->signer, found, "CAdES") : NULL;
}

GBytes *
kyso_data_report_read_jws(int fd, goffset size, GError **error)
{
    if (size > KYSO_JWS_MAX_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DATA_TOO_LARGE, "over %d bytes with a JWS",
                    KYSO_JWS_MAX_SIZE);
        return NULL;
    }
    g_autofree char *data = g_malloc((gsize) size + 1);
    if (!kyso_fd_read_at(fd, data, (gsize) size, 0, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&data), (gsize) size);
}

static KysoDocumentReport *
check_jws(const Order *order, GError **error)
{
    g_autoptr(GBytes) file = kyso_data_report_read_jws(order->fd, order->size, error);
    g_autoptr(KysoJws) jws = NULL;

    if (file != NULL)
        jws = kyso_jws_read(order->jws != NULL ? order->jws : file, error);
    if (jws == NULL)
        return NULL;
    KysoSignatureReport *found =
        kyso_jws_verify(jws, order->jws != NULL ? file : NULL, order->signer->trust);
    return kyso_document_report_new_for(order->signer, found, "JWS");
}

/* @ret_start: SNIFFED bytes. */
static gsize
read_start(int fd, goffset size, char *ret_start)
{
    gsize n = (gsize) MIN(size, SNIFFED);

    return n > 0 && kyso_fd_read_at(fd, ret_start, n, 0, NULL) ? n : 0;
}

/* No text begins so: a signature is longer than 127 bytes, which its second byte says. */
static gboolean
is_cms(const char *start, gsize n)
{
    return n >= 2 && (guint8) start[0] == SEQUENCE && (guint8) start[1] >= 0x80;
}

gboolean
kyso_data_report_knows(int fd, goffset size)
{
    char start[SNIFFED];
    gsize n = read_start(fd, size, start);

    return is_cms(start, n) || kyso_jws_is_begun_by(start, n);
}

gboolean
kyso_data_report_is_cms(int fd, goffset size)
{
    char start[SNIFFED];

    return is_cms(start, read_start(fd, size, start));
}

static void
check_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Order *order = task_data;
    GError *error = NULL;
    KysoDocumentReport *report =
        order->jws == NULL && kyso_data_report_is_cms(order->fd, order->size)
            ? check_cms(order, &error)
            : check_jws(order, &error);

    if (report != NULL)
        g_task_return_pointer(task, report, (GDestroyNotify) kyso_document_report_free);
    else
        g_task_return_error(task, error);
}

void
kyso_data_report_async(KysoSigner *signer, int fd, goffset size, GBytes *jws,
                       GCancellable *cancellable, GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    Order *order = g_new0(Order, 1);

    order->signer = signer;
    order->fd = fd;
    order->size = size;
    order->jws = jws != NULL ? g_bytes_ref(jws) : NULL;
    g_task_set_task_data(task, order, (GDestroyNotify) order_free);
    g_task_run_in_thread(task, check_in_thread);
}
