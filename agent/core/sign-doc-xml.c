/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/core/sign-doc-state.h"
#include "agent/core/xml-reader.h"
#include "agent/xades/xades-verify.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

/* An XML document with the signature in it, or a package (ODF, Office Open XML) with it among its
 * files.
 * read:     copied -> inspected -> earlier signatures verified
 * prepare:  hashed
 * complete: enclosed -> written -> result inspected -> result verified */
static void input_copied(GObject *source, GAsyncResult *result, gpointer user_data);
static void document_inspected(GObject *source, GAsyncResult *result, gpointer user_data);
static void earlier_verified(GObject *source, GAsyncResult *result, gpointer user_data);
static void contents_hashed(GObject *source, GAsyncResult *result, gpointer user_data);
static void signature_enclosed(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_written(GObject *source, GAsyncResult *result, gpointer user_data);
static void result_inspected(GObject *source, GAsyncResult *result, gpointer user_data);

static GCancellable *
cancellable_of(const KysoSigningDocument *self)
{
    return kyso_job_cancellable(self->signing->job);
}

static void
read_xml(KysoSigningDocument *self)
{
    g_autofree char *dir = kyso_sign_document_work_dir(self);

    self->reader = kyso_xml_reader_new();
    kyso_private_copy_async(self->item->input, dir, FALSE, cancellable_of(self), input_copied,
                            self);
}

static void
input_copied(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->copy = kyso_private_copy_finish(result, &error);
    if (self->copy == NULL) {
        kyso_sign_document_part_done(self, error);
        return;
    }
    g_autoptr(GBytes) digest = kyso_file_hash_get(self->copy->hash);
    self->record->document_digest = kyso_file_hash_to_hex(digest);
    kyso_sign_document_set_stage(self, "inspect");
    kyso_xml_reader_inspect_async(self->reader, self->signing->agent, self->signing->job,
                                  self->copy->read_only, TRUE, self->signing->request->several,
                                  document_inspected, self);
}

/* The bytes stay with us: the process that read them is of no more use. */
static void
document_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->xml = kyso_xml_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    g_clear_object(&self->reader);
    if (self->xml == NULL) {
        kyso_sign_document_part_done(self, error);
        return;
    }
    const char *text = json_string_value(json_object_get(self->xml->facts, "text"));
    self->facts.secrecy_mark = kyso_policy_find_secrecy_mark(text);
    if (kyso_sign_doc_shows_each(self->signing))
        self->text = g_strndup(text != NULL ? text : "", KYSO_DOCUMENT_TEXT_MAX);
    kyso_document_report_xml_async(self->signing->agent->signer, self->xml, cancellable_of(self),
                                   earlier_verified, self);
}

/* Does each signature that is there let others follow? One over all of the XML document does not,
 * unless it says that it leaves signatures out. */
static gboolean
is_open(const json_t *facts)
{
    json_t *signature, *reference;
    size_t i, j;

    if (g_strcmp0(json_string_value(json_object_get(facts, "kind")), "xml") != 0)
        return TRUE;
    json_array_foreach(json_object_get(facts, "signatures"), i, signature)
    {
        json_array_foreach(json_object_get(signature, "references"), j, reference)
        {
            const char *covers = json_string_value(json_object_get(reference, "covers"));
            if (g_strcmp0(covers, "document") == 0 &&
                !json_is_true(json_object_get(reference, "several")))
                return FALSE;
        }
    }
    return TRUE;
}

static void
earlier_verified(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    g_autoptr(KysoDocumentReport) report = kyso_document_report_finish(result, &error);

    if (report != NULL) {
        kyso_document_report_to_facts(report, &self->facts);
        if (!self->facts.is_earlier_broken && !is_open(self->xml->facts))
            g_set_error_literal(&error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WOULD_BREAK,
                                "an earlier signature covers the place of another one");
    }
    kyso_sign_document_part_done(self, error);
}

/* prepare */

