/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/list-wording.h"

#include "agent/dialog/visible.h"
#include "agent/dialog/wording.h"
#include "ipc/base/texts.h"

/* Marks a text for po/en.po; needs a `language` in scope. */
#define T(text) kyso_texts_get(language, text)

#define LISTED_WIDTH 60 /* bytes in the line, as all below */
#define NAME_WIDTH 90
#define NUMBER_WIDTH 36
#define SUBJECT_WIDTH 110
#define NOTE_WIDTH 110
#define TEXT_WIDTH 400

static gboolean
is_told(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The number is what a clerk goes by, the name what a file is found by. */
static char *
short_name(const KysoQuestionDocument *document)
{
    const char *name = is_told(document->name)      ? document->name
                       : is_told(document->subject) ? document->subject
                                                    : document->digest;
    g_autofree char *both = is_told(document->number)
                                ? g_strconcat(document->number, ": ", name, NULL)
                                : g_strdup(name);
    return kyso_visible_text(both, LISTED_WIDTH);
}

static int
count_pages(const KysoQuestion *question)
{
    gint64 pages = 0;

    for (gsize i = 0; i < question->n_documents; i++)
        pages += question->documents[i].pages;
    return (int) MIN(pages, G_MAXINT);
}

char *
kyso_list_wording_page(const KysoQuestion *question, gsize first)
{
    const char *language = question->language;
    gsize end = MIN(first + KYSO_LIST_WORDING_PAGE, question->n_documents);
    GString *text = g_string_new(NULL);
    g_autofree char *purpose = kyso_wording_purpose(language, question->purpose);
    g_autofree char *caller = kyso_wording_caller(question);
    int pages = count_pages(question);

    g_string_append_printf(text, T("Số tài liệu được ký cùng lúc: %d"),
                           (int) question->document_count);
    if (pages > 0)
        g_string_append_printf(text, T(" (số trang: %d)"), pages);
    g_string_append_c(text, '\n');
    g_string_append_printf(text, T("Mục đích: %s"), purpose);
    g_string_append_printf(text, "\n%s\n", caller);
    g_string_append_printf(text, T("Tài liệu %d đến %d trên %d:"), (int) first + 1, (int) end,
                           (int) question->document_count);
    for (gsize i = first; i < end; i++) {
        g_autofree char *shown = short_name(&question->documents[i]);
        g_string_append_printf(text, "\n%d. “%s”", (int) i + 1, shown);
        if (question->documents[i].is_rewritten)
            g_string_append(text, T(" (tệp hỏng, đã dựng lại)"));
    }
    return g_string_free(text, FALSE);
}

char *
kyso_list_wording_document(const KysoQuestion *question, gsize index)
{
    const char *language = question->language;
    const KysoQuestionDocument *document = &question->documents[index];
    GString *text = g_string_new(NULL);
    g_autofree char *name = kyso_visible_text(document->name, NAME_WIDTH);
    g_autofree char *number = kyso_visible_text(document->number, NUMBER_WIDTH);
    g_autofree char *subject = kyso_visible_text(document->subject, SUBJECT_WIDTH);
    g_autofree char *note = kyso_visible_text(document->note, NOTE_WIDTH);
    g_autofree char *start = kyso_visible_text(document->text, TEXT_WIDTH);

    g_string_append_printf(text, T("Tài liệu %d trên %d: “%s”"), (int) index + 1,
                           (int) question->document_count, name);
    if (document->pages > 0)
        g_string_append_printf(text, T(" (số trang: %d)"), (int) document->pages);
    if (document->is_rewritten)
        g_string_append(text, T(" (tệp hỏng, đã dựng lại)"));
    if (number[0] != '\0') {
        g_string_append_c(text, '\n');
        g_string_append_printf(text, T("Số, ký hiệu: “%s”"), number);
    }
    if (subject[0] != '\0') {
        g_string_append_c(text, '\n');
        g_string_append_printf(text, T("Trích yếu: “%s”"), subject);
    }
    if (note[0] != '\0') {
        g_string_append_c(text, '\n');
        g_string_append_printf(text, T("Ghi lên văn bản: “%s”"), note);
    }
    if (start[0] != '\0') {
        g_string_append_c(text, '\n');
        g_string_append_printf(
            text, document->pages > 0 ? T("Trang đầu: “%s”") : T("Nội dung: “%s”"), start);
    }
    return g_string_free(text, FALSE);
}
