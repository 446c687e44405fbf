/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kyso(1): the signing agent for people at a terminal and for scripts.
 */

#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "ipc/cli/cli.h"
#include "kyso-config.h"

#define N_(vi) vi /* for xgettext; looked up where it is printed */

static const KysoCommand commands[] = {
    {"status", "", N_("kyso có chạy không, thấy token nào, lỗi gì"), kyso_command_status},
    {"tokens", "[--watch]", N_("các token đang cắm"), kyso_command_tokens},
    {"credentials", "[--role personal|agency]", N_("các chứng thư trên token"),
     kyso_command_credentials},
    {"sign", "--purpose PURPOSE [--credential ID] IN OUT | --output-dir DIR IN... | --list FILE",
     N_("ký một tài liệu, hoặc nhiều tài liệu với một lần nhập mã PIN"), kyso_command_sign},
    {"verify",
     "FILE [--signature FILE] [--content OUT] [--report HTML] [--keep-evidence] [--password-file "
     "FILE]",
     N_("kiểm tra chữ ký của một tài liệu"), kyso_command_verify},
    {"augment", "--level B-T|B-LT|B-LTA [--signature FILE.p7s] [--password-file FILE] IN OUT",
     N_("bổ sung dấu thời gian và chứng cứ cho chữ ký đã có"), kyso_command_augment},
    {"evidence", "list [FILE] | save NUMBER FILE.json | delete FILE",
     N_("chứng cứ ký số được lưu: xem, ghi ra tệp, hủy cùng văn bản"), kyso_command_evidence},
    {"trust", "[--config DIR] list | update FILE",
     N_("các chứng thư CA được tin cậy: xem, cập nhật bằng gói có ký"), kyso_command_trust},
    {"requests", "", N_("các yêu cầu đang chờ"), kyso_command_requests},
    {"cancel", "REQUEST-ID", N_("hủy một yêu cầu"), kyso_command_cancel},
};

static const char sign_help[] =
    "  --purpose approve|initial|issue|appendix|copy|receive|comment|file|message|json|xml\n"
    "  --place PLACE  --image FILE.png  --name TEXT\n"
    "      PLACE: auto | PAGE:x0,y0,x1,y1 | anchor:TEXT | template:NAME\n"
    "  --reserve all | number|day|month|seal=PLACE        (approve, initial)\n"
    "  --certify                                          (approve)\n"
    "  --number TEXT --day TEXT --month TEXT              (issue)\n"
    "  --number-place PLACE  --day-place PLACE  --month-place PLACE  (issue)\n"
    "  --seal-mm MM                                       (approve, issue)\n"
    "  --copy-kind sao-y|sao-luc|trich-sao                (copy)\n"
    "  --text TEXT|-                                      (comment)\n"
    "  --attached  --detached  --format C|J               (file, message, json)\n"
    "  --several                                          (xml)\n"
    "  --metadata KEY=VALUE  --level B-B|B-T|B-LT|B-LTA  --timeout SECONDS  --no-wait  --repair\n"
    "  --timestamp-later  --password-file FILE|-";

static int
print_help(void)
{
    printf("%s: kyso [--socket PATH] [--json] [--lang vi|en] COMMAND ...\n\n", T("Cách dùng"));
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        printf("kyso %s %s\n      %s\n", commands[i].name, commands[i].usage,
               kyso_words_get(commands[i].summary));
    printf("\nsign:\n%s\n\n%s\n", sign_help, T("Chi tiết: man kyso"));
    return EXIT_FINE;
}

gboolean
kyso_cli_parse(int *argc, char ***argv, const GOptionEntry *entries, int n_rest)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    const char *command = (*argv)[0];

    g_option_context_set_help_enabled(context, FALSE);
    if (entries != NULL)
        g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        kyso_cli_misused(command, error->message);
        return FALSE;
    }
    if (*argc > 1 && g_str_equal((*argv)[1], "--")) {
        (*argv)++;
        (*argc)--;
    }
    if (n_rest >= 0 && *argc - 1 != n_rest) {
        kyso_cli_misused(command, T("Số tham số không đúng."));
        return FALSE;
    }
    return TRUE;
}

gboolean
kyso_cli_connect(KysoCli *cli, GError **error)
{
    if (cli->client == NULL)
        cli->client = kyso_client_connect(cli->socket, error);
    return cli->client != NULL;
}

KysoResult *
kyso_cli_call(KysoCli *cli, const char *method, const char *params_json, GError **error)
{
    if (!kyso_cli_connect(cli, error))
        return NULL;
    return kyso_client_call(cli->client, method, params_json, NULL, 0, 0, NULL, NULL, error);
}

static int
run_command(KysoCli *cli, int argc, char **argv)
{
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].name, argv[0]))
            return commands[i].run(cli, argc, argv);
    return kyso_cli_misused(argv[0], T("Không có lệnh này."));
}

int
main(int argc, char *argv[])
{
    KysoCli cli = {0};
    g_autofree char *socket = NULL, *lang = NULL;
    gboolean version = FALSE, help = FALSE;
    g_autoptr(GError) error = NULL;
    const GOptionEntry entries[] = {
        {"socket", 0, 0, G_OPTION_ARG_FILENAME, &socket, NULL, NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &cli.json, NULL, NULL},
        {"lang", 0, 0, G_OPTION_ARG_STRING, &lang, NULL, NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, NULL, NULL},
        {NULL},
    };

    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN);
    kyso_words_set_language(NULL);
    /* Options of all commands are taken wherever they stand; the rest is the command's. */
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_ignore_unknown_options(context, TRUE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return kyso_cli_misused("", error->message);
    if (lang != NULL)
        kyso_words_set_language(lang);
    if (version) {
        printf("kyso %s\n", KYSO_VERSION);
        return EXIT_FINE;
    }
    if (help)
        return print_help();
    if (argc < 2)
        return kyso_cli_misused("", T("Thiếu lệnh."));

    cli.socket = socket;
    int code = run_command(&cli, argc - 1, argv + 1);
    kyso_client_close(cli.client);
    return code;
}
