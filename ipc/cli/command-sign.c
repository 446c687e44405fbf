/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/cli/cli-password.h"
#include "ipc/cli/selection.h"
#include "ipc/cli/sign-list.h"
#include "ipc/cli/sign-places.h"

/* One line that each stage writes anew. */
static void
stage_reached(const char *stage, const char *request_id, gpointer user_data)
{
    fprintf(stderr, "\r\033[K%s…", kyso_words_stage(stage));
}

static void
list_stage_reached(const char *stage, int document, int n_documents, const char *request_id,
                   gpointer user_data)
{
    if (document < 0)
        stage_reached(stage, request_id, user_data);
    else
        fprintf(stderr, "\r\033[K%d/%d: %s…", document + 1, n_documents, kyso_words_stage(stage));
}

static void
clear_progress(const KysoSignRequest *request)
{
    if (request->progress != NULL)
        fputs("\r\033[K", stderr);
}

static void
print_for_people(const KysoResult *result, const KysoSignRequest *request)
{
    g_autofree char *moment = kyso_words_time(kyso_client_result_text(result, "signed_at"));
    g_autofree char *journal =
        g_strdup_printf("%" G_GINT64_FORMAT, kyso_client_result_number(result, 0, "journal"));

    kyso_cli_print(T("Đã ký (%s): %s"), kyso_words_purpose(request->purpose), request->output.path);
    if (kyso_client_result_text(result, "rewritten.digest") != NULL)
        kyso_cli_print(T("Tệp gốc bị hỏng, đã được dựng lại trước khi ký: hãy xem kỹ kết quả."));
    if (kyso_client_result_text(result, "timestamp_later.reason") != NULL)
        kyso_cli_print(
            T("CHƯA CÓ DẤU THỜI GIAN, mới ký ở mức B-B: hãy chạy kyso augment khi có dịch "
              "vụ."));
    kyso_cli_print_field(T("Người ký"),
                         kyso_client_result_text(result, "signature.signer.common_name"));
    kyso_cli_print_field(T("Cơ quan"),
                         kyso_client_result_text(result, "signature.signer.organization"));
    kyso_cli_print_field(T("Thời điểm"), moment);
    kyso_cli_print_field(T("Kết luận"),
                         kyso_words_verdict(kyso_client_result_text(result, "signature.verdict")));
    kyso_cli_print_field(T("Dấu thời gian"),
                         kyso_client_result_text(result, "signature.timestamp.service"));
    kyso_cli_print_field(T("Nhật ký số"), journal);
    kyso_cli_print_field(T("SHA-256"), kyso_client_result_text(result, "output_digest"));
    kyso_sign_places_print(result);
    kyso_sign_places_print_warnings(result, "");
}

static KysoResult *
ask_agent(KysoCli *cli, KysoSignRequest *request, const KysoSignList *list, int password,
          GError **error)
{
    KysoResult *result;

    request->password_fd = MAX(password, 0);
    if (list == NULL)
        result = kyso_client_sign(cli->client, request, error);
    else
        result = kyso_sign_list_run(cli, list, request,
                                    request->progress != NULL ? list_stage_reached : NULL, error);
    clear_progress(request);
    return result;
}

/* The whole of a result, or NULL after a word on stderr. @list: NULL for one document. A password
 * that is needed is asked for. */
static KysoResult *
sign(KysoCli *cli, KysoSignRequest *request, const KysoSignList *list, const char *password_file,
     int *ret_code)
{
    g_auto(KysoFd) password = -1;
    GError *error = NULL;
    KysoResult *result = NULL;

    if (!cli->json && isatty(STDERR_FILENO))
        request->progress = stage_reached;
    if (kyso_cli_password_open(password_file, &password, &error) && kyso_cli_connect(cli, &error))
        result = ask_agent(cli, request, list, password, &error);
    if (kyso_cli_password_ask(cli, &password, &error))
        result = ask_agent(cli, request, list, password, &error);
    if (result != NULL)
        return result;
    if (list != NULL && !cli->json)
        kyso_sign_list_blame(list, error);
    *ret_code = kyso_cli_fail(cli, error);
    return NULL;
}

/* @list: NULL for one document. */
static int
tell(const KysoCli *cli, KysoResult *result, const KysoSignRequest *request,
     const KysoSignList *list)
{
    if (cli->json)
        kyso_cli_print_json(result);
    else if (list != NULL)
        kyso_sign_list_print(list, result);
    else
        print_for_people(result, request);
    return list != NULL ? kyso_sign_list_exit_code(result) : EXIT_FINE;
}

int
kyso_command_sign(KysoCli *cli, int argc, char **argv)
{
    g_auto(KysoSignOptions) options = {0};
    g_autoptr(KysoSignList) list = NULL;
    g_autofree char *wrong_list = NULL;
    KysoSignRequest request = {0};
    int code = EXIT_FINE;

    if (!kyso_sign_options_parse(&options, &argc, &argv))
        return EXIT_USAGE;
    const char *wrong = kyso_sign_options_read(&options, argv + 1, &request);
    if (wrong == NULL && kyso_sign_options_is_list(&options)) {
        list = kyso_sign_list_read(&options, argv + 1, &request, &wrong_list);
        wrong = wrong_list;
    }
    if (wrong != NULL)
        return kyso_cli_misused("sign", wrong);
    g_autofree char *credential =
        kyso_selection_choose(cli, options.credential, options.purpose, &code);
    if (credential == NULL)
        return code;

    request.credential_id = credential;
    g_autoptr(KysoResult) result = sign(cli, &request, list, options.password_file, &code);
    return result != NULL ? tell(cli, result, &request, list) : code;
}
