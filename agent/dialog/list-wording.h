/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the person reads of a batch: its list, a page at a time, and each document by itself. Pure;
 * every function returns a new string. What comes from outside is cleaned, as in wording.h.
 */

#include "agent/dialog/question.h"

#define KYSO_LIST_WORDING_PAGE 8 /* documents on a page: one line of pinentry takes 1000 bytes */

/* The page that begins with document @first, from 0. */
char *kyso_list_wording_page(const KysoQuestion *question, gsize first);

/* Document @index, from 0: name, number, subject, pages, how its first page begins. */
char *kyso_list_wording_document(const KysoQuestion *question, gsize index);
