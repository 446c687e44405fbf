/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any objects as a later revision of a signed document, under right cross-references, so that the
 * fuzzer gets past them: the document is refused, or the answer says that something stands behind
 * the signature.
 *
 * Each piece up to a line "--" is one object: its first byte is the number (1 to 32), the rest the
 * body. First byte of all: bit 0, some bytes that no table tells of stand behind the objects.
 */

#include <stdint.h>
#include <string.h>

#include "agent/document/document-service.h"
#include "ipc/base/error.h"

#define N_NUMBERS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const SIGNED[] = {
    "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 6 0 R] /SigFlags 3 >> >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Annots [5 0 R 6 0 R] "
    "/PieceInfo 30 0 R >>",
    "<< /Length 12 >>\nstream\n0 0 9 9 re f\nendstream",
    "<< /FT /Sig /T (A) /Subtype /Widget /P 3 0 R /Rect [9 9 90 90] /V 7 0 R >>",
    "<< /FT /Tx /T (T) /Subtype /Widget /P 3 0 R /Rect [100 100 130 120] /AP << /N 8 0 R >> >>",
    "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached "
    "/ByteRange [0 1111111 2222222 3333333] /Contents <00000000> >>",
    "<< /Type /XObject /Subtype /Form /BBox [0 0 30 20] /Length 0 >>\nstream\n\nendstream",
};

/* A revision of the objects whose offset is not 0. */
static gsize
end_revision(GString *file, const gsize *offsets, gsize previous)
{
    gsize start = file->len;

    g_string_append(file, "xref\n0 1\n0000000000 65535 f \n");
    for (guint i = 1; i <= N_NUMBERS; i++)
        if (offsets[i] != 0)
            g_string_append_printf(file, "%u 1\n%010zu 00000 n \n", i, offsets[i]);
    g_string_append_printf(file, "trailer\n<< /Size %u /Root 1 0 R ", N_NUMBERS + 1);
    if (previous != 0)
        g_string_append_printf(file, "/Prev %zu ", previous);
    g_string_append_printf(file, ">>\nstartxref\n%zu\n%%%%EOF\n", start);
    return start;
}

static void
put_number(GString *file, const char *mark, gsize number)
{
    char *at = strstr(file->str, mark);
    g_autofree char *digits = g_strdup_printf("%07zu", number);

    g_assert_nonnull(at);
    memcpy(at, digits, strlen(mark));
}

static GString *
signed_file(gsize *ret_start)
{
    GString *file = g_string_new("%PDF-1.7\n");
    gsize offsets[N_NUMBERS + 1] = {0};

    for (guint i = 0; i < G_N_ELEMENTS(SIGNED); i++) {
        offsets[i + 1] = file->len;
        g_string_append_printf(file, "%u 0 obj\n%s\nendobj\n", i + 1, SIGNED[i]);
    }
    *ret_start = end_revision(file, offsets, 0);
    gsize gap = (gsize) (strstr(file->str, "<00000000>") - file->str), rest = gap + 10;
    put_number(file, "1111111", gap);
    put_number(file, "2222222", rest);
    put_number(file, "3333333", file->len - rest);
    return file;
}

static void
append_objects(GString *file, const char *data, gsize size, gsize *offsets)
{
    while (size > 0) {
        const char *end = memmem(data, size, "\n--\n", 4);
        gsize length = end == NULL ? size : (gsize) (end - data);
        if (length > 0) {
            guint number = (guint8) data[0] % N_NUMBERS + 1;
            offsets[number] = file->len;
            g_string_append_printf(file, "%u 0 obj\n", number);
            g_string_append_len(file, data + 1, (gssize) length - 1);
            g_string_append(file, "\nendobj\n");
        }
        if (end == NULL)
            break;
        data = end + 4;
        size -= length + 4;
    }
}

static void
check_answer(const json_t *result)
{
    json_t *item;
    size_t i;

    json_array_foreach(json_object_get(result, "signatures"), i, item)
    {
        const json_t *difference = json_object_get(item, "difference");
        const char *status = json_string_value(json_object_get(difference, "status"));
        const char *field = json_string_value(json_object_get(item, "field"));
        g_assert_nonnull(status);
        /* The signature that was there covers the first revision only. */
        if (g_strcmp0(field, "A") == 0)
            g_assert_cmpstr(status, !=, "none");
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsize offsets[N_NUMBERS + 1] = {0}, start;

    if (size < 1)
        return 0;
    GString *file = signed_file(&start);
    append_objects(file, (const char *) data + 1, size - 1, offsets);
    if ((data[0] & 1) != 0)
        g_string_append(file, "4 0 obj\n<< >>\nendobj\n");
    end_revision(file, offsets, start);

    g_autoptr(json_t) params = json_pack("{s:o}", "document", kyso_json_fd(0));
    g_autoptr(KysoFdList) fds = kyso_fd_list_new();
    g_autoptr(KysoFdList) none = kyso_fd_list_new();
    g_autoptr(GError) error = NULL;
    kyso_fd_list_append(fds, kyso_fd_new_memory("fuzz", file->str, file->len, NULL));
    g_autoptr(json_t) result = kyso_inspect_service_inspect(params, fds, none, &error);
    g_assert_true((result == NULL) == (error != NULL));
    if (result != NULL)
        check_answer(result);
    g_string_free(file, TRUE);
    return 0;
}
