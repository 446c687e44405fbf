/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Writes the letter and the two images, and prints the places in it as JSON:
 *
 *   {"pages": 1, "places": {"number": {"page": 1, "rect": [x0, y0, x1, y1]}, "day": ...,
 *    "month": ..., "leader": ..., "seal": ...}}
 */

#include "tests/kit/letter.h"

#include <cairo-pdf.h>
#include <stdio.h>
#include <stdlib.h>

#define SCAN_DPI 200

static char *output, *signature, *seal, *mark;
static int pages = 1, scans, objects;
static gboolean word_like, scanned;

static const GOptionEntry options[] = {
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "the letter (PDF)", "FILE"},
    {"signature", 0, 0, G_OPTION_ARG_FILENAME, &signature, "the leader's image (PNG)", "FILE"},
    {"seal", 0, 0, G_OPTION_ARG_FILENAME, &seal, "the seal (PNG)", "FILE"},
    {"mark", 0, 0, G_OPTION_ARG_FILENAME, &mark, "a stamp under the name of the office", "TEXT"},
    {"word-like", 0, 0, G_OPTION_ARG_NONE, &word_like, "letters one by one, marks apart", NULL},
    {"scanned", 0, 0, G_OPTION_ARG_NONE, &scanned, "one page as a picture of 200 dpi", NULL},
    {"pages", 0, 0, G_OPTION_ARG_INT, &pages, "pages of text, at least", "N"},
    {"scans", 0, 0, G_OPTION_ARG_INT, &scans, "add scanned pages of N MB together", "N"},
    {"objects", 0, 0, G_OPTION_ARG_INT, &objects, "add pages with N small objects", "N"},
    {NULL},
};

static void
check(cairo_status_t status, const char *path)
{
    if (status != CAIRO_STATUS_SUCCESS) {
        fprintf(stderr, "%s: %s\n", path, cairo_status_to_string(status));
        exit(EXIT_FAILURE);
    }
}

static void
write_image(cairo_surface_t *image, const char *path)
{
    check(cairo_surface_write_to_png(image, path), path);
    cairo_surface_destroy(image);
}

static void
draw_mark(cairo_t *cr)
{
    cairo_select_font_face(cr, "Liberation Serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(cr, 14);
    cairo_set_source_rgb(cr, 0.8, 0, 0);
    cairo_move_to(cr, 120, 160);
    cairo_show_text(cr, mark);
}

static void
write_letter(const char *path, KysoLetter *letter)
{
    cairo_surface_t *surface =
        cairo_pdf_surface_create(path, KYSO_LETTER_WIDTH, KYSO_LETTER_HEIGHT);
    cairo_t *cr = cairo_create(surface);

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                   "Công văn thử nghiệm của UBND xã Thử Nghiệm");
    /* A fixed date, so that the same options give the same bytes. */
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                   "2026-08-15T08:00:00+07:00");
    kyso_letter_draw(cr, pages, letter);
    if (mark != NULL)
        draw_mark(cr);
    cairo_show_page(cr);
    letter->pages += kyso_letter_padding_scans(cr, (gint64) scans * 1000 * 1000);
    letter->pages += kyso_letter_padding_objects(cr, objects);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    check(cairo_surface_status(surface), path);
    cairo_surface_destroy(surface);
}

static void
write_scan(const char *path, KysoLetter *letter)
{
    const double scale = SCAN_DPI / 72.0;
    cairo_surface_t *image = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int) (KYSO_LETTER_WIDTH * scale), (int) (KYSO_LETTER_HEIGHT * scale));
    cairo_t *cr = cairo_create(image);

    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_set_source_rgb(cr, 0, 0, 0);
    cairo_scale(cr, scale, scale);
    kyso_letter_draw(cr, 1, letter);
    cairo_destroy(cr);

    cairo_surface_t *surface =
        cairo_pdf_surface_create(path, KYSO_LETTER_WIDTH, KYSO_LETTER_HEIGHT);
    cr = cairo_create(surface);
    cairo_scale(cr, 1 / scale, 1 / scale);
    cairo_set_source_surface(cr, image, 0, 0);
    cairo_paint(cr);
    cairo_show_page(cr);
    cairo_destroy(cr);
    cairo_surface_finish(surface);
    check(cairo_surface_status(surface), path);
    cairo_surface_destroy(surface);
    cairo_surface_destroy(image);
}

static void
print_place(const char *name, const KysoPlace *place, const char *end)
{
    printf("\"%s\": {\"page\": %d, \"rect\": [%.2f, %.2f, %.2f, %.2f]}%s", name, place->page,
           place->x0, place->y0, place->x1, place->y1, end);
}

static void
print_letter(const KysoLetter *letter)
{
    printf("{\"pages\": %d, \"places\": {", letter->pages);
    print_place("number", &letter->number, ", ");
    print_place("day", &letter->day, ", ");
    print_place("month", &letter->month, ", ");
    print_place("leader", &letter->leader, ", ");
    print_place("seal", &letter->seal, "}}\n");
}

int
main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- a letter to try kyso with");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return EXIT_FAILURE;
    }
    if (word_like)
        kyso_letter_write_like_word();
    if (signature != NULL)
        write_image(kyso_letter_images_signature(), signature);
    if (seal != NULL)
        write_image(kyso_letter_images_seal(), seal);
    if (output != NULL) {
        KysoLetter letter;
        if (scanned)
            write_scan(output, &letter);
        else
            write_letter(output, &letter);
        print_letter(&letter);
    }
    return EXIT_SUCCESS;
}
