/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <string.h>

/* What a requestID is made of; nothing of it needs escaping in JSON. */
static gboolean
is_request_id(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789abcdefABCDEF-") == strlen(text);
}

int
kyso_command_cancel(KysoCli *cli, int argc, char **argv)
{
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, NULL, 1))
        return EXIT_USAGE;
    if (!is_request_id(argv[1]))
        return kyso_cli_misused("cancel", T("Mã yêu cầu không đúng; xem kyso requests."));
    g_autofree char *params = g_strdup_printf("{\"requestID\":\"%s\"}", argv[1]);
    g_autoptr(KysoResult) result = kyso_cli_call(cli, "requests.cancel", params, &error);
    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json)
        kyso_cli_print_json(result);
    else
        kyso_cli_print("%s", T("Đã hủy yêu cầu."));
    return EXIT_FINE;
}
