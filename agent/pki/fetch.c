/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/fetch.h"

#include <libsoup/soup.h>
#include <string.h>

#include "ipc/base/error.h"

#define BLOCK_SIZE (64 * 1024)

/* One question while it is asked, in a main loop of its own. */
typedef struct {
    const KysoFetchRules *rules;
    const KysoFetchRequest *request;
    GMainContext *context;
    GCancellable *cancellable; /* ended by the caller's, by the clock, or by us */
    gboolean is_late;
    gboolean is_loopback; /* the connection led to this machine */
    SoupSession *session;
    SoupMessage *message;
    char *proxy; /* what stands between, or NULL */
    GByteArray *answer;
    GInputStream *stream;
    gboolean is_done;
    GError *fault;
} Fetch;

static gboolean
fail(Fetch *self, int code, const char *what)
{
    if (self->fault == NULL)
        self->fault = g_error_new(KYSO_ERROR, code, "%s: %s", self->request->url, what);
    return FALSE;
}

static gboolean
fail_unavailable(Fetch *self, const char *what)
{
    return fail(self, self->request->unavailable_code, what);
}

/* The address */

static gboolean
check_uri(Fetch *self, GUri *uri)
{
    const char *scheme = g_uri_get_scheme(uri);

    if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        return fail_unavailable(self, "neither http nor https");
    if (g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0' ||
        g_uri_get_userinfo(uri) != NULL)
        return fail_unavailable(self, "not an address of a service");
    return TRUE;
}

/* Asked when the connection stands and before a byte of ours is sent: a name that is resolved anew
 * cannot slip past. */
static void
connected(SoupMessage *message, gpointer user_data)
{
    Fetch *self = user_data;
    GSocketAddress *address = soup_message_get_remote_address(message);

    if (self->proxy != NULL || self->rules->is_loopback_allowed)
        return;
    if (G_IS_INET_SOCKET_ADDRESS(address)) {
        GInetAddress *host = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address));
        if (!g_inet_address_get_is_loopback(host) && !g_inet_address_get_is_any(host) &&
            !g_inet_address_get_is_link_local(host))
            return;
    }
    self->is_loopback = TRUE;
    g_cancellable_cancel(self->cancellable);
}

/* Waiting */

static gboolean
time_is_over(gpointer user_data)
{
    Fetch *self = user_data;

    self->is_late = TRUE;
    g_cancellable_cancel(self->cancellable);
    return G_SOURCE_REMOVE;
}

static void
caller_cancelled(GCancellable *cancellable, gpointer user_data)
{
    (void) cancellable;
    g_cancellable_cancel(user_data);
}

static void
wait_until_done(Fetch *self)
{
    while (!self->is_done)
        g_main_context_iteration(self->context, TRUE);
    self->is_done = FALSE;
}

/* How to get there: "direct://" becomes NULL. The system's resolver may have to ask the network
 * too, so the clock must run meanwhile. */
static void
proxy_found(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Fetch *self = user_data;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) proxies =
        g_proxy_resolver_lookup_finish(G_PROXY_RESOLVER(source), result, &error);

    if (proxies == NULL)
        fail_unavailable(self, error->message);
    else if (proxies[0] != NULL && strcmp(proxies[0], "direct://") != 0)
        self->proxy = g_strdup(proxies[0]);
    self->is_done = TRUE;
}

static gboolean
find_proxy(Fetch *self, const char *url)
{
    const char *proxy = self->rules->proxy;

    g_clear_pointer(&self->proxy, g_free);
    if (proxy != NULL) {
        self->proxy = strcmp(proxy, "none") != 0 ? g_strdup(proxy) : NULL;
        return TRUE;
    }
    g_proxy_resolver_lookup_async(g_proxy_resolver_get_default(), url, self->cancellable,
                                  proxy_found, self);
    wait_until_done(self);
    return self->fault == NULL;
}

static void
answer_begun(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Fetch *self = user_data;
    g_autoptr(GError) error = NULL;

    self->stream = soup_session_send_finish(SOUP_SESSION(source), result, &error);
    if (self->stream == NULL)
        fail_unavailable(self, error->message);
    self->is_done = TRUE;
}

static void
block_read(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Fetch *self = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) block =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);

    if (block == NULL) {
        fail_unavailable(self, error->message);
        self->is_done = TRUE;
        return;
    }
    gsize size = g_bytes_get_size(block);
    if (size > self->request->max_size - self->answer->len) {
        fail(self, KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE, "the answer is too large");
        self->is_done = TRUE;
        return;
    }
    g_byte_array_append(self->answer, g_bytes_get_data(block, NULL), (guint) size);
    self->is_done = size == 0;
    if (!self->is_done)
        g_input_stream_read_bytes_async(self->stream, BLOCK_SIZE, G_PRIORITY_DEFAULT,
                                        self->cancellable, block_read, self);
}

/* One address */

static void
open_session(Fetch *self, const char *url)
{
    g_autoptr(GProxyResolver) resolver =
        self->proxy != NULL ? g_simple_proxy_resolver_new(self->proxy, NULL) : NULL;

    g_clear_object(&self->session);
    self->session = soup_session_new();
    soup_session_set_proxy_resolver(self->session, resolver);
    soup_session_set_user_agent(self->session, "kyso");
    soup_session_remove_feature_by_type(self->session, SOUP_TYPE_AUTH_MANAGER);
    soup_session_remove_feature_by_type(self->session, SOUP_TYPE_CONTENT_DECODER);

    g_clear_object(&self->message);
    self->message =
        soup_message_new(self->request->body != NULL ? SOUP_METHOD_POST : SOUP_METHOD_GET, url);
    soup_message_add_flags(self->message, SOUP_MESSAGE_NO_REDIRECT);
    if (self->request->body != NULL)
        soup_message_set_request_body_from_bytes(self->message, self->request->content_type,
                                                 self->request->body);
    g_signal_connect(self->message, "starting", G_CALLBACK(connected), self);
}