typedef struct {
    const KysoXmlInspection *inspection;
    const char *hash;
} HashOrder;

static void
content_clear(gpointer data)
{
    KysoXadesContent *content = data;

    g_free((char *) content->name);
    g_free((char *) content->media_type);
    g_strfreev(content->relationships);
    g_clear_pointer(&content->digest, g_bytes_unref);
}

/* The texts of @list; NULL where it is none. g_strfreev. */
static char **
read_texts(const json_t *list)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    json_t *item;
    size_t i;

    if (!json_is_array(list))
        return NULL;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item))
            g_ptr_array_add(texts, g_strdup(json_string_value(item)));
    }
    g_ptr_array_add(texts, NULL);
    return (char **) g_ptr_array_steal(texts, NULL);
}

static gboolean
hash_content(const HashOrder *order, const json_t *item, GArray *contents, GError **error)
{
    goffset size = order->inspection->content_size;
    gint64 offset = 0, length = 0;
    const char *name = NULL, *media_type = NULL;
    KysoXadesContent content = {0};
    gboolean is_xml = FALSE;
    g_autoptr(KysoFileHash) hash = kyso_file_hash_new(order->hash);

    if (!kyso_json_get_string(item, "name", KYSO_JSON_REQUIRED, &name, error) ||
        !kyso_json_get_string(item, "media_type", KYSO_JSON_OPTIONAL, &media_type, error) ||
        !kyso_json_get_boolean(item, "is_xml", KYSO_JSON_REQUIRED, &is_xml, error) ||
        !kyso_json_get_int(item, "offset", KYSO_JSON_REQUIRED, 0, size, &offset, error) ||
        !kyso_json_get_int(item, "length", KYSO_JSON_REQUIRED, 0, size - offset, &length, error) ||
        !kyso_file_hash_add(hash, order->inspection->content, offset, length, error))
        return FALSE;
    content.name = g_strdup(name);
    content.is_xml = is_xml;
    content.media_type = g_strdup(media_type);
    content.relationships = read_texts(json_object_get(item, "relationships"));
    content.digest = kyso_file_hash_get(hash);
    g_array_append_val(contents, content);
    return TRUE;
}

static void
hash_in_thread(GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const HashOrder *order = task_data;
    GArray *contents = g_array_new(FALSE, FALSE, sizeof(KysoXadesContent));
    GError *error = NULL;
    json_t *item;
    size_t i;

    g_array_set_clear_func(contents, content_clear);
    json_array_foreach(json_object_get(order->inspection->facts, "contents"), i, item)
    {
        if (error == NULL && json_is_object(item))
            hash_content(order, item, contents, &error);
    }
    if (error == NULL) {
        g_task_return_pointer(task, contents, (GDestroyNotify) g_array_unref);
        return;
    }
    g_array_unref(contents);
    g_task_return_error(task, error);
}

static void
prepare_xml(KysoSigningDocument *self)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable_of(self), contents_hashed, self);
    HashOrder *order = g_new0(HashOrder, 1);

    order->inspection = self->xml;
    order->hash = self->signing->scheme->hash;
    g_task_set_task_data(task, order, g_free);
    g_task_run_in_thread(task, hash_in_thread);
}

static void
contents_hashed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->xml_contents = g_task_propagate_pointer(G_TASK(result), &error);
    self->is_ooxml =
        g_strcmp0(json_string_value(json_object_get(self->xml->facts, "kind")), "ooxml") == 0;
    self->leaves_signatures = json_is_true(json_object_get(self->xml->facts, "leaves_signatures"));
    g_clear_pointer(&self->xml, kyso_xml_inspection_free);
    kyso_sign_document_prepared(self, error);
}

/* complete */

static void
complete_xml(KysoSigningDocument *self)
{
    GError *error = NULL;

    if (self->reader == NULL)
        self->reader = kyso_xml_reader_new();
    if (!kyso_xml_reader_enclose_async(self->reader, self->signing->agent, self->signing->job,
                                       self->copy->read_only, self->cms, signature_enclosed, self,
                                       &error))
        kyso_sign_document_completed(self, error);
}

