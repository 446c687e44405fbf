/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/sign-list.h"

#include "ipc/cli/sign-places.h"
#include "ipc/cli/sign-table.h"

#define MAX_LIST 200 /* documents, ipc/PROTOCOL.md, signatures.signDoc */

void
kyso_sign_list_free(KysoSignList *self)
{
    g_free(self->table);
    g_array_unref(self->documents);
    g_array_unref(self->lines);
    g_ptr_array_unref(self->texts);
    g_ptr_array_unref(self->metadata);
    g_free(self);
}

static KysoSignList *
list_new(const char *table)
{
    KysoSignList *self = g_new0(KysoSignList, 1);

    self->table = g_strdup(table);
    self->documents = g_array_new(FALSE, FALSE, sizeof(KysoSignDocument));
    self->lines = g_array_new(FALSE, FALSE, sizeof(guint));
    self->texts = g_ptr_array_new_with_free_func(g_free);
    self->metadata = g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    return self;
}

static KysoSignDocument *
document_at(const KysoSignList *self, guint i)
{
    return &g_array_index(self->documents, KysoSignDocument, i);
}

/* Where a person finds document @i: in the table, or by its path. */
static char *
where_is(const KysoSignList *self, guint i)
{
    const char *path = document_at(self, i)->input.path;

    if (self->table == NULL)
        return g_strdup(path);
    return g_strdup_printf(T("%s, dòng %u: %s"), self->table, g_array_index(self->lines, guint, i),
                           path);
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

/* NULL, or what is wrong with an output that cannot be told. */
static char *
add_outputs(KysoSignList *self, const KysoSignRequest *request, const char *output_dir)
{
    for (guint i = 0; i < self->documents->len; i++) {
        KysoSignDocument *document = document_at(self, i);
        if (document->output.path != NULL)
            continue;
        g_autofree char *where = where_is(self, i);
        if (output_dir == NULL)
            return g_strdup_printf(T("%s: thiếu “output”, hoặc --output-dir."), where);
        g_autofree char *base = g_path_get_basename(document->input.path);
        g_autofree char *name = g_strconcat(base, suffix_of(request), NULL);
        char *path = g_build_filename(output_dir, name, NULL);
        g_ptr_array_add(self->texts, path);
        document->output.path = path;
    }
    return NULL;
}

/* One result would take another's place. */
static char *
check_distinct(const KysoSignList *self)
{
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < self->documents->len; i++) {
        const char *output = document_at(self, i)->output.path;
        g_autofree char *where = where_is(self, i);
        if (!g_hash_table_add(paths, g_canonicalize_filename(output, NULL)))
            return g_strdup_printf(T("%s: kết quả trùng với một tài liệu ở trên: %s"), where,
                                   output);
    }
    return NULL;
}

static void
add_files(KysoSignList *self, char **files, const char *const *metadata)
{
    for (; *files != NULL; files++) {
        KysoSignDocument document = {.input.path = *files, .metadata = metadata};
        g_array_append_val(self->documents, document);
    }
}

KysoSignList *
kyso_sign_list_read(const KysoSignOptions *options, char **files, const KysoSignRequest *request,
                    char **ret_wrong)
{
    g_autoptr(KysoSignList) self = list_new(options->list);
    const char *const *metadata = (const char *const *) options->metadata;
    char *wrong = NULL;

    if (options->list != NULL)
        wrong = kyso_sign_table_read(self, metadata);
    else
        add_files(self, files, metadata);
    if (wrong == NULL && self->documents->len > MAX_LIST)
        wrong = g_strdup_printf(T("Có %u tài liệu; một lần ký được nhiều nhất %d."),
                                self->documents->len, MAX_LIST);
    if (wrong == NULL)
        wrong = add_outputs(self, request, options->output_dir);
    if (wrong == NULL)
        wrong = check_distinct(self);
    *ret_wrong = wrong;
    return wrong == NULL ? g_steal_pointer(&self) : NULL;
}

KysoResult *
kyso_sign_list_run(KysoCli *cli, const KysoSignList *self, const KysoSignRequest *request,
                   KysoClientListProgress progress, GError **error)
{
    return kyso_client_sign_list(cli->client, request, document_at(self, 0), self->documents->len,
                                 progress, error);
}

void
kyso_sign_list_blame(const KysoSignList *self, const GError *error)
{
    g_autoptr(KysoResult) data = kyso_client_error_data(error);
    gint64 i = kyso_client_result_number(data, -1, "document");

    if (i < 0 || i >= self->documents->len)
        return;
    g_autofree char *where = where_is(self, (guint) i);
    kyso_cli_complain("%s", where);
}

/* The sentence of an error object, in the person's language. */
static const char *
cause_of(const KysoResult *result, const char *path)
{
    return kyso_client_result_text(result, "%s.cause.%s", path, kyso_words_language());
}

/* TRUE: its places must be looked at. */
static gboolean
print_one(const KysoSignList *self, const KysoResult *result, guint i)
{
    const KysoSignDocument *document = document_at(self, i);
    const char *status = kyso_client_result_text(result, "documents.%u.status", i);
    g_autofree char *path = g_strdup_printf("documents.%u", i);
    g_autofree char *error = g_strconcat(path, ".error", NULL);
    g_autofree char *members = g_strconcat(path, ".", NULL);
    gboolean is_doubtful = FALSE;

    if (g_strcmp0(status, "signed") == 0) {
        g_autofree char *places = kyso_sign_places_sum_up(result, path, &is_doubtful);
        if (kyso_client_result_text(result, "%s.timestamp_later.reason", path) != NULL)
            kyso_cli_print(T("Đã ký ở mức B-B, CHƯA CÓ DẤU THỜI GIAN (kyso augment): %s%s"),
                           document->output.path, places);
        else
            kyso_cli_print(T("Đã ký: %s%s"), document->output.path, places);
        kyso_sign_places_print_warnings(result, members);
    } else if (g_strcmp0(status, "failed") == 0) {
        kyso_cli_print(T("Lỗi: %s: %s"), document->input.path, cause_of(result, error));
    } else {
        kyso_cli_print(T("Chưa ký: %s"), document->input.path);
    }
    return is_doubtful;
}

void
kyso_sign_list_print(const KysoSignList *self, const KysoResult *result)
{
    int n_doubtful = 0;

    for (guint i = 0; i < self->documents->len; i++)
        n_doubtful += print_one(self, result, i);
    kyso_cli_print(T("Đã ký %d, lỗi %d, chưa ký %d."),
                   (int) kyso_client_result_number(result, 0, "signed"),
                   (int) kyso_client_result_number(result, 0, "failed"),
                   (int) kyso_client_result_number(result, 0, "untouched"));
    if (n_doubtful > 0)
        kyso_cli_print(T("Số tài liệu cần xem lại vị trí trước khi gửi đi: %d."), n_doubtful);
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
