/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The dialog's own words. They are written in Vietnamese in the code; po/en.po has the English,
 * compiled into the program.
 *
 * Not gettext at run time: the language is the request's, not the machine's, and LANGUAGE has no
 * effect in the only locale that every machine has (C.UTF-8, glibc 2.37 and later).
 */

#include <glib.h>

typedef struct {
    const char *vi;
    const char *en;
} KysoText;

/* Made from po/en.po by po/table. */
extern const KysoText kyso_texts_table[];
extern const gsize kyso_texts_table_length;

/* @vi, or its English where @language is "en". Static. */
const char *kyso_texts_get(const char *language, const char *vi) G_GNUC_FORMAT(2);
