/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/parallel.h"

typedef struct {
    void (*step)(guint index, gpointer user_data);
    gpointer user_data;
    guint n;
    guint next; /* atomic */
} Work;

static gpointer
take_part(gpointer data)
{
    Work *work = data;
    guint index;

    while ((index = g_atomic_int_add(&work->next, 1)) < work->n)
        work->step(index, work->user_data);
    return NULL;
}

void
kyso_parallel_run(guint n, void (*step)(guint index, gpointer user_data), gpointer user_data)
{
    Work work = {step, user_data, n, 0};
    GThread *others[KYSO_PARALLEL_MAX - 1];
    guint n_others = 0;

    /* Where no thread can be had, this one does it all. */
    while (n_others + 1 < MIN(MIN(n, g_get_num_processors()), KYSO_PARALLEL_MAX) &&
           (others[n_others] = g_thread_try_new("kyso-part", take_part, &work, NULL)) != NULL)
        n_others++;
    take_part(&work);
    for (guint i = 0; i < n_others; i++)
        g_thread_join(others[i]);
}
