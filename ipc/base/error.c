/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/error.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>

#include "ipc/base/error-table.h"

typedef struct {
    char *details;
} KysoErrorPrivate;

static void
kyso_error_private_init(KysoErrorPrivate *self)
{
    self->details = NULL;
}

static void
kyso_error_private_copy(const KysoErrorPrivate *source, KysoErrorPrivate *target)
{
    target->details = g_strdup(source->details);
}

static void
kyso_error_private_clear(KysoErrorPrivate *self)
{
    g_free(self->details);
}

G_DEFINE_EXTENDED_ERROR(KysoError, kyso_error)

/* Both parts in one, made once. */
static gpointer
join_tables(gpointer data)
{
    gsize n_rules, n_devices;
    const KysoErrorInfo *rules = kyso_error_table_rules_entries(&n_rules);
    const KysoErrorInfo *devices = kyso_error_table_devices_entries(&n_devices);
    GArray *all = g_array_sized_new(FALSE, FALSE, sizeof *rules, (guint) (n_rules + n_devices));

    g_array_append_vals(all, rules, (guint) n_rules);
    g_array_append_vals(all, devices, (guint) n_devices);
    return all;
}

const KysoErrorInfo *
kyso_error_table(gsize *ret_n)
{
    static GOnce once = G_ONCE_INIT;
    const GArray *all = g_once(&once, join_tables, NULL);

    *ret_n = all->len;
    return (const KysoErrorInfo *) all->data;
}

const KysoErrorInfo *
kyso_error_info(int code)
{
    gsize n;
    const KysoErrorInfo *table = kyso_error_table(&n);
    const KysoErrorInfo *internal = NULL;

    for (gsize i = 0; i < n; i++) {
        if (table[i].code == code)
            return &table[i];
        if (table[i].code == KYSO_ERROR_INTERNAL)
            internal = &table[i];
    }
    return internal;
}

int
kyso_error_from_name(const char *name)
{
    gsize n;
    const KysoErrorInfo *table = kyso_error_table(&n);

    for (gsize i = 0; i < n; i++)
        if (g_strcmp0(table[i].name, name) == 0)
            return table[i].code;
    return 0;
}

int
kyso_error_code(const GError *error)
{
    g_return_val_if_fail(error != NULL, KYSO_ERROR_INTERNAL);

    if (error->domain == KYSO_ERROR)
        return kyso_error_info(error->code)->code;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return KYSO_ERROR_CANCELLED;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
        return KYSO_ERROR_DISK_FULL;
    return KYSO_ERROR_INTERNAL;
}

void
kyso_error_set_errno(GError **error, int code, int saved_errno, const char *prefix)
{
    /* EFBIG is what a file-size limit answers: to the user the same lack of room. */
    if (saved_errno == ENOSPC || saved_errno == EDQUOT || saved_errno == EFBIG)
        code = KYSO_ERROR_DISK_FULL;
    g_set_error(error, KYSO_ERROR, code, "%s: %s", prefix, g_strerror(saved_errno));
}

GError *
kyso_error_new_with_details(int code, const char *details_json, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *error = g_error_new_valist(KYSO_ERROR, code, format, args);
    va_end(args);

    kyso_error_get_private(error)->details = g_strdup(details_json);
    return error;
}

const char *
kyso_error_details(const GError *error)
{
    if (error == NULL || error->domain != KYSO_ERROR)
        return NULL;
    return kyso_error_get_private(error)->details;
}
