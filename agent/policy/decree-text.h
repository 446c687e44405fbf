/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How Decree 30/2020 (annex I) writes numbers, dates and the lines that stand for a signature's
 * image. Pure: moments are given. Thread-safe. All texts returned are new.
 */

#include <glib.h>

/* "7" is "07", "79" is "79" (§II.3a). What is no plain number stays. */
char *kyso_decree_text_number(const char *number);

/* "07" for 7; a month has its zero only for January and February (§II.4b). */
char *kyso_decree_text_day(int day);
char *kyso_decree_text_month(int month);

/* The same for text that a caller gave: "5" and "05" are both "05" as a day and "5" as a month;
 * NULL where it is no day or month. */
char *kyso_decree_text_given_day(const char *text);
char *kyso_decree_text_given_month(const char *text);

/* "79/UBND-VHTT": a "/" between number and notation, which is in capitals and has "-" inside
 * (§II.3b). The number alone where @notation is NULL or empty. */
char *kyso_decree_text_code(const char *number, const char *notation);

/* Day and month of "2026-11-22" or "22/11/2026". FALSE for what is no date. */
gboolean kyso_decree_text_read_date(const char *text, int *ret_day, int *ret_month, int *ret_year);

typedef enum {
    KYSO_COPY_NONE,
    KYSO_COPY_SAO_Y,     /* "SAO Y": of an original */
    KYSO_COPY_SAO_LUC,   /* "SAO LỤC": of a copy */
    KYSO_COPY_TRICH_SAO, /* "TRÍCH SAO": of a part */
} KysoCopyKind;

/* "sao_y", "sao_luc", "trich_sao"; also "SY", "SL", "TrS" of annex III. */
KysoCopyKind kyso_decree_text_copy_kind(const char *name);

/* What a template's words in braces stand for. */
typedef struct {
    const char *code;  /* {code}: number and notation; NULL: not known */
    const char *organ; /* {organ}: name of the office; NULL: not known */
    KysoCopyKind kind; /* {kind}: "Sao y" */
    GDateTime *moment; /* {date}: 22/11/2026; {time}: 16:05:09 +07:00, whatever its zone */
} KysoDecreeWords;

/* What a form 2.2 (appendix) and a form 3.2 (copy) of annex III say. */
#define KYSO_DECREE_APPENDIX "Số: {code}; {date}; {time}"
#define KYSO_DECREE_COPY "{kind}; {organ}; {date}; {time}"

/* Every word must be known: KYSO_ERROR_WRONG_PARAMETERS names the metadata that are missing;
 * KYSO_ERROR_CONFIGURATION a word that no template has. */
char *kyso_decree_text_fill(const char *template, const KysoDecreeWords *words, GError **error);
