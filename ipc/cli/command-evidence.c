/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <string.h>

static const char *
text(const KysoResult *result, guint i, const char *name)
{
    return kyso_client_result_text(result, "evidence.%u.%s", i, name);
}

static char *
number_text(gint64 number)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

static const char *
kind_word(const char *kind)
{
    if (g_strcmp0(kind, "signed") == 0)
        return T("ký tại đây");
    if (g_strcmp0(kind, "augmented") == 0)
        return T("bổ sung chứng cứ tại đây");
    return T("văn bản đến");
}

static void
print_entry(const KysoResult *result, guint i)
{
    g_autofree char *moment = kyso_words_time(text(result, i, "time"));
    const char *name = text(result, i, "name");
    g_autofree char *number =
        number_text(kyso_client_result_number(result, 0, "evidence.%u.evidenceID", i));

    kyso_cli_print("%s", name != NULL ? name : T("Văn bản không có tên"));
    kyso_cli_print_field(T("Chứng cứ số"), number);
    kyso_cli_print_field(T("Nguồn"), kind_word(text(result, i, "kind")));
    kyso_cli_print_field(T("Thời điểm"), moment);
    for (guint j = 0; j < kyso_client_result_count(result, "evidence.%u.signers", i); j++)
        kyso_cli_print_field(T("Người ký"),
                             kyso_client_result_text(result, "evidence.%u.signers.%u", i, j));
    kyso_cli_print_field(T("SHA-256"), text(result, i, "digest"));
}

static int
list_evidence(KysoCli *cli, const char *path)
{
    const KysoFile document = {.path = path};
    GError *error = NULL;
    g_autoptr(KysoResult) result =
        kyso_cli_connect(cli, &error)
            ? kyso_client_list_evidence(cli->client, path != NULL ? &document : NULL, 0, &error)
            : NULL;

    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(result);
        return EXIT_FINE;
    }
    guint n = kyso_client_result_count(result, "evidence");
    if (n == 0)
        kyso_cli_print("%s", T("Không lưu chứng cứ nào."));
    for (guint i = 0; i < n; i++)
        print_entry(result, i);
    return EXIT_FINE;
}

static int
save_evidence(KysoCli *cli, const char *number, const char *path)
{
    const KysoFile output = {.path = path};
    g_autoptr(KysoResult) result = NULL;
    GError *error = NULL;
    gint64 id = 0;

    if (!g_ascii_string_to_signed(number, 10, 1, G_MAXINT64, &id, NULL))
        return kyso_cli_misused("evidence", T("Số của chứng cứ là một số nguyên dương."));
    if (kyso_cli_connect(cli, &error))
        result = kyso_client_save_evidence(cli->client, id, &output, &error);
    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json)
        kyso_cli_print_json(result);
    else
        kyso_cli_print(T("Đã ghi chứng cứ ra tệp: %s"), path);
    return EXIT_FINE;
}

static int
delete_evidence(KysoCli *cli, const char *path)
{
    const KysoFile document = {.path = path};
    GError *error = NULL;
    g_autoptr(KysoResult) result = kyso_cli_connect(cli, &error)
                                       ? kyso_client_delete_evidence(cli->client, &document, &error)
                                       : NULL;

    if (result == NULL)
        return kyso_cli_fail(cli, error);
    if (cli->json) {
        kyso_cli_print_json(result);
        return EXIT_FINE;
    }
    g_autofree char *deleted = number_text(kyso_client_result_number(result, 0, "deleted"));
    g_autofree char *journal = number_text(kyso_client_result_number(result, 0, "journal"));
    kyso_cli_print(T("Đã hủy chứng cứ của văn bản: %s"), path);
    kyso_cli_print_field(T("Số lượng"), deleted);
    kyso_cli_print_field(T("Nhật ký số"), journal);
    return EXIT_FINE;
}

int
kyso_command_evidence(KysoCli *cli, int argc, char **argv)
{
    if (!kyso_cli_parse(&argc, &argv, NULL, -1))
        return EXIT_USAGE;
    const char *action = argc > 1 ? argv[1] : "";
    if (strcmp(action, "list") == 0 && argc <= 3)
        return list_evidence(cli, argc == 3 ? argv[2] : NULL);
    if (strcmp(action, "save") == 0 && argc == 4)
        return save_evidence(cli, argv[2], argv[3]);
    if (strcmp(action, "delete") == 0 && argc == 3)
        return delete_evidence(cli, argv[2]);
    return kyso_cli_misused("evidence", T("Dùng: list [TỆP], save SỐ TỆP.json hoặc delete TỆP."));
}
