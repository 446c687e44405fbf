/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The agent's side of asking a person: starts kyso-prompt, tells it what is to be signed, and
 * gives it the pipe into which it writes the PIN.
 *
 * The PIN never comes here. One kyso-prompt a question, ended after it; questions are asked one at
 * a time, in the order of the calls. Main thread only.
 */

#include <gio/gio.h>

#define KYSO_TYPE_PROMPT (kyso_prompt_get_type())
G_DECLARE_FINAL_TYPE(KysoPrompt, kyso_prompt, KYSO, PROMPT, GObject)

/* All texts are UTF-8; NULL: not known. They need not be trusted: kyso-prompt cleans and cuts what
 * it shows. */
typedef struct {
    const char *name;      /* file name */
    const char *subject;   /* trích yếu */
    const char *number;    /* số: "12" */
    const char *notation;  /* ký hiệu: "QĐ-UBND" */
    guint pages;           /* 0: not known, or no pages */
    const char *digest;    /* SHA-256 in hex */
    const char *text;      /* how its first page begins */
    gboolean is_rewritten; /* it was damaged, and has been written anew */
    guint n_signatures;    /* that it gets at once; 0: one */
    const char *note;      /* what is written on its pages beside the signature */
} KysoAskDocument;

typedef struct {
    const char *title;             /* of the window; NULL: kyso-prompt's own */
    const char *caller_executable; /* absolute path */
    const char *caller_unit;
    const char *caller_origin; /* web origin; only from the bridge */
    gint64 caller_pid;         /* 0: not known */

    const char *purpose; /* name of the API: "approve", "issue", ... */
    gboolean is_agency;  /* the agency's seal, not a person's signature */

    const char *common_name;
    const char *organization;
    const char *issuer;
    const char *not_after; /* RFC 3339 */

    const char *token_label;
    const char *token_serial;
    int tries_left;          /* -1: not known */
    gboolean pin_count_low;  /* CKF_USER_PIN_COUNT_LOW */
    gboolean pin_final_try;  /* CKF_USER_PIN_FINAL_TRY: an explicit yes is asked first */
    gboolean protected_path; /* the reader's keypad takes the PIN: nothing is written to the pipe */

    const KysoAskDocument *documents;
    guint n_documents;
    gboolean shows_each; /* a window for each of them, and a yes to each, before the PIN */
    guint number, total; /* of a batch under way, this is document @number of @total; else 0 */

    const char *language; /* "vi", "en"; NULL: "vi" */

    /* NULL-ended "NAME=value" of the caller's screen, only DISPLAY, WAYLAND_DISPLAY, XAUTHORITY,
     * XDG_RUNTIME_DIR, DBUS_SESSION_BUS_ADDRESS, GPG_TTY and TERM (others are left out). NULL: the
     * agent's own. */
    const char *const *environment;
} KysoAsk;

/* @program: path of kyso-prompt; @pinentry: of the pinentry that it runs, out of root-owned
 * configuration. */
KysoPrompt *kyso_prompt_new(const char *program, const char *pinentry);

/* Asks; copies @ask, and duplicates @pin_write_fd (-1 only with protected_path) before it returns.
 * @timeout_seconds (at least 1) count from the moment the question is shown. A cancelled
 * @cancellable takes the question from the screen. */
void kyso_prompt_ask_async(KysoPrompt *self, const KysoAsk *ask, int pin_write_fd,
                           guint timeout_seconds, GCancellable *cancellable,
                           GAsyncReadyCallback done, gpointer user_data);

/* TRUE: the PIN is in the pipe, and kyso-prompt's and our copy of its write end are closed.
 * *ret_left_out (may be NULL) is a new array of guint: the documents, from 0, that the person has
 * left out (only with shows_each); NULL: none.
 * KYSO_ERROR_DOCUMENT_NOT_OPENED: the person has left out all of them.
 * KYSO_ERROR_PIN_CANCELLED: a person said no, nothing else. KYSO_ERROR_PROMPT_TIMED_OUT,
 * KYSO_ERROR_PROMPT_UNAVAILABLE (no screen, no terminal, no pinentry), KYSO_ERROR_PROMPT_FAILED;
 * KYSO_ERROR_CONFIGURATION where others could have written the pinentry; KYSO_ERROR_CANCELLED where
 * @cancellable was. */
gboolean kyso_prompt_ask_finish(KysoPrompt *self, GAsyncResult *result, GArray **ret_left_out,
                                GError **error);

/* One request that waits for a token to be plugged in. */
typedef struct {
    const char *credential; /* whose token: the name that the office gave it; NULL: none */
    gboolean is_agency;
    const char *purpose;  /* name of the API */
    const char *document; /* name of the first one */
    guint n_documents;
    const char *caller_executable;
    gint64 caller_pid; /* 0: not known */
} KysoNoticeLine;

typedef struct {
    const KysoNoticeLine *lines; /* oldest first */
    guint n_lines;
    const char *language;
} KysoNotice;

/* Keeps a window on the screen that asks for the token and can only be cancelled, while no question
 * is asked: a question takes its place. @notice (copied) replaces the one before; NULL: none any
 * more. @cancelled is called, each time, when the person cancels; it is not where no window can be
 * shown, and then nothing else happens. */
void kyso_prompt_set_notice(KysoPrompt *self, const KysoNotice *notice,
                            void (*cancelled)(gpointer user_data), gpointer user_data);
