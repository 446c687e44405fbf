/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What tokens are there, and which of them has a certificate. */

#include "pkcs11/pool/pool-internal.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/survey.h"
#include "pkcs11/pool/token-listing.h"

/* First look of the monitor -> survey of all lanes -> answer. */
static void readers_known(GObject *source, GAsyncResult *result, gpointer user_data);
static void lanes_surveyed(GObject *source, GAsyncResult *result, gpointer user_data);

/* Data of its task. */
typedef struct {
    char *wanted; /* NULL: a listing */
    guint deadline_ms;
    GPtrArray *tokens;
    GPtrArray *faults;
    KysoToken *found;
} Search;

static void
search_free(gpointer data)
{
    Search *self = data;

    g_free(self->wanted);
    g_clear_pointer(&self->tokens, g_ptr_array_unref);
    g_clear_pointer(&self->faults, g_ptr_array_unref);
    g_clear_pointer(&self->found, kyso_token_unref);
    g_free(self);
}

static void
start_survey(GTask *task)
{
    KysoPool *self = g_task_get_source_object(task);
    const Search *search = g_task_get_task_data(task);
    KysoSurveySpec spec = {self, search->wanted, search->deadline_ms};

    kyso_survey_start_async(&spec, g_task_get_cancellable(task), lanes_surveyed,
                            g_object_ref(task));
}

static void
search(KysoPool *self, const char *wanted, guint deadline_ms, GCancellable *cancellable,
       GAsyncReadyCallback done, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, done, user_data);
    KysoPcscMonitor *monitor = kyso_pool_get_monitor(self);
    Search *search = g_new0(Search, 1);

    search->wanted = g_strdup(wanted);
    search->deadline_ms = deadline_ms;
    g_task_set_check_cancellable(task, FALSE); /* the lanes answer for cancelling */
    g_task_set_task_data(task, search, search_free);
    if (monitor != NULL)
        kyso_pcsc_monitor_wait_async(monitor, cancellable, readers_known, g_steal_pointer(&task));
    else
        start_survey(task);
}

static void
readers_known(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) error = NULL;

    if (kyso_pcsc_monitor_wait_finish(KYSO_PCSC_MONITOR(source), result, &error))
        start_survey(task);
    else
        g_task_return_new_error(task, KYSO_ERROR, KYSO_ERROR_CANCELLED, "%s", error->message);
}

static void
lanes_surveyed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Search *search = g_task_get_task_data(task);
    g_autoptr(GPtrArray) faults = NULL;
    GError *error = NULL;

    if (!kyso_survey_start_finish(result, &search->tokens, &faults, &search->found, &error)) {
        g_task_return_error(task, error);
        return;
    }
    if (search->found != NULL) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    search->faults = kyso_pool_get_standing_faults(g_task_get_source_object(task), search->tokens);
    for (guint i = 0; i < faults->len; i++) {
        const KysoModuleFault *fault = faults->pdata[i];
        kyso_token_listing_add_fault(search->faults, fault->path, fault->error);
    }
    g_task_return_boolean(task, TRUE);
}

void
kyso_pool_list_async(KysoPool *self, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    search(self, NULL, deadline_ms, cancellable, done, user_data);
}

GPtrArray *
kyso_pool_list_finish(KysoPool *self, GAsyncResult *result, GPtrArray **ret_faults, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    const Search *search = g_task_get_task_data(G_TASK(result));
    if (!g_task_propagate_boolean(G_TASK(result), error))
        return NULL;
    if (ret_faults != NULL)
        *ret_faults = g_ptr_array_ref(search->faults);
    return g_ptr_array_ref(search->tokens);
}

void
kyso_pool_find_async(KysoPool *self, const char *id, guint deadline_ms, GCancellable *cancellable,
                     GAsyncReadyCallback done, gpointer user_data)
{
    search(self, id, deadline_ms, cancellable, done, user_data);
}

static void
set_not_found(const Search *search, GError **error)
{
    if (search->faults->len > 0) {
        const KysoModuleFault *fault = search->faults->pdata[0];
        g_propagate_error(error, g_error_copy(fault->error));
    } else if (search->tokens->len == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NO_TOKEN, "no token is there");
    } else {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_UNKNOWN_CREDENTIAL, "no token has certificate %s",
                    search->wanted);
    }
}

KysoCredential *
kyso_pool_find_finish(KysoPool *self, GAsyncResult *result, KysoToken **ret_token, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, self), NULL);

    const Search *search = g_task_get_task_data(G_TASK(result));
    if (!g_task_propagate_boolean(G_TASK(result), error))
        return NULL;
    if (search->found == NULL) {
        set_not_found(search, error);
        return NULL;
    }
    if (ret_token != NULL)
        *ret_token = kyso_token_ref(search->found);
    return kyso_credential_ref(kyso_token_find_credential(search->found, search->wanted));
}
