/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What `kyso trust` runs: the CAs of this machine, and newer ones out of a signed bundle. One JSON
 * object on stdout, for kyso(1) to put into words: the result, or {"error": {"number", "detail"}}
 * and exit code 1.
 *
 * usage: kyso-trust [--config DIR] list | update FILE
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/pki/certificate-files.h"
#include "agent/trust/trust-install.h"
#include "agent/trust/trust-sets.h"
#include "ipc/base/clock.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/harden.h"
#include "ipc/base/paths.h"
#include "ipc/wire/json.h"
#include "kyso-config.h"

static char *option_config;
static const GOptionEntry options[] = {
    {"config", 0, 0, G_OPTION_ARG_FILENAME, &option_config, "folder of the configuration", "DIR"},
    {NULL},
};

static json_t *
certificate_to_json(KysoTrustKind kind, const KysoCertificate *certificate)
{
    g_autofree char *to = kyso_clock_to_rfc3339(kyso_certificate_get_not_after(certificate));

    return json_pack("{s:s, s:s, s:s, s:s}", "folder", kyso_trust_folder(kind), "subject",
                     kyso_certificate_get_subject(certificate), "valid_to", to, "sha256",
                     kyso_certificate_get_id(certificate));
}

static void
append_all(json_t *list, KysoTrustKind kind, const GPtrArray *certificates)
{
    for (guint i = 0; i < certificates->len; i++)
        json_array_append_new(list, certificate_to_json(kind, certificates->pdata[i]));
}

static json_t *
set_to_json(const KysoTrustSet *set)
{
    json_t *list = json_array();

    for (int kind = 0; set != NULL && kind < KYSO_N_TRUST_KINDS; kind++)
        append_all(list, kind, set->certificates[kind]);
    return list;
}

/* Of the package, or the administrator's own. */
static json_t *
folder_to_json(const char *dir, GError **error)
{
    g_autoptr(json_t) list = json_array();

    for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++) {
        g_autofree char *path = g_build_filename(dir, kyso_trust_folder(kind), NULL);
        g_autoptr(GPtrArray) certificates = kyso_certificate_files_read(path, error);
        if (certificates == NULL)
            return NULL;
        append_all(list, kind, certificates);
    }
    return g_steal_pointer(&list);
}

/* Null where there is none. */
static json_t *
bundle_to_json(const KysoTrustBundle *bundle)
{
    if (bundle == NULL)
        return json_null();
    return json_pack("{s:I, s:s, s:s, s:s}", "serial", (json_int_t) bundle->serial, "issued",
                     bundle->issued, "signer", kyso_certificate_get_subject(bundle->signer),
                     "signer_sha256", kyso_certificate_get_id(bundle->signer));
}

/* list */

static void
append_set(json_t *sets, const char *name, const char *source, char **loaded, json_t *certificates)
{
    json_array_append_new(sets,
                          json_pack("{s:s, s:s, s:b, s:o}", "name", name, "source", source,
                                    "trusted", g_strv_contains((const char *const *) loaded, name),
                                    "certificates", certificates));
}

static json_t *
list_sets(const KysoTrustBundle *bundle, const char *package, char **loaded, GError **error)
{
    g_autoptr(json_t) sets = json_array();

    if (bundle == NULL || kyso_trust_bundle_find(bundle, KYSO_TRUST_SET_GCC) == NULL) {
        json_t *certificates = folder_to_json(package, error);
        if (certificates == NULL)
            return NULL;
        append_set(sets, KYSO_TRUST_SET_GCC, "package", loaded, certificates);
    }
    for (guint i = 0; bundle != NULL && i < bundle->sets->len; i++) {
        const KysoTrustSet *set = bundle->sets->pdata[i];
        append_set(sets, set->name, "bundle", loaded, set_to_json(set));
    }
    return g_steal_pointer(&sets);
}

