/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include "ipc/cli/selection.h"

int
kyso_command_credentials(KysoCli *cli, int argc, char **argv)
{
    g_autofree char *role = NULL;
    const GOptionEntry entries[] = {
        {"role", 0, 0, G_OPTION_ARG_STRING, &role, NULL, NULL},
        {NULL},
    };
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, entries, 0))
        return EXIT_USAGE;
    if (role != NULL && !g_str_equal(role, "personal") && !g_str_equal(role, "agency"))
        return kyso_cli_misused("credentials", T("--role là personal hoặc agency."));

    g_autofree char *params = role != NULL ? g_strdup_printf("{\"role\":\"%s\"}", role) : NULL;
    g_autoptr(KysoResult) list = kyso_cli_call(cli, "credentials.list", params, &error);
    if (list == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(list);
        return EXIT_FINE;
    }
    guint n = kyso_client_result_count(list, "credentials");
    if (n == 0)
        kyso_cli_print("%s", T("Không có chứng thư nào. Hãy cắm token rồi thử lại."));
    for (guint i = 0; i < n; i++)
        kyso_selection_print(list, i);
    return EXIT_FINE;
}
