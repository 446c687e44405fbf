/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include "ipc/base/paths.h"

/* Text member @name of the cause in the language, at fault @i. */
static const char *
fault_text(const KysoResult *tokens, guint i, const char *name)
{
    return kyso_client_result_text(tokens, "faults.%u.error.%s.%s", i, name, kyso_words_language());
}

static void
print_for_people(const KysoCli *cli, const KysoResult *info, const KysoResult *tokens)
{
    g_autofree char *default_socket = kyso_paths_socket();
    guint n_shown = 0;

    kyso_cli_print(T("kyso %s đang chạy (%s)"), kyso_client_result_text(info, "version"),
                   cli->socket != NULL ? cli->socket : default_socket);
    for (guint i = 0; i < kyso_client_result_count(tokens, "tokens"); i++) {
        if (!kyso_client_result_boolean(tokens, "tokens.%u.initialized", i))
            continue; /* nothing to sign with: kyso tokens shows it */
        kyso_cli_print(T("Token %s (số sê-ri %s): %u chứng thư"),
                       kyso_client_result_text(tokens, "tokens.%u.label", i),
                       kyso_client_result_text(tokens, "tokens.%u.serial", i),
                       kyso_client_result_count(tokens, "tokens.%u.credentials", i));
        n_shown++;
    }
    if (n_shown == 0)
        kyso_cli_print("%s", T("Không thấy token nào."));
    for (guint i = 0; i < kyso_client_result_count(tokens, "faults"); i++)
        kyso_cli_print(T("Lỗi ở %s: %s %s"), kyso_client_result_text(tokens, "faults.%u.module", i),
                       fault_text(tokens, i, "cause"), fault_text(tokens, i, "next"));
}

int
kyso_command_status(KysoCli *cli, int argc, char **argv)
{
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, NULL, 0))
        return EXIT_USAGE;
    g_autoptr(KysoResult) info = kyso_cli_call(cli, "service.info", NULL, &error);
    if (info == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(info);
        return EXIT_FINE;
    }
    g_autoptr(KysoResult) tokens = kyso_cli_call(cli, "tokens.list", NULL, &error);
    if (tokens == NULL)
        return kyso_cli_fail(cli, error);
    print_for_people(cli, info, tokens);
    return EXIT_FINE;
}
