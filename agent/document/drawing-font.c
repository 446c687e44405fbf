/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/drawing-font.h"

#include "ipc/base/error.h"

#include <cairo-ft.h>
#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>

/* Every Vietnamese letter outside ASCII, in lower case (TCVN 6909). */
static const char VIETNAMESE[] =
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ";

/* Where distributions put them. Looking here first saves reading the machine's whole font
 * configuration, which costs several times the rest of our start-up. */
static const char *const KNOWN_FILES[] = {
    "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf",
    "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
};

static const char *const FAMILIES[] = {"Tinos", "Liberation Serif", "DejaVu Serif"};

static cairo_font_face_t *font_face;

static gboolean
has_letters(FcPattern *pattern)
{
    FcCharSet *letters = NULL;

    if (FcPatternGetCharSet(pattern, FC_CHARSET, 0, &letters) != FcResultMatch)
        return FALSE;
    for (const char *p = VIETNAMESE; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar lower = g_utf8_get_char(p);
        if (!FcCharSetHasChar(letters, lower) ||
            !FcCharSetHasChar(letters, g_unichar_toupper(lower)))
            return FALSE;
    }
    return TRUE;
}

/* fonts-liberation 1.07 lacks 94 of the letters. */
static gboolean
take_file(const char *path)
{
    int n_faces = 0;
    FcPattern *pattern = FcFreeTypeQuery((const FcChar8 *) path, 0, NULL, &n_faces);

    if (pattern == NULL)
        return FALSE;
    if (has_letters(pattern))
        font_face = cairo_ft_font_face_create_for_pattern(pattern);
    FcPatternDestroy(pattern);
    return font_face != NULL && cairo_font_face_status(font_face) == CAIRO_STATUS_SUCCESS;
}

/* Fontconfig always has an answer: only the family that was asked for is taken. */
static gboolean
take_match(FcConfig *machine, const char *family)
{
    FcPattern *wanted = FcPatternBuild(NULL, FC_FAMILY, FcTypeString, family, FC_STYLE,
                                       FcTypeString, "Regular", NULL);
    FcChar8 *path = NULL, *found = NULL;
    FcResult result;

    FcDefaultSubstitute(wanted);
    FcPattern *match = FcFontMatch(machine, wanted, &result);
    gboolean is_taken = match != NULL &&
                        FcPatternGetString(match, FC_FAMILY, 0, &found) == FcResultMatch &&
                        g_str_equal(found, family) &&
                        FcPatternGetString(match, FC_FILE, 0, &path) == FcResultMatch &&
                        take_file((const char *) path);
    g_clear_pointer(&match, FcPatternDestroy);
    FcPatternDestroy(wanted);
    return is_taken;
}

static gboolean
find_font(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(KNOWN_FILES); i++)
        if (take_file(KNOWN_FILES[i]))
            return TRUE;

    FcConfig *machine = FcInitLoadConfigAndFonts();
    gboolean is_found = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(FAMILIES) && !is_found && machine != NULL; i++)
        is_found = take_match(machine, FAMILIES[i]);
    g_clear_pointer(&machine, FcConfigDestroy);
    return is_found;
}

static cairo_status_t
drop_bytes(void *closure, const unsigned char *data, unsigned int size)
{
    return CAIRO_STATUS_SUCCESS;
}

/* Cairo opens the file with the first letter; the face, kept, keeps it open. */
static void
draw_once(void)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(drop_bytes, NULL, 72, 72);
    cairo_t *cairo = cairo_create(surface);

    cairo_set_font_face(cairo, font_face);
    cairo_move_to(cairo, 0, 36);
    cairo_show_text(cairo, "ệ");
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
}

gboolean
kyso_drawing_font_load(GError **error)
{
    if (font_face != NULL)
        return TRUE;
    if (find_font()) {
        draw_once();
        return TRUE;
    }
    g_clear_pointer(&font_face, cairo_font_face_destroy);
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION,
                        "no font with all Vietnamese letters: install fonts-croscore");
    return FALSE;
}

/* Unhinted, so that a text measures the same at every size. */
gboolean
kyso_drawing_font_select(cairo_t *cairo, GError **error)
{
    if (!kyso_drawing_font_load(error))
        return FALSE;

    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cairo, options);
    cairo_font_options_destroy(options);
    cairo_set_font_face(cairo, font_face);
    return TRUE;
}
