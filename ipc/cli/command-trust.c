/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ipc/base/error.h"
#include "ipc/base/paths.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

static const char *
text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* What kyso-trust says: its result, or NULL with its error. @config, @path: may be NULL. */
static json_t *
run_program(const char *config, const char *action, const char *path, GError **error)
{
    g_autofree char *program = kyso_paths_program("kyso-trust", "agent/trust");
    g_autofree char *option = g_strconcat("--config=", config != NULL ? config : "", NULL);
    char *argv[6] = {program};
    guint n = 1;
    g_autofree char *out = NULL;
    g_autoptr(GError) fault = NULL;

    if (config != NULL)
        argv[n++] = option;
    argv[n++] = (char *) "--";
    argv[n++] = (char *) action;
    argv[n++] = (char *) path;
    gboolean is_run =
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, NULL, &fault);
    json_t *said = is_run ? json_loads(out, 0, NULL) : NULL;
    const json_t *wrong = json_object_get(said, "error");
    if (said != NULL && wrong == NULL)
        return said;
    if (wrong != NULL)
        g_set_error_literal(error, KYSO_ERROR,
                            (int) json_integer_value(json_object_get(wrong, "number")),
                            text(wrong, "detail"));
    else
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "kyso-trust: %s",
                    fault != NULL ? fault->message : "no answer");
    json_decref(said);
    return NULL;
}

static const char *
folder_word(const char *folder)
{
    if (g_strcmp0(folder, "anchors") == 0)
        return T("gốc tin cậy");
    if (g_strcmp0(folder, "timestamp-anchors") == 0)
        return T("gốc của dấu thời gian");
    return T("trung gian");
}

static void
print_certificates(const json_t *certificates)
{
    const json_t *certificate;
    size_t i;

    json_array_foreach(certificates, i, certificate)
    {
        g_autofree char *to = kyso_words_time(text(certificate, "valid_to"));
        const char *set = text(certificate, "set");
        kyso_cli_print("  %s", text(certificate, "subject"));
        kyso_cli_print_field(T("Bộ"), set);
        kyso_cli_print_field(T("Vai trò"), folder_word(text(certificate, "folder")));
        kyso_cli_print_field(T("Hết hạn"), to);
        kyso_cli_print_field(T("SHA-256"), text(certificate, "sha256"));
    }
}

static void
print_bundle(const json_t *bundle)
{
    g_autofree char *serial = g_strdup_printf(
        "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(bundle, "serial")));

    if (json_is_null(bundle)) {
        kyso_cli_print("%s", T("Chưa cài gói chứng thư CA nào."));
        return;
    }
    kyso_cli_print("%s", T("Gói chứng thư CA đã cài:"));
    kyso_cli_print_field(T("Số"), serial);
    kyso_cli_print_field(T("Ngày phát hành"), text(bundle, "issued"));
    kyso_cli_print_field(T("Người ký"), text(bundle, "signer"));
}

static void
print_list(const json_t *said)
{
    const json_t *set;
    size_t i;

    print_bundle(json_object_get(said, "bundle"));
    json_array_foreach(json_object_get(said, "sets"), i, set)
    {
        gboolean is_trusted = json_is_true(json_object_get(set, "trusted"));
        kyso_cli_print("%s: %s", text(set, "name"),
                       is_trusted ? T("được tin cậy") : T("không dùng ([trust] sets)"));
        print_certificates(json_object_get(set, "certificates"));
    }
    if (json_array_size(json_object_get(said, "own")) > 0) {
        kyso_cli_print("%s", T("Do người quản trị thêm:"));
        print_certificates(json_object_get(said, "own"));
    }
}

static void
print_update(const json_t *said)
{
    const json_t *added = json_object_get(said, "added");
    const json_t *removed = json_object_get(said, "removed");

    if (!json_is_true(json_object_get(said, "installed")))
        kyso_cli_print("%s", T("Gói này đã được cài từ trước."));
    print_bundle(json_object_get(said, "bundle"));
    if (json_array_size(added) > 0)
        kyso_cli_print("%s", T("Thêm:"));
    print_certificates(added);
    if (json_array_size(removed) > 0)
        kyso_cli_print("%s", T("Bỏ:"));
    print_certificates(removed);
}

int
kyso_command_trust(KysoCli *cli, int argc, char **argv)
{
    g_autofree char *config = NULL;
    const GOptionEntry entries[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &config, NULL, NULL},
        {NULL},
    };
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, entries, -1))
        return EXIT_USAGE;
    gboolean is_list = argc == 2 && strcmp(argv[1], "list") == 0;
    gboolean is_update = argc == 3 && strcmp(argv[1], "update") == 0;
    if (!is_list && !is_update)
        return kyso_cli_misused("trust", T("Dùng: list hoặc update TỆP."));
    g_autoptr(json_t) said = run_program(config, argv[1], is_update ? argv[2] : NULL, &error);
    if (said == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json)
        json_dumpf(said, stdout, JSON_INDENT(2));
    else if (is_list)
        print_list(said);
    else
        print_update(said);
    if (cli->json)
        putchar('\n');
    return EXIT_FINE;
}
