/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/question.h"

#include "ipc/base/error.h"

#define TIMEOUT_MAX 3600    /* seconds */
#define DOCUMENTS_MAX 10000 /* of one batch */

/* A member that must be one of two words; the second one is told by @ret. */
static gboolean
read_choice(const json_t *object, const char *name, const char *first, const char *second,
            gboolean *ret, GError **error)
{
    const char *value = NULL;

    if (!kyso_json_get_string(object, name, KYSO_JSON_REQUIRED, &value, error))
        return FALSE;
    *ret = g_strcmp0(value, second) == 0;
    if (*ret || g_strcmp0(value, first) == 0)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "%s is neither \"%s\" nor \"%s\"",
                name, first, second);
    return FALSE;
}

static gboolean
read_caller(const json_t *params, KysoQuestion *ret, GError **error)
{
    json_t *caller = NULL;

    return kyso_json_get_object(params, "caller", KYSO_JSON_REQUIRED, &caller, error) &&
           kyso_json_get_string(caller, "executable", KYSO_JSON_OPTIONAL, &ret->caller_executable,
                                error) &&
           kyso_json_get_string(caller, "unit", KYSO_JSON_OPTIONAL, &ret->caller_unit, error) &&
           kyso_json_get_string(caller, "origin", KYSO_JSON_OPTIONAL, &ret->caller_origin, error) &&
           kyso_json_get_int(caller, "pid", KYSO_JSON_OPTIONAL, 0, G_MAXINT, &ret->caller_pid,
                             error);
}

static gboolean
read_certificate(const json_t *params, KysoQuestion *ret, GError **error)
{
    json_t *certificate = NULL;

    return kyso_json_get_object(params, "certificate", KYSO_JSON_REQUIRED, &certificate, error) &&
           kyso_json_get_string(certificate, "common_name", KYSO_JSON_OPTIONAL, &ret->common_name,
                                error) &&
           kyso_json_get_string(certificate, "organization", KYSO_JSON_OPTIONAL, &ret->organization,
                                error) &&
           kyso_json_get_string(certificate, "issuer", KYSO_JSON_OPTIONAL, &ret->issuer, error) &&
           kyso_json_get_string(certificate, "not_after", KYSO_JSON_OPTIONAL, &ret->not_after,
                                error);
}

static gboolean
read_token(const json_t *params, KysoQuestion *ret, GError **error)
{
    json_t *token = NULL;

    ret->tries_left = -1;
    return kyso_json_get_object(params, "token", KYSO_JSON_REQUIRED, &token, error) &&
           kyso_json_get_string(token, "label", KYSO_JSON_OPTIONAL, &ret->token_label, error) &&
           kyso_json_get_string(token, "serial", KYSO_JSON_OPTIONAL, &ret->token_serial, error) &&
           kyso_json_get_int(token, "tries_left", KYSO_JSON_OPTIONAL, -1, 255, &ret->tries_left,
                             error) &&
           kyso_json_get_boolean(token, "pin_count_low", KYSO_JSON_OPTIONAL, &ret->pin_count_low,
                                 error) &&
           kyso_json_get_boolean(token, "pin_final_try", KYSO_JSON_OPTIONAL, &ret->pin_final_try,
                                 error) &&
           kyso_json_get_boolean(token, "protected_path", KYSO_JSON_OPTIONAL, &ret->protected_path,
                                 error);
}

static gboolean
read_document(const json_t *object, KysoQuestionDocument *ret, GError **error)
{
    return kyso_json_get_string(object, "name", KYSO_JSON_OPTIONAL, &ret->name, error) &&
           kyso_json_get_string(object, "subject", KYSO_JSON_OPTIONAL, &ret->subject, error) &&
           kyso_json_get_string(object, "number", KYSO_JSON_OPTIONAL, &ret->number, error) &&
           kyso_json_get_string(object, "digest", KYSO_JSON_OPTIONAL, &ret->digest, error) &&
           kyso_json_get_string(object, "text", KYSO_JSON_OPTIONAL, &ret->text, error) &&
           kyso_json_get_string(object, "note", KYSO_JSON_OPTIONAL, &ret->note, error) &&
           kyso_json_get_boolean(object, "rewritten", KYSO_JSON_OPTIONAL, &ret->is_rewritten,
                                 error) &&
           kyso_json_get_int(object, "signatures", KYSO_JSON_OPTIONAL, 0, DOCUMENTS_MAX,
                             &ret->signatures, error) &&
           kyso_json_get_int(object, "pages", KYSO_JSON_OPTIONAL, 0, G_MAXINT, &ret->pages, error);
}

static gboolean
read_documents(const json_t *params, KysoQuestion *ret, GError **error)
{
    json_t *documents = NULL;

    if (!kyso_json_get_array(params, "documents", KYSO_JSON_REQUIRED, KYSO_QUESTION_MAX_DOCUMENTS,
                             &documents, error))
        return FALSE;

    ret->n_documents = json_array_size(documents);
    for (gsize i = 0; i < ret->n_documents; i++)
        if (!read_document(json_array_get(documents, i), &ret->documents[i], error))
            return FALSE;

    ret->document_count = ret->n_documents;
    return kyso_json_get_boolean(params, "shows_each", KYSO_JSON_OPTIONAL, &ret->shows_each,
                                 error) &&
           kyso_json_get_int(params, "batch_number", KYSO_JSON_OPTIONAL, 0, DOCUMENTS_MAX,
                             &ret->batch_number, error) &&
           kyso_json_get_int(params, "batch_total", KYSO_JSON_OPTIONAL, 0, DOCUMENTS_MAX,
                             &ret->batch_total, error) &&
           kyso_json_get_int(params, "document_count", KYSO_JSON_OPTIONAL, ret->n_documents,
                             DOCUMENTS_MAX, &ret->document_count, error);
}

gboolean
kyso_question_read(const json_t *params, KysoQuestion *ret, GError **error)
{
    gboolean is_english = FALSE;
    json_t *environment = NULL;

    *ret = (KysoQuestion){0};
    if (!read_choice(params, "language", "vi", "en", &is_english, error) ||
        !read_choice(params, "role", "personal", "agency", &ret->is_agency, error) ||
        !kyso_json_get_string(params, "title", KYSO_JSON_OPTIONAL, &ret->title, error) ||
        !kyso_json_get_string(params, "purpose", KYSO_JSON_REQUIRED, &ret->purpose, error) ||
        !kyso_json_get_int(params, "timeout_seconds", KYSO_JSON_REQUIRED, 1, TIMEOUT_MAX,
                           &ret->timeout_seconds, error) ||
        !kyso_json_get_object(params, "environment", KYSO_JSON_OPTIONAL, &environment, error))
        return FALSE;

    ret->language = is_english ? "en" : "vi";
    ret->environment = environment;
    return read_caller(params, ret, error) && read_certificate(params, ret, error) &&
           read_token(params, ret, error) && read_documents(params, ret, error);
}

void
kyso_question_leave_out(KysoQuestion *self, const GArray *indices)
{
    gsize kept = 0;
    guint next = 0;

    for (gsize i = 0; i < self->n_documents; i++) {
        if (next < indices->len && g_array_index(indices, guint, next) == i)
            next++;
        else
            self->documents[kept++] = self->documents[i];
    }
    self->document_count -= (gint64) (self->n_documents - kept);
    self->n_documents = kept;
}
