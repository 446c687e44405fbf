/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/cli/cli-password.h"
#include "ipc/cli/place.h"
#include "ipc/cli/selection.h"
#include "ipc/cli/sign-list.h"

#define MAX_TIMEOUT 3600 /* seconds, ipc/PROTOCOL.md §1 */

typedef struct {
    char *purpose, *credential, *place, *image, *name, *number, *day, *month, *output_dir, *level,
        *format, *password_file;
    char **reserve, **metadata;
    gboolean certify, several, repair, no_wait, attached, detached;
    int timeout;
} Options;

static void
options_clear(Options *self)
{
    g_free(self->purpose);
    g_free(self->credential);
    g_free(self->place);
    g_free(self->image);
    g_free(self->name);
    g_free(self->number);
    g_free(self->day);
    g_free(self->month);
    g_free(self->output_dir);
    g_free(self->level);
    g_free(self->format);
    g_free(self->password_file);
    g_strfreev(self->reserve);
    g_strfreev(self->metadata);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* Texts are read as file names are: as they stand, whatever the locale's charset. libkyso refuses
 * what is not UTF-8. */
static gboolean
parse(Options *self, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        {"purpose", 0, 0, G_OPTION_ARG_STRING, &self->purpose, NULL, NULL},
        {"credential", 0, 0, G_OPTION_ARG_STRING, &self->credential, NULL, NULL},
        {"place", 0, 0, G_OPTION_ARG_STRING, &self->place, NULL, NULL},
        {"image", 0, 0, G_OPTION_ARG_FILENAME, &self->image, NULL, NULL},
        {"reserve", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->reserve, NULL, NULL},
        {"number", 0, 0, G_OPTION_ARG_FILENAME, &self->number, NULL, NULL},
        {"day", 0, 0, G_OPTION_ARG_FILENAME, &self->day, NULL, NULL},
        {"month", 0, 0, G_OPTION_ARG_FILENAME, &self->month, NULL, NULL},
        {"certify", 0, 0, G_OPTION_ARG_NONE, &self->certify, NULL, NULL},
        {"several", 0, 0, G_OPTION_ARG_NONE, &self->several, NULL, NULL},
        {"repair", 0, 0, G_OPTION_ARG_NONE, &self->repair, NULL, NULL},
        {"name", 0, 0, G_OPTION_ARG_FILENAME, &self->name, NULL, NULL},
        {"metadata", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &self->metadata, NULL, NULL},
        {"output-dir", 0, 0, G_OPTION_ARG_FILENAME, &self->output_dir, NULL, NULL},
        {"level", 0, 0, G_OPTION_ARG_STRING, &self->level, NULL, NULL},
        {"format", 0, 0, G_OPTION_ARG_STRING, &self->format, NULL, NULL},
        {"attached", 0, 0, G_OPTION_ARG_NONE, &self->attached, NULL, NULL},
        {"detached", 0, 0, G_OPTION_ARG_NONE, &self->detached, NULL, NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &self->password_file, NULL, NULL},
        {"no-wait", 0, 0, G_OPTION_ARG_NONE, &self->no_wait, NULL, NULL},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &self->timeout, NULL, NULL},
        {NULL},
    };
    return kyso_cli_parse(argc, argv, entries, -1);
}

static const char *const purposes[] = {"approve", "issue", "file", "message", "json", "xml", NULL};
static const char *const levels[] = {"B-B", "B-T", "B-LT", "B-LTA", NULL};
static const char *const formats[] = {"P", "C", "J", "X", NULL};

