/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/proofs-request.h"

#include <string.h>
#include <sys/stat.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

static const char *const names[KYSO_PDF_N_PROOFS] = {"certificates", "ocsps", "crls"};

static gboolean
wrong(GError **error, const char *what)
{
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, what);
    return FALSE;
}

/* It is written into the document as a name. */
static gboolean
is_digest(const char *text)
{
    return strlen(text) == 40 && strspn(text, "0123456789ABCDEF") == 40;
}

static GBytes *
read_all(const json_t *params, KysoFdList *fds, GError **error)
{
    g_auto(KysoFd) fd = -1;
    struct stat st;

    if (!kyso_json_take_fd(params, "proofs", KYSO_JSON_REQUIRED, fds, &fd, error))
        return NULL;
    if (fstat(fd, &st) < 0 || st.st_size > KYSO_PDF_PROOFS_MAX_SIZE) {
        wrong(error, "proofs: too large");
        return NULL;
    }
    g_autofree char *data = g_malloc(MAX(st.st_size, 1));
    if (!kyso_fd_read_at(fd, data, st.st_size, 0, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&data), (gsize) st.st_size);
}

static gboolean
cut(const json_t *params, const char *name, GBytes *all, gsize *offset, GPtrArray *blobs,
    GError **error)
{
    json_t *lengths = NULL, *item;
    size_t i;

    if (!kyso_json_get_array(params, name, KYSO_JSON_REQUIRED, KYSO_PDF_PROOFS_MAX, &lengths,
                             error))
        return FALSE;
    json_array_foreach(lengths, i, item)
    {
        json_int_t length = json_integer_value(item);
        if (!json_is_integer(item) || length < 1 ||
            (guint64) length > g_bytes_get_size(all) - *offset)
            return wrong(error, "proofs: shorter than the lists say");
        g_ptr_array_add(blobs, g_bytes_new_from_bytes(all, *offset, (gsize) length));
        *offset += (gsize) length;
    }
    return TRUE;
}

void
kyso_proofs_request_clear(KysoPdfProofs *proofs)
{
    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++)
        g_clear_pointer(&proofs->blobs[kind], g_ptr_array_unref);
}

gboolean
kyso_proofs_request_read(const json_t *params, KysoFdList *fds, KysoPdfProofs *ret, GError **error)
{
    static const char *const members[] = {"document", "proofs", "signature", "certificates",
                                          "ocsps",    "crls",   NULL};
    gboolean is_read = TRUE;
    gsize offset = 0;

    ret->signature = NULL;
    if (!kyso_json_only_has(params, members, error) ||
        !kyso_json_get_string(params, "signature", KYSO_JSON_OPTIONAL, &ret->signature, error))
        return FALSE;
    if (ret->signature != NULL && !is_digest(ret->signature))
        return wrong(error, "signature: needs 40 upper-case hexadecimal digits");
    g_autoptr(GBytes) all = read_all(params, fds, error);
    if (all == NULL)
        return FALSE;

    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++) {
        ret->blobs[kind] = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        is_read = is_read && cut(params, names[kind], all, &offset, ret->blobs[kind], error);
    }
    if (is_read && offset != g_bytes_get_size(all))
        is_read = wrong(error, "proofs: longer than the lists say");
    if (!is_read)
        kyso_proofs_request_clear(ret);
    return is_read;
}

json_t *
kyso_proofs_request_to_json(const KysoPdfProofs *proofs, KysoFdList *ret_fds, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();
    g_autoptr(json_t) result = json_pack("{s:o}", "proofs", kyso_json_fd(0));

    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++) {
        json_t *lengths = json_array();
        for (guint i = 0; i < proofs->blobs[kind]->len; i++) {
            gsize size = 0;
            const void *data = g_bytes_get_data(proofs->blobs[kind]->pdata[i], &size);
            g_byte_array_append(all, data, (guint) size);
            json_array_append_new(lengths, json_integer((json_int_t) size));
        }
        json_object_set_new(result, names[kind], lengths);
    }
    int fd = kyso_fd_new_memory("proofs", all->data, all->len, error);
    if (fd < 0)
        return NULL;
    kyso_fd_list_append(ret_fds, fd);
    return g_steal_pointer(&result);
}
