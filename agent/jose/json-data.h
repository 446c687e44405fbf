/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * JSON from outside, bounded before it is parsed: a few bytes of it can cost hundreds of bytes of
 * memory. Thread-safe.
 */

#include <glib.h>

#define KYSO_JSON_DATA_MAX_VALUES 200000

/* FALSE where @text may hold more than @max values. */
gboolean kyso_json_data_is_within(const char *text, gsize size, gsize max);

/* Is @data one JSON text in UTF-8 (RFC 8259, I-JSON: no name twice in an object), of at most
 * KYSO_JSON_DATA_MAX_VALUES values and 32 levels? KYSO_ERROR_DATA_NOT_JSON,
 * KYSO_ERROR_DATA_TOO_LARGE. */
gboolean kyso_json_data_check(GBytes *data, GError **error);
