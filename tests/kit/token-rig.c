/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "tests/kit/token-rig.h"

#include "ipc/base/descriptor.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define MESSAGE "hồ sơ thử nghiệm"

/* An asynchronous call that is waited for. */
typedef struct {
    GAsyncResult *result;
} Wait;

static void
call_ended(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Wait *wait = user_data;

    wait->result = g_object_ref(result);
}

static GAsyncResult *
wait_for(Wait *wait)
{
    while (wait->result == NULL)
        g_main_context_iteration(NULL, TRUE);
    return wait->result;
}

static char *
path_in(TokenRig *self, const char *name)
{
    return g_build_filename(self->dir, name, NULL);
}

static void
run_softhsm(TokenRig *self, const char *with)
{
    g_autofree char *script =
        g_build_filename(g_getenv("G_TEST_SRCDIR"), "..", "kit", "softhsm", NULL);
    const char *argv[] = {script,    self->dir,       "--pin",    TOKEN_RIG_PIN,   "--with", with,
                          "--cache", TOKEN_RIG_CACHE, "--module", P11FAULT_MODULE, NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &said, &status,
                 &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("softhsm: %s", said);
}

TokenRig *
token_rig_new(const char *with)
{
    TokenRig *self = g_new0(TokenRig, 1);
    g_autoptr(GError) error = NULL;

    g_autofree char *base = g_dir_make_tmp("kyso-token-XXXXXX", &error);
    g_assert_no_error(error);
    self->dir = g_build_filename(base, "rig", NULL);
    self->module = g_strdup(P11FAULT_MODULE);
    run_softhsm(self, with);

    g_autofree char *conf = path_in(self, "softhsm2.conf");
    g_autofree char *rules = path_in(self, "rules");
    g_autofree char *log = path_in(self, "calls");
    g_setenv("SOFTHSM2_CONF", conf, TRUE);
    g_setenv("P11FAULT_FILE", rules, TRUE);
    g_setenv("P11FAULT_LOG", log, TRUE);

    g_autofree char *ini = path_in(self, "credentials.ini");
    self->credentials = g_key_file_new();
    g_key_file_load_from_file(self->credentials, ini, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);

    g_autofree char *config = path_in(self, "config");
    g_autoptr(GPtrArray) modules = kyso_modules_read(config, &error);
    g_assert_no_error(error);
    self->pool = kyso_pool_new(modules, KYSO_TOKEN_PROGRAM);
    return self;
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    if (folder != NULL)
        for (const char *name = g_dir_read_name(folder); name; name = g_dir_read_name(folder)) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_tree(child);
        }
    g_remove(path);
}

void
token_rig_free(TokenRig *self)
{
    GPid worker = kyso_pool_get_worker_pid(self->pool, self->module);

    g_object_unref(self->pool);
    token_rig_wait_for_end(self, worker);
    g_key_file_unref(self->credentials);
    g_autofree char *base = g_path_get_dirname(self->dir);
    remove_tree(base);
    g_free(self->dir);
    g_free(self->module);
    g_free(self);
}

void
token_rig_set_rules(TokenRig *self, const char *rules)
{
    g_autofree char *path = path_in(self, "rules");
    g_autoptr(GError) error = NULL;

    /* Replaced as a whole: a worker may be reading it. */
    g_file_set_contents(path, rules != NULL ? rules : "", -1, &error);
    g_assert_no_error(error);
}

guint
token_rig_count(TokenRig *self, const char *function)
{
    g_autofree char *path = path_in(self, "calls");
    g_autofree char *text = NULL;
    guint count = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
        if (g_strv_length(words) > 1 && g_str_equal(words[1], function))
            count++;
    }
    return count;
}

char *
token_rig_get(TokenRig *self, const char *name, const char *member)
{
    g_autoptr(GError) error = NULL;
    char *value = g_key_file_get_string(self->credentials, name, member, &error);

    g_assert_no_error(error);
    return value;
}

