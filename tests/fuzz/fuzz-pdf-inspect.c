/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a document: it is refused with a code, or inspected; and where an increment can be
 * made for it, the longer file can be opened again.
 *
 * First byte: bit 0, the rest is a whole file; else it is object bodies, one after each line "--",
 * to which a right cross-reference section is added, so that the fuzzer gets past it. Bit 1: the
 * section is a stream. Bits 2 and 3: which increment is asked for.
 */

#include <stdint.h>
#include <string.h>

#include "agent/document/document-service.h"
#include "agent/document/pdf-file.h"
#include "ipc/base/error.h"

#define MAX_BODIES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const REQUESTS[] = {
    "{\"signing_time\": \"D:2026\", \"field\": {\"name\": \"Fuzz\"}}",
    "{\"signing_time\": \"D:2026\", \"field\": {\"existing\": \"S\"}}",
    "{\"signing_time\": \"D:2026\", \"field\": {\"name\": \"Fuzz\"}, \"certify\": 2, \"reserve\": "
    "[{\"type\": \"text\", \"name\": \"R\", \"page\": -1, \"rect\": [1, 1, 9, 9]}]}",
    "{\"signing_time\": \"D:2026\", \"field\": {\"name\": \"Fuzz\", \"page\": 1, \"rect\": "
    "[1, 1, 60, 30]}, \"text\": {\"value\": \"79\"}, \"fill\": [{\"name\": \"T\", \"value\": "
    "\"1\"}]}",
};

static void
add_section(GString *file, const gsize *offsets, guint n, gboolean is_stream)
{
    gsize position = file->len;

    if (is_stream) {
        g_string_append_printf(file, "%u 0 obj\n<< /Type /XRef /Root 1 0 R /W [1 4 1] /Size %u ", n,
                               n + 1);
        g_string_append_printf(file, "/Length %u >>\nstream\n", 6 * (n + 1));
    } else {
        g_string_append_printf(file, "xref\n0 %u\n", n);
    }
    for (guint i = 0; i < n + (is_stream ? 1 : 0); i++) {
        guint32 offset = GUINT32_TO_BE((guint32) (i < n ? offsets[i] : position));
        if (is_stream) {
            g_string_append_c(file, i == 0 ? 0 : 1);
            g_string_append_len(file, (const char *) &offset, 4);
            g_string_append_c(file, 0);
        } else {
            g_string_append_printf(file, "%010zu %05u %c \n", offsets[i], i == 0 ? 65535 : 0,
                                   i == 0 ? 'f' : 'n');
        }
    }
    if (is_stream)
        g_string_append(file, "\nendstream\nendobj\n");
    else
        g_string_append_printf(file, "trailer\n<< /Size %u /Root 1 0 R >>\n", n);
    g_string_append_printf(file, "startxref\n%zu\n%%%%EOF\n", position);
}

/* The bodies become objects 1, 2, ...; the first is the catalogue. */
static GString *
file_of_bodies(const char *data, gsize size, gboolean is_stream)
{
    GString *file = g_string_new("%PDF-1.7\n");
    gsize offsets[MAX_BODIES] = {0};
    guint n = 1;

    while (n < MAX_BODIES) {
        const char *end = memmem(data, size, "\n--\n", 4);
        gsize length = end == NULL ? size : (gsize) (end - data);
        offsets[n] = file->len;
        g_string_append_printf(file, "%u 0 obj\n", n);
        g_string_append_len(file, data, (gssize) length);
        g_string_append(file, "\nendobj\n");
        n++;
        if (end == NULL)
            break;
        data = end + 4;
        size -= length + 4;
    }
    add_section(file, offsets, n, is_stream);
    return file;
}

typedef json_t *(*Method)(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                          GError **error);

/* NULL where it was refused, which must have a reason. */
static json_t *
call(Method method, const char *params, const GString *file, KysoFdList *ret_fds)
{
    g_autoptr(json_t) object = json_loads(params, 0, NULL);
    g_autoptr(KysoFdList) fds = kyso_fd_list_new();
    g_autoptr(GError) error = NULL;

    kyso_fd_list_append(fds, kyso_fd_new_memory("fuzz", file->str, file->len, NULL));
    json_object_set_new(object, "document", kyso_json_fd(0));
    json_t *result = method(object, fds, ret_fds, &error);
    g_assert_true((result == NULL) == (error != NULL));
    g_assert_true(error == NULL || error->domain == KYSO_ERROR);
    return result;
}

static json_t *
inspect(const GString *file)
{
    g_autoptr(KysoFdList) none = kyso_fd_list_new();

    return call(kyso_inspect_service_inspect, "{\"pages\": [1, -1]}", file, none);
}

/* The agent would refuse anything else after the fact; here it shows the cause. The fields may be
 * damaged, or refer to numbers that nobody had used before: only what we wrote must be right. */
static void
check_longer_file(GString *file, KysoFdList *fds)
{
    g_auto(KysoFd) increment_fd = kyso_fd_list_steal(fds, 0);
    g_autoptr(GBytes) increment = kyso_fd_read_all(increment_fd, 16 * 1024 * 1024, NULL);
    g_autoptr(GError) error = NULL;

    g_string_append_len(file, g_bytes_get_data(increment, NULL),
                        (gssize) g_bytes_get_size(increment));
    g_auto(KysoFd) fd = kyso_fd_new_memory("fuzz", file->str, file->len, NULL);
    g_autoptr(KysoPdfFile) again = kyso_pdf_file_open(fd, &error);
    g_assert_no_error(error);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const char *text = (const char *) data + 1;
    GString *file = (data[0] & 1) != 0 ? g_string_new_len(text, (gssize) size - 1)
                                       : file_of_bodies(text, size - 1, (data[0] & 2) != 0);
    g_autoptr(KysoFdList) fds = kyso_fd_list_new();
    g_autoptr(json_t) before = inspect(file);
    g_autoptr(json_t) prepared =
        call(kyso_document_service_prepare, REQUESTS[data[0] >> 2 & 3], file, fds);

    if (before != NULL && prepared != NULL)
        check_longer_file(file, fds);
    g_string_free(file, TRUE);
    return 0;
}
