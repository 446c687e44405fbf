/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-file.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD_SIZE 1024 /* where readers look for the header (ISO 32000-1 annex H.3.4.1) */
#define TAIL_SIZE 1054 /* where qpdf looks for startxref; others look at 1024 */

/* Limit of ISO 32000-1 annex C; beyond it numbers of new objects could run out of range. */
#define MAX_OBJECTS 8388607

static gboolean
file_measure(KysoPdfFile *self, GError **error)
{
    struct stat status;

    if (fstat(self->fd, &status) != 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, "cannot read document");
        return FALSE;
    }
    if (!S_ISREG(status.st_mode)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE,
                            "document is not a regular file");
        return FALSE;
    }
    if (status.st_size == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_EMPTY, "document has no bytes");
        return FALSE;
    }
    if (status.st_size > KYSO_PDF_MAX_SIZE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE,
                    "document has %" G_GOFFSET_FORMAT " bytes", (goffset) status.st_size);
        return FALSE;
    }
    self->size = status.st_size;
    return TRUE;
}

/* Junk before the header is refused, as strict validators do: every offset would be off by it. */
static gboolean
file_check_head(KysoPdfFile *self, GError **error)
{
    char head[HEAD_SIZE];
    gsize n = MIN(self->size, (goffset) sizeof head);

    if (!kyso_fd_read_at(self->fd, head, n, 0, error))
        return FALSE;
    const char *header = memmem(head, n, "%PDF-", strlen("%PDF-"));
    if (header == head)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_NOT_PDF,
                        header == NULL ? "document has no PDF header"
                                       : "document has other bytes before its PDF header");
    return FALSE;
}

static const char *
find_last(const char *text, gsize size, const char *wanted)
{
    gsize length = strlen(wanted);

    for (gsize i = size < length ? 0 : size - length + 1; i > 0; i--)
        if (memcmp(text + i - 1, wanted, length) == 0)
            return text + i - 1;
    return NULL;
}

/* The end of the file: "startxref", a number, "%%EOF" (ISO 32000-1 §7.5.5). */
static gboolean
file_read_tail(KysoPdfFile *self, GError **error)
{
    char tail[TAIL_SIZE + 1];
    gsize n = MIN(self->size, TAIL_SIZE);

    if (!kyso_fd_read_at(self->fd, tail, n, self->size - (goffset) n, error))
        return FALSE;
    tail[n] = '\0';

    const char *startxref = find_last(tail, n, "startxref");
    if (startxref != NULL) {
        char *end;
        const char *number = startxref + strlen("startxref");
        guint64 offset = g_ascii_strtoull(number, &end, 10);
        gsize rest = n - (gsize) (end - tail);
        if (end > number && offset > 0 && offset < (guint64) self->size &&
            memmem(end, rest, "%%EOF", strlen("%%EOF")) != NULL) {
            self->startxref = (goffset) offset;
            return TRUE;
        }
    }
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TRUNCATED,
                        "document does not end as a PDF: it is cut off");
    return FALSE;
}

/* A table begins with "xref"; anything else that qpdf could read there is a stream. The trailer's
 * /Type would tell too, but a hostile one may lie. */
static gboolean
file_find_style(KysoPdfFile *self, GError **error)
{
    char text[64];
    gsize n = MIN((goffset) sizeof text, self->size - self->startxref);
    gsize i = 0;

    if (!kyso_fd_read_at(self->fd, text, n, self->startxref, error))
        return FALSE;
    while (i < n && g_ascii_isspace(text[i]))
        i++;
    self->has_xref_stream = n - i < 4 || memcmp(text + i, "xref", 4) != 0;
    return TRUE;
}

static gboolean
file_count(KysoPdfFile *self, GError **error)
{
    KysoQpdfReader *reader = self->reader;
    gint64 highest = kyso_qpdf_reader_highest_object(reader);
    gint64 count = 0;

    if (highest < 1 || highest > MAX_OBJECTS) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                    "document claims %" G_GINT64_FORMAT " objects", highest);
        return FALSE;
    }
    self->next_id = (guint32) highest + 1;

    KysoQpdfValue pages = kyso_qpdf_reader_get(reader, self->root, "/Pages");
    kyso_qpdf_reader_as_int(reader, kyso_qpdf_reader_get(reader, pages, "/Count"), &count);
    if (count < 1) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_NO_PAGES,
                            "document has no pages");
        return FALSE;
    }
    if (count > highest) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                    "document claims %" G_GINT64_FORMAT " pages", count);
        return FALSE;
    }
    self->page_count = (guint) count;
    return TRUE;
}

static gboolean
file_read(KysoPdfFile *self, GError **error)
{
    self->reader = kyso_qpdf_reader_open(self->fd, self->size, error);
    if (self->reader == NULL)
        return FALSE;

    int id, generation;
    self->root = kyso_qpdf_reader_root(self->reader);
    if (!kyso_qpdf_reader_check(self->reader, error))
        return FALSE;
    if (kyso_qpdf_reader_type(self->reader, self->root) != KYSO_QPDF_DICTIONARY ||
        !kyso_qpdf_reader_reference(self->reader, self->root, &id, &generation)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                            "document has no catalogue");
        return FALSE;
    }
    return file_count(self, error);
}

static gboolean
file_cut(KysoPdfFile *self, goffset size, GError **error)
{
    if (size > 0 && size <= self->size) {
        self->size = size;
        return TRUE;
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_INPUT_UNREADABLE,
                "document has no part of %" G_GOFFSET_FORMAT " bytes", size);
    return FALSE;
}

KysoPdfFile *
kyso_pdf_file_open(int fd, GError **error)
{
    return kyso_pdf_file_open_part(fd, G_MAXOFFSET, error);
}

KysoPdfFile *
kyso_pdf_file_open_part(int fd, goffset size, GError **error)
{
    g_autoptr(KysoPdfFile) self = g_new0(KysoPdfFile, 1);

    self->fd = fd;
    if (!file_measure(self, error) || (size != G_MAXOFFSET && !file_cut(self, size, error)) ||
        !file_check_head(self, error) || !file_read_tail(self, error) ||
        !file_find_style(self, error) || !file_read(self, error) ||
        !kyso_pdf_file_check(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
kyso_pdf_file_free(KysoPdfFile *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->reader, kyso_qpdf_reader_free);
    g_free(self);
}

gboolean
kyso_pdf_file_check(KysoPdfFile *self, GError **error)
{
    return kyso_qpdf_reader_check(self->reader, error);
}