static void
read_answer(Fetch *self)
{
    goffset announced =
        soup_message_headers_get_content_length(soup_message_get_response_headers(self->message));

    if (announced > (goffset) self->request->max_size) {
        fail(self, KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE, "the answer is too large");
        return;
    }
    g_input_stream_read_bytes_async(self->stream, BLOCK_SIZE, G_PRIORITY_DEFAULT, self->cancellable,
                                    block_read, self);
    wait_until_done(self);
}

/* The next address where the answer is a redirect; NULL where it is the answer or a fault. */
static GUri *
visit(Fetch *self, GUri *uri)
{
    g_autofree char *url = g_uri_to_string(uri);
    g_autoptr(GError) error = NULL;

    if (!check_uri(self, uri) || !find_proxy(self, url))
        return NULL;
    open_session(self, url);
    if (self->message == NULL) {
        fail_unavailable(self, "not an address");
        return NULL;
    }
    soup_session_send_async(self->session, self->message, G_PRIORITY_DEFAULT, self->cancellable,
                            answer_begun, self);
    wait_until_done(self);
    if (self->fault != NULL)
        return NULL;

    guint status = soup_message_get_status(self->message);
    if (status == SOUP_STATUS_OK) {
        read_answer(self);
        return NULL;
    }
    const char *location =
        soup_message_headers_get_one(soup_message_get_response_headers(self->message), "Location");
    if (!SOUP_STATUS_IS_REDIRECTION(status) || location == NULL) {
        g_autofree char *what = g_strdup_printf("answers with status %u", status);
        fail_unavailable(self, what);
        return NULL;
    }
    GUri *next = g_uri_parse_relative(uri, location, SOUP_HTTP_URI_FLAGS, &error);
    if (next == NULL)
        fail_unavailable(self, error->message);
    return next;
}

static void
follow(Fetch *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GUri) uri = g_uri_parse(self->request->url, SOUP_HTTP_URI_FLAGS, &error);

    if (uri == NULL) {
        fail_unavailable(self, error->message);
        return;
    }
    for (int i = 0; i <= KYSO_FETCH_MAX_REDIRECTS; i++) {
        GUri *next = visit(self, uri);
        g_clear_object(&self->stream);
        if (next == NULL)
            return;
        g_uri_unref(uri);
        uri = next;
    }
    fail_unavailable(self, "too many redirects");
}

/* What ended it counts, not how that looked to the HTTP library. */
static void
explain(Fetch *self, GCancellable *cancellable)
{
    if (self->fault == NULL)
        return;
    if (g_cancellable_is_cancelled(cancellable)) {
        g_clear_error(&self->fault);
        fail(self, KYSO_ERROR_CANCELLED, "cancelled");
    } else if (self->is_loopback) {
        g_clear_error(&self->fault);
        fail_unavailable(self, "leads to this machine itself, which is not allowed");
    } else if (self->is_late) {
        g_clear_error(&self->fault);
        fail(self, KYSO_ERROR_SERVICE_TOO_SLOW, "no whole answer in time");
    }
}

static void
run_in_context(Fetch *self, GCancellable *cancellable)
{
    g_autoptr(GSource) clock = g_timeout_source_new_seconds(MAX(self->rules->seconds, 1));
    gulong handler = 0;

    g_source_set_callback(clock, time_is_over, self, NULL);
    g_source_attach(clock, self->context);
    if (cancellable != NULL)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(caller_cancelled),
                                        self->cancellable, NULL);
    follow(self);
    explain(self, cancellable);
    g_cancellable_disconnect(cancellable, handler);
    g_source_destroy(clock);

    /* The session's connections close in their own time, which is now. */
    g_clear_object(&self->message);
    if (self->session != NULL)
        soup_session_abort(self->session);
    g_clear_object(&self->session);
    while (g_main_context_iteration(self->context, FALSE))
        ;
}

GBytes *
kyso_fetch_run(const KysoFetchRules *rules, const KysoFetchRequest *request,
               GCancellable *cancellable, GError **error)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GCancellable) own = g_cancellable_new();
    Fetch self = {.rules = rules, .request = request, .context = context, .cancellable = own};

    self.answer = g_byte_array_new();
    g_main_context_push_thread_default(context);
    run_in_context(&self, cancellable);
    g_main_context_pop_thread_default(context);

    g_free(self.proxy);
    GBytes *answer = g_byte_array_free_to_bytes(self.answer);
    if (self.fault != NULL) {
        g_clear_pointer(&answer, g_bytes_unref);
        g_propagate_error(error, self.fault);
    }
    return answer;
}

static int
rank(const GError *error)
{
    switch (error->code) {
    case KYSO_ERROR_CERTIFICATE_REVOKED:
    case KYSO_ERROR_CANCELLED:
        return 4;
    case KYSO_ERROR_TIMESTAMP_WRONG:
    case KYSO_ERROR_REVOCATION_WRONG:
        return 3;
    case KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE:
        return 2;
    case KYSO_ERROR_SERVICE_TOO_SLOW:
        return 1;
    default:
        return 0;
    }
}

GError *
kyso_fetch_worse_error(GError *one, GError *other)
{
    if (one == NULL || other == NULL)
        return one != NULL ? one : other;

    GError *worse = rank(other) > rank(one) ? other : one;
    GError *result = g_error_new(KYSO_ERROR, worse->code, "%s; %s", one->message, other->message);
    g_error_free(one);
    g_error_free(other);
    return result;
}
