/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/cli/cli-password.h"

#define MAX_TIMEOUT 3600 /* seconds, ipc/PROTOCOL.md §1 */

static const char *const levels[] = {"B-T", "B-LT", "B-LTA", NULL};

static void
stage_reached(const char *stage, const char *request_id, gpointer user_data)
{
    fprintf(stderr, "\r\033[K%s…", kyso_words_stage(stage));
}

static void
print_result(const KysoResult *result, const char *path)
{
    g_autofree char *moment = kyso_words_time(kyso_client_result_text(result, "timestamp.time"));
    g_autofree char *journal =
        g_strdup_printf("%" G_GINT64_FORMAT, kyso_client_result_number(result, 0, "journal"));

    kyso_cli_print(T("Đã bổ sung chứng cứ cho chữ ký: %s"), path);
    kyso_cli_print_field(T("Mức trước"), kyso_client_result_text(result, "level_before"));
    kyso_cli_print_field(T("Mức nay"), kyso_client_result_text(result, "conformance_level"));
    kyso_cli_print_field(T("Dấu thời gian"), kyso_client_result_text(result, "timestamp.service"));
    kyso_cli_print_field(T("Thời điểm"), moment);
    kyso_cli_print_field(T("Nhật ký số"), journal);
    kyso_cli_print_field(T("SHA-256"), kyso_client_result_text(result, "output_digest"));
}

static KysoResult *
ask_agent(KysoCli *cli, KysoAugmentRequest *request, int password, GError **error)
{
    request->password_fd = MAX(password, 0);
    KysoResult *result = kyso_client_augment(cli->client, request, error);
    if (request->progress != NULL)
        fputs("\r\033[K", stderr);
    return result;
}

/* A password that is needed is asked for. */
static KysoResult *
augment(KysoCli *cli, KysoAugmentRequest *request, const char *password_file, GError **error)
{
    g_auto(KysoFd) password = -1;
    KysoResult *result = NULL;

    if (kyso_cli_password_open(password_file, &password, error) && kyso_cli_connect(cli, error))
        result = ask_agent(cli, request, password, error);
    if (kyso_cli_password_ask(cli, &password, error))
        result = ask_agent(cli, request, password, error);
    return result;
}

int
kyso_command_augment(KysoCli *cli, int argc, char **argv)
{
    g_autofree char *signature = NULL, *level = NULL, *password_file = NULL;
    int timeout = 0;
    const GOptionEntry entries[] = {
        {"signature", 0, 0, G_OPTION_ARG_FILENAME, &signature, NULL, NULL},
        {"level", 0, 0, G_OPTION_ARG_STRING, &level, NULL, NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &password_file, NULL, NULL},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &timeout, NULL, NULL},
        {NULL},
    };
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, entries, 2))
        return EXIT_USAGE;
    if (level == NULL || !g_strv_contains(levels, level))
        return kyso_cli_misused("augment", T("--level là B-T, B-LT hoặc B-LTA."));
    if (timeout < 0 || timeout > MAX_TIMEOUT)
        return kyso_cli_misused("augment", T("--timeout là số giây từ 1 đến 3600."));
    KysoAugmentRequest request = {.input.path = argv[1],
                                  .signature.path = signature,
                                  .output.path = argv[2],
                                  .level = level,
                                  .timeout_ms = timeout * 1000};
    if (!cli->json && isatty(STDERR_FILENO))
        request.progress = stage_reached;
    g_autoptr(KysoResult) result = augment(cli, &request, password_file, &error);
    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json)
        kyso_cli_print_json(result);
    else
        print_result(result, argv[2]);
    return EXIT_FINE;
}
