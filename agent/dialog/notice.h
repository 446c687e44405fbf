/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The window that asks for a token to be plugged in: prompt.wait. It can only be cancelled; it goes
 * when the agent ends the process. All texts are untrusted and shown through visible.h.
 */

#include "ipc/wire/json.h"

#define KYSO_NOTICE_MAX_REQUESTS 8 /* told; the rest is counted */

typedef struct {
    const char *credential; /* whose token */
    const char *purpose;
    const char *document;
    const char *executable;
    gboolean is_agency;
    gint64 documents;
    gint64 pid; /* 0: not known */
} KysoNoticeRequest;

typedef struct {
    const char *language; /* "vi" or "en" */
    gint64 timeout_seconds;
    KysoNoticeRequest requests[KYSO_NOTICE_MAX_REQUESTS];
    gsize n_requests;
    gint64 request_count;
} KysoNoticeWindow;

/* Reads the parameters of prompt.wait. KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_notice_read(const json_t *params, KysoNoticeWindow *ret, GError **error);

/* New: whose token, for what, who asks. */
char *kyso_notice_describe(const KysoNoticeWindow *notice);
