/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-source.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

PopplerDocument *
kyso_page_source_open(int fd, GError **error)
{
    g_autoptr(GError) cause = NULL;
    int own = kyso_fd_dup(fd, error);
    if (own < 0)
        return NULL;

    g_autoptr(KysoShownDocument) document = poppler_document_new_from_fd(own, NULL, &cause);
    if (document == NULL) {
        gboolean is_locked = g_error_matches(cause, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);
        g_set_error(error, KYSO_ERROR,
                    is_locked ? KYSO_ERROR_DOCUMENT_ENCRYPTED : KYSO_ERROR_DOCUMENT_DAMAGED,
                    "cannot show document: %s", cause->message);
        return NULL;
    }
    if (poppler_document_get_n_pages(document) < 1) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_NO_PAGES,
                            "document has no pages");
        return NULL;
    }
    return g_steal_pointer(&document);
}

PopplerPage *
kyso_page_source_get(PopplerDocument *document, gint64 number, GError **error)
{
    int count = poppler_document_get_n_pages(document);
    gint64 index = number > 0 ? number - 1 : count + number;

    if (number == 0 || index < 0 || index >= count) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE,
                    "document has no page %" G_GINT64_FORMAT, number);
        return NULL;
    }
    PopplerPage *page = poppler_document_get_page(document, (int) index);
    if (page == NULL)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED,
                    "page %" G_GINT64_FORMAT " cannot be shown", number);
    return page;
}
