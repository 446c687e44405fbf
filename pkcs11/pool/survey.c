/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/survey.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/lane.h"
#include "pkcs11/pool/pool-internal.h"
#include "pkcs11/pool/token-listing.h"

/* A card with much on it takes two seconds; a person who looks at a list, no more than this. */
#define PATIENCE_SECONDS 5

/* One lane that is asked. */
typedef struct {
    KysoLane *lane;
    GPtrArray *tokens; /* NULL: no answer, or none yet */
    gboolean has_answered;
} Asked;

/* Data of its task; each lane under way holds a reference to that. */
typedef struct {
    KysoPool *pool;
    GPtrArray *asked; /* Asked */
    guint n_left;
    GPtrArray *faults;
    char *wanted;
    guint deadline_ms;
    KysoToken *found;
    guint timer;
    gulong changed_handler;
    gboolean was_cancelled;
    gboolean is_over;
} Survey;

static void lane_listed(GObject *source, GAsyncResult *result, gpointer user_data);

static void
asked_free(gpointer data)
{
    Asked *self = data;

    g_object_unref(self->lane);
    g_clear_pointer(&self->tokens, g_ptr_array_unref);
    g_free(self);
}

static void
stop_listening(Survey *self)
{
    g_clear_handle_id(&self->timer, g_source_remove);
    g_clear_signal_handler(&self->changed_handler, self->pool);
}

static void
survey_free(gpointer data)
{
    Survey *self = data;

    stop_listening(self);
    g_object_unref(self->pool);
    g_ptr_array_unref(self->asked);
    g_ptr_array_unref(self->faults);
    g_clear_pointer(&self->found, kyso_token_unref);
    g_free(self->wanted);
    g_free(self);
}

static Survey *
survey_new(const KysoSurveySpec *spec)
{
    Survey *self = g_new0(Survey, 1);

    self->pool = g_object_ref(spec->pool);
    self->asked = g_ptr_array_new_with_free_func(asked_free);
    self->faults = kyso_token_listing_new_faults();
    self->wanted = g_strdup(spec->wanted);
    self->deadline_ms = spec->deadline_ms;
    return self;
}

static Asked *
find_asked(const Survey *self, gconstpointer lane)
{
    for (guint i = 0; i < self->asked->len; i++) {
        Asked *asked = self->asked->pdata[i];
        if (asked->lane == lane)
            return asked;
    }
    return NULL;
}

static void
survey_over(GTask *task)
{
    Survey *self = g_task_get_task_data(task);

    self->is_over = TRUE;
    stop_listening(self);
    if (self->was_cancelled)
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "cancelled");
    else
        g_task_return_boolean(task, TRUE);
}

/* Silent ones go on being asked, until their deadline; one that waits for its turn at a reader is
 * no fault. */
static gboolean
patience_over(gpointer user_data)
{
    GTask *task = user_data;
    Survey *self = g_task_get_task_data(task);

    self->timer = 0;
    for (guint i = 0; i < self->asked->len; i++) {
        const Asked *asked = self->asked->pdata[i];
        KysoLane *lane = asked->lane;
        if (asked->has_answered || !kyso_lane_is_listing(lane))
            continue;
        KysoReader *reader = kyso_lane_get_reader(lane);
        g_autoptr(GError) silent =
            g_error_new(KYSO_ERROR, KYSO_ERROR_TOKEN_HUNG,
                        "%s: %s: no answer for %d s, still waiting", kyso_lane_get_path(lane),
                        reader != NULL ? reader->name : "all readers", PATIENCE_SECONDS);
        kyso_token_listing_add_fault(self->faults, kyso_lane_get_path(lane), silent);
    }
    survey_over(task);
    return G_SOURCE_REMOVE;
}

static void
add_faults(Survey *self, GPtrArray *faults)
{
    for (guint i = 0; i < faults->len; i++) {
        const KysoModuleFault *fault = faults->pdata[i];
        kyso_token_listing_add_fault(self->faults, fault->path, fault->error);
    }
}

