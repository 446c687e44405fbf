/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-source.h"

#include "agent/document/document-password.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* Poppler has no code of its own for a wrong password. */
static void
set_open_error(GError **error, const GError *cause)
{
    gboolean is_locked = g_error_matches(cause, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);

    g_set_error(error, KYSO_ERROR,
                !is_locked                             ? KYSO_ERROR_DOCUMENT_DAMAGED
                : kyso_document_password_get() != NULL ? KYSO_ERROR_PASSWORD_WRONG
                                                       : KYSO_ERROR_PASSWORD_NEEDED,
                "cannot show document: %s", cause->message);
}

static PopplerDocument *
open_with(int fd, const char *password, GError **ret_cause, GError **error)
{
    int own = kyso_fd_dup(fd, error);

    return own < 0 ? NULL : poppler_document_new_from_fd(own, password, ret_cause);
}

PopplerDocument *
kyso_page_source_open(int fd, GError **error)
{
    const char *composed = kyso_document_password_get_composed();
    g_autoptr(GError) cause = NULL;
    g_autoptr(GError) fault = NULL;
    g_autoptr(KysoShownDocument) document =
        open_with(fd, kyso_document_password_get(), &cause, &fault);

    if (document == NULL && composed != NULL && fault == NULL) {
        g_clear_error(&cause);
        document = open_with(fd, composed, &cause, &fault);
    }
    if (fault != NULL) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return NULL;
    }
    if (document == NULL) {
        set_open_error(error, cause);
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
