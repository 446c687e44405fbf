/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The codes of signatures.verify in words; what is unknown stays as it is. Static, or @code.
 */

#include "ipc/cli/words.h"

const char *kyso_verify_words_process(const char *code); /* "complete" */
const char *kyso_verify_words_reason(const char *code);  /* "changed_after" */
const char *kyso_verify_words_change(const char *kind);  /* "field_filled" */
const char *kyso_verify_words_warning(const char *code); /* "weak_hash" */
