/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/base/parallel.h"

#include <glib.h>

#define N_MAX 1000

static void
count(guint index, gpointer user_data)
{
    gint *calls = user_data;

    g_atomic_int_inc(&calls[index]);
}

static void
test_each_index_is_called_once(void)
{
    static const guint numbers[] = {0, 1, 2, KYSO_PARALLEL_MAX, KYSO_PARALLEL_MAX + 1, N_MAX};

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree gint *calls = g_new0(gint, N_MAX + 1);
        kyso_parallel_run(numbers[i], count, calls);
        for (guint index = 0; index <= N_MAX; index++)
            g_assert_cmpint(calls[index], ==, index < numbers[i]);
    }
}

typedef struct {
    GMutex mutex;
    GCond cond;
    guint n_inside, wanted;
} Meeting;

/* Ends when the others are inside too. */
static void
meet(G_GNUC_UNUSED guint index, gpointer user_data)
{
    Meeting *meeting = user_data;

    g_mutex_lock(&meeting->mutex);
    meeting->n_inside++;
    g_cond_broadcast(&meeting->cond);
    while (meeting->n_inside < meeting->wanted)
        g_cond_wait(&meeting->cond, &meeting->mutex);
    g_mutex_unlock(&meeting->mutex);
}

static void
test_as_many_as_there_are_processors_are_at_work(void)
{
    Meeting meeting = {.wanted = MIN(g_get_num_processors(), KYSO_PARALLEL_MAX)};

    g_mutex_init(&meeting.mutex);
    g_cond_init(&meeting.cond);
    kyso_parallel_run(meeting.wanted, meet, &meeting);
    g_assert_cmpuint(meeting.n_inside, ==, meeting.wanted);
    g_cond_clear(&meeting.cond);
    g_mutex_clear(&meeting.mutex);
}

static void
note_thread(guint index, gpointer user_data)
{
    GThread **threads = user_data;

    threads[index] = g_thread_self();
}

static void
test_one_piece_needs_no_thread(void)
{
    GThread *thread = NULL;

    kyso_parallel_run(1, note_thread, &thread);
    g_assert_true(thread == g_thread_self());
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parallel/each-index-is-called-once", test_each_index_is_called_once);
    g_test_add_func("/parallel/as-many-as-there-are-processors-are-at-work",
                    test_as_many_as_there_are_processors_are_at_work);
    g_test_add_func("/parallel/one-piece-needs-no-thread", test_one_piece_needs_no_thread);
    return g_test_run();
}
