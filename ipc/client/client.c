/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/kyso.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "ipc/client/client-private.h"
#include "ipc/wire/channel.h"
#include "ipc/wire/rpc.h"

#define CONNECT_SECONDS 5
#define DEFAULT_MS 30000       /* the agent's own, ipc/PROTOCOL.md §1 */
#define DEFAULT_LONG_MS 300000 /* where a person is asked or a document read */
#define DEFAULT_LIST_MS 900000 /* where it is a list of documents, or a timestamp is waited for */
#define GRACE_MS 2000          /* the agent tells of its deadline itself, if it lives */
#define MAX_TIMEOUT_MS 3600000

struct _KysoClient {
    GMutex lock; /* one call at a time */
    KysoChannel *channel;
    gint64 last_id;
    gboolean spent;    /* under lock */
    gint is_cancelled; /* atomic */
};

/* One call under way. */
typedef struct {
    gint64 id;
    gint64 deadline; /* monotonic, us */
    KysoClientWatcher watcher;
} Call;

/* A hung agent accepts nothing: connecting is bounded by SO_SNDTIMEO (unix(7)). */
static int
connect_to(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = CONNECT_SECONDS};
    g_auto(KysoFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_AGENT_UNREACHABLE,
                    "%s: longer than %" G_GSIZE_FORMAT " bytes", path, sizeof address.sun_path - 1);
        return -1;
    }
    strcpy(address.sun_path, path);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0 ||
        connect(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_AGENT_UNREACHABLE, errno, path);
        return -1;
    }
    return kyso_fd_steal(&fd);
}

KysoClient *
kyso_client_connect(const char *socket_path, GError **error)
{
    g_autofree char *path = socket_path != NULL ? g_strdup(socket_path) : kyso_paths_socket();

    int fd = connect_to(path, error);
    if (fd < 0)
        return NULL;
    KysoClient *client = g_new0(KysoClient, 1);
    g_mutex_init(&client->lock);
    client->channel = kyso_channel_new(fd);
    return client;
}

void
kyso_client_close(KysoClient *client)
{
    if (client == NULL)
        return;
    kyso_channel_free(client->channel);
    g_mutex_clear(&client->lock);
    g_free(client);
}

void
kyso_client_cancel(KysoClient *client)
{
    g_atomic_int_set(&client->is_cancelled, TRUE);
    shutdown(kyso_channel_fd(client->channel), SHUT_RDWR);
}

/* The connection can carry no other call: the agent drops what this one asked for. */
static void
give_up(KysoClient *client, int code, const char *why, GError **error)
{
    client->spent = TRUE;
    shutdown(kyso_channel_fd(client->channel), SHUT_RDWR);
    if (g_atomic_int_get(&client->is_cancelled))
        code = KYSO_ERROR_CANCELLED;
    g_set_error_literal(error, KYSO_ERROR, code, why);
}

/* FALSE with @error past the deadline. */
static gboolean
wait_for(KysoClient *client, short events, const Call *call, GError **error)
{
    struct pollfd entry = {kyso_channel_fd(client->channel), events, 0};
    gint64 left_ms = (call->deadline - g_get_monotonic_time() + 999) / 1000;

    if (left_ms > 0 && (poll(&entry, 1, (int) left_ms) != 0))
        return TRUE;
    give_up(client, KYSO_ERROR_DEADLINE_EXCEEDED, "kyso did not answer in time", error);
    return FALSE;
}

/* FALSE with @error past the deadline. An agent that has hung up may have said why before: that is
 * read by wait_for_answer. */
static gboolean
send_request(KysoClient *client, const json_t *request, const int *fds, guint n_fds,
             const Call *call, GError **error)
{
    gboolean is_taken = kyso_channel_send(client->channel, request, fds, n_fds, NULL);

    while (is_taken && kyso_channel_has_unsent(client->channel)) {
        if (!wait_for(client, POLLOUT, call, error))
            return FALSE;
        is_taken = kyso_channel_flush(client->channel, NULL);
    }
    return TRUE;
}

/* TRUE where @body answers @call. An error without id is about the connection, so about us. */
static gboolean
is_answer(const json_t *body, const Call *call)
{
    json_t *id = json_object_get(body, "id");

    if (json_is_integer(id))
        return json_integer_value(id) == call->id;
    return json_is_null(id) && json_object_get(body, "error") != NULL;
}

static void
tell_progress(const json_t *body, const Call *call)
{
    json_t *params = json_object_get(body, "params");
    const char *stage = json_string_value(json_object_get(params, "stage"));

    const char *request_id = json_string_value(json_object_get(params, "requestID"));
    const json_t *document = json_object_get(params, "document");
    const KysoClientWatcher *watcher = &call->watcher;

    if (stage == NULL || json_integer_value(json_object_get(params, "id")) != call->id)
        return;
    if (watcher->one != NULL)
        watcher->one(stage, request_id, watcher->user_data);
    if (watcher->list != NULL)
        watcher->list(stage, document != NULL ? (int) json_integer_value(document) : -1,
                      (int) json_integer_value(json_object_get(params, "documents")), request_id,
                      watcher->user_data);
}

