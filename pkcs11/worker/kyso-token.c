/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kyso-token --module PATH [--reader NAME] [--writes PATH]... [--network]: one PKCS#11 module, and
 * with a reader one insertion of a token, in a process of its own. See README.md.
 */

#include "ipc/base/error.h"
#include "ipc/base/harden.h"
#include "ipc/wire/service.h"
#include "pkcs11/worker/confine.h"
#include "pkcs11/worker/listing.h"
#include "pkcs11/worker/signer.h"
#include "pkcs11/worker/view-loader.h"

#include <stdio.h>
#include <unistd.h>

/* Their RSA-4096 signatures fit in one message of the channel. */
#define MAX_DIGESTS 256

typedef struct {
    KysoVendor *vendor;
    KysoSigner *signer; /* NULL: nobody is logged in */
    gint64 login;       /* number of the last login */
} Worker;

static struct {
    char *module;
    char *reader;
    char **writes;
    gboolean network;
} options;

/* The calls that libp11 serves would end a live login: see kyso_vendor_enumerate. */
static gboolean
check_nobody_is_in(const Worker *self, GError **error)
{
    if (self->signer == NULL)
        return TRUE;

    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "a login is live");
    return FALSE;
}

/* Once the card has gone, what the module makes of that does not matter. Any thread. */
static void
fail_call(KysoCall *call, GError *error)
{
    if (g_error_matches(error, KYSO_ERROR, KYSO_ERROR_TOKEN_FAILED) &&
        kyso_view_loader_has_lost_card())
        error->code = KYSO_ERROR_TOKEN_REMOVED;
    kyso_call_fail(call, error);
}

static void
list_called(KysoCall *call, gpointer user_data)
{
    Worker *self = user_data;
    GError *error = NULL;

    json_t *result = NULL;
    if (check_nobody_is_in(self, &error))
        result = kyso_listing_make(self->vendor, &error);
    if (result != NULL)
        kyso_call_return(call, result, NULL, 0);
    else
        fail_call(call, error);
}

static gboolean
read_opening(KysoCall *call, KysoOpening *ret, GError **error)
{
    const json_t *params = kyso_call_params(call);
    static const char *const names[] = {"certificate", "serial", "pin", NULL};

    return kyso_json_only_has(params, names, error) &&
           kyso_json_get_string(params, "certificate", KYSO_JSON_REQUIRED, &ret->certificate,
                                error) &&
           kyso_json_get_string(params, "serial", KYSO_JSON_REQUIRED, &ret->serial, error) &&
           kyso_json_take_fd(params, "pin", KYSO_JSON_OPTIONAL, kyso_call_fds(call), &ret->pin_fd,
                             error);
}

static json_t *
describe_key(const KysoOpenedKey *key)
{
    const char *curve = kyso_opened_key_curve(key);
    json_t *value = json_object();

    json_object_set_new(value, "type", json_string(curve != NULL ? "EC" : "RSA"));
    json_object_set_new(value, "bits", json_integer(EVP_PKEY_get_bits(key->public_key)));
    json_object_set_new(value, "pin_each_time", json_boolean(key->wants_pin_each_time));
    if (curve != NULL)
        json_object_set_new(value, "curve", json_string(curve));
    return value;
}

static void
login_called(KysoCall *call, gpointer user_data)
{
    Worker *self = user_data;
    KysoOpening opening = {.pin_fd = -1};
    KysoOpenedKey *key = NULL;
    GError *error = NULL;

    if (check_nobody_is_in(self, &error) && read_opening(call, &opening, &error))
        key = kyso_opened_key_new(self->vendor, &opening, &error);
    kyso_fd_close(opening.pin_fd);
    if (key == NULL) {
        fail_call(call, error);
        return;
    }

    json_t *result = json_object();
    json_object_set_new(result, "login", json_integer(++self->login));
    json_object_set_new(result, "key", describe_key(key));
    self->signer = kyso_signer_new(key);
    kyso_call_return(call, result, NULL, 0);
}

/* The digests of a call: one in "digest", or up to MAX_DIGESTS in "digests". */
static GPtrArray *
read_digests(const json_t *params, gsize size, GError **error)
{
    g_autoptr(GPtrArray) digests = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    g_autoptr(GBytes) single = NULL;
    json_t *many = NULL;

    if (!kyso_json_get_array(params, "digests", KYSO_JSON_OPTIONAL, MAX_DIGESTS, &many, error))
        return NULL;
    if (many == NULL) {
        if (!kyso_json_get_bytes(params, "digest", KYSO_JSON_REQUIRED, size, &single, error))
            return NULL;
        g_ptr_array_add(digests, g_steal_pointer(&single));
    }
    for (gsize i = 0; i < json_array_size(many); i++) {
        g_autoptr(json_t) one = json_pack("{s: O}", "digest", json_array_get(many, i));
        GBytes *bytes = NULL;
        if (!kyso_json_get_bytes(one, "digest", KYSO_JSON_REQUIRED, size, &bytes, error))
            return NULL;
        g_ptr_array_add(digests, bytes);
    }

    gboolean good = digests->len > 0;
    for (guint i = 0; i < digests->len; i++)
        good = good && g_bytes_get_size(digests->pdata[i]) == size;
    if (!good) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "a digest of this hash has %" G_GSIZE_FORMAT " bytes", size);
        return NULL;
    }

    return g_steal_pointer(&digests);
}

