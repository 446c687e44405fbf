/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-request.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "ipc/base/error.h"

const char *const kyso_levels[KYSO_N_LEVELS] = {"AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA"};

/* Of the documents of a batch so far; sets of texts. */
typedef struct {
    GHashTable *places;   /* that a path names */
    GHashTable *replaced; /* files at these */
    GHashTable *opened;   /* files behind descriptors */
} Outputs;

static void
outputs_clear(Outputs *self)
{
    g_hash_table_unref(self->places);
    g_hash_table_unref(self->replaced);
    g_hash_table_unref(self->opened);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outputs, outputs_clear)

static GHashTable *
new_set(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static gboolean
wrong(GError **error, const char *format, const char *what)
{
    g_autofree char *message = g_strconcat(format, what, NULL);
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, message);
    return FALSE;
}

static gboolean
read_level(KysoSignRequest *self, const char *name, GError **error)
{
    for (int i = 0; i < KYSO_N_LEVELS; i++) {
        if (strcmp(name, kyso_levels[i]) == 0) {
            self->level = (KysoLevel) i;
            return TRUE;
        }
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "conformance_level %s", name);
    return FALSE;
}

/* Which formats a purpose may have, the first one by itself, and up to which level. */
static const struct {
    KysoPurpose purpose;
    KysoSignatureFormat format;
    const char *name;
    gboolean is_attached; /* by itself */
    KysoLevel level;
} formats[] = {
    {KYSO_PURPOSE_FILE, KYSO_FORMAT_CMS, "C", FALSE, KYSO_LEVEL_LT},
    {KYSO_PURPOSE_MESSAGE, KYSO_FORMAT_CMS, "C", TRUE, KYSO_LEVEL_LT},
    {KYSO_PURPOSE_MESSAGE, KYSO_FORMAT_JSON, "J", TRUE, KYSO_LEVEL_B},
    {KYSO_PURPOSE_JSON, KYSO_FORMAT_JSON, "J", TRUE, KYSO_LEVEL_B},
    {KYSO_PURPOSE_XML, KYSO_FORMAT_XML, "X", TRUE, KYSO_LEVEL_T},
    {KYSO_PURPOSE_UNKNOWN, KYSO_FORMAT_PDF, "P", FALSE, KYSO_LEVEL_LTA}, /* of all others */
};

static gboolean
read_envelope(KysoSignRequest *self, const char *name, GError **error)
{
    if (self->is_pdf || self->is_xml ||
        (strcmp(name, "Attached") != 0 && strcmp(name, "Detached") != 0)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "signed_envelope_property %s",
                    name);
        return FALSE;
    }
    self->is_attached = strcmp(name, "Attached") == 0;
    return TRUE;
}

static gboolean
choose_format(KysoSignRequest *self, const char *format, GError **error)
{
    gboolean is_other = TRUE;

    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        gboolean is_fallback = formats[i].purpose == KYSO_PURPOSE_UNKNOWN;
        if (is_fallback ? !is_other : formats[i].purpose != self->purpose)
            continue;
        is_other = FALSE;
        if (format != NULL && strcmp(format, formats[i].name) != 0)
            continue;
        self->format = formats[i].format;
        self->is_pdf = self->format == KYSO_FORMAT_PDF;
        self->is_xml = self->format == KYSO_FORMAT_XML;
        self->is_attached = formats[i].is_attached;
        if (self->level <= formats[i].level)
            return TRUE;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "conformance_level %s with %s",
                    kyso_levels[self->level], kyso_policy_purpose_name(self->purpose));
        return FALSE;
    }
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED, "signature_format %s with %s", format,
                kyso_policy_purpose_name(self->purpose));
    return FALSE;
}

