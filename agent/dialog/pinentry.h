/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The user's pinentry as a process of ours: started with its two pipes and a clean environment,
 * killed with everything that it started when we let go of it or end.
 *
 * Blocking; main thread only (the kernel ties the process to the thread that started it).
 */

#include "ipc/base/secret.h"
#include "ipc/wire/json.h"

typedef struct _KysoPinentry KysoPinentry;

/* Starts @path, in @language ("vi", "en"), on the screen or terminal that @environment names
 * (names and values; NULL: ours). No answer is awaited past @deadline (monotonic, microseconds),
 * nor after the hang-up of @waiting_fd. KYSO_ERROR_PROMPT_UNAVAILABLE: there is no such program;
 * KYSO_ERROR_CONFIGURATION: others could have written it; else as kyso_pinentry_ask_pin. */
KysoPinentry *kyso_pinentry_start(const char *path, const json_t *environment, const char *language,
                                  int waiting_fd, gint64 deadline, GError **error);
void kyso_pinentry_free(KysoPinentry *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPinentry, kyso_pinentry_free)

/* Sends "@command @text"; an answer other than OK is a fault. */
gboolean kyso_pinentry_set(KysoPinentry *self, const char *command, const char *text,
                           GError **error);

/* Asks for yes or no. Errors as below, and PIN_CANCELLED for a no. */
gboolean kyso_pinentry_confirm(KysoPinentry *self, GError **error);

/* The same with a third button, which SETNOTOK has named; *ret_is_other: that one. A pinentry that
 * knows none (gnome3's) shows two. */
gboolean kyso_pinentry_choose(KysoPinentry *self, gboolean *ret_is_other, GError **error);

/* Tells, with one button; returns when it was pressed. Errors as above. */
gboolean kyso_pinentry_tell(KysoPinentry *self, GError **error);

/* Asks for the PIN and appends it to @pin. KYSO_ERROR_PIN_CANCELLED: the person said no or typed
 * nothing. KYSO_ERROR_PROMPT_TIMED_OUT, KYSO_ERROR_PROMPT_UNAVAILABLE (no screen, no terminal),
 * KYSO_ERROR_PROMPT_FAILED: all else. On FALSE @pin counts for nothing. */
gboolean kyso_pinentry_ask_pin(KysoPinentry *self, KysoSecret *pin, GError **error);
