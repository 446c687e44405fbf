/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Signs with a module in-process, by libp11 and OpenSSL's EVP as programs do that load the vendor's
 * module themselves: in threads, or in processes of which each logs in by itself. Processes open
 * the token one after another, as SoftHSM fails otherwise.
 *
 * usage: load-token MODULE SERIAL KEY-ID CLIENTS SECONDS [processes] <pin
 */

#include "tests/bench/bench-latency.h"
#include "tests/bench/raw-token.h"

#include <libp11.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LATENCIES 200000 /* of a client */
#define MAX_CLIENTS 1024
#define WARM_UP 5 /* signatures of each client before the run */

typedef struct {
    size_t n;
    size_t n_errors;
    int64_t ns[MAX_LATENCIES];
} Client;

static const char *module, *serial, *key_id;
static char pin[256];
static int64_t run_ns;
static EVP_PKEY *key;
static pthread_barrier_t *barrier;

static void *
share(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

static int
has_id(const PKCS11_KEY *candidate)
{
    char hex[2 * 64 + 1] = "";

    for (size_t i = 0; i < candidate->id_len && i < 64; i++)
        sprintf(hex + 2 * i, "%02x", candidate->id[i]);
    return strcmp(hex, key_id) == 0;
}

static EVP_PKEY *
open_key(void)
{
    PKCS11_CTX *context = PKCS11_CTX_new();
    PKCS11_SLOT *slots = NULL, *slot = NULL;
    PKCS11_KEY *keys = NULL;
    unsigned n_slots = 0, n_keys = 0;

    if (PKCS11_CTX_load(context, module) != 0 ||
        PKCS11_enumerate_slots(context, &slots, &n_slots) != 0)
        return NULL;
    for (unsigned i = 0; i < n_slots; i++)
        if (slots[i].token != NULL && strcmp(slots[i].token->serialnr, serial) == 0)
            slot = &slots[i];
    if (slot == NULL || PKCS11_open_session(slot, 0) != 0 || PKCS11_login(slot, 0, pin) != 0 ||
        PKCS11_enumerate_keys(slot->token, &keys, &n_keys) != 0)
        return NULL;
    for (unsigned i = 0; i < n_keys; i++)
        if (has_id(&keys[i]))
            return PKCS11_get_private_key(&keys[i]);
    return NULL;
}

static EVP_PKEY_CTX *
new_signer(void)
{
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(key, NULL);

    if (signer == NULL || EVP_PKEY_sign_init(signer) <= 0 ||
        EVP_PKEY_CTX_set_signature_md(signer, EVP_sha256()) <= 0 ||
        (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
         EVP_PKEY_CTX_set_rsa_padding(signer, RSA_PKCS1_PADDING) <= 0))
        kyso_raw_token_check(CKR_FUNCTION_FAILED, "EVP_PKEY_sign_init");
    return signer;
}

static int
sign(EVP_PKEY_CTX *signer)
{
    static const uint8_t digest[KYSO_RAW_TOKEN_DIGEST] = "a digest of thirty-two bytes ...";
    uint8_t signature[KYSO_RAW_TOKEN_MAX_SIGNATURE];
    size_t size = sizeof signature;

    return EVP_PKEY_sign(signer, signature, &size, digest, sizeof digest) > 0;
}

static void *
sign_until_the_end(void *data)
{
    Client *self = data;
    EVP_PKEY_CTX *signer = new_signer();

    for (int i = 0; i < WARM_UP; i++)
        self->n_errors += !sign(signer);
    pthread_barrier_wait(barrier);
    int64_t now = kyso_bench_latency_now();
    int64_t end = now + run_ns;
    while (now < end && self->n < MAX_LATENCIES) {
        self->n_errors += !sign(signer);
        int64_t after = kyso_bench_latency_now();
        self->ns[self->n++] = after - now;
        now = after;
    }
    EVP_PKEY_CTX_free(signer);
    return NULL;
}

static void
open_or_end(void)
{
    key = open_key();
    kyso_raw_token_check(key != NULL ? CKR_OK : CKR_GENERAL_ERROR, "opening the key with libp11");
}

static void
run_threads(Client *clients, int n)
{
    pthread_t threads[MAX_CLIENTS];

    open_or_end();
    for (int i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, sign_until_the_end, &clients[i]);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
}

/* Returns when the new process has opened the token. */
static void
start_process(Client *client)
{
    int opened[2];
    char byte = 0;

    if (pipe(opened) < 0)
        abort();
    if (fork() == 0) {
        open_or_end();
        if (write(opened[1], &byte, 1) == 1)
            sign_until_the_end(client);
        _exit(0); /* no exit handlers: the module's may crash */
    }
    close(opened[1]);
    kyso_raw_token_check(read(opened[0], &byte, 1) == 1 ? CKR_OK : CKR_GENERAL_ERROR, "a process");
    close(opened[0]);
}

static void
run_processes(Client *clients, int n)
{
    for (int i = 0; i < n; i++)
        start_process(&clients[i]);
    while (wait(NULL) > 0)
        ;
}

int
main(int argc, char **argv)
{
    pthread_barrierattr_t attributes;
    KysoBenchLatency latency = {0};

    if (argc < 6)
        return 2;
    module = argv[1];
    serial = argv[2];
    key_id = argv[3];
    int n = atoi(argv[4]);
    if (n < 1 || n > MAX_CLIENTS)
        return 2;
    run_ns = (int64_t) (atof(argv[5]) * 1e9);
    kyso_raw_token_read_pin(pin, sizeof pin);

    barrier = share(sizeof *barrier);
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(barrier, &attributes, (unsigned) n);
    Client *clients = share((size_t) n * sizeof *clients);
    if (argc > 6)
        run_processes(clients, n);
    else
        run_threads(clients, n);

    for (int i = 0; i < n; i++) {
        latency.n_errors += clients[i].n_errors;
        kyso_bench_latency_add_all(&latency, clients[i].ns, clients[i].n);
    }
    kyso_bench_latency_print(&latency, run_ns);
    fflush(stdout);
    _exit(latency.n == 0);
}