/* The pairing of purpose and format; only what this release can do. */
static gboolean
read_kind(KysoSignRequest *self, const json_t *params, GError **error)
{
    const char *purpose = NULL, *format = NULL, *level = NULL, *envelope = NULL;

    if (!kyso_json_get_string(params, "purpose", KYSO_JSON_REQUIRED, &purpose, error) ||
        !kyso_json_get_string(params, "signature_format", KYSO_JSON_OPTIONAL, &format, error) ||
        !kyso_json_get_string(params, "conformance_level", KYSO_JSON_OPTIONAL, &level, error) ||
        !kyso_json_get_string(params, "signed_envelope_property", KYSO_JSON_OPTIONAL, &envelope,
                              error))
        return FALSE;
    self->purpose = kyso_policy_purpose_from_name(purpose);
    if (self->purpose == KYSO_PURPOSE_UNKNOWN || self->purpose == KYSO_PURPOSE_VERIFY ||
        self->purpose == KYSO_PURPOSE_HASH)
        return wrong(error, "\"purpose\" is not known: ", purpose);
    if (level != NULL && !read_level(self, level, error))
        return FALSE;
    return choose_format(self, format, error) &&
           (envelope == NULL || read_envelope(self, envelope, error));
}

static gboolean
read_texts(KysoSignRequest *self, const json_t *params, GError **error)
{
    const char *credential = NULL, *algo = NULL;

    if (!kyso_json_get_string(params, "credentialID", KYSO_JSON_REQUIRED, &credential, error) ||
        !kyso_json_get_string(params, "signAlgo", KYSO_JSON_OPTIONAL, &algo, error) ||
        !kyso_json_get_boolean(params, "certify", KYSO_JSON_OPTIONAL, &self->certify, error) ||
        !kyso_json_get_boolean(params, "several", KYSO_JSON_OPTIONAL, &self->several, error) ||
        !kyso_json_get_boolean(params, "repair", KYSO_JSON_OPTIONAL, &self->repair, error) ||
        !kyso_json_get_boolean(params, "timestamp_later", KYSO_JSON_OPTIONAL,
                               &self->timestamp_later, error) ||
        !kyso_json_get_boolean(params, "wait_for_token", KYSO_JSON_OPTIONAL, &self->wait_for_token,
                               error))
        return FALSE;
    if (self->certify && self->purpose != KYSO_PURPOSE_APPROVE)
        return wrong(error, "\"certify\" goes with approve only", "");
    if (self->several && !self->is_xml)
        return wrong(error, "\"several\" goes with xml only", "");
    if (self->repair && !self->is_pdf)
        return wrong(error, "\"repair\" goes with a PDF only", "");
    if (self->timestamp_later && self->level < KYSO_LEVEL_T)
        return wrong(error, "\"timestamp_later\" goes with a level above AdES-B-B only", "");
    self->credential_id = g_strdup(credential);
    self->sign_algo = g_strdup(algo);
    return TRUE;
}

gboolean
kyso_sign_request_is_beside(const KysoSignRequest *self)
{
    return !self->is_pdf && !self->is_attached;
}

GError *
kyso_sign_request_explain(const KysoSignRequest *self, GError *error, guint index)
{
    const char *details = kyso_error_details(error);

    if (!self->is_batch)
        return error;
    g_autoptr(json_t) object = details != NULL ? json_loads(details, 0, NULL) : json_object();
    json_object_set_new(object, "document", json_integer(index));
    g_autofree char *text = kyso_json_format(object, NULL);
    GError *explained = kyso_error_new_with_details(kyso_error_code(error), text, "document %u: %s",
                                                    index, error->message);
    g_error_free(error);
    return explained;
}

/* The place that a path names, whatever names lead there: its folder and its name in it. NULL where
 * the folder is not there, which the document is told of later. g_free. */
static char *
place_of_path(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    struct stat st;

    if (stat(dir, &st) < 0)
        return NULL;
    return g_strdup_printf("%ju:%ju/%s", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino, name);
}

