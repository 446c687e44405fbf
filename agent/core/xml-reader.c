/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/xml-reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#define MAX_FACTS (32 * 1024 * 1024) /* bytes: 32 signatures of 4096 references */

void
kyso_xml_inspection_free(KysoXmlInspection *self)
{
    if (self == NULL)
        return;
    json_decref(self->facts);
    kyso_fd_clear(&self->content);
    g_free(self);
}

gboolean
kyso_xml_reader_knows(int fd, goffset size)
{
    char head[64];
    gsize length = (gsize) MIN(size, (goffset) sizeof head);

    if (!kyso_fd_read_at(fd, head, length, 0, NULL))
        return FALSE;
    if (length >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "\xD0\xCF\x11\xE0", 4) == 0))
        return TRUE;
    gsize at = length >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < length && g_ascii_isspace(head[at]))
        at++;
    return at < length && head[at] == '<';
}

KysoHelper *
kyso_xml_reader_new(void)
{
    g_autofree char *program = kyso_paths_program("kyso-document-xml", "agent/document");
    const char *argv[] = {program, NULL};
    KysoHelperFaults faults = {KYSO_ERROR_DOCUMENT_WORKER_CRASHED, KYSO_ERROR_DOCUMENT_WORKER_HUNG};
    KysoHelper *reader = kyso_helper_new(argv, faults);

    kyso_helper_start(reader);
    return reader;
}

void
kyso_xml_reader_inspect_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                              gboolean for_signing, gboolean leaves_signatures,
                              GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o, s:b, s:b}", "document", kyso_json_fd(0), "sign",
                               (int) for_signing, "leaves_signatures", (int) leaves_signatures);

    kyso_helper_call_async(self, "xml.inspect", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

/* Nonsense is no fault of the caller's. */
static json_t *
read_facts(const KysoReply *reply, GError **error)
{
    g_auto(KysoFd) fd = -1;
    g_autoptr(GBytes) text = NULL;
    g_autoptr(json_t) facts = NULL;
    g_autoptr(GError) fault = NULL;
    gsize size = 0;

    if (kyso_json_take_fd(reply->result, "facts", KYSO_JSON_REQUIRED, reply->fds, &fd, &fault))
        text = kyso_fd_read_all(fd, MAX_FACTS, &fault);
    if (text != NULL) {
        const char *data = g_bytes_get_data(text, &size);
        facts = kyso_json_parse(data, size, &fault);
    }
    if (json_is_object(facts))
        return g_steal_pointer(&facts);
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_WORKER_CRASHED,
                "kyso-document-xml talks nonsense: %s",
                fault != NULL ? fault->message : "no object");
    return NULL;
}

KysoXmlInspection *
kyso_xml_reader_inspect_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    g_autoptr(KysoXmlInspection) inspection = g_new0(KysoXmlInspection, 1);
    struct stat st;

    inspection->content = -1;
    if (reply == NULL || !kyso_json_take_fd(reply->result, "content", KYSO_JSON_REQUIRED,
                                            reply->fds, &inspection->content, error))
        return NULL;
    inspection->facts = read_facts(reply, error);
    if (inspection->facts == NULL)
        return NULL;
    if (fstat(inspection->content, &st) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "content");
        return NULL;
    }
    inspection->content_size = st.st_size;
    return g_steal_pointer(&inspection);
}

gboolean
kyso_xml_reader_enclose_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                              GBytes *signature, GAsyncReadyCallback done, gpointer user_data,
                              GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(signature, &size);
    g_auto(KysoFd) memory = kyso_fd_new_memory("signature", data, size, error);

    if (memory < 0)
        return FALSE;
    int fds[] = {document, memory};
    json_t *params =
        json_pack("{s:o, s:o}", "document", kyso_json_fd(0), "signature", kyso_json_fd(1));
    kyso_helper_call_async(self, "xml.enclose", params, fds, G_N_ELEMENTS(fds),
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
    return TRUE;
}

gboolean
kyso_xml_reader_extend_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                             guint signature, GBytes *timestamp, GAsyncReadyCallback done,
                             gpointer user_data, GError **error)
{
    gsize size = 0;
    const void *data = g_bytes_get_data(timestamp, &size);
    g_auto(KysoFd) memory = kyso_fd_new_memory("timestamp", data, size, error);

    if (memory < 0)
        return FALSE;
    int fds[] = {document, memory};
    json_t *params = json_pack("{s:o, s:i, s:o}", "document", kyso_json_fd(0), "signature",
                               (int) signature, "timestamp", kyso_json_fd(1));
    kyso_helper_call_async(self, "xml.extend", params, fds, G_N_ELEMENTS(fds),
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
    return TRUE;
}

int
kyso_xml_reader_enclose_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    int fd = -1;

    if (reply != NULL)
        kyso_json_take_fd(reply->result, "result", KYSO_JSON_REQUIRED, reply->fds, &fd, error);
    return fd;
}
