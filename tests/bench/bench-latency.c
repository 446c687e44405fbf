/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bench-latency.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t
kyso_bench_latency_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
make_room(KysoBenchLatency *self, size_t n)
{
    if (self->n + n <= self->size)
        return;
    self->size = 2 * self->size > self->n + n ? 2 * self->size : self->n + n + 4096;
    self->ns = realloc(self->ns, self->size * sizeof *self->ns);
    if (self->ns == NULL)
        abort();
}

void
kyso_bench_latency_add(KysoBenchLatency *self, int64_t ns)
{
    make_room(self, 1);
    self->ns[self->n++] = ns;
}

void
kyso_bench_latency_add_all(KysoBenchLatency *self, const int64_t *ns, size_t n)
{
    if (n == 0)
        return;
    make_room(self, n);
    memcpy(self->ns + self->n, ns, n * sizeof *ns);
    self->n += n;
}

static int
compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a;
    int64_t right = *(const int64_t *) b;

    return left < right ? -1 : left > right;
}

static double
percentile_us(const KysoBenchLatency *self, double part)
{
    size_t index = (size_t) (part * (double) self->n);

    if (self->n == 0)
        return 0;
    return (double) self->ns[index < self->n ? index : self->n - 1] / 1000;
}

void
kyso_bench_latency_print(KysoBenchLatency *self, int64_t run_ns)
{
    if (self->n > 0)
        qsort(self->ns, self->n, sizeof *self->ns, compare);
    printf("{\"n\": %zu, \"errors\": %zu, \"per_second\": %.2f, \"p50_us\": %.2f, "
           "\"p99_us\": %.2f, \"max_us\": %.2f}\n",
           self->n, self->n_errors, (double) self->n * 1e9 / (double) run_ns,
           percentile_us(self, 0.5), percentile_us(self, 0.99), percentile_us(self, 1));
}

void
kyso_bench_latency_clear(KysoBenchLatency *self)
{
    free(self->ns);
    *self = (KysoBenchLatency){0};
}
