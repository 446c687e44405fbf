/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-prepare.h"

#include "agent/document/qpdf-security.h"
#include "ipc/base/error.h"

#include <string.h>

/* Room for "[0 a b c]" with numbers of ten digits. */
#define RANGE_LENGTH 36

void
kyso_pdf_prepare_clear(KysoPdfPrepared *prepared)
{
    g_clear_pointer(&prepared->increment, g_bytes_unref);
}

/* ISO 32000-1 §12.8.2.2: a document has one certifying signature, the first. */
static gboolean
check_certify(KysoPdfDraft *draft, const KysoPdfRequest *request, GError **error)
{
    if (request->certify == 0 || !draft->is_signed)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                        "only the first signature of a document can certify it");
    return FALSE;
}

/* A timestamp belongs to the signature before it: whoever may sign may say when. */
static gboolean
check_permissions(KysoPdfFile *file, const KysoPdfRequest *request, GError **error)
{
    KysoQpdfSecurity security = kyso_qpdf_security_read(file->reader);
    gboolean is_adding = request->signature.existing == NULL || request->reserve->len > 0;

    if (security.may_sign && (security.may_add_fields || request->is_timestamp || !is_adding))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_SIGNING_NOT_PERMITTED,
                "the document does not permit %s", security.may_sign ? "new fields" : "signatures");
    return FALSE;
}

/* Two fields of one name cannot be told apart, and an object is written once a revision. */
static gboolean
check_names(const KysoPdfRequest *request, GError **error)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean is_unique = TRUE;

    if (request->signature.existing == NULL)
        g_hash_table_add(names, (gpointer) request->signature.field.name);
    for (guint i = 0; i < request->reserve->len; i++)
        is_unique &= g_hash_table_add(
            names, (gpointer) g_array_index(request->reserve, KysoPdfNewField, i).name);
    for (guint i = 0; i < request->fill->len; i++)
        is_unique &=
            g_hash_table_add(names, (gpointer) g_array_index(request->fill, KysoPdfFill, i).name);
    if (!is_unique)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "two fields of the request have one name");
    return is_unique;
}

static void
put_optional_text(GString *text, const char *key, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(text, "%s ", key);
    kyso_pdf_increment_put_text(text, value);
    g_string_append_c(text, ' ');
}

/* The transforms that say what may change later: DocMDP where it certifies, FieldMDP where its
 * field has a /Lock (ISO 32000-1 §12.8.2.2, §12.8.2.4 and table 233). */
static void
put_references(KysoPdfDraft *draft, const KysoPdfRequest *request, KysoQpdfValue lock,
               GString *text)
{
    static const char *const lock_type[] = {"/Type", NULL};
    KysoQpdfReader *reader = draft->file->reader;

    if (request->certify == 0 && lock == 0)
        return;
    g_string_append(text, "/Reference [ ");
    if (request->certify != 0)
        g_string_append_printf(text,
                               "<< /Type /SigRef /TransformMethod /DocMDP /TransformParams "
                               "<< /Type /TransformParams /P %d /V /1.2 >> >> ",
                               request->certify);
    if (lock != 0) {
        g_autofree char *root = kyso_qpdf_reader_unparse(reader, draft->file->root);
        g_string_append_printf(text,
                               "<< /Type /SigRef /TransformMethod /FieldMDP /Data %s "
                               "/TransformParams << /Type /TransformParams /V /1.2 ",
                               root);
        kyso_pdf_increment_put_entries(text, reader, lock, lock_type);
        g_string_append(text, ">> >> ");
    }
    g_string_append(text, "] ");
}

/* What the signer says of the signature: kind, time and words. */
static void
put_claims(GString *text, const KysoPdfRequest *request)
{
    g_string_append_printf(text,
                           "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
                           "/M (%s) ",
                           request->signing_time);
    put_optional_text(text, "/Name", request->name);
    put_optional_text(text, "/Reason", request->reason);
    put_optional_text(text, "/Location", request->location);
}

/* The signature dictionary (ISO 32000-1 table 252, ETSI EN 319 142-1 §5.3): keeps the places of
 * its two holes in @ret. */
