/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/place-finder.h"

#include <string.h>

#define MM (72 / 25.4)

#define HEAD 0.55       /* of the page, from its foot: the head is above */
#define NARROW 9.0      /* points: a blank in which two digits of 13 pt have no room */
#define ROOMY 15.0      /* points: one in which they do */
#define OPEN_BLANK 36.0 /* points for a number with nothing behind it */
#define INITIAL_WIDTH 40.0
#define INITIAL_HEIGHT 20.0

const char *const kyso_place_names[KYSO_N_PLACES] = {
    "signature", "initial", "number", "day", "month", "reference", "stamp", "comment",
};

/* ---- the head ---- */

static gboolean
is_leader(gunichar c)
{
    return c == '.' || c == '_' || c == 0x2026;
}

/* The blank of @line from behind letter @before to before the first letter from @before + 1 on that
 * is no dot; *ret_next is that letter. */
static KysoBox
blank_after(const KysoTextLine *line, guint before, guint *ret_next)
{
    const KysoLetterBox *letters = line->letters;
    KysoBox box = letters[before].box;
    guint next = before + 1;

    while (next < line->n_letters && is_leader(letters[next].folded))
        next++;
    *ret_next = next;
    box.x0 = letters[before].box.x1;
    box.x1 = next < line->n_letters ? letters[next].box.x0 : box.x0 + OPEN_BLANK;
    double pad = MIN(1.5, (box.x1 - box.x0) * 0.06);
    box.x0 += pad;
    box.x1 -= pad;
    return box;
}

static KysoFoundPlace
place_of(KysoBox box, double confidence)
{
    double width = box.x1 - box.x0;
    gboolean has_area = width > 1 && box.y0 < box.y1;

    if (width < ROOMY)
        confidence *= width < NARROW ? 0.4 : 0.8;
    return (KysoFoundPlace){has_area, FALSE, box, has_area ? confidence : 0};
}

/* "Số:" begins its column; in "về số:" it does not. */
static gboolean
begins_column(const KysoTextLine *line, int at)
{
    if (at == 0)
        return TRUE;
    const KysoBox *before = &line->letters[at - 1].box;
    return line->letters[at].box.x0 - before->x1 > (before->y1 - before->y0) * 1.2;
}

static gboolean
read_number(const KysoTextLine *line, KysoFoundPlace *ret)
{
    guint next;
    int at = kyso_text_lines_find(line, 0, "so:");

    if (at < 0 || !begins_column(line, at))
        return FALSE;
    KysoBox box = blank_after(line, (guint) at + 2, &next);
    gunichar c = next < line->n_letters ? line->letters[next].folded : 0;
    if (c == '/')
        *ret = place_of(box, 0.95);
    else if (g_unichar_isdigit(c))
        ret->is_typed = TRUE;
    else if (c == 0)
        *ret = place_of(box, 0.4);
    else
        *ret = place_of(box, 0.6);
    return TRUE;
}

/* The blank between @from and the word @word; FALSE where the word does not follow at all. */
static gboolean
read_date_blank(const KysoTextLine *line, guint from, const char *word, guint *ret_end,
                KysoFoundPlace *ret)
{
    guint next;
    KysoBox box = blank_after(line, from, &next);
    int at = kyso_text_lines_find(line, from + 1, word);

    if (at < 0 || at > (int) next + 4)
        return FALSE;
    if ((guint) at == next)
        *ret = place_of(box, 0.95);
    else
        ret->is_typed = TRUE;
    *ret_end = (guint) at + (guint) strlen(word) - 1;
    return TRUE;
}

static gboolean
read_date(const KysoTextLine *line, KysoFoundPlace *ret)
{
    for (int at = 0; (at = kyso_text_lines_find(line, (guint) at, "ngay")) >= 0; at++) {
        KysoFoundPlace day = {0}, month = {0};
        guint end;
        if (!read_date_blank(line, (guint) at + 3, "thang", &end, &day) ||
            !read_date_blank(line, end, "nam", &end, &month))
            continue;
        ret[KYSO_PLACE_DAY] = day;
        ret[KYSO_PLACE_MONTH] = month;
        return TRUE;
    }
    return FALSE;
}

