/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/verify-html.h"

#include "ipc/base/clock.h"
#include "ipc/cli/verify-view.h"

/* One A4 page for a letter with its two to five signatures. Scripts, images and foreign styles are
 * forbidden to the page, should an escape ever fail. */
static const char head[] =
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<style>\n"
    "@page { size: A4; margin: 15mm }\n"
    "body { font: 10pt/1.3 'Times New Roman', Tinos, serif; color: black; max-width: 180mm; "
    "margin: auto }\n"
    "h1 { font-size: 13pt; text-align: center; text-transform: uppercase }\n"
    "h2 { font-size: 11pt; margin: 3mm 0 1mm; break-after: avoid }\n"
    ".verdict { border: 1.5pt solid black; padding: 2mm; font-weight: bold; text-align: center }\n"
    "table { border-collapse: collapse; width: 100%; break-inside: avoid }\n"
    "th { text-align: left; width: 32mm; font-weight: normal; color: #444; vertical-align: top }\n"
    "td { overflow-wrap: anywhere }\n"
    "</style>\n";

/* Control characters are shown as "?": some readers give them a meaning. */
static void
put_text(GString *html, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) clean = g_string_new(NULL);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        GUnicodeType type = g_unichar_type(c);
        if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT)
            c = '?';
        g_string_append_unichar(clean, c);
    }
    g_autofree char *escaped = g_markup_escape_text(clean->str, (gssize) clean->len);
    g_string_append(html, escaped);
}

static void
put_element(GString *html, const char *tag, const char *text)
{
    g_string_append_printf(html, "<%s>", tag);
    put_text(html, text);
    g_string_append_printf(html, "</%.*s>\n", (int) strcspn(tag, " "), tag);
}

static void
put_row(GString *html, const char *label, const char *value)
{
    g_string_append(html, "<tr>");
    put_element(html, "th", label);
    put_element(html, "td", value);
    g_string_append(html, "</tr>\n");
}

static void
put_lines(GString *html, GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const KysoVerifyLine *line = lines->pdata[i];
        put_row(html, line->label, line->value);
    }
}

static void
put_document(GString *html, const KysoResult *result, const char *document)
{
    g_autoptr(GPtrArray) lines = kyso_verify_view_document(result);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *moment = kyso_clock_format(now);
    g_autofree char *title = kyso_verify_view_title(result);

    put_element(html, "h1", T("Kết quả kiểm tra chữ ký số"));
    put_element(html, "p class=\"verdict\"", title);
    g_string_append(html, "<table>\n");
    put_row(html, T("Tài liệu"), document);
    put_row(html, T("Kiểm tra lúc"), moment);
    put_lines(html, lines);
    g_string_append(html, "</table>\n");
}

static void
put_signature(GString *html, const KysoResult *result, guint i)
{
    g_autoptr(GPtrArray) lines = kyso_verify_view_signature(result, i);
    g_autofree char *title = kyso_verify_view_signature_title(result, i);

    put_element(html, "h2", title);
    g_string_append(html, "<table>\n");
    put_lines(html, lines);
    g_string_append(html, "</table>\n");
}

gboolean
kyso_verify_html_write(const KysoResult *result, const char *document, const char *path,
                       GError **error)
{
    g_autoptr(GString) html = g_string_new(NULL);
    g_autofree char *name = g_path_get_basename(document);

    g_string_append_printf(html, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n%s",
                           kyso_words_language(), head);
    put_element(html, "title", name);
    g_string_append(html, "</head>\n<body>\n");
    put_document(html, result, name);
    for (guint i = 0; i < kyso_client_result_count(result, "signatures"); i++)
        put_signature(html, result, i);
    g_string_append(html, "</body>\n</html>\n");
    return g_file_set_contents_full(path, html->str, (gssize) html->len,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0644, error);
}