/* The envelope of the answer, or NULL. */
static json_t *
wait_for_answer(KysoClient *client, const Call *call, GError **error)
{
    for (;;) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) fault = NULL;

        switch (kyso_channel_receive(client->channel, &message, &fault)) {
        case KYSO_RECEIVED_MESSAGE:
            if (is_answer(message->body, call))
                return json_incref(message->body);
            tell_progress(message->body, call);
            break;
        case KYSO_RECEIVED_NOTHING:
            if (!wait_for(client, POLLIN, call, error))
                return NULL;
            break;
        case KYSO_RECEIVED_END:
            give_up(client, KYSO_ERROR_AGENT_UNREACHABLE, "kyso closed the connection", error);
            return NULL;
        case KYSO_RECEIVED_BAD:
        case KYSO_RECEIVED_BROKEN:
            give_up(client, KYSO_ERROR_AGENT_UNREACHABLE, fault->message, error);
            return NULL;
        }
    }
}

static json_t *
wait_notification_locked(KysoClient *client, const char *method, GError **error)
{
    for (;;) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) fault = NULL;
        struct pollfd entry = {kyso_channel_fd(client->channel), POLLIN, 0};
        const char *told, *why = "kyso closed the connection";

        switch (kyso_channel_receive(client->channel, &message, &fault)) {
        case KYSO_RECEIVED_MESSAGE:
            told = json_string_value(json_object_get(message->body, "method"));
            if (g_strcmp0(told, method) == 0)
                return json_incref(json_object_get(message->body, "params"));
            break;
        case KYSO_RECEIVED_NOTHING:
            poll(&entry, 1, -1);
            break;
        case KYSO_RECEIVED_BAD:
        case KYSO_RECEIVED_BROKEN:
            why = fault->message;
            G_GNUC_FALLTHROUGH;
        case KYSO_RECEIVED_END:
            give_up(client, KYSO_ERROR_AGENT_UNREACHABLE, why, error);
            return NULL;
        }
    }
}

json_t *
kyso_client_wait_notification(KysoClient *client, const char *method, GError **error)
{
    g_mutex_lock(&client->lock);
    json_t *params = wait_notification_locked(client, method, error);
    g_mutex_unlock(&client->lock);
    return params;
}

static gboolean
may_take_long(const char *method)
{
    static const char *const methods[] = {"signatures.signDoc", "signatures.signHash",
                                          "signatures.verify", "credentials.authorize", NULL};
    return g_strv_contains(methods, method);
}

static KysoResult *
call_locked(KysoClient *client, const char *method, json_t *params, const int *fds, guint n_fds,
            Call *call, GError **error)
{
    g_autoptr(json_t) request = kyso_rpc_request(call->id, method, params);

    if (client->spent || g_atomic_int_get(&client->is_cancelled)) {
        give_up(client, KYSO_ERROR_AGENT_UNREACHABLE, "the connection was lost before", error);
        return NULL;
    }
    if (!send_request(client, request, fds, n_fds, call, error))
        return NULL;
    g_autoptr(json_t) body = wait_for_answer(client, call, error);
    if (body == NULL)
        return NULL;

    GError *fault = kyso_client_error_read(body);
    if (fault != NULL) {
        g_propagate_error(error, fault);
        return NULL;
    }
    return kyso_client_result_new(json_incref(json_object_get(body, "result")));
}

KysoResult *
kyso_client_request(KysoClient *client, const char *method, json_t *params, const int *fds,
                    guint n_fds, int timeout_ms, const KysoClientWatcher *watcher, GError **error)
{
    static const KysoClientWatcher nobody = {0};
    const char *level = json_string_value(json_object_get(params, "conformance_level"));
    gboolean is_longest = json_is_array(json_object_get(params, "documents")) ||
                          (level != NULL && strcmp(level, "AdES-B-B") != 0);
    int default_ms = is_longest              ? DEFAULT_LIST_MS
                     : may_take_long(method) ? DEFAULT_LONG_MS
                                             : DEFAULT_MS;
    gint64 allowed_ms = (timeout_ms > 0 ? timeout_ms : default_ms) + GRACE_MS;

    if (timeout_ms > 0)
        json_object_set_new(params, "timeout_ms", json_integer(timeout_ms));
    g_mutex_lock(&client->lock);
    Call call = {++client->last_id, g_get_monotonic_time() + allowed_ms * 1000,
                 watcher != NULL ? *watcher : nobody};
    KysoResult *result = call_locked(client, method, params, fds, n_fds, &call, error);
    g_mutex_unlock(&client->lock);
    return result;
}

KysoResult *
kyso_client_call(KysoClient *client, const char *method, const char *params_json, const int *fds,
                 guint n_fds, int timeout_ms, KysoClientProgress progress, gpointer user_data,
                 GError **error)
{
    g_return_val_if_fail(client != NULL && method != NULL && n_fds <= KYSO_CHANNEL_MAX_FDS, NULL);
    g_return_val_if_fail(timeout_ms >= 0 && timeout_ms <= MAX_TIMEOUT_MS, NULL);
    const char *text = params_json != NULL ? params_json : "{}";

    g_autoptr(json_t) params = kyso_json_parse(text, strlen(text), error);
    if (params == NULL)
        return NULL;
    if (!json_is_object(params)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "the parameters are no JSON object");
        return NULL;
    }
    KysoClientWatcher watcher = {.one = progress, .user_data = user_data};
    return kyso_client_request(client, method, g_steal_pointer(&params), fds, n_fds, timeout_ms,
                               &watcher, error);
}
