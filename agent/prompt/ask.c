/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/prompt/ask.h"

#include "ipc/wire/channel.h"

#include <string.h>

#define TEXT_MAX 1024     /* bytes; kyso-prompt shows a tenth of it */
#define DOCUMENTS_MAX 200 /* KYSO_QUESTION_MAX_DOCUMENTS of kyso-prompt */
#define FEW_DOCUMENTS 20
#define NAME_MAX_OF_MANY 112 /* 200 of them, each byte escaped, are within one message */
#define NOTICE_LINES_MAX 8

/* As many bytes of @text as go into @max. Controls, six bytes each in JSON, nobody is shown. */
static void
put_short_text(json_t *object, const char *name, const char *text, gsize max)
{
    if (text == NULL)
        return;

    g_autofree char *start = g_strndup(text, max);
    const char *end = NULL;
    if (g_utf8_validate(text, -1, NULL) && !g_utf8_validate(start, -1, &end))
        start[end - start] = '\0'; /* the cut fell into a character */
    g_autofree char *valid = g_utf8_make_valid(start, -1);
    for (char *p = valid; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    json_object_set_new(object, name, json_string(valid));
}

static void
put_text(json_t *object, const char *name, const char *text)
{
    put_short_text(object, name, text, TEXT_MAX);
}

static json_t *
caller_to_json(const KysoAsk *ask)
{
    json_t *caller = json_object();

    put_text(caller, "executable", ask->caller_executable);
    put_text(caller, "unit", ask->caller_unit);
    put_text(caller, "origin", ask->caller_origin);
    json_object_set_new(caller, "pid", json_integer(MAX(ask->caller_pid, 0)));
    return caller;
}

static json_t *
certificate_to_json(const KysoAsk *ask)
{
    json_t *certificate = json_object();

    put_text(certificate, "common_name", ask->common_name);
    put_text(certificate, "organization", ask->organization);
    put_text(certificate, "issuer", ask->issuer);
    put_text(certificate, "not_after", ask->not_after);
    return certificate;
}

static json_t *
token_to_json(const KysoAsk *ask)
{
    json_t *token = json_object();

    put_text(token, "label", ask->token_label);
    put_text(token, "serial", ask->token_serial);
    json_object_set_new(token, "tries_left", json_integer(CLAMP(ask->tries_left, -1, 255)));
    json_object_set_new(token, "pin_count_low", json_boolean(ask->pin_count_low));
    json_object_set_new(token, "pin_final_try", json_boolean(ask->pin_final_try));
    json_object_set_new(token, "protected_path", json_boolean(ask->protected_path));
    return token;
}

/* @max: bytes of a text; its beginning gets twice as many. */
static json_t *
document_to_json(const KysoAskDocument *document, gsize max)
{
    json_t *object = json_object();
    gboolean has_both = document->number != NULL && document->notation != NULL;
    g_autofree char *code =
        g_strconcat(document->number != NULL ? document->number : "", has_both ? "/" : "",
                    document->notation != NULL ? document->notation : "", NULL);

    put_short_text(object, "name", document->name, max);
    put_short_text(object, "subject", document->subject, max);
    if (*code != '\0')
        put_short_text(object, "number", code, max / 2);
    put_short_text(object, "digest", document->digest, max / 2);
    put_short_text(object, "text", document->text, 2 * max);
    put_short_text(object, "note", document->note, max);
    json_object_set_new(object, "pages", json_integer(document->pages));
    if (document->is_rewritten)
        json_object_set_new(object, "rewritten", json_true());
    if (document->n_signatures > 1)
        json_object_set_new(object, "signatures", json_integer(document->n_signatures));
    return object;
}

static json_t *
documents_to_json(const KysoAsk *ask)
{
    json_t *documents = json_array();
    gsize max = ask->n_documents <= FEW_DOCUMENTS ? TEXT_MAX : NAME_MAX_OF_MANY;

    for (guint i = 0; i < MIN(ask->n_documents, DOCUMENTS_MAX); i++)
        json_array_append_new(documents, document_to_json(&ask->documents[i], max));
    return documents;
}

static json_t *
environment_to_json(const char *const *environment)
{
    static const char *const names[] = {
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        "GPG_TTY",
        "TERM",
    };
    json_t *object = json_object();

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        put_text(object, names[i], g_environ_getenv((char **) environment, names[i]));
    return object;
}

json_t *
kyso_ask_to_json(const KysoAsk *ask, guint timeout_seconds, gboolean has_pin)
{
    json_t *params = json_object();

    put_text(params, "title", ask->title);
    put_text(params, "purpose", ask->purpose != NULL ? ask->purpose : "");
    json_object_set_new(params, "role", json_string(ask->is_agency ? "agency" : "personal"));
    json_object_set_new(params, "language",
                        json_string(g_strcmp0(ask->language, "en") == 0 ? "en" : "vi"));
    json_object_set_new(params, "timeout_seconds", json_integer(timeout_seconds));
    json_object_set_new(params, "caller", caller_to_json(ask));
    json_object_set_new(params, "certificate", certificate_to_json(ask));
    json_object_set_new(params, "token", token_to_json(ask));
    json_object_set_new(params, "documents", documents_to_json(ask));
    json_object_set_new(params, "document_count", json_integer(ask->n_documents));
    json_object_set_new(params, "shows_each", json_boolean(ask->shows_each));
    json_object_set_new(params, "batch_number", json_integer(ask->number));
    json_object_set_new(params, "batch_total", json_integer(ask->total));
    if (ask->environment != NULL)
        json_object_set_new(params, "environment", environment_to_json(ask->environment));
    if (has_pin)
        json_object_set_new(params, "pin", kyso_json_fd(0));
    return params;
}

static json_t *
notice_line_to_json(const KysoNoticeLine *line)
{
    json_t *object = json_object();

    put_text(object, "credential", line->credential);
    put_text(object, "purpose", line->purpose);
    put_text(object, "document", line->document);
    put_text(object, "executable", line->caller_executable);
    json_object_set_new(object, "role", json_string(line->is_agency ? "agency" : "personal"));
    json_object_set_new(object, "documents", json_integer(line->n_documents));
    json_object_set_new(object, "pid", json_integer(MAX(line->caller_pid, 0)));
    return object;
}

json_t *
kyso_ask_notice_to_json(const KysoNotice *notice, guint timeout_seconds)
{
    json_t *params = json_object(), *lines = json_array();

    for (guint i = 0; i < MIN(notice->n_lines, NOTICE_LINES_MAX); i++)
        json_array_append_new(lines, notice_line_to_json(&notice->lines[i]));
    json_object_set_new(params, "language",
                        json_string(g_strcmp0(notice->language, "en") == 0 ? "en" : "vi"));
    json_object_set_new(params, "timeout_seconds", json_integer(timeout_seconds));
    json_object_set_new(params, "requests", lines);
    json_object_set_new(params, "request_count", json_integer(notice->n_lines));
    return params;
}
