/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "agent/document/place-finder.h"

#define MM (72 / 25.4)
#define WIDTH (50 * MM)      /* of a signature's place */
#define MAX_HEIGHT (30 * MM) /* of the same */
#define MIN_HEIGHT 28.0      /* points: less room than this is none */
#define FAR 220.0            /* points: a name further below the position is another's */
#define MAX_PARTS 7          /* words of a name */

static const KysoTextLine *
segment_at(const KysoTextLines *lines, guint i)
{
    return &g_array_index(lines->segments, KysoTextLine, i);
}

static double
centre(const KysoTextLine *line)
{
    return (line->box.x0 + line->box.x1) / 2;
}

static gboolean
is_upper(const KysoTextLine *line)
{
    guint n_upper = 0, n_lower = 0;

    for (guint i = 0; i < line->n_letters; i++) {
        n_upper += line->letters[i].is_upper;
        n_lower += line->letters[i].is_lower;
    }
    return n_upper >= 2 && n_lower * 10 <= n_upper;
}

/* How sure it is that @line is the first of an authority and position (cell 7a); 0: it is not. */
static double
rate_position(const KysoTextLine *line)
{
    static const char *const prefixes[] = {"tm.", "kt.", "tl.", "tuq.", "q."};
    static const char *const titles[] = {"chutich",  "giamdoc",  "truong",        "bithu",
                                         "chunhiem", "vanphong", "chanhthanhtra", "thutuong"};
    if (!is_upper(line))
        return 0;
    g_autofree char *folded = kyso_text_lines_to_folded(line);

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(folded, prefixes[i]))
            return 0.95;
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        if (strstr(folded, titles[i]) != NULL)
            return 0.85;
    return 0;
}

/* Where words begin, by the gaps between letters: wider than what sets the letters of one apart. */
static guint
count_words(const KysoTextLine *line, gboolean *ret_are_names)
{
    guint n_words = 1;
    double height = line->box.y1 - line->box.y0;

    *ret_are_names = line->letters[0].is_upper;
    for (guint i = 1; i < line->n_letters; i++) {
        const KysoLetterBox *letter = &line->letters[i];
        gboolean begins = letter->box.x0 - line->letters[i - 1].box.x1 > height * 0.13;
        n_words += begins;
        if (begins && !letter->is_upper)
            *ret_are_names = FALSE;
        if (!letter->is_upper && !letter->is_lower)
            *ret_are_names = FALSE;
    }
    return n_words;
}

static gboolean
looks_like_name(const KysoTextLine *line, double gap)
{
    gboolean are_names;
    guint n_words = count_words(line, &are_names);

    /* In capitals it may as well be a further line of the position. */
    return are_names && n_words >= 2 && n_words <= MAX_PARTS &&
           (!is_upper(line) || gap > MIN_HEIGHT);
}

typedef struct {
    const KysoTextLine *position, *name; /* the last line of it; NULL: none */
    double confidence;
} Block;

/* The rest of the position and the name below segment @first. */
static Block
read_block(const KysoTextLines *lines, guint first, double confidence, const char *name)
{
    const KysoTextLine *position = segment_at(lines, first);
    Block block = {position, NULL, confidence};

    for (guint i = first + 1; i < lines->segments->len; i++) {
        const KysoTextLine *line = segment_at(lines, i);
        double gap = block.position->box.y0 - line->box.y1;
        double height = line->box.y1 - line->box.y0;
        if (centre(line) < position->box.x0 - 20 || centre(line) > position->box.x1 + 20 ||
            gap < -height / 2)
            continue;
        g_autofree char *folded = kyso_text_lines_to_folded(line);
        gboolean is_given = name != NULL && strstr(folded, name) != NULL;
        if (!is_given && is_upper(line) && gap < height) {
            block.position = line;
            continue;
        }
        if (gap > FAR || (!is_given && !looks_like_name(line, gap)))
            return block;
        block.name = line;
        block.confidence = is_given ? 1 : confidence;
        return block;
    }
    return block;
}

/* Centred between position and name, at most as high as there is room. None where the position is
 * the last thing on the page: the signature stands on the next one. */
static KysoFoundPlace
place_of(const Block *block)
{
    double bottom_of_position = block->position->box.y0;
    double top_of_name =
        block->name != NULL ? block->name->box.y1 : bottom_of_position - MAX_HEIGHT - 4;
    double x = block->name != NULL ? (centre(block->position) + centre(block->name)) / 2
                                   : centre(block->position);
    double room = bottom_of_position - top_of_name - 4;
    double height = CLAMP(room, MIN_HEIGHT, MAX_HEIGHT);
    double y = (bottom_of_position + top_of_name) / 2;
    double confidence = block->confidence;

    if (y + height / 2 < MIN_HEIGHT)
        return (KysoFoundPlace){0};
    if (block->name == NULL)
        confidence *= 0.6;
    if (room < MIN_HEIGHT)
        confidence *= 0.6;
    return (KysoFoundPlace){
        TRUE,
        FALSE,
        {x - WIDTH / 2, MAX(y - height / 2, 0), x + WIDTH / 2, y + height / 2},
        confidence,
    };
}

/* A document signed by several has several blocks: the one of @name, else the rightmost of the
 * last. One in the left half is that of a title in the head, or of another signer. */
static gboolean
is_better(const Block *block, const Block *best, double width)
{
    if (best->position == NULL || block->confidence == 1)
        return TRUE;
    if (best->confidence == 1 || (best->name != NULL && best->name == block->name) ||
        (best->name != NULL && block->name == NULL))
        return FALSE;
    if (block->name != NULL && best->name == NULL)
        return TRUE;
    double below = best->position->box.y0 - block->position->box.y0;
    return below > 40 || (below > -40 && centre(block->position) > centre(best->position)) ||
           (centre(best->position) < width / 2 && centre(block->position) > width / 2);
}

KysoFoundPlace
kyso_place_finder_find_block(const KysoTextLines *lines, double width, const char *name)
{
    g_autofree char *folded = name != NULL ? kyso_text_lines_fold(name) : NULL;
    Block best = {0};

    for (guint i = 0; i < lines->segments->len; i++) {
        double confidence = rate_position(segment_at(lines, i));
        if (confidence == 0)
            continue;
        Block block = read_block(lines, i, confidence, folded);
        /* A title over the text of a decision names an office too, and no person below it. */
        if (block.name == NULL && confidence < 0.9)
            continue;
        if (is_better(&block, &best, width))
            best = block;
    }
    if (best.position == NULL)
        return (KysoFoundPlace){0};
    if (folded != NULL && *folded != '\0' && best.confidence < 1)
        best.confidence *= 0.6; /* it is not the name that we were told */
    return place_of(&best);
}
