/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The words of our programs. They are written in Vietnamese in the code, marked T() or N_();
 * po/en.po has the English, compiled in.
 *
 * Not gettext at run time: a request brings its own language, and LANGUAGE has no effect in the
 * only locale that every machine has (C.UTF-8, glibc 2.37 and later). Thread-safe.
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