void
kyso_place_finder_read_head(const KysoTextLines *lines, double height, KysoFoundPlace *ret)
{
    gboolean has_number = FALSE, has_date = FALSE;

    for (guint i = 0; i < lines->lines->len && !(has_number && has_date); i++) {
        const KysoTextLine *line = &g_array_index(lines->lines, KysoTextLine, i);
        if (line->box.y0 < height * HEAD)
            return;
        has_number = has_number || read_number(line, &ret[KYSO_PLACE_NUMBER]);
        has_date = has_date || read_date(line, ret);
    }
}

/* ---- the end of the text, and any text ---- */

static KysoFoundPlace
behind(const KysoTextLine *line, guint last, double width, double confidence)
{
    const KysoBox *box = &line->letters[last].box;
    double edge = width - 15 * MM, middle = (box->y0 + box->y1) / 2;
    KysoBox ret = {box->x1 + 4, middle - INITIAL_HEIGHT / 2, box->x1 + 4 + INITIAL_WIDTH,
                   middle + INITIAL_HEIGHT / 2};

    if (ret.x1 > edge)
        ret = (KysoBox){edge - INITIAL_WIDTH, box->y0 - INITIAL_HEIGHT, edge, box->y0};
    return (KysoFoundPlace){TRUE, FALSE, ret, confidence};
}

KysoFoundPlace
kyso_place_finder_find_end(const KysoTextLines *lines, double width, double below)
{
    KysoFoundPlace found = {0};

    for (guint i = 0; i < lines->lines->len; i++) {
        const KysoTextLine *line = &g_array_index(lines->lines, KysoTextLine, i);
        int at = kyso_text_lines_find(line, 0, "./.");
        if (at >= 0 && line->box.y1 >= below)
            found = behind(line, (guint) at + 2, width, 0.9);
    }
    return found;
}

KysoFoundPlace
kyso_place_finder_find_text(const KysoTextLines *lines, const char *text)
{
    g_autofree char *pattern = kyso_text_lines_fold(text);
    KysoFoundPlace found = {0};
    glong n = g_utf8_strlen(pattern, -1);

    for (guint i = 0; i < lines->lines->len; i++) {
        const KysoTextLine *line = &g_array_index(lines->lines, KysoTextLine, i);
        int at = -1;
        while ((at = kyso_text_lines_find(line, (guint) (at + 1), pattern)) >= 0) {
            if (found.is_found) {
                found.confidence = 0.5;
                return found;
            }
            found = (KysoFoundPlace){TRUE, FALSE, line->letters[at].box, 0.9};
            found.box.x1 = line->letters[at + n - 1].box.x1;
        }
    }
    return found;
}

/* ---- the decree's cells ---- */

/* Parts of the text frame, from its top left (Decree 30/2020, annex I, the drawing of §IV). Number,
 * day and month: where the Authority's own program puts them in cells 3 and 4. */
static const KysoBox CELLS[KYSO_N_PLACES] = {
    [KYSO_PLACE_SIGNATURE] = {0.588, 0.742, 0.890, 0.859},
    [KYSO_PLACE_INITIAL] = {0.890, 0.650, 0.980, 0.680},
    [KYSO_PLACE_NUMBER] = {0.065, 0.068, 0.132, 0.096},
    [KYSO_PLACE_DAY] = {0.695, 0.068, 0.747, 0.093},
    [KYSO_PLACE_MONTH] = {0.807, 0.068, 0.859, 0.093},
    [KYSO_PLACE_REFERENCE] = {0.430, -0.064, 1.062, -0.012},
    [KYSO_PLACE_STAMP] = {0.006, 0.135, 0, 0},
    [KYSO_PLACE_COMMENT] = {-0.150, 0.200, -0.012, 0.650},
};

KysoBox
kyso_place_finder_cell(KysoPlaceKind kind, double width, double height)
{
    double scale = width / (210 * MM); /* a page of another size is laid out like A4 */
    double left = 30 * MM * scale, top = 20 * MM * scale;
    double frame_width = width - left - 17 * MM * scale, frame_height = height - 2 * top;
    KysoBox cell = CELLS[kind];
    KysoBox box = {left + cell.x0 * frame_width, height - top - cell.y1 * frame_height,
                   left + cell.x1 * frame_width, height - top - cell.y0 * frame_height};

    if (kind == KYSO_PLACE_STAMP) {
        box.x1 = box.x0 + 50 * MM;
        box.y0 = box.y1 - 35 * MM;
    }
    box.x0 = MAX(box.x0, 6);
    box.x1 = MIN(box.x1, width - 6);
    box.y0 = MAX(box.y0, 6);
    box.y1 = MIN(box.y1, height - 6);
    return box;
}
