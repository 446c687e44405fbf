/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One piece of work many times over, on as many processors as there are (at most
 * KYSO_PARALLEL_MAX). Blocks: for threads that may.
 */

#include <glib.h>

#define KYSO_PARALLEL_MAX 4

/* @step is called once with each index from 0 to @n - 1, in any order, from several threads at a
 * time; all calls have returned when this does. */
void kyso_parallel_run(guint n, void (*step)(guint index, gpointer user_data), gpointer user_data);
