/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/sign-list.h"

gboolean
kyso_sign_list_is_distinct(char **files)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *files != NULL; files++)
        if (!g_hash_table_add(names, g_path_get_basename(*files)))
            return FALSE;
    return TRUE;
}

/* A PDF stays a PDF; beside and around a file the signature says by its name what it is. */
static const char *
suffix_of(const KysoSignRequest *request)
{
    gboolean is_file = g_strcmp0(request->purpose, "file") == 0;
    gboolean is_message = g_strcmp0(request->purpose, "message") == 0;

    if (g_strcmp0(request->purpose, "json") == 0 || g_strcmp0(request->format, "J") == 0)
        return ".jws";
    if (!is_file && !is_message)
        return "";
    if (request->envelope == NULL)
        return is_message ? ".p7m" : ".p7s";
    return g_strcmp0(request->envelope, "Attached") == 0 ? ".p7m" : ".p7s";
}

static char *
output_of(const char *file, const KysoSignRequest *request, const char *output_dir)
{
    g_autofree char *base = g_path_get_basename(file);
    g_autofree char *name = g_strconcat(base, suffix_of(request), NULL);
    return g_build_filename(output_dir, name, NULL);
}

KysoResult *
kyso_sign_list_run(KysoCli *cli, const KysoSignRequest *request, char **files,
                   const char *output_dir, const char *const *metadata,
                   KysoClientListProgress progress, GError **error)
{
    guint n = g_strv_length(files);
    g_autofree KysoSignDocument *documents = g_new0(KysoSignDocument, n);
    g_autoptr(GPtrArray) outputs = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < n; i++) {
        g_ptr_array_add(outputs, output_of(files[i], request, output_dir));
        documents[i].input.path = files[i];
        documents[i].output.path = outputs->pdata[i];
        documents[i].metadata = metadata;
    }
    return kyso_client_sign_list(cli->client, request, documents, n, progress, error);
}

/* The sentence of an error object, in the person's language. */
static const char *
cause_of(const KysoResult *result, const char *path)
{
    return kyso_client_result_text(result, "%s.cause.%s", path, kyso_words_language());
}

void
kyso_sign_list_print(const KysoResult *result, char **files, const KysoSignRequest *request,
                     const char *output_dir)
{
    for (guint i = 0; files[i] != NULL; i++) {
        const char *status = kyso_client_result_text(result, "documents.%u.status", i);
        g_autofree char *output = output_of(files[i], request, output_dir);
        g_autofree char *path = g_strdup_printf("documents.%u.error", i);
        g_autofree char *later = g_strdup_printf("documents.%u.timestamp_later.reason", i);
        if (g_strcmp0(status, "signed") == 0 &&
            kyso_client_result_text(result, "%s", later) != NULL)
            kyso_cli_print(T("Đã ký ở mức B-B, CHƯA CÓ DẤU THỜI GIAN (kyso augment): %s"), output);
        else if (g_strcmp0(status, "signed") == 0)
            kyso_cli_print(T("Đã ký: %s"), output);
        else if (g_strcmp0(status, "failed") == 0)
            kyso_cli_print(T("Lỗi: %s: %s"), files[i], cause_of(result, path));
        else
            kyso_cli_print(T("Chưa ký: %s"), files[i]);
    }
    kyso_cli_print(T("Đã ký %d, lỗi %d, chưa ký %d."),
                   (int) kyso_client_result_number(result, 0, "signed"),
                   (int) kyso_client_result_number(result, 0, "failed"),
                   (int) kyso_client_result_number(result, 0, "untouched"));
    if (kyso_client_result_text(result, "ended_by.code") == NULL)
        return;
    kyso_cli_print_field(T("Dừng vì"), cause_of(result, "ended_by"));
    kyso_cli_print_field(T("Cách xử lý"), kyso_client_result_text(result, "ended_by.next.%s",
                                                                  kyso_words_language()));
}

static int
exit_code_at(const KysoResult *result, const char *path)
{
    return kyso_cli_exit_code(kyso_client_result_text(result, "%s.code", path),
                              kyso_client_result_text(result, "%s.layer", path));
}

int
kyso_sign_list_exit_code(const KysoResult *result)
{
    if (kyso_client_result_text(result, "ended_by.code") != NULL)
        return exit_code_at(result, "ended_by");
    for (guint i = 0; i < kyso_client_result_count(result, "documents"); i++) {
        g_autofree char *path = g_strdup_printf("documents.%u.error", i);
        if (kyso_client_result_text(result, "%s.code", path) != NULL)
            return exit_code_at(result, path);
    }
    /* Left out by the person. */
    return kyso_client_result_number(result, 0, "untouched") > 0 ? EXIT_PERSON_CANCELLED
                                                                 : EXIT_FINE;
}
