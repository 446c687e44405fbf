/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Where on a page the marks of the records rules go (Decree 30/2020, annex I): found in the lines
 * of a page, else the decree's own cells. Pure; thread-safe.
 */

#include "agent/document/text-lines.h"

typedef enum {
    KYSO_PLACE_SIGNATURE, /* cell 7c: between the position and the full name */
    KYSO_PLACE_INITIAL,   /* behind the end of the text */
    KYSO_PLACE_NUMBER,    /* cell 3: between "Số:" and "/" */
    KYSO_PLACE_DAY,       /* cell 4: between "ngày" and "tháng" */
    KYSO_PLACE_MONTH,     /* cell 4: between "tháng" and "năm" */
    KYSO_PLACE_REFERENCE, /* cell 14: the line of an appendix or a copy */
    KYSO_PLACE_STAMP,     /* the stamp of an incoming document, 50 x 35 mm */
    KYSO_PLACE_COMMENT,   /* the margin of the first page */
    KYSO_N_PLACES,
} KysoPlaceKind;

/* "signature", "initial", ... */
extern const char *const kyso_place_names[KYSO_N_PLACES];

typedef struct {
    gboolean is_found;
    gboolean is_typed; /* number, day, month: something stands there already */
    KysoBox box;
    double confidence; /* 0 to 1 */
} KysoFoundPlace;

/* The blanks of the head: @ret[KYSO_PLACE_NUMBER], _DAY and _MONTH. @height: of the page. */
void kyso_place_finder_read_head(const KysoTextLines *lines, double height, KysoFoundPlace *ret);

/* The signer's block: KYSO_PLACE_SIGNATURE. @name: the signer's, or NULL where it is not known. */
KysoFoundPlace kyso_place_finder_find_block(const KysoTextLines *lines, double width,
                                            const char *name);

/* Behind "./.", with which the text of a document ends, above @below: KYSO_PLACE_INITIAL. */
KysoFoundPlace kyso_place_finder_find_end(const KysoTextLines *lines, double width, double below);

/* The first @text; its confidence says whether there is only one. */
KysoFoundPlace kyso_place_finder_find_text(const KysoTextLines *lines, const char *text);

/* The decree's own place for @kind, on a page of these sides. */
KysoBox kyso_place_finder_cell(KysoPlaceKind kind, double width, double height);
