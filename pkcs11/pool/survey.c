/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/survey.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/lane.h"
#include "pkcs11/pool/token-listing.h"

/* A card with much on it takes two seconds; a person who looks at a list, no more than this. */
#define PATIENCE_SECONDS 5

/* Data of its task; each lane under way holds a reference to that. */
typedef struct {
    GPtrArray *lanes;
    GPtrArray **tokens; /* by lane; NULL: none yet */
    gboolean *has_answered;
    guint n_left;
    GPtrArray *faults;
    char *wanted;
    KysoToken *found;
    guint timer;
    gboolean was_cancelled;
    gboolean is_over;
} Survey;

static void
stop_timer(Survey *self)
{
    if (self->timer != 0)
        g_source_remove(self->timer);
    self->timer = 0;
}

static void
survey_free(gpointer data)
{
    Survey *self = data;

    stop_timer(self);
    for (guint i = 0; i < self->lanes->len; i++)
        g_clear_pointer(&self->tokens[i], g_ptr_array_unref);
    g_free(self->tokens);
    g_free(self->has_answered);
    g_ptr_array_unref(self->lanes);
    g_ptr_array_unref(self->faults);
    g_clear_pointer(&self->found, kyso_token_unref);
    g_free(self->wanted);
    g_free(self);
}

static Survey *
survey_new(const KysoSurveySpec *spec)
{
    Survey *self = g_new0(Survey, 1);

    self->lanes = g_ptr_array_new_with_free_func(g_object_unref);
    for (guint i = 0; i < spec->lanes->len; i++)
        g_ptr_array_add(self->lanes, g_object_ref(spec->lanes->pdata[i]));
    self->n_left = self->lanes->len;
    self->tokens = g_new0(GPtrArray *, self->n_left);
    self->has_answered = g_new0(gboolean, self->n_left);
    self->faults = kyso_token_listing_new_faults();
    self->wanted = g_strdup(spec->wanted);
    return self;
}

static void
survey_over(GTask *task)
{
    Survey *self = g_task_get_task_data(task);

    self->is_over = TRUE;
    stop_timer(self);
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
    for (guint i = 0; i < self->lanes->len; i++) {
        KysoLane *lane = self->lanes->pdata[i];
        if (self->has_answered[i] || !kyso_lane_is_listing(lane))
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
    guint index = 0;

    g_ptr_array_find(self->lanes, source, &index);
    self->has_answered[index] = TRUE;
    self->n_left--;
    if (kyso_lane_list_finish(lane, result, &self->tokens[index], &faults, &error)) {
        add_faults(self, faults);
        look_for_wanted(self, self->tokens[index]);
    } else if (g_error_matches(error, KYSO_ERROR, KYSO_ERROR_CANCELLED)) {
        self->was_cancelled = TRUE;
    } else if (!kyso_lane_is_ended(lane)) { /* a token that has just left is none */
        kyso_token_listing_add_fault(self->faults, kyso_lane_get_path(lane), error);
    }
    if (!self->is_over && (self->n_left == 0 || self->found != NULL))
        survey_over(task);
}

void
kyso_survey_start_async(const KysoSurveySpec *spec, GCancellable *cancellable,
                        GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, done, user_data);
    Survey *self = survey_new(spec);

    g_task_set_check_cancellable(task, FALSE); /* the lanes answer for cancelling */
    g_task_set_task_data(task, self, survey_free);
    if (self->lanes->len == 0) {
        survey_over(task);
        return;
    }
    if (spec->wanted == NULL && spec->deadline_ms > PATIENCE_SECONDS * 1000)
        self->timer = g_timeout_add_seconds(PATIENCE_SECONDS, patience_over, task);
    for (guint i = 0; i < self->lanes->len; i++)
        kyso_lane_list_async(self->lanes->pdata[i], spec->deadline_ms, cancellable, lane_listed,
                             g_object_ref(task));
}

gboolean
kyso_survey_start_finish(GAsyncResult *result, GPtrArray **ret_tokens, GPtrArray **ret_faults,
                         KysoToken **ret_token, GError **error)
{
    Survey *self = g_task_get_task_data(G_TASK(result));

    if (!g_task_propagate_boolean(G_TASK(result), error))
        return FALSE;
    *ret_tokens = kyso_token_listing_new_tokens();
    for (guint i = 0; i < self->lanes->len; i++)
        for (guint j = 0; self->tokens[i] != NULL && j < self->tokens[i]->len; j++)
            g_ptr_array_add(*ret_tokens, kyso_token_ref(self->tokens[i]->pdata[j]));
    *ret_faults = g_ptr_array_ref(self->faults);
    if (ret_token != NULL)
        *ret_token = g_steal_pointer(&self->found);
    return TRUE;
}
