/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-proofs.h"

/* Keys of the store, and of one signature's entry in it. */
static const char *const store_keys[KYSO_PDF_N_PROOFS] = {"/Certs", "/OCSPs", "/CRLs"};
static const char *const entry_keys[KYSO_PDF_N_PROOFS] = {"/Cert", "/OCSP", "/CRL"};

/* Not compressed: the blobs hardly shrink, and everybody can take them out as they are. */
static guint32
put_blob(KysoPdfIncrement *increment, GBytes *blob)
{
    guint32 id = kyso_pdf_increment_new_id(increment);
    gsize size = 0;
    const char *data = g_bytes_get_data(blob, &size);
    GString *text = kyso_pdf_increment_begin(increment, id, 0);

    g_string_append_printf(text, "<< /Length %" G_GSIZE_FORMAT " >>\nstream\n", size);
    g_string_append_len(text, data, (gssize) size);
    g_string_append(text, "\nendstream");
    kyso_pdf_increment_end(increment);
    return id;
}

/* "n 0 R m 0 R " of new objects. */
static char *
put_blobs(KysoPdfIncrement *increment, const GPtrArray *blobs)
{
    GString *references = g_string_new(NULL);

    for (guint i = 0; i < blobs->len; i++)
        g_string_append_printf(references, "%u 0 R ",
                               put_blob(increment, g_ptr_array_index(blobs, i)));
    return g_string_free(references, FALSE);
}

static void
put_array(GString *text, const char *key, const char *old, const char *new)
{
    if (*old != '\0' || *new != '\0')
        g_string_append_printf(text, "%s [ %s%s] ", key, old, new);
}

/* The entries of other signatures stay; that of this one is written anew. */
static void
put_signatures(GString *text, KysoPdfFile *file, KysoQpdfValue store, const KysoPdfProofs *proofs,
               char *const *references)
{
    KysoQpdfValue old = kyso_qpdf_reader_get(file->reader, store, "/VRI");
    g_autofree char *key =
        proofs->signature != NULL ? g_strconcat("/", proofs->signature, NULL) : NULL;
    const char *skip[] = {key, NULL};

    if (old == 0 && key == NULL)
        return;
    g_string_append(text, "/VRI << ");
    kyso_pdf_increment_put_entries(text, file->reader, old, skip);
    if (key != NULL) {
        g_string_append_printf(text, "%s << ", key);
        for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++)
            put_array(text, entry_keys[kind], "", references[kind]);
        g_string_append(text, ">> ");
    }
    g_string_append(text, ">> ");
}

static guint32
put_store(KysoPdfIncrement *increment, KysoPdfFile *file, const KysoPdfProofs *proofs,
          char *const *references)
{
    static const char *const ours[] = {"/Type", "/Certs", "/OCSPs", "/CRLs", "/VRI", NULL};
    KysoQpdfValue old = kyso_qpdf_reader_get(file->reader, file->root, "/DSS");
    guint32 id = kyso_pdf_increment_new_id(increment);
    GString *text = kyso_pdf_increment_begin(increment, id, 0);

    g_string_append(text, "<< /Type /DSS ");
    kyso_pdf_increment_put_entries(text, file->reader, old, ours);
    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++) {
        g_autofree char *items = kyso_qpdf_reader_unparse_items(
            file->reader, kyso_qpdf_reader_get(file->reader, old, store_keys[kind]));
        put_array(text, store_keys[kind], items, references[kind]);
    }
    put_signatures(text, file, old, proofs, references);
    g_string_append(text, ">>");
    kyso_pdf_increment_end(increment);
    return id;
}

static void
put_catalogue(KysoPdfIncrement *increment, KysoPdfFile *file, guint32 store)
{
    static const char *const ours[] = {"/DSS", NULL};
    int id = 0, generation = 0;

    kyso_qpdf_reader_reference(file->reader, file->root, &id, &generation);
    GString *text = kyso_pdf_increment_begin(increment, (guint32) id, generation);
    g_string_append(text, "<< ");
    kyso_pdf_increment_put_entries(text, file->reader, file->root, ours);
    g_string_append_printf(text, "/DSS %u 0 R >>", store);
    kyso_pdf_increment_end(increment);
}

GBytes *
kyso_pdf_proofs_prepare(KysoPdfFile *file, const KysoPdfProofs *proofs, GError **error)
{
    g_autoptr(KysoPdfIncrement) increment = kyso_pdf_increment_new(file);
    char *references[KYSO_PDF_N_PROOFS];

    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++)
        references[kind] = put_blobs(increment, proofs->blobs[kind]);
    put_catalogue(increment, file, put_store(increment, file, proofs, references));
    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++)
        g_free(references[kind]);

    GString *text = kyso_pdf_increment_finish(increment, error);
    if (text == NULL || !kyso_pdf_file_check(file, error))
        return NULL;
    return g_bytes_new(text->str, text->len);
}

gboolean
kyso_pdf_proofs_exist(KysoPdfFile *file)
{
    return kyso_qpdf_reader_get(file->reader, file->root, "/DSS") != 0;
}

void
kyso_pdf_proofs_read(KysoPdfFile *file, KysoPdfProofs *ret)
{
    KysoQpdfReader *reader = file->reader;
    KysoQpdfValue store = kyso_qpdf_reader_get(reader, file->root, "/DSS");
    gsize room = KYSO_PDF_PROOFS_MAX_SIZE;

    ret->signature = NULL;
    for (int kind = 0; kind < KYSO_PDF_N_PROOFS; kind++) {
        KysoQpdfValue array = kyso_qpdf_reader_get(reader, store, store_keys[kind]);
        guint n = MIN(kyso_qpdf_reader_n_items(reader, array), KYSO_PDF_PROOFS_MAX);
        ret->blobs[kind] = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        for (guint i = 0; i < n; i++) {
            g_autoptr(GBytes) blob =
                kyso_qpdf_reader_stream_data(reader, kyso_qpdf_reader_item(reader, array, i));
            gsize size = blob != NULL ? g_bytes_get_size(blob) : 0;
            if (size == 0 || size > room)
                continue;
            room -= size;
            g_ptr_array_add(ret->blobs[kind], g_steal_pointer(&blob));
        }
    }
}