static gboolean
check_login(const Worker *self, const json_t *params, GError **error)
{
    gint64 login = 0;

    if (!kyso_json_get_int(params, "login", KYSO_JSON_REQUIRED, 1, G_MAXINT64, &login, error))
        return FALSE;
    if (self->signer == NULL || login != self->login) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "no such login");
        return FALSE;
    }

    return TRUE;
}

/* Signing thread. */
static void
signed_one(GPtrArray *signatures, GError *error, gpointer user_data)
{
    KysoCall *call = user_data;

    if (error != NULL) {
        fail_call(call, error);
        return;
    }

    json_t *result = json_object();
    json_object_set_new(result, "signature", kyso_json_bytes(signatures->pdata[0]));
    kyso_call_return(call, result, NULL, 0);
}

/* Signing thread. */
static void
signed_many(GPtrArray *signatures, GError *error, gpointer user_data)
{
    KysoCall *call = user_data;

    if (error != NULL) {
        fail_call(call, error);
        return;
    }

    json_t *list = json_array();
    for (guint i = 0; i < signatures->len; i++)
        json_array_append_new(list, kyso_json_bytes(signatures->pdata[i]));
    json_t *result = json_object();
    json_object_set_new(result, "signatures", list);
    kyso_call_return(call, result, NULL, 0);
}

static gboolean
begin_signing(Worker *self, KysoCall *call, GError **error)
{
    const json_t *params = kyso_call_params(call);
    const char *algorithm = NULL;
    const char *hash = NULL;

    if (!check_login(self, params, error) ||
        !kyso_json_get_string(params, "algorithm", KYSO_JSON_REQUIRED, &algorithm, error) ||
        !kyso_json_get_string(params, "hash", KYSO_JSON_REQUIRED, &hash, error))
        return FALSE;

    const KysoMechanism *mechanism = kyso_mechanism_find(algorithm, hash, error);
    if (mechanism == NULL)
        return FALSE;

    g_autoptr(GPtrArray) digests =
        read_digests(params, kyso_mechanism_digest_size(mechanism), error);
    KysoFd pin = -1;
    if (digests == NULL ||
        !kyso_json_take_fd(params, "pin", KYSO_JSON_OPTIONAL, kyso_call_fds(call), &pin, error))
        return FALSE;

    gboolean is_batch = json_object_get(params, "digests") != NULL;
    return kyso_signer_push(self->signer, mechanism, digests, pin,
                            is_batch ? signed_many : signed_one, call, error);
}

static void
sign_called(KysoCall *call, gpointer user_data)
{
    GError *error = NULL;

    if (!begin_signing(user_data, call, &error))
        fail_call(call, error);
}

/* The answer means: nobody is logged in, no session is open, the module is at rest. */
static void
logout_called(KysoCall *call, gpointer user_data)
{
    Worker *self = user_data;
    GError *error = NULL;

    if (!check_login(self, kyso_call_params(call), &error)) {
        fail_call(call, error);
        return;
    }

    g_clear_pointer(&self->signer, kyso_signer_free);
    kyso_vendor_unload(self->vendor);
    kyso_call_return(call, json_object(), NULL, 0);
}

static const KysoServiceMethod methods[] = {
    {"token.list", list_called},
    {"token.login", login_called},
    {"token.sign", sign_called},
    {"token.logout", logout_called},
    {NULL, NULL},
};

/* Names of files and readers are bytes: of no type that GLib would convert. */
static gboolean
read_options(int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"module", 0, 0, G_OPTION_ARG_FILENAME, &options.module, "PKCS#11 module", "PATH"},
        {"reader", 0, 0, G_OPTION_ARG_FILENAME, &options.reader, "the only one to show it", "NAME"},
        {"writes", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.writes, "it may write there",
         "PATH"},
        {"network", 0, 0, G_OPTION_ARG_NONE, &options.network, "it may use the network", NULL},
        {NULL},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context,
                                     "Started by kyso-agent, with a socket as descriptor 3.");
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "kyso-token: %s\n", error->message);
        return FALSE;
    }
    if (argc != 1 || options.module == NULL || !g_path_is_absolute(options.module)) {
        fputs("kyso-token: --module and an absolute path are needed\n", stderr);
        return FALSE;
    }
    return TRUE;
}

int
main(int argc, char **argv)
{
    kyso_harden_process();
    if (!read_options(argc, argv))
        return 2;

    g_autoptr(GError) error = NULL;
    KysoConfinement confinement = {(const char *const *) options.writes, options.network};
    if (!kyso_confine_enter(&confinement, &error)) {
        fprintf(stderr, "kyso-token: %s\n", error->message);
        return 1;
    }

    ERR_load_PKCS11_strings();
    Worker worker = {.vendor = kyso_vendor_new(options.module, options.reader)};
    int status = kyso_service_run(methods, &worker);

    g_clear_pointer(&worker.signer, kyso_signer_free);
    kyso_vendor_free(worker.vendor);
    /* No exit handlers: vendor modules are known to crash in theirs after C_Finalize. */
    _exit(status);
}
