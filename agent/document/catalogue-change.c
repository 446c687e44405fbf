/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/catalogue-change.h"

#define MAX_DSS_DEPTH 4
#define MAX_DSS_NODES 20000

static void
check_trailer(KysoPdfComparison *self)
{
    static const char *const bookkeeping[] = {
        "/Size",   "/Prev",        "/XRefStm", "/ID",   "/Info",        "/Index", "/W",
        "/Filter", "/DecodeParms", "/Length",  "/Type", "/DocChecksum", NULL};
    KysoQpdfValue old = kyso_qpdf_reader_trailer(self->old->reader);
    KysoQpdfValue new = kyso_qpdf_reader_trailer(self->new->reader);
    g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, old, new);

    for (char **key = changed; *key != NULL; key++)
        if (!g_strv_contains(bookkeeping, *key))
            kyso_pdf_comparison_add(self, KYSO_PDF_CATALOGUE_CHANGED, 0, NULL);
}

static void
check_info(KysoPdfComparison *self)
{
    static const char *const free_keys[] = {"/ModDate", "/Producer", "/CreationDate", "/Creator",
                                            NULL};
    KysoQpdfValue old =
        kyso_pdf_comparison_get_old(self, kyso_qpdf_reader_trailer(self->old->reader), "/Info");
    KysoQpdfValue new =
        kyso_pdf_comparison_get_new(self, kyso_qpdf_reader_trailer(self->new->reader), "/Info");
    g_auto(GStrv) changed = kyso_pdf_comparison_changed_keys(self, old, new);

    if (changed[0] == NULL)
        return;
    kyso_pdf_comparison_explain(self, old, 1);
    kyso_pdf_comparison_add(self, KYSO_PDF_METADATA_CHANGED, 0, NULL);
    for (char **key = changed; *key != NULL; key++)
        if (!g_strv_contains(free_keys, *key))
            kyso_pdf_comparison_add(self, KYSO_PDF_OTHER_CHANGED, 0, NULL);
}

/* Lists and dictionaries of streams; the streams themselves are not looked into, as nobody shows
 * them. */
static gboolean
is_proof_data(KysoPdfComparison *self, KysoQpdfValue value, guint depth, guint *nodes_left)
{
    KysoQpdfReader *reader = self->new->reader;
    KysoQpdfType type = kyso_qpdf_reader_type(reader, value);
    gboolean is_right = depth <= MAX_DSS_DEPTH && *nodes_left > 0;

    if (!is_right || (type != KYSO_QPDF_ARRAY && type != KYSO_QPDF_DICTIONARY))
        return is_right;
    (*nodes_left)--;
    for (guint i = 0; is_right && i < kyso_qpdf_reader_n_items(reader, value); i++)
        is_right =
            is_proof_data(self, kyso_qpdf_reader_item(reader, value, i), depth + 1, nodes_left);
    if (type != KYSO_QPDF_DICTIONARY)
        return is_right;
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(reader, value);
    for (char **key = keys; is_right && *key != NULL; key++)
        is_right = is_proof_data(self, kyso_pdf_comparison_get_new(self, value, *key), depth + 1,
                                 nodes_left);
    return is_right;
}

static void
explain_proof_data(KysoPdfComparison *self, KysoQpdfValue value, guint depth, guint *nodes_left)
{
    KysoQpdfReader *reader = self->old->reader;
    KysoQpdfType type = kyso_qpdf_reader_type(reader, value);

    if (depth > MAX_DSS_DEPTH || *nodes_left == 0 ||
        (type != KYSO_QPDF_ARRAY && type != KYSO_QPDF_DICTIONARY))
        return;
    (*nodes_left)--;
    kyso_pdf_comparison_explain(self, value, 1);
    if (type == KYSO_QPDF_ARRAY) {
        for (guint i = 0; i < kyso_qpdf_reader_n_items(reader, value); i++)
            explain_proof_data(self, kyso_qpdf_reader_item(reader, value, i), depth + 1,
                               nodes_left);
        return;
    }
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(reader, value);
    for (char **key = keys; *key != NULL; key++)
        explain_proof_data(self, kyso_pdf_comparison_get_old(self, value, *key), depth + 1,
                           nodes_left);
}

