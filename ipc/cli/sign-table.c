/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/sign-table.h"

#include <string.h>

#include "ipc/cli/csv.h"
#include "ipc/cli/place.h"

#define MAX_TABLE (1024 * 1024) /* bytes */

/* The columns that are no metadata, and the member of a document that each becomes. */
static const struct {
    const char *name;
    gsize offset;
    enum { TEXT, PATH, PLACE } kind;
} columns[] = {
    {"input", G_STRUCT_OFFSET(KysoSignDocument, input.path), PATH},
    {"output", G_STRUCT_OFFSET(KysoSignDocument, output.path), PATH},
    {"name", G_STRUCT_OFFSET(KysoSignDocument, name), TEXT},
    {"number", G_STRUCT_OFFSET(KysoSignDocument, fill_number), TEXT},
    {"day", G_STRUCT_OFFSET(KysoSignDocument, fill_day), TEXT},
    {"month", G_STRUCT_OFFSET(KysoSignDocument, fill_month), TEXT},
    {"text", G_STRUCT_OFFSET(KysoSignDocument, text), TEXT},
    {"place", G_STRUCT_OFFSET(KysoSignDocument, place), PLACE},
    {"number-place", G_STRUCT_OFFSET(KysoSignDocument, fill_number_place), PLACE},
    {"day-place", G_STRUCT_OFFSET(KysoSignDocument, fill_day_place), PLACE},
    {"month-place", G_STRUCT_OFFSET(KysoSignDocument, fill_month_place), PLACE},
};

static int
find_column(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        if (strcmp(columns[i].name, name) == 0)
            return (int) i;
    return -1;
}

static char *wrong_at(const KysoSignList *list, guint line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static char *
wrong_at(const KysoSignList *list, guint line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    return g_strdup_printf(T("%s, dòng %u: %s"), list->table, line, what);
}

/* "CodeNumber", "SignerInfo.FullName" */
static gboolean
is_metadatum(const char *name)
{
    const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.";

    return g_ascii_isupper(*name) && name[strspn(name, letters)] == '\0';
}

static char *
check_header(const KysoSignList *list, const KysoCsvRow *header)
{
    gboolean has_input = FALSE;

    for (guint i = 0; i < header->cells->len; i++) {
        const char *name = header->cells->pdata[i];
        if (find_column(name) < 0 && !is_metadatum(name))
            return wrong_at(list, header->line, T("không có cột “%s”."), name);
        for (guint j = 0; j < i; j++)
            if (strcmp(header->cells->pdata[j], name) == 0)
                return wrong_at(list, header->line, T("cột “%s” có hai lần."), name);
        has_input = has_input || find_column(name) == 0;
    }
    return has_input ? NULL : wrong_at(list, header->line, T("thiếu cột “%s”."), "input");
}

/* @text for as long as the list lives. */
static const char *
keep(KysoSignList *list, char *text)
{
    g_ptr_array_add(list->texts, text);
    return text;
}

static const char *
path_beside(KysoSignList *list, const char *path)
{
    g_autofree char *dir = g_path_get_dirname(list->table);

    if (g_path_is_absolute(path) || strcmp(dir, ".") == 0)
        return keep(list, g_strdup(path));
    return keep(list, g_build_filename(dir, path, NULL));
}

/* One cell that is not empty. FALSE: it is no place. */
static gboolean
read_cell(KysoSignList *list, const char *name, const char *value, KysoSignDocument *document,
          GPtrArray *metadata)
{
    int column = find_column(name);

    if (column < 0) {
        g_ptr_array_add(metadata, (char *) keep(list, g_strconcat(name, "=", value, NULL)));
        return TRUE;
    }
    gpointer member = G_STRUCT_MEMBER_P(document, columns[column].offset);
    if (columns[column].kind == PLACE)
        return kyso_place_parse(keep(list, g_strdup(value)), member);
    *(const char **) member =
        columns[column].kind == PATH ? path_beside(list, value) : keep(list, g_strdup(value));
    return TRUE;
}

static char *
read_row(KysoSignList *list, const KysoCsvRow *header, const KysoCsvRow *row,
         const char *const *common)
{
    GPtrArray *metadata = g_ptr_array_new();
    KysoSignDocument document = {0};

    g_ptr_array_add(list->metadata, metadata);
    for (; common != NULL && *common != NULL; common++)
        g_ptr_array_add(metadata, (char *) *common);
    if (row->cells->len != header->cells->len)
        return wrong_at(list, row->line, T("có %u ô, dòng tiêu đề có %u."), row->cells->len,
                        header->cells->len);
    for (guint i = 0; i < row->cells->len; i++) {
        const char *name = header->cells->pdata[i], *value = row->cells->pdata[i];
        if (*value != '\0' && !read_cell(list, name, value, &document, metadata))
            return wrong_at(list, row->line, T("“%s” không phải là vị trí."), value);
    }
    if (document.input.path == NULL)
        return wrong_at(list, row->line, T("ô “%s” để trống."), "input");
    g_ptr_array_add(metadata, NULL);
    document.metadata = (const char *const *) metadata->pdata;
    g_array_append_val(list->documents, document);
    g_array_append_val(list->lines, row->line);
    return NULL;
}

char *
kyso_sign_table_read(KysoSignList *list, const char *const *common)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    guint line;
    const char *why;

    if (!g_file_get_contents(list->table, &text, &length, &error))
        return g_strdup_printf(T("không đọc được danh sách: %s"), error->message);
    if (length > MAX_TABLE)
        return wrong_at(list, 1, "%s", T("danh sách lớn hơn 1 MiB."));
    g_autoptr(GPtrArray) rows = kyso_csv_parse(text, length, &line, &why);
    if (rows == NULL)
        return wrong_at(list, line, "%s", why);
    if (rows->len < 2)
        return wrong_at(list, 1, "%s", T("không có tài liệu nào."));
    char *wrong = check_header(list, rows->pdata[0]);
    for (guint i = 1; wrong == NULL && i < rows->len; i++)
        wrong = read_row(list, rows->pdata[0], rows->pdata[i], common);
    return wrong;
}
