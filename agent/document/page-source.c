/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/page-source.h"

#include "agent/document/document-password.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/secret.h"

static PopplerDocument *
open_with(int fd, const char *password, GError **ret_cause, GError **error)
{
    int own = kyso_fd_dup(fd, error);

    return own < 0 ? NULL : poppler_document_new_from_fd(own, password, ret_cause);
}

/* Poppler writes a password in Latin letters first, as was right before AES of 256 bits; its second
 * try, with the bytes as they are, reads a descriptor that it has closed (22.12). So what it makes
 * Latin letters of are these bytes. */
static PopplerDocument *
open_with_bytes(int fd, const char *password)
{
    g_autoptr(KysoSecret) letters = kyso_secret_new();

    for (; *password != '\0'; password++) {
        guchar byte = (guchar) *password;
        char pair[] = {(char) (0xc0 | byte >> 6), (char) (0x80 | (byte & 0x3f))};
        if (byte < 0x80)
            kyso_secret_append(letters, password, 1);
        else
            kyso_secret_append(letters, pair, sizeof pair);
    }
    return open_with(fd, kyso_secret_get(letters), NULL, NULL);
}

/* With the password that was given. NULL: it is wrong. */
static PopplerDocument *
unlock(int fd)
{
    const char *forms[] = {kyso_document_password_get(), kyso_document_password_get_composed()};
    PopplerDocument *document = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(forms) && document == NULL; i++) {
        if (forms[i] == NULL)
            continue;
        document = open_with_bytes(fd, forms[i]);
        if (document == NULL)
            document = open_with(fd, forms[i], NULL, NULL);
    }
    return document;
}

PopplerDocument *
kyso_page_source_open(int fd, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GError) fault = NULL;
    g_autoptr(KysoShownDocument) document = open_with(fd, NULL, &cause, &fault);

    if (fault != NULL) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return NULL;
    }
    gboolean is_locked = g_error_matches(cause, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);
    if (is_locked)
        document = unlock(fd);
    if (document == NULL) {
        g_set_error(error, KYSO_ERROR,
                    !is_locked                             ? KYSO_ERROR_DOCUMENT_DAMAGED
                    : kyso_document_password_get() != NULL ? KYSO_ERROR_PASSWORD_WRONG
                                                           : KYSO_ERROR_PASSWORD_NEEDED,
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
