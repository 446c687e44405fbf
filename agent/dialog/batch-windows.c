/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/batch-windows.h"

#include "agent/dialog/list-wording.h"
#include "agent/dialog/wording.h"
#include "ipc/base/error.h"
#include "ipc/base/texts.h"

#define T(text) kyso_texts_get(language, text)

static gboolean
choose(KysoPinentry *pinentry, const KysoQuestion *question, const char *description,
       const char *yes, const char *other, gboolean *ret_is_other, GError **error)
{
    const char *language = question->language;
    g_autofree char *title = kyso_wording_title(question);

    return kyso_pinentry_set(pinentry, "SETTITLE", title, error) &&
           kyso_pinentry_set(pinentry, "SETDESC", description, error) &&
           kyso_pinentry_set(pinentry, "SETOK", yes, error) &&
           kyso_pinentry_set(pinentry, "SETNOTOK", other, error) &&
           kyso_pinentry_set(pinentry, "SETCANCEL", T("_Hủy"), error) &&
           kyso_pinentry_choose(pinentry, ret_is_other, error);
}

/* Who knows the list goes on at once; the third button turns the page. */
static gboolean
show_list(KysoPinentry *pinentry, const KysoQuestion *question, GError **error)
{
    const char *language = question->language;
    gboolean is_other = TRUE;

    for (gsize first = 0; is_other; first += KYSO_LIST_WORDING_PAGE) {
        if (first >= question->n_documents)
            first = 0;
        g_autofree char *page = kyso_list_wording_page(question, first);
        if (!choose(pinentry, question, page, T("Đồng ý, _nhập mã PIN"), T("_Trang sau"), &is_other,
                    error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
show_each(KysoPinentry *pinentry, const KysoQuestion *question, GArray *left_out, GError **error)
{
    const char *language = question->language;

    for (gsize i = 0; i < question->n_documents; i++) {
        g_autofree char *description = kyso_list_wording_document(question, i);
        gboolean is_other;
        guint index = (guint) i;
        if (!choose(pinentry, question, description, T("Đã xem, _tiếp theo"), T("_Bỏ tài liệu này"),
                    &is_other, error))
            return FALSE;
        if (is_other)
            g_array_append_val(left_out, index);
    }
    if (left_out->len < question->n_documents &&
        (gint64) question->n_documents == question->document_count)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_NOT_OPENED,
                        "the person left out each of the documents, or not all can be shown");
    return FALSE;
}

gboolean
kyso_batch_windows_show(KysoPinentry *pinentry, const KysoQuestion *question, GArray *left_out,
                        GError **error)
{
    gboolean has_window = question->shows_each || question->document_count > KYSO_WORDING_LISTED;

    if (question->shows_each && !show_each(pinentry, question, left_out, error))
        return FALSE;
    if (!question->shows_each && has_window && !show_list(pinentry, question, error))
        return FALSE;
    /* The third button is forgotten: a confirmation without PIN may follow. */
    return !has_window || kyso_pinentry_set(pinentry, "RESET", NULL, error);
}