/* What of @options is wrong, or NULL: @ret is then filled but for the credential. */
static const char *
read_options(const Options *options, char **files, KysoSignRequest *ret)
{
    if (options->output_dir == NULL && g_strv_length(files) != 2)
        return T("Số tham số không đúng.");
    if (options->output_dir != NULL && (options->name != NULL || options->number != NULL ||
                                        options->day != NULL || options->month != NULL))
        return T("--name, --number, --day và --month chỉ dùng khi ký một tài liệu.");
    if (options->purpose == NULL || !g_strv_contains(purposes, options->purpose))
        return T("--purpose là approve, issue, file, message, json hoặc xml.");
    if (options->place != NULL && !kyso_place_parse(options->place, &ret->place))
        return T("--place có dạng TRANG:x0,y0,x1,y1.");
    for (char **text = options->reserve; text != NULL && *text != NULL; text++)
        if (!kyso_place_parse_reserve(*text, ret))
            return T("--reserve có dạng number=TRANG:x0,y0,x1,y1 (hoặc day=, month=, seal=).");
    if (options->timeout < 0 || options->timeout > MAX_TIMEOUT)
        return T("--timeout là số giây từ 1 đến 3600.");

    if (options->level != NULL && !g_strv_contains(levels, options->level))
        return T("--level là B-B, B-T, B-LT hoặc B-LTA.");

    if (options->format != NULL && !g_strv_contains(formats, options->format))
        return T("--format là P, C, J hoặc X.");
    if (options->attached && options->detached)
        return T("--attached và --detached không đi với nhau.");

    ret->purpose = options->purpose;
    ret->format = options->format;
    ret->envelope = options->attached ? "Attached" : options->detached ? "Detached" : NULL;
    ret->level = options->level;
    if (options->output_dir == NULL) {
        ret->input.path = files[0];
        ret->output.path = files[1];
        ret->metadata = (const char *const *) options->metadata;
    }
    ret->name = options->name;
    ret->image.path = options->image;
    ret->certify = options->certify;
    ret->several = options->several;
    ret->repair = options->repair;
    ret->fill_number = options->number;
    ret->fill_day = options->day;
    ret->fill_month = options->month;
    ret->no_wait = options->no_wait;
    ret->timeout_ms = options->timeout * 1000;
    return NULL;
}

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
}

static KysoResult *
ask_agent(KysoCli *cli, KysoSignRequest *request, const Options *options, char **files,
          int password, GError **error)
{
    KysoResult *result;

    request->password_fd = MAX(password, 0);
    if (options->output_dir == NULL)
        result = kyso_client_sign(cli->client, request, error);
    else
        result = kyso_sign_list_run(cli, request, files, options->output_dir,
                                    (const char *const *) options->metadata,
                                    request->progress != NULL ? list_stage_reached : NULL, error);
    clear_progress(request);
    return result;
}

/* The whole of a result, or NULL after a word on stderr. A password that is needed is asked for. */
static KysoResult *
sign(KysoCli *cli, KysoSignRequest *request, const Options *options, char **files, int *ret_code)
{
    g_auto(KysoFd) password = -1;
    GError *error = NULL;
    KysoResult *result = NULL;

    if (!cli->json && isatty(STDERR_FILENO))
        request->progress = stage_reached;
    if (kyso_cli_password_open(options->password_file, &password, &error) &&
        kyso_cli_connect(cli, &error))
        result = ask_agent(cli, request, options, files, password, &error);
    if (kyso_cli_password_ask(cli, &password, &error))
        result = ask_agent(cli, request, options, files, password, &error);
    if (result == NULL)
        *ret_code = kyso_cli_fail(cli, error);
    return result;
}

int
kyso_command_sign(KysoCli *cli, int argc, char **argv)
{
    g_auto(Options) options = {0};
    KysoSignRequest request = {0};
    int code = EXIT_FINE;

    if (!parse(&options, &argc, &argv))
        return EXIT_USAGE;
    const char *wrong = read_options(&options, argv + 1, &request);
    if (wrong == NULL && options.output_dir != NULL && !kyso_sign_list_is_distinct(argv + 1))
        wrong = T("Hai tài liệu trùng tên tệp.");
    if (wrong != NULL)
        return kyso_cli_misused("sign", wrong);
    g_autofree char *credential =
        kyso_selection_choose(cli, options.credential, options.purpose, &code);
    if (credential == NULL)
        return code;

    request.credential_id = credential;
    g_autoptr(KysoResult) result = sign(cli, &request, &options, argv + 1, &code);
    if (result == NULL)
        return code;
    if (cli->json)
        kyso_cli_print_json(result);
    else if (options.output_dir != NULL)
        kyso_sign_list_print(result, argv + 1, &request, options.output_dir);
    else
        print_for_people(result, &request);
    return options.output_dir != NULL ? kyso_sign_list_exit_code(result) : EXIT_FINE;
}
