/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/lane-step.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* What a listing returns. */
typedef struct {
    GPtrArray *tokens;
    GPtrArray *faults;
} Listing;

KysoLaneStep *
kyso_lane_step_new(GTask *task, guint deadline_ms)
{
    KysoLaneStep *self = g_new0(KysoLaneStep, 1);

    self->task = task;
    self->pin_fd = -1;
    self->deadline_ms = deadline_ms;
    g_task_set_check_cancellable(task, FALSE); /* what was done, was done */
    return self;
}

static void
stop_listening(KysoLaneStep *self)
{
    if (self->cancel_handler != 0) /* not g_cancellable_disconnect: may run inside the handler */
        g_signal_handler_disconnect(g_task_get_cancellable(self->task), self->cancel_handler);
    self->cancel_handler = 0;
}

static void
step_cancelled(GCancellable *cancellable, gpointer user_data)
{
    g_autoptr(GTask) task = kyso_lane_step_end(user_data);

    g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
}

gboolean
kyso_lane_step_push(KysoLaneStep *self, GQueue *queue)
{
    GCancellable *cancellable = g_task_get_cancellable(self->task);

    if (g_cancellable_is_cancelled(cancellable)) {
        step_cancelled(cancellable, self);
        return FALSE;
    }
    if (cancellable != NULL)
        self->cancel_handler =
            g_signal_connect(cancellable, "cancelled", G_CALLBACK(step_cancelled), self);
    self->queue = queue;
    g_queue_push_tail(queue, self);
    return TRUE;
}

void
kyso_lane_step_move(KysoLaneStep *self, GQueue *queue)
{
    g_queue_remove(self->queue, self);
    self->queue = queue;
    g_queue_push_tail(queue, self);
}

void
kyso_lane_step_begin(KysoLaneStep *self)
{
    stop_listening(self);
    g_queue_remove(self->queue, self);
    self->queue = NULL;
}

GTask *
kyso_lane_step_end(KysoLaneStep *self)
{
    GTask *task = self->task;

    stop_listening(self);
    if (self->queue != NULL)
        g_queue_remove(self->queue, self);
    if (self->credential != NULL)
        kyso_credential_unref(self->credential);
    kyso_fd_close(self->pin_fd);
    g_free(self);
    return task;
}

void
kyso_lane_step_fail_all(GQueue *queue, const GError *error)
{
    while (!g_queue_is_empty(queue)) {
        g_autoptr(GTask) task = kyso_lane_step_end(g_queue_peek_head(queue));
        g_task_return_error(task, g_error_copy(error));
    }
}

static KysoLaneStep *
first_login(GQueue *queue)
{
    for (GList *item = queue->head; item != NULL; item = item->next) {
        KysoLaneStep *step = item->data;
        if (step->credential != NULL)
            return step;
    }
    return NULL;
}

void
kyso_lane_step_fail_logins(GQueue *queue, const GError *error)
{
    for (KysoLaneStep *step = first_login(queue); step != NULL; step = first_login(queue)) {
        g_autoptr(GTask) task = kyso_lane_step_end(step);
        g_task_return_error(task, g_error_copy(error));
    }
}

static void
listing_free(gpointer data)
{
    Listing *self = data;

    g_ptr_array_unref(self->tokens);
    g_ptr_array_unref(self->faults);
    g_free(self);
}

void
kyso_lane_step_return_listing(GTask *task, GPtrArray *tokens, GPtrArray *faults)
{
    Listing *listing = g_new0(Listing, 1);

    listing->tokens = g_ptr_array_ref(tokens);
    listing->faults = g_ptr_array_ref(faults);
    g_task_return_pointer(task, listing, listing_free);
}

gboolean
kyso_lane_step_finish_listing(GTask *task, GPtrArray **ret_tokens, GPtrArray **ret_faults,
                              GError **error)
{
    Listing *listing = g_task_propagate_pointer(task, error);

    if (listing == NULL)
        return FALSE;
    *ret_tokens = g_ptr_array_ref(listing->tokens);
    *ret_faults = g_ptr_array_ref(listing->faults);
    listing_free(listing);
    return TRUE;
}
