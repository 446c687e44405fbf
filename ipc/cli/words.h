/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The words of kyso(1): Vietnamese in the code, English by po/en.po.
 */

#include <glib.h>

#define T(vi) kyso_words_get(vi)

/* "vi" or "en"; NULL: English where the locale's messages are, else Vietnamese. */
void kyso_words_set_language(const char *language);
const char *kyso_words_language(void);

/* @vi in the language. Static. */
const char *kyso_words_get(const char *vi) G_GNUC_FORMAT(1);

/* A code of the protocol and its words, in Vietnamese. */
typedef struct {
    const char *code, *words;
} KysoWord;

#define N_(vi) vi /* for xgettext; looked up by kyso_words_find */

/* The words of @code in @table, in the language; where it is not there, @code. */
const char *kyso_words_find(const KysoWord *table, gsize n, const char *code);

/* Codes of the protocol in words; what is unknown stays as it is. Static, or @code. */
const char *kyso_words_role(const char *code);    /* "personal" */
const char *kyso_words_purpose(const char *code); /* "approve" */
const char *kyso_words_stage(const char *code);   /* "show" */
const char *kyso_words_status(const char *code);  /* "valid", or the cause of an error code */
const char *kyso_words_verdict(const char *code); /* "valid" */

/* RFC 3339 as people write it here, "22/11/2026 16:05:09 +07:00". NULL stays NULL. g_free. */
char *kyso_words_time(const char *rfc3339);

/* The attribute @type ("O") of a distinguished name (RFC 4514), or NULL. g_free. */
char *kyso_words_attribute(const char *dn, const char *type);