static void
signature_enclosed(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    g_autofree char *dir = kyso_sign_document_work_dir(self);
    GError *error = NULL;

    self->enclosed = kyso_xml_reader_enclose_finish(KYSO_HELPER(source), result, &error);
    g_clear_object(&self->reader);
    if (self->enclosed < 0)
        kyso_sign_document_completed(self, error);
    else
        kyso_private_copy_async(self->enclosed, dir, self->item->output_path != NULL,
                                cancellable_of(self), result_written, self);
}

/* A stranger has not seen what came before: a fresh process reads the result. */
static void
result_written(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;
    KysoPrivateCopy *copy = kyso_private_copy_finish(result, &error);

    kyso_fd_clear(&self->enclosed);
    if (copy == NULL) {
        kyso_sign_document_completed(self, error);
        return;
    }
    kyso_private_copy_free(self->copy);
    self->copy = copy;
    g_autoptr(GBytes) digest = kyso_file_hash_get(copy->hash);
    self->record->result_digest = kyso_file_hash_to_hex(digest);
    kyso_sign_document_set_stage(self, "check");
    self->reader = kyso_xml_reader_new();
    kyso_xml_reader_inspect_async(self->reader, self->signing->agent, self->signing->job,
                                  copy->read_only, FALSE, FALSE, result_inspected, self);
}

/* Is this part of the result, byte for byte, what we have written? */
static gboolean
is_part(const KysoXmlInspection *xml, const json_t *part, const char *expected)
{
    gsize size = strlen(expected);
    gint64 offset = json_integer_value(json_object_get(part, "offset"));
    gint64 length = json_integer_value(json_object_get(part, "length"));
    g_autofree char *data = g_malloc(size);

    return length == (gint64) size && offset >= 0 && offset <= xml->content_size - length &&
           kyso_fd_read_at(xml->content, data, size, offset, NULL) &&
           memcmp(data, expected, size) == 0;
}

/* Beside the digests, which the report looks at: who reads the result finds what was signed, and
 * says the same of it. */
static gboolean
is_ours(const KysoSigningDocument *self)
{
    const json_t *signature =
        json_array_get(json_object_get(self->xml->facts, "signatures"), self->facts.n_earlier);
    const json_t *references = json_object_get(signature, "references");
    size_t n = self->is_ooxml ? 2 : self->xml_contents->len; /* beside the properties */
    const json_t *properties = json_array_get(references, n);

    return json_array_size(references) == n + 1 &&
           json_array_size(kyso_xades_verify_subjects(signature)) ==
               self->xml_contents->len + !self->is_ooxml &&
           is_part(self->xml, json_object_get(signature, "signed_info"),
                   kyso_xades_builder_get_signed_info(self->xades)) &&
           is_part(self->xml, json_object_get(properties, "content"),
                   kyso_xades_builder_get_signed_properties(self->xades));
}

static void
result_inspected(GObject *source, GAsyncResult *result, gpointer user_data)
{
    KysoSigningDocument *self = user_data;
    GError *error = NULL;

    self->xml = kyso_xml_reader_inspect_finish(KYSO_HELPER(source), result, &error);
    g_clear_object(&self->reader);
    if (self->xml != NULL && !is_ours(self))
        g_set_error_literal(&error, KYSO_ERROR, KYSO_ERROR_RESULT_INVALID,
                            "our own signature is not found in the result");
    if (error != NULL)
        kyso_sign_document_completed(self, error);
    else
        kyso_document_report_xml_async(self->signing->agent->signer, self->xml,
                                       cancellable_of(self), kyso_sign_doc_check_copy_verified,
                                       self);
}

const KysoSigningKind kyso_sign_doc_xml = {
    KYSO_CADES_DETACHED, &kyso_sign_maker_xades, read_xml, prepare_xml, NULL, complete_xml};
