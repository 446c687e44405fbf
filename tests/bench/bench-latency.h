/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Latencies of one run, told as one JSON line. One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t *ns;
    size_t n;
    size_t size;
    size_t n_errors;
} KysoBenchLatency;

int64_t kyso_bench_latency_now(void); /* monotonic nanoseconds */
void kyso_bench_latency_add(KysoBenchLatency *self, int64_t ns);
void kyso_bench_latency_add_all(KysoBenchLatency *self, const int64_t *ns, size_t n);

/* {"n", "errors", "per_second", "p50_us", "p99_us", "max_us"} on stdout; sorts the latencies. */
void kyso_bench_latency_print(KysoBenchLatency *self, int64_t run_ns);
void kyso_bench_latency_clear(KysoBenchLatency *self);