static gboolean
is_touched_below(KysoPdfComparison *self, KysoQpdfValue value, guint depth)
{
    KysoQpdfReader *reader = self->old->reader;

    if (depth > MAX_DSS_DEPTH)
        return FALSE;
    if (kyso_pdf_touched_get(self->pair, self->old, value) != NULL)
        return TRUE;
    if (kyso_qpdf_reader_type(reader, value) != KYSO_QPDF_DICTIONARY)
        return FALSE;
    g_auto(GStrv) keys = kyso_qpdf_reader_keys(reader, value);
    for (char **key = keys; *key != NULL; key++)
        if (is_touched_below(self, kyso_pdf_comparison_get_old(self, value, *key), depth + 1))
            return TRUE;
    return FALSE;
}

static void
check_proof_data(KysoPdfComparison *self)
{
    KysoQpdfValue old = kyso_pdf_comparison_get_old(self, self->old->root, "/DSS");
    KysoQpdfValue new = kyso_pdf_comparison_get_new(self, self->new->root, "/DSS");
    guint nodes_left = MAX_DSS_NODES;

    if (kyso_pdf_comparison_is_equal(self, old, new) && !is_touched_below(self, old, 0))
        return;
    if (kyso_qpdf_reader_type(self->new->reader, new) != KYSO_QPDF_DICTIONARY ||
        !is_proof_data(self, new, 0, &nodes_left)) {
        kyso_pdf_comparison_add(self, KYSO_PDF_CATALOGUE_CHANGED, 0, NULL);
        return;
    }
    nodes_left = MAX_DSS_NODES;
    explain_proof_data(self, old, 0, &nodes_left);
    kyso_pdf_comparison_add(self, KYSO_PDF_VALIDATION_DATA_ADDED, 0, NULL);
}

static void
check_metadata(KysoPdfComparison *self)
{
    KysoQpdfReader *reader = self->new->reader;
    KysoQpdfValue old = kyso_pdf_comparison_get_old(self, self->old->root, "/Metadata");
    KysoQpdfValue new = kyso_pdf_comparison_get_new(self, self->new->root, "/Metadata");
    gboolean is_metadata = kyso_qpdf_reader_is_name(
        reader, kyso_pdf_comparison_get_new(self, new, "/Type"), "/Metadata");

    if (kyso_pdf_comparison_is_equal(self, old, new) &&
        kyso_pdf_touched_get(self->pair, self->old, old) == NULL)
        return;
    if (!is_metadata || kyso_qpdf_reader_type(reader, new) != KYSO_QPDF_STREAM) {
        kyso_pdf_comparison_add(self, KYSO_PDF_CATALOGUE_CHANGED, 0, NULL);
        return;
    }
    kyso_pdf_comparison_explain(self, old, 1);
    kyso_pdf_comparison_add(self, KYSO_PDF_METADATA_CHANGED, 0, NULL);
}

/* A later version of PDF, a list of what extensions are used: no reference, so nothing hangs on
 * them. */
static gboolean
is_version_data(KysoPdfComparison *self, const char *key)
{
    KysoQpdfValue value = kyso_pdf_comparison_get_new(self, self->new->root, key);
    g_autoptr(GArray) references = kyso_qpdf_reader_references(self->new->reader, value);

    return references->len == 0 &&
           (g_str_equal(key, "/Version") || g_str_equal(key, "/Extensions")) &&
           !kyso_qpdf_reader_reference(self->new->reader, value, &(int){0}, &(int){0});
}

static void
check_root(KysoPdfComparison *self)
{
    static const char *const judged_apart[] = {"/AcroForm", "/DSS", "/Metadata", NULL};
    g_auto(GStrv) changed =
        kyso_pdf_comparison_changed_keys(self, self->old->root, self->new->root);

    for (char **key = changed; *key != NULL; key++)
        if (!g_strv_contains(judged_apart, *key) && !is_version_data(self, *key))
            kyso_pdf_comparison_add(self,
                                    g_str_equal(*key, "/Pages") ? KYSO_PDF_PAGES_CHANGED
                                                                : KYSO_PDF_CATALOGUE_CHANGED,
                                    0, NULL);
    kyso_pdf_comparison_explain(self, self->old->root, G_MAXUINT);
}

void
kyso_catalogue_change_check(KysoPdfComparison *comparison)
{
    check_trailer(comparison);
    check_info(comparison);
    check_root(comparison);
    check_proof_data(comparison);
    check_metadata(comparison);
}
