/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * An HTTP service on the loopback for tests, in a thread of its own.
 *
 * These paths fail as their names say: "/slow" never answers, "/missing" is status 404, "/moved"
 * redirects to "/echo", "/round" to itself, "/file" to a local file, "/big" and "/endless" (which
 * does not say its size) send a mebibyte. "/echo" tells method, body and cookie. All others are the
 * test's.
 */

#include <gio/gio.h>

/* The answer to @body (empty for GET) at @path, or NULL for status 500. Called in the service's
 * thread. */
typedef GBytes *(*KysoHttpAnswer)(const char *path, GBytes *body, gpointer user_data);

typedef struct _KysoHttpService KysoHttpService;

KysoHttpService *kyso_http_service_new(KysoHttpAnswer answer, gpointer user_data);
void kyso_http_service_free(KysoHttpService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoHttpService, kyso_http_service_free)

/* "http://127.0.0.1:PORT" with @path. g_free. */
char *kyso_http_service_url(const KysoHttpService *self, const char *path);

/* Requests so far; the count starts anew. */
int kyso_http_service_count(KysoHttpService *self);
