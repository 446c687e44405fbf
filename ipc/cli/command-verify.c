/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <string.h>

static const char *
text(const KysoResult *result, guint i, const char *name)
{
    return kyso_client_result_text(result, "signatures.%u.%s", i, name);
}

static void
print_signature(const KysoResult *result, guint i)
{
    g_autofree char *moment = kyso_words_time(text(result, i, "signed_at"));
    const char *role = text(result, i, "role");
    const char *purpose = text(result, i, "purpose");
    g_autofree char *title =
        g_strdup_printf(T("Chữ ký %u: %s"), i + 1, kyso_words_verdict(text(result, i, "verdict")));

    kyso_cli_print("%s", title);
    kyso_cli_print_field(T("Người ký"), text(result, i, "signer.common_name"));
    kyso_cli_print_field(T("Cơ quan"), text(result, i, "signer.organization"));
    kyso_cli_print_field(T("Vai trò"), role != NULL ? kyso_words_role(role) : NULL);
    kyso_cli_print_field(T("Mục đích"), purpose != NULL ? kyso_words_purpose(purpose) : NULL);
    kyso_cli_print_field(T("Thời điểm"), moment);
    kyso_cli_print_field(T("Nội dung"),
                         kyso_client_result_boolean(result, "signatures.%u.integrity", i)
                             ? T("nguyên vẹn")
                             : T("đã bị thay đổi hoặc chữ ký hỏng"));
    kyso_cli_print_field(
        T("Phạm vi"), kyso_client_result_boolean(result, "signatures.%u.covers_whole_document", i)
                          ? T("toàn bộ tài liệu")
                          : T("tài liệu trước lần bổ sung sau"));
    kyso_cli_print_field(T("Chứng thư"), kyso_words_status(text(result, i, "certificate")));
    kyso_cli_print_field(T("Nơi cấp"), text(result, i, "issuer"));
    kyso_cli_print_field(T("Dấu thời gian"), text(result, i, "timestamp.service"));
}

/* The office's question in one line: is it signed by the leader and issued by the agency? */
static const char *
process_in_words(const KysoResult *result)
{
    const char *process = kyso_client_result_text(result, "process");

    if (g_strcmp0(process, "complete") == 0)
        return T("đã được người có thẩm quyền ký và cơ quan phát hành");
    if (g_strcmp0(process, "approved") == 0)
        return T("đã được người có thẩm quyền ký, chưa phát hành");
    if (g_strcmp0(process, "wrong_order") == 0)
        return T("chữ ký cơ quan đứng trước chữ ký người có thẩm quyền");
    return NULL;
}

static void
print_verdict(const KysoResult *result)
{
    const char *verdict = kyso_client_result_text(result, "verdict");
    const char *process = process_in_words(result);
    guint n = kyso_client_result_count(result, "signatures");

    if (g_strcmp0(verdict, "unsigned") == 0)
        kyso_cli_print("%s", T("CHƯA KÝ: tài liệu không có chữ ký số nào."));
    else if (g_strcmp0(verdict, "valid") == 0)
        kyso_cli_print(T("HỢP LỆ: %u chữ ký số, tất cả đều hợp lệ."), n);
    else if (g_strcmp0(verdict, "invalid") == 0)
        kyso_cli_print("%s", T("KHÔNG HỢP LỆ: không được dùng tài liệu này; hãy xin lại bản gốc."));
    else
        kyso_cli_print("%s", T("CHƯA KẾT LUẬN ĐƯỢC: hãy xem từng chữ ký bên dưới."));
    kyso_cli_print_field(T("Quy trình"), process);
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

int
kyso_command_verify(KysoCli *cli, int argc, char **argv)
{
    g_autofree char *signature = NULL;
    const GOptionEntry entries[] = {
        {"signature", 0, 0, G_OPTION_ARG_FILENAME, &signature, NULL, NULL},
        {NULL},
    };
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, entries, 1))
        return EXIT_USAGE;
    KysoFile document = {.path = argv[1]}, detached = {.path = signature};
    g_autoptr(KysoResult) result =
        kyso_cli_connect(cli, &error)
            ? kyso_client_verify(cli->client, &document, &detached, &error)
            : NULL;
    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(result);
    } else {
        print_verdict(result);
        for (guint i = 0; i < kyso_client_result_count(result, "signatures"); i++)
            print_signature(result, i);
    }
    return exit_code_of(kyso_client_result_text(result, "verdict"));
}
