/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * PDFs made by hand, object by object, so that a test knows every byte; and calls of the document
 * methods without a socket.
 */

#include "agent/document/document-service.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef struct {
    GString *text;
    gsize offsets[64]; /* 0: free */
    guint n_objects;   /* highest number + 1 */
    gsize startxref;
} TestPdf;

static inline TestPdf *
test_pdf_new(void)
{
    TestPdf *self = g_new0(TestPdf, 1);

    self->text = g_string_new("%PDF-1.6\n%\xe2\xe3\xcf\xd3\n");
    self->n_objects = 1;
    return self;
}

static inline void
test_pdf_free(TestPdf *self)
{
    g_string_free(self->text, TRUE);
    g_free(self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestPdf, test_pdf_free)

static inline void
test_pdf_add(TestPdf *self, guint id, const char *body)
{
    g_assert_cmpuint(id, <, G_N_ELEMENTS(self->offsets));
    self->offsets[id] = self->text->len;
    self->n_objects = MAX(self->n_objects, id + 1);
    g_string_append_printf(self->text, "%u 0 obj\n%s\nendobj\n", id, body);
}

static inline void
test_pdf_end_with_table(TestPdf *self, const char *trailer)
{
    self->startxref = self->text->len;
    g_string_append_printf(self->text, "xref\n0 %u\n0000000000 65535 f \n", self->n_objects);
    for (guint i = 1; i < self->n_objects; i++)
        g_string_append_printf(self->text, "%010zu %05u %c \n", self->offsets[i], 0,
                               self->offsets[i] != 0 ? 'n' : 'f');
    g_string_append_printf(self->text, "trailer\n<< /Size %u %s >>\nstartxref\n%zu\n%%%%EOF\n",
                           self->n_objects, trailer, self->startxref);
}

static inline void
test_pdf_end_with_stream(TestPdf *self, const char *trailer)
{
    guint id = self->n_objects++;

    self->offsets[id] = self->startxref = self->text->len;
    g_string_append_printf(
        self->text, "%u 0 obj\n<< /Type /XRef /W [1 4 1] /Size %u /Length %u %s >>\nstream\n", id,
        self->n_objects, 6 * self->n_objects, trailer);
    for (guint i = 0; i < self->n_objects; i++) {
        guint32 offset = GUINT32_TO_BE((guint32) self->offsets[i]);
        g_string_append_c(self->text, self->offsets[i] != 0 ? 1 : 0);
        g_string_append_len(self->text, (const char *) &offset, 4);
        g_string_append_c(self->text, 0);
    }
    g_string_append_printf(self->text, "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n",
                           self->startxref);
}

/* Catalogue 1, pages 2, one A4 page 3 with contents 4. @page and @catalogue: more entries. */
static inline TestPdf *
test_pdf_new_page(const char *catalogue, const char *page)
{
    TestPdf *self = test_pdf_new();
    g_autofree char *root = g_strdup_printf("<< /Type /Catalog /Pages 2 0 R %s >>", catalogue);
    g_autofree char *leaf = g_strdup_printf(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>", page);

    test_pdf_add(self, 1, root);
    test_pdf_add(self, 2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    test_pdf_add(self, 3, leaf);
    test_pdf_add(self, 4, "<< /Length 12 >>\nstream\n0 0 9 9 re f\nendstream");
    return self;
}

static inline GString *
test_pdf_plain(void)
{
    g_autoptr(TestPdf) pdf = test_pdf_new_page("", "");

    test_pdf_end_with_table(pdf, "/Root 1 0 R");
    return g_string_new_len(pdf->text->str, (gssize) pdf->text->len);
}

static inline void
test_string_free(GString *text)
{
    g_string_free(text, TRUE);
}
typedef GString TestString;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestString, test_string_free)

/* Params as JSON with ' for ". */
static inline json_t *
test_json(const char *text)
{
    g_autofree char *quoted = g_strdelimit(g_strdup(text), "'", '"');
    json_error_t error;
    json_t *value = json_loads(quoted, 0, &error);

    g_assert_nonnull(value);
    return value;
}

typedef json_t *(*TestMethod)(const json_t *params, KysoFdList *fds, KysoFdList *ret_fds,
                              GError **error);

/* Calls @method on @document, with @image (-1: none, taken) as descriptor 1. */
static inline json_t *
test_call(TestMethod method, const GString *document, const char *params, int image,
          GString **ret_increment, GError **error)
{
    g_autoptr(json_t) object = test_json(params);
    g_autoptr(KysoFdList) fds = kyso_fd_list_new();
    g_autoptr(KysoFdList) ret_fds = kyso_fd_list_new();

    kyso_fd_list_append(fds, kyso_fd_new_memory("test", document->str, document->len, NULL));
    if (image >= 0)
        kyso_fd_list_append(fds, image);
    json_object_set_new(object, "document", kyso_json_fd(0));
    json_t *result = method(object, fds, ret_fds, error);
    g_assert_true((result == NULL) == (error != NULL && *error != NULL));
    if (result != NULL && ret_increment != NULL) {
        g_auto(KysoFd) fd = kyso_fd_list_steal(ret_fds, 0);
        g_autoptr(GBytes) bytes = kyso_fd_read_all(fd, 16 * 1024 * 1024, NULL);
        *ret_increment =
            g_string_new_len(g_bytes_get_data(bytes, NULL), (gssize) g_bytes_get_size(bytes));
    }
    return result;
}

static inline json_t *
test_inspect(const GString *document, const char *params)
{
    g_autoptr(GError) error = NULL;
    json_t *result = test_call(kyso_inspect_service_inspect, document, params, -1, NULL, &error);

    g_assert_no_error(error);
    return result;
}

/* Appends the increment to @document; checks what the agent checks. */
static inline json_t *
test_prepare(GString *document, const char *params, int image)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TestString) increment = NULL;
    json_t *result =
        test_call(kyso_document_service_prepare, document, params, image, &increment, &error);
    json_int_t contents, length, a, b, c;

    g_assert_no_error(error);
    g_assert_cmpint(json_unpack(result, "{s:{s:I, s:I}, s:[i, I, I, I]}", "contents", "offset",
                                &contents, "length", &length, "byte_range_value", &(int){0}, &a, &b,
                                &c),
                    ==, 0);
    g_assert_cmpint(a, ==, (json_int_t) document->len + contents);
    g_assert_cmpint(b, ==, a + length);
    g_string_append_len(document, increment->str, (gssize) increment->len);
    g_assert_cmpint(b + c, ==, (json_int_t) document->len);
    g_assert_cmpint(document->str[a], ==, '<');
    g_assert_cmpint(document->str[b - 1], ==, '>');
    return result;
}

static inline void
test_assert_prepare_fails(const GString *document, const char *params, int image, int code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(test_call(kyso_document_service_prepare, document, params, image, NULL, &error));
    g_assert_error(error, KYSO_ERROR, code);
}

#define TEST_TIME "'signing_time': 'D:20261122160509+07\\u002700\\u0027'"
