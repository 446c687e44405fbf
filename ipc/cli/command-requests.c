/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

static const char *
text(const KysoResult *result, guint i, const char *name)
{
    return kyso_client_result_text(result, "requests.%u.%s", i, name);
}

static void
print_request(const KysoResult *result, guint i)
{
    g_autofree char *since = kyso_words_time(text(result, i, "since"));
    g_autofree char *deadline = kyso_words_time(text(result, i, "deadline"));
    const char *name = text(result, i, "name"), *stage = text(result, i, "stage");
    const char *purpose = text(result, i, "purpose");
    g_autofree char *client =
        g_strdup_printf("%s (pid %" G_GINT64_FORMAT ")", text(result, i, "client.executable"),
                        kyso_client_result_number(result, 0, "requests.%u.client.pid", i));

    kyso_cli_print("%s", name != NULL ? name : text(result, i, "method"));
    kyso_cli_print_field(T("Mục đích"), purpose != NULL ? kyso_words_purpose(purpose) : NULL);
    kyso_cli_print_field(T("Đang ở"), stage != NULL ? kyso_words_stage(stage) : NULL);
    kyso_cli_print_field(T("Phần mềm gọi"), client);
    kyso_cli_print_field(T("Từ lúc"), since);
    kyso_cli_print_field(T("Thời hạn"), deadline);
    kyso_cli_print_field(T("Mã yêu cầu"), text(result, i, "requestID"));
}

int
kyso_command_requests(KysoCli *cli, int argc, char **argv)
{
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, NULL, 0))
        return EXIT_USAGE;
    g_autoptr(KysoResult) result = kyso_cli_call(cli, "requests.list", NULL, &error);
    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(result);
        return EXIT_FINE;
    }
    guint n = kyso_client_result_count(result, "requests");
    if (n == 0)
        kyso_cli_print("%s", T("Không có yêu cầu nào đang chờ."));
    for (guint i = 0; i < n; i++)
        print_request(result, i);
    return EXIT_FINE;
}
