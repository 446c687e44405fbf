/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/service.h"

#include <string.h>

#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"

/* Lives until the loop has ended and the last call was answered. */
struct _KysoService {
    gatomicrefcount references;
    KysoChannel *channel;
    GMutex send_lock;
};

struct _KysoCall {
    KysoService *service;
    KysoMessage *message;
    KysoRequest request;
};

static void
service_unref(KysoService *self)
{
    if (!g_atomic_ref_count_dec(&self->references))
        return;
    kyso_channel_free(self->channel);
    g_mutex_clear(&self->send_lock);
    g_free(self);
}

/* A peer that is gone shows as the end of the stream in the reading loop: nothing to do here. */
static void
send_to_peer(KysoService *self, json_t *body, const int *fds, guint n_fds)
{
    g_mutex_lock(&self->send_lock);
    (void) kyso_channel_send(self->channel, body, fds, n_fds, NULL);
    g_mutex_unlock(&self->send_lock);
    json_decref(body);
}

static void
call_free(KysoCall *self)
{
    service_unref(self->service);
    kyso_message_free(self->message);
    g_free(self);
}

const json_t *
kyso_call_params(KysoCall *self)
{
    return self->request.params;
}

KysoFdList *
kyso_call_fds(KysoCall *self)
{
    return self->message->fds;
}

void
kyso_call_progress(KysoCall *self, json_t *params)
{
    json_object_set(params, "id", self->request.id);
    send_to_peer(self->service, kyso_rpc_notification("progress", params), NULL, 0);
}

void
kyso_call_return(KysoCall *self, json_t *result, const int *fds, guint n_fds)
{
    send_to_peer(self->service, kyso_rpc_result(self->request.id, result), fds, n_fds);
    call_free(self);
}

void
kyso_call_fail(KysoCall *self, GError *error)
{
    send_to_peer(self->service, kyso_rpc_error(self->request.id, error), NULL, 0);
    g_error_free(error);
    call_free(self);
}

static void
dispatch(KysoService *self, KysoMessage *message, const KysoServiceMethod *methods,
         gpointer user_data)
{
    KysoCall *call = g_new0(KysoCall, 1);
    GError *error = NULL;

    g_atomic_ref_count_inc(&self->references);
    call->service = self;
    call->message = message;
    if (!kyso_rpc_read_request(message->body, &call->request, &error)) {
        kyso_call_fail(call, error);
        return;
    }
    if (call->request.params == NULL) {
        json_object_set_new(message->body, "params", json_object());
        call->request.params = json_object_get(message->body, "params");
    }
    for (; methods->name != NULL; methods++) {
        if (strcmp(methods->name, call->request.method) == 0) {
            methods->method(call, user_data);
            return;
        }
    }
    kyso_call_fail(call,
                   g_error_new(KYSO_ERROR, KYSO_ERROR_UNKNOWN_METHOD, "%s", call->request.method));
}

int
kyso_service_run(const KysoServiceMethod *methods, gpointer user_data)
{
    KysoService *self = g_new0(KysoService, 1);
    KysoReceived received;

    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->send_lock);
    self->channel = kyso_channel_new(KYSO_SERVICE_FD);

    for (;;) {
        g_autoptr(GError) error = NULL;
        KysoMessage *message = NULL;
        received = kyso_channel_receive(self->channel, &message, &error);
        if (received != KYSO_RECEIVED_MESSAGE) {
            /* The agent never sends a bad message; whatever did, is not the agent. */
            kyso_message_free(message);
            break;
        }
        dispatch(self, message, methods, user_data);
    }
    service_unref(self);
    return received == KYSO_RECEIVED_END ? 0 : 1;
}