static void
put_signature(KysoPdfDraft *draft, const KysoPdfRequest *request, guint32 id, KysoQpdfValue lock,
              KysoPdfPrepared *ret)
{
    GString *text = kyso_pdf_increment_begin(draft->increment, id, 0);

    if (request->is_timestamp)
        g_string_append(text, "<< /Type /DocTimeStamp /Filter /Adobe.PPKLite "
                              "/SubFilter /ETSI.RFC3161 ");
    else
        put_claims(text, request);
    put_references(draft, request, lock, text);
    kyso_pdf_increment_encrypt(draft->increment);

    g_string_append(text, "/ByteRange ");
    ret->range_offset = text->len;
    ret->range_length = RANGE_LENGTH;
    g_string_append_printf(text, "%*s /Contents ", RANGE_LENGTH, "");
    ret->contents_offset = text->len;
    ret->contents_length = 2 + 2 * request->contents_size;
    gsize end = text->len + ret->contents_length;
    g_string_set_size(text, end);
    memset(text->str + ret->contents_offset, '0', ret->contents_length);
    text->str[ret->contents_offset] = '<';
    text->str[end - 1] = '>';
    kyso_pdf_increment_keep_clear(draft->increment);
    g_string_append(text, " >>");
    kyso_pdf_increment_end(draft->increment);
}

/* All but the hole of /Contents (ISO 32000-1 §12.8.1). */
static void
write_range(KysoPdfFile *file, GString *text, KysoPdfPrepared *ret)
{
    goffset hole = file->size + (goffset) ret->contents_offset;
    goffset rest = hole + (goffset) ret->contents_length;
    goffset range[4] = {0, hole, rest, file->size + (goffset) text->len - rest};
    g_autofree char *array = g_strdup_printf("[%" G_GOFFSET_FORMAT " %" G_GOFFSET_FORMAT
                                             " %" G_GOFFSET_FORMAT " %" G_GOFFSET_FORMAT,
                                             range[0], range[1], range[2], range[3]);

    memcpy(text->str + ret->range_offset, array, strlen(array));
    text->str[ret->range_offset + RANGE_LENGTH - 1] = ']';
    memcpy(ret->range, range, sizeof range);
}

static gboolean
add_fields(KysoPdfDraft *draft, const KysoPdfRequest *request, GError **error)
{
    for (guint i = 0; i < request->reserve->len; i++)
        if (!kyso_pdf_widgets_reserve(draft, &g_array_index(request->reserve, KysoPdfNewField, i),
                                      request->reserved_seal_width, error))
            return FALSE;
    for (guint i = 0; i < request->fill->len; i++)
        if (!kyso_pdf_widgets_fill(draft, &g_array_index(request->fill, KysoPdfFill, i), error))
            return FALSE;
    return TRUE;
}

gboolean
kyso_pdf_prepare(KysoPdfFile *file, const KysoPdfRequest *request, KysoPdfPrepared *ret,
                 GError **error)
{
    g_auto(KysoPdfPrepared) prepared = {0};
    KysoQpdfValue lock;

    if (!check_permissions(file, request, error) || !check_names(request, error))
        return FALSE;
    g_autoptr(KysoPdfDraft) draft = kyso_pdf_draft_new(file, error);
    if (draft == NULL || !check_certify(draft, request, error))
        return FALSE;

    guint32 id = kyso_pdf_increment_new_id(draft->increment);
    if (!kyso_pdf_widgets_sign(draft, &request->signature, id, &lock, error) ||
        !add_fields(draft, request, error))
        return FALSE;
    if (request->certify != 0)
        draft->certifying_id = id;
    put_signature(draft, request, id, lock, &prepared);

    GString *text = kyso_pdf_draft_finish(draft, error);
    if (text == NULL || !kyso_pdf_file_check(file, error))
        return FALSE;
    write_range(file, text, &prepared);
    prepared.increment = g_bytes_new(text->str, text->len);
    *ret = prepared;
    prepared.increment = NULL;
    return TRUE;
}