static void
look_for_wanted(Survey *self, GPtrArray *tokens)
{
    for (guint i = 0; self->wanted != NULL && self->found == NULL && i < tokens->len; i++)
        if (kyso_token_find_credential(tokens->pdata[i], self->wanted) != NULL)
            self->found = kyso_token_ref(tokens->pdata[i]);
}

static void
lane_listed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Survey *self = g_task_get_task_data(task);
    KysoLane *lane = KYSO_LANE(source);
    g_autoptr(GPtrArray) faults = NULL;
    g_autoptr(GError) error = NULL;
    Asked *asked = find_asked(self, lane);

    asked->has_answered = TRUE;
    self->n_left--;
    if (kyso_lane_list_finish(lane, result, &asked->tokens, &faults, &error)) {
        add_faults(self, faults);
        look_for_wanted(self, asked->tokens);
    } else if (g_error_matches(error, KYSO_ERROR, KYSO_ERROR_CANCELLED)) {
        self->was_cancelled = TRUE;
    } else if (!kyso_lane_is_ended(lane)) { /* a token that has just left is none */
        kyso_token_listing_add_fault(self->faults, kyso_lane_get_path(lane), error);
    }
    if (!self->is_over && (self->n_left == 0 || self->found != NULL))
        survey_over(task);
}

static void
ask_new_lanes(GTask *task)
{
    Survey *self = g_task_get_task_data(task);
    GPtrArray *lanes = kyso_pool_get_lanes(self->pool);

    for (guint i = 0; i < lanes->len; i++) {
        KysoLane *lane = lanes->pdata[i];
        if (find_asked(self, lane) != NULL)
            continue;
        Asked *asked = g_new0(Asked, 1);
        asked->lane = g_object_ref(lane);
        g_ptr_array_add(self->asked, asked);
        self->n_left++;
        kyso_lane_list_async(lane, self->deadline_ms, g_task_get_cancellable(task), lane_listed,
                             g_object_ref(task));
    }
}

/* A token that is put in while another one is still silent is not left unasked. */
static void
tokens_changed(KysoPool *pool, gpointer user_data)
{
    g_autoptr(GTask) task = g_object_ref(user_data);

    ask_new_lanes(task);
}

void
kyso_survey_start_async(const KysoSurveySpec *spec, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    Survey *self = survey_new(spec);

    g_task_set_check_cancellable(task, FALSE); /* the lanes answer for cancelling */
    g_task_set_task_data(task, self, survey_free);
    ask_new_lanes(task);
    if (self->n_left == 0) {
        survey_over(task);
        return;
    }
    self->changed_handler =
        g_signal_connect(self->pool, "changed", G_CALLBACK(tokens_changed), task);
    if (spec->wanted == NULL && spec->deadline_ms > PATIENCE_SECONDS * 1000)
        self->timer = g_timeout_add_seconds(PATIENCE_SECONDS, patience_over, task);
}

gboolean
kyso_survey_start_finish(GAsyncResult *result, GPtrArray **ret_tokens, GPtrArray **ret_faults,
                         KysoToken **ret_token, GError **error)
{
    Survey *self = g_task_get_task_data(G_TASK(result));

    if (!g_task_propagate_boolean(G_TASK(result), error))
        return FALSE;
    *ret_tokens = kyso_token_listing_new_tokens();
    for (guint i = 0; i < self->asked->len; i++) {
        const Asked *asked = self->asked->pdata[i];
        for (guint j = 0; asked->tokens != NULL && j < asked->tokens->len; j++)
            g_ptr_array_add(*ret_tokens, kyso_token_ref(asked->tokens->pdata[j]));
    }
    *ret_faults = g_ptr_array_ref(self->faults);
    if (ret_token != NULL)
        *ret_token = g_steal_pointer(&self->found);
    return TRUE;
}