static json_t *
run_list(const char *configuration, GError **error)
{
    g_autofree char *own = g_build_filename(configuration, "trust", NULL);
    g_autofree char *package = g_build_filename(KYSO_DATADIR, "trust", NULL);
    g_auto(GStrv) names = kyso_trust_sets_read_names(configuration, error);
    g_autoptr(KysoTrustBundle) bundle = NULL;
    g_autoptr(KysoTrust) trust =
        names != NULL
            ? kyso_trust_sets_load(configuration, package, (const char *const *) names, error)
            : NULL;

    /* What the agent would not take is not listed as if it did. */
    if (trust == NULL || !kyso_trust_sets_read_bundle(configuration, &bundle, error))
        return NULL;
    json_t *sets = list_sets(bundle, package, names, error);
    json_t *additions = sets != NULL ? folder_to_json(own, error) : NULL;
    if (additions == NULL) {
        json_decref(sets);
        return NULL;
    }
    return json_pack("{s:o, s:o, s:o}", "bundle", bundle_to_json(bundle), "sets", sets, "own",
                     additions);
}

/* update */

static gboolean
has_set_certificate(const KysoTrustBundle *bundle, const char *name, const char *id)
{
    const KysoTrustSet *set = bundle != NULL ? kyso_trust_bundle_find(bundle, name) : NULL;

    for (int kind = 0; set != NULL && kind < KYSO_N_TRUST_KINDS; kind++)
        for (guint i = 0; i < set->certificates[kind]->len; i++)
            if (strcmp(kyso_certificate_get_id(set->certificates[kind]->pdata[i]), id) == 0)
                return TRUE;
    return FALSE;
}

/* Those of @bundle that @other does not have in the set of the same name. */
static json_t *
list_missing(const KysoTrustBundle *bundle, const KysoTrustBundle *other)
{
    json_t *list = json_array();

    for (guint i = 0; bundle != NULL && i < bundle->sets->len; i++) {
        const KysoTrustSet *set = bundle->sets->pdata[i];
        for (int kind = 0; kind < KYSO_N_TRUST_KINDS; kind++) {
            for (guint j = 0; j < set->certificates[kind]->len; j++) {
                const KysoCertificate *certificate = set->certificates[kind]->pdata[j];
                if (has_set_certificate(other, set->name, kyso_certificate_get_id(certificate)))
                    continue;
                json_t *entry = certificate_to_json(kind, certificate);
                json_object_set_new(entry, "set", json_string(set->name));
                json_array_append_new(list, entry);
            }
        }
    }
    return list;
}

static json_t *
run_update(const char *configuration, const char *path, GError **error)
{
    g_auto(KysoFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    g_autoptr(GError) fault = NULL;

    if (fd < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, path);
        return NULL;
    }
    g_autoptr(GBytes) file = kyso_fd_read_all(fd, KYSO_TRUST_BUNDLE_MAX, &fault);
    if (file == NULL) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_BUNDLE_MALFORMED, "%s", fault->message);
        return NULL;
    }
    g_autoptr(KysoTrustInstall) done = kyso_trust_install_run(configuration, file, error);
    if (done == NULL)
        return NULL;
    return json_pack("{s:b, s:o, s:o, s:o, s:o}", "installed", done->is_installed, "bundle",
                     bundle_to_json(done->new), "before", bundle_to_json(done->old), "added",
                     list_missing(done->new, done->old), "removed",
                     list_missing(done->old, done->new));
}

int
main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("list | update FILE");
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) result = NULL;

    kyso_harden_process();
    g_option_context_add_main_entries(context, options, NULL);
    gboolean is_parsed = g_option_context_parse(context, &argc, &argv, &error);
    const char *command = argc > 1 ? argv[1] : "";
    gboolean is_list = argc == 2 && strcmp(command, "list") == 0;
    gboolean is_update = argc == 3 && strcmp(command, "update") == 0;
    if (!is_parsed || (!is_list && !is_update)) {
        g_printerr("kyso-trust: %s\n", error != NULL ? error->message : "list | update FILE");
        return 2;
    }
    g_autofree char *configuration =
        option_config != NULL ? g_strdup(option_config) : kyso_paths_configuration();
    result = is_list ? run_list(configuration, &error) : run_update(configuration, argv[2], &error);
    if (result == NULL)
        result = json_pack("{s:{s:i, s:s}}", "error", "number", kyso_error_code(error), "detail",
                           error->message);
    g_autofree char *text = kyso_json_format(result, NULL);
    puts(text);
    return error == NULL ? 0 : 1;
}