/* The file that is at the output already, or NULL. g_free. */
static char *
file_at(const KysoSignItem *item)
{
    struct stat st;
    int status =
        item->output_path != NULL ? lstat(item->output_path, &st) : fstat(item->output, &st);

    if (status < 0)
        return NULL;
    return g_strdup_printf("%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino);
}

/* Two results at one place: the second would take the first one away. Two paths may well be links
 * to one file: it is replaced, and the other stays. */
static gboolean
has_own_output(const KysoSignItem *item, Outputs *outputs, GError **error)
{
    gboolean is_path = item->output_path != NULL;
    char *place = is_path ? place_of_path(item->output_path) : NULL;
    char *file = file_at(item);
    gboolean is_free = place == NULL || g_hash_table_add(outputs->places, place);

    if (file != NULL && is_path) {
        is_free = is_free && !g_hash_table_contains(outputs->opened, file);
        g_hash_table_add(outputs->replaced, file);
    } else if (file != NULL) {
        is_free = is_free && !g_hash_table_contains(outputs->replaced, file);
        is_free = g_hash_table_add(outputs->opened, file) && is_free;
    }
    return is_free || wrong(error, "\"output\" is that of an earlier document too: ",
                            is_path ? item->output_path : "a descriptor");
}

static gboolean
read_item(KysoSignRequest *self, KysoJob *job, const json_t *params, GError **error)
{
    static const char *const members[] = {"input",   "output",   "name", "metadata", "place",
                                          "image",   "reserve",  "fill", "text",     "copy_kind",
                                          "seal_mm", "password", NULL};
    KysoSignItem *item;

    if (self->is_batch && !json_is_object(params))
        return wrong(error, "\"documents\" has something that is no object", "");
    if (self->is_batch && !kyso_json_only_has(params, members, error))
        return FALSE;
    item = kyso_sign_item_read(job, params, self->defaults, error);
    if (item == NULL)
        return FALSE;
    g_ptr_array_add(self->items, item);
    return kyso_sign_item_fits(item, self->purpose, error);
}

/* What stands beside "documents" and could only be meant for one of them. */
static gboolean
has_no_stray_member(const json_t *params, GError **error)
{
    static const char *const strays[] = {"input", "output", "name", "metadata", "fill"};

    for (guint i = 0; i < G_N_ELEMENTS(strays); i++)
        if (json_object_get(params, strays[i]) != NULL)
            return wrong(error, "with \"documents\", this belongs into each of them: ", strays[i]);
    return TRUE;
}

static gboolean
read_batch(KysoSignRequest *self, KysoJob *job, const json_t *list, GError **error)
{
    g_auto(Outputs) outputs = {new_set(), new_set(), new_set()};
    GError *fault = NULL;
    json_t *params;
    size_t i;

    if (json_array_size(list) == 0)
        return wrong(error, "\"documents\" is empty", "");
    self->is_batch = TRUE;
    self->defaults = kyso_sign_item_read_defaults(job, error);
    if (self->defaults == NULL || !has_no_stray_member(kyso_job_params(job), error))
        return FALSE;
    json_array_foreach(list, i, params)
    {
        if (read_item(self, job, params, &fault) &&
            has_own_output(self->items->pdata[i], &outputs, &fault))
            continue;
        g_propagate_error(error, kyso_sign_request_explain(self, fault, (guint) i));
        return FALSE;
    }
    return TRUE;
}

KysoSignRequest *
kyso_sign_request_read(KysoJob *job, GError **error)
{
    g_autoptr(KysoSignRequest) self = g_new0(KysoSignRequest, 1);
    const json_t *params = kyso_job_params(job);
    json_t *list = NULL;

    self->wait_for_token = TRUE;
    self->items = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_sign_item_free);
    if (!read_kind(self, params, error) || !read_texts(self, params, error) ||
        !kyso_json_get_array(params, "documents", KYSO_JSON_OPTIONAL, KYSO_MAX_BATCH, &list, error))
        return NULL;
    if (list != NULL ? !read_batch(self, job, list, error) : !read_item(self, job, params, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
kyso_sign_request_free(KysoSignRequest *self)
{
    if (self == NULL)
        return;
    g_free(self->credential_id);
    g_free(self->sign_algo);
    g_clear_pointer(&self->items, g_ptr_array_unref);
    kyso_sign_item_free(self->defaults);
    g_free(self);
}
