/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/fill-drawing.h"

#include <string.h>

#include "agent/document/pdf-lexer.h"

#define MAX_STATES 64
#define MAX_OPERANDS 4
#define LIGHT 0.8 /* of 1, white */

static KysoQpdfValue
get(KysoPdfFile *file, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_get(file->reader, dictionary, key);
}

/* The glyphs of a Type 3 font are drawings. */
static gboolean
has_true_fonts(KysoPdfFile *file, KysoQpdfValue form)
{
    KysoQpdfValue fonts = get(file, get(file, form, "/Resources"), "/Font");
    g_auto(GStrv) names = kyso_qpdf_reader_keys(file->reader, fonts);

    for (char **name = names; *name != NULL; name++)
        if (kyso_qpdf_reader_is_name(file->reader, get(file, get(file, fonts, *name), "/Subtype"),
                                     "/Type3"))
            return FALSE;
    return TRUE;
}

/* @operands: the last four numbers, the newest last. */
static gboolean
is_light(const char *operator, const double * operands)
{
    if (strcmp(operator, "g") == 0)
        return operands[3] > LIGHT;
    if (strcmp(operator, "rg") == 0)
        return operands[1] > LIGHT && operands[2] > LIGHT && operands[3] > LIGHT;
    if (strcmp(operator, "k") == 0)
        return operands[3] < 1 - LIGHT && operands[0] + operands[1] + operands[2] < 3 * (1 - LIGHT);
    return FALSE;
}

static gboolean
is_text_operator(const char *operator, const double * operands)
{
    /* Fills, shadings, images, forms; colours by a colour space, patterns among them. */
    static const char *const painting[] = {"f",  "F",  "f*", "B",  "B*",  "b",   "b*", "sh",
                                           "BI", "Do", "sc", "cs", "scn", "SCN", NULL};

    return !g_strv_contains(painting, operator) && !is_light(operator, operands);
}

static gboolean
draws_text(GBytes *drawing)
{
    gsize size;
    const void *data = g_bytes_get_data(drawing, &size);
    g_autoptr(KysoPdfLexer) lexer = kyso_pdf_lexer_new_memory(data, size);
    double operands[MAX_OPERANDS] = {0};
    KysoPdfToken token;

    while (kyso_pdf_lexer_read(lexer, &token) != KYSO_PDF_TOKEN_END) {
        char *end = NULL;
        if (token.type != KYSO_PDF_TOKEN_WORD && token.type != KYSO_PDF_TOKEN_INTEGER)
            continue;
        double number = g_ascii_strtod(token.text, &end);
        if (end != token.text && *end == '\0') {
            memmove(operands, operands + 1, sizeof operands - sizeof operands[0]);
            operands[MAX_OPERANDS - 1] = number;
        } else if (!is_text_operator(token.text, operands)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
is_text_form(KysoPdfFile *file, KysoQpdfValue form)
{
    g_autoptr(GBytes) drawing = kyso_qpdf_reader_stream_decoded(file->reader, form);

    return drawing != NULL && has_true_fonts(file, form) && draws_text(drawing);
}

gboolean
kyso_fill_drawing_is_text(KysoPdfFile *file, KysoQpdfValue appearance)
{
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(file->reader, appearance);

    for (guint i = 0; keys[i] != NULL; i++) {
        KysoQpdfValue entry = get(file, appearance, keys[i]);
        if (i >= MAX_STATES)
            return FALSE;
        /* The appearances of a text field have no states. */
        if (kyso_qpdf_reader_type(file->reader, entry) != KYSO_QPDF_STREAM ||
            !is_text_form(file, entry))
            return FALSE;
    }
    return TRUE;
}