GPtrArray *
token_rig_list(TokenRig *self, guint deadline_ms, GPtrArray **ret_faults)
{
    Wait wait = {0};
    g_autoptr(GError) error = NULL;

    kyso_pool_list_async(self->pool, deadline_ms != 0 ? deadline_ms : DEADLINE_MS, NULL, call_ended,
                         &wait);
    GPtrArray *tokens = kyso_pool_list_finish(self->pool, wait_for(&wait), ret_faults, &error);
    g_assert_no_error(error);
    g_object_unref(wait.result);
    return tokens;
}

KysoCredential *
token_rig_find(TokenRig *self, const char *name, KysoToken **ret_token, GError **error)
{
    g_autofree char *id = token_rig_get(self, name, "id");
    Wait wait = {0};

    kyso_pool_find_async(self->pool, id, DEADLINE_MS, NULL, call_ended, &wait);
    KysoCredential *credential =
        kyso_pool_find_finish(self->pool, wait_for(&wait), ret_token, error);
    g_object_unref(wait.result);
    return credential;
}

KysoLogin *
token_rig_login(TokenRig *self, KysoCredential *credential, const char *pin, guint deadline_ms,
                GError **error)
{
    Wait wait = {0};
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_true(kyso_fd_write_all(ends[1], pin, strlen(pin), NULL));
    kyso_fd_close(ends[1]);
    kyso_pool_login_async(self->pool, credential, ends[0],
                          deadline_ms != 0 ? deadline_ms : DEADLINE_MS, NULL, call_ended, &wait);
    kyso_fd_close(ends[0]);

    KysoLogin *login = kyso_pool_login_finish(self->pool, wait_for(&wait), error);
    g_object_unref(wait.result);
    return login;
}

KysoLogin *
token_rig_open(TokenRig *self, const char *name)
{
    g_autoptr(GError) error = NULL;

    g_autoptr(KysoCredential) credential = token_rig_find(self, name, NULL, &error);
    g_assert_no_error(error);
    KysoLogin *login = token_rig_login(self, credential, TOKEN_RIG_PIN, 0, &error);
    g_assert_no_error(error);
    return login;
}

static GBytes *
digest_of_message(const char *hash)
{
    guchar digest[EVP_MAX_MD_SIZE];
    guint size = 0;

    EVP_Digest(MESSAGE, strlen(MESSAGE), digest, &size, EVP_get_digestbyname(hash), NULL);
    return g_bytes_new(digest, size);
}

GBytes *
token_rig_sign(KysoLogin *login, KysoSignAlgorithm algorithm, const char *hash, guint deadline_ms,
               GError **error)
{
    g_autoptr(GBytes) digest = digest_of_message(hash);
    Wait wait = {0};

    kyso_pool_sign_async(login, algorithm, hash, digest,
                         deadline_ms != 0 ? deadline_ms : DEADLINE_MS, NULL, call_ended, &wait);
    GBytes *signature = kyso_pool_sign_finish(login, wait_for(&wait), error);
    g_object_unref(wait.result);
    return signature;
}

gboolean
token_rig_verify(TokenRig *self, const char *name, KysoSignAlgorithm algorithm, const char *hash,
                 GBytes *signature)
{
    g_autofree char *path = token_rig_get(self, name, "certificate");
    FILE *file = fopen(path, "re");
    g_assert_nonnull(file);
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);

    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = NULL;
    g_assert_cmpint(EVP_DigestVerifyInit(context, &key_context, EVP_get_digestbyname(hash), NULL,
                                         X509_get0_pubkey(certificate)),
                    ==, 1);
    if (algorithm == KYSO_SIGN_RSA_PSS) {
        EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST);
    }
    gsize size;
    const guchar *bytes = g_bytes_get_data(signature, &size);
    int good = EVP_DigestVerify(context, bytes, size, (const guchar *) MESSAGE, strlen(MESSAGE));
    EVP_MD_CTX_free(context);
    X509_free(certificate);
    return good == 1;
}

void
token_rig_wait_for_end(TokenRig *self, GPid worker)
{
    /* It is our child, reaped by the main loop at the latest when the loop turns again. */
    while (worker != 0 && kill(worker, 0) == 0)
        g_main_context_iteration(NULL, TRUE);
}
