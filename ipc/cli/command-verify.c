/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <string.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/cli/cli-password.h"
#include "ipc/cli/verify-html.h"
#include "ipc/cli/verify-view.h"

static void
print_lines(GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++) {
        const KysoVerifyLine *line = lines->pdata[i];
        kyso_cli_print_field(line->label, line->value);
    }
}

static void
print_result(const KysoResult *result)
{
    g_autoptr(GPtrArray) document = kyso_verify_view_document(result);
    g_autofree char *title = kyso_verify_view_title(result);

    kyso_cli_print("%s", title);
    print_lines(document);
    for (guint i = 0; i < kyso_client_result_count(result, "signatures"); i++) {
        g_autoptr(GPtrArray) lines = kyso_verify_view_signature(result, i);
        g_autofree char *head = kyso_verify_view_signature_title(result, i);
        kyso_cli_print("%s", head);
        print_lines(lines);
    }
}

static void
print_evidence(const KysoResult *result)
{
    gint64 id = kyso_client_result_number(result, 0, "evidence.evidenceID");
    const char *lang = kyso_words_language();
    const char *status = kyso_client_result_text(result, "evidence.status_error.cause.%s", lang);
    const char *stamp = kyso_client_result_text(result, "evidence.reception_error.cause.%s", lang);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, id);

    kyso_cli_print_field(T("Chứng cứ số"), id != 0 ? number : T("không có gì để lưu"));
    kyso_cli_print_field(T("Trạng thái chứng thư"), status);
    kyso_cli_print_field(T("Dấu thời gian nhận"), stamp);
}

static int
exit_code_of(const char *verdict)
{
    if (g_strcmp0(verdict, "valid") == 0)
        return EXIT_FINE;
    if (g_strcmp0(verdict, "invalid") == 0)
        return EXIT_INVALID;
    if (g_strcmp0(verdict, "unsigned") == 0)
        return EXIT_UNSIGNED;
    return EXIT_UNDETERMINED;
}

/* FALSE with KYSO_ERROR_OUTPUT_NOT_WRITABLE. */
static gboolean
write_report(const KysoResult *result, const char *document, const char *path, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (path == NULL || kyso_verify_html_write(result, document, path, &fault))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_OUTPUT_NOT_WRITABLE, "%s", fault->message);
    return FALSE;
}

/* @password: -1: none. */
static KysoResult *
verify(KysoCli *cli, KysoVerifyRequest *request, int password, GError **error)
{
    request->password_fd = MAX(password, 0);
    return kyso_client_verify(cli->client, request, error);
}

int
kyso_command_verify(KysoCli *cli, int argc, char **argv)
{
    g_autofree char *signature = NULL;
    g_autofree char *report = NULL;
    g_autofree char *content = NULL;
    g_autofree char *password_file = NULL;
    g_auto(KysoFd) password = -1;
    gboolean keeps = FALSE;
    const GOptionEntry entries[] = {
        {"signature", 0, 0, G_OPTION_ARG_FILENAME, &signature, NULL, NULL},
        {"content", 0, 0, G_OPTION_ARG_FILENAME, &content, NULL, NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &password_file, NULL, NULL},
        {"keep-evidence", 0, 0, G_OPTION_ARG_NONE, &keeps, NULL, NULL},
        {"report", 0, 0, G_OPTION_ARG_FILENAME, &report, NULL, NULL},
        {NULL},
    };
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, entries, 1))
        return EXIT_USAGE;
    if (keeps && content != NULL)
        return kyso_cli_misused("verify", T("--keep-evidence không đi với --content."));
    if ((signature != NULL) + (content != NULL) + (password_file != NULL) > 1)
        return kyso_cli_misused("verify",
                                T("--signature, --content và --password-file không đi với nhau."));
    KysoVerifyRequest request = {.input.path = argv[1],
                                 .signature.path = signature,
                                 .content.path = content,
                                 .keep_evidence = keeps};
    g_autoptr(KysoResult) result = NULL;
    if (kyso_cli_password_open(password_file, &password, &error) && kyso_cli_connect(cli, &error))
        result = verify(cli, &request, password, &error);
    if (kyso_cli_password_ask(cli, &password, &error))
        result = verify(cli, &request, password, &error);
    if (result == NULL || !write_report(result, argv[1], report, &error))
        return kyso_cli_fail(cli, error);
    if (cli->json)
        kyso_cli_print_json(result);
    else
        print_result(result);
    if (!cli->json && content != NULL)
        kyso_cli_print_field(T("Nội dung"),
                             kyso_client_result_text(result, "content.digest") != NULL
                                 ? content
                                 : T("không có hoặc không toàn vẹn, không ghi ra"));
    if (!cli->json && keeps)
        print_evidence(result);
    return exit_code_of(kyso_client_result_text(result, "verdict"));
}
