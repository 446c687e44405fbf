/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The result of signatures.verify in words for people: what kyso verify prints and what its report
 * shows are the same lines. Texts of the document and of certificates stand in them as they are:
 * whoever shows them escapes them.
 */

#include "ipc/cli/cli.h"

typedef struct {
    const char *label; /* static */
    char *value;       /* never empty */
} KysoVerifyLine;

/* Of KysoVerifyLine; frees them with itself. */
GPtrArray *kyso_verify_view_document(const KysoResult *result);
GPtrArray *kyso_verify_view_signature(const KysoResult *result, guint index);

/* "HỢP LỆ: ..." for the whole; "Chữ ký 1: ..." for one. g_free. */
char *kyso_verify_view_title(const KysoResult *result);
char *kyso_verify_view_signature_title(const KysoResult *result, guint index);
