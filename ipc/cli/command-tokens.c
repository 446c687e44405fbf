/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"
#include "ipc/cli/token-events.h"

static const char *
pin_state(const KysoResult *tokens, guint i)
{
    if (kyso_client_result_boolean(tokens, "tokens.%u.pin_locked", i))
        return T("đã bị khóa");
    if (kyso_client_result_boolean(tokens, "tokens.%u.pin_final_try", i))
        return T("chỉ còn một lần thử");
    if (kyso_client_result_boolean(tokens, "tokens.%u.pin_count_low", i))
        return T("đã có lần nhập sai");
    return T("bình thường");
}

static void
print_token(const KysoResult *tokens, guint i)
{
    const char *maker = kyso_client_result_text(tokens, "tokens.%u.manufacturer", i);
    const char *model = kyso_client_result_text(tokens, "tokens.%u.model", i);
    g_autofree char *kind = g_strdup_printf("%s %s", maker, model);

    const char *label = kyso_client_result_text(tokens, "tokens.%u.label", i);
    gboolean is_initialized = kyso_client_result_boolean(tokens, "tokens.%u.initialized", i);

    kyso_cli_print("%s", is_initialized ? label : T("Token chưa khởi tạo"));
    kyso_cli_print_field(T("Số sê-ri"), kyso_client_result_text(tokens, "tokens.%u.serial", i));
    kyso_cli_print_field(T("Loại"), kind);
    kyso_cli_print_field(T("Đầu đọc"), kyso_client_result_text(tokens, "tokens.%u.reader", i));
    kyso_cli_print_field(T("Thư viện"), kyso_client_result_text(tokens, "tokens.%u.module", i));
    if (is_initialized)
        kyso_cli_print_field(T("Mã PIN"), pin_state(tokens, i));
    for (guint c = 0; c < kyso_client_result_count(tokens, "tokens.%u.credentials", i); c++)
        kyso_cli_print_field(T("Chứng thư"),
                             kyso_client_result_text(tokens, "tokens.%u.credentials.%u", i, c));
}

static void
print_fault(const KysoResult *tokens, guint i)
{
    const char *lang = kyso_words_language();

    kyso_cli_print("%s", kyso_client_result_text(tokens, "faults.%u.module", i));
    kyso_cli_print_field(T("Lỗi"),
                         kyso_client_result_text(tokens, "faults.%u.error.cause.%s", i, lang));
    kyso_cli_print_field(T("Cách xử lý"),
                         kyso_client_result_text(tokens, "faults.%u.error.next.%s", i, lang));
    kyso_cli_print_field(T("Chi tiết"),
                         kyso_client_result_text(tokens, "faults.%u.error.detail", i));
}

int
kyso_command_tokens(KysoCli *cli, int argc, char **argv)
{
    gboolean is_watching = FALSE;
    const GOptionEntry entries[] = {
        {"watch", 0, 0, G_OPTION_ARG_NONE, &is_watching, NULL, NULL},
        {NULL},
    };
    GError *error = NULL;

    if (!kyso_cli_parse(&argc, &argv, entries, 0))
        return EXIT_USAGE;
    if (is_watching)
        return kyso_token_events_print(cli);
    g_autoptr(KysoResult) tokens = kyso_cli_call(cli, "tokens.list", NULL, &error);
    if (tokens == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(tokens);
        return EXIT_FINE;
    }
    guint n_tokens = kyso_client_result_count(tokens, "tokens");
    if (n_tokens == 0)
        kyso_cli_print("%s", T("Không thấy token nào."));
    for (guint i = 0; i < n_tokens; i++)
        print_token(tokens, i);
    for (guint i = 0; i < kyso_client_result_count(tokens, "faults"); i++)
        print_fault(tokens, i);
    return EXIT_FINE;
}
