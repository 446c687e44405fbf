/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What no signer of files can beat, in milliseconds as one JSON line:
 *   "sha256"  of the file in memory;  "copy"  to a new file in the kernel
 *
 * usage: file-floor FILE NEW-FILE
 */

#include "tests/bench/bench-latency.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
copy(int from, int to, off_t size)
{
    while (size > 0) {
        ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t) size, 0);
        if (n <= 0)
            return -1;
        size -= n;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct stat facts;

    if (argc != 3)
        return 2;
    int from = open(argv[1], O_RDONLY | O_CLOEXEC);
    int to = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (from < 0 || to < 0 || fstat(from, &facts) < 0 || facts.st_size == 0)
        return 1;
    size_t size = (size_t) facts.st_size;
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, from, 0);
    if (data == MAP_FAILED)
        return 1;

    EVP_Q_digest(NULL, "SHA256", NULL, data, 1, digest, NULL); /* loads what is loaded late */
    int64_t start = kyso_bench_latency_now();
    EVP_Q_digest(NULL, "SHA256", NULL, data, size, digest, NULL);
    int64_t hashed = kyso_bench_latency_now();
    if (copy(from, to, facts.st_size) < 0)
        return 1;
    int64_t copied = kyso_bench_latency_now();
    printf("{\"sha256\": %.3f, \"copy\": %.3f}\n", (double) (hashed - start) / 1e6,
           (double) (copied - hashed) / 1e6);
    return 0;
}
