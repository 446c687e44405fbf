/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/notice.h"

#include "agent/dialog/visible.h"
#include "agent/dialog/wording.h"
#include "ipc/base/error.h"
#include "ipc/base/texts.h"

/* Marks a text for po/en.po; needs a `language` in scope. */
#define T(text) kyso_texts_get(language, text)

#define TIMEOUT_MAX 3600 /* seconds */
#define COUNT_MAX 10000
#define LISTED_MAX 2
#define PERSON_WIDTH 70 /* bytes in the line, as all below */
#define NAME_WIDTH 60
#define PROGRAM_WIDTH 50

static gboolean
read_request(const json_t *object, KysoNoticeRequest *ret, GError **error)
{
    const char *role = NULL;

    if (!kyso_json_get_string(object, "credential", KYSO_JSON_OPTIONAL, &ret->credential, error) ||
        !kyso_json_get_string(object, "purpose", KYSO_JSON_REQUIRED, &ret->purpose, error) ||
        !kyso_json_get_string(object, "document", KYSO_JSON_OPTIONAL, &ret->document, error) ||
        !kyso_json_get_string(object, "executable", KYSO_JSON_OPTIONAL, &ret->executable, error) ||
        !kyso_json_get_string(object, "role", KYSO_JSON_REQUIRED, &role, error) ||
        !kyso_json_get_int(object, "documents", KYSO_JSON_REQUIRED, 1, COUNT_MAX, &ret->documents,
                           error) ||
        !kyso_json_get_int(object, "pid", KYSO_JSON_OPTIONAL, 0, G_MAXINT, &ret->pid, error))
        return FALSE;
    ret->is_agency = g_strcmp0(role, "agency") == 0;
    return TRUE;
}

gboolean
kyso_notice_read(const json_t *params, KysoNoticeWindow *ret, GError **error)
{
    const char *language = NULL;
    json_t *requests = NULL;

    *ret = (KysoNoticeWindow){0};
    if (!kyso_json_get_string(params, "language", KYSO_JSON_REQUIRED, &language, error) ||
        !kyso_json_get_int(params, "timeout_seconds", KYSO_JSON_REQUIRED, 1, TIMEOUT_MAX,
                           &ret->timeout_seconds, error) ||
        !kyso_json_get_array(params, "requests", KYSO_JSON_REQUIRED, KYSO_NOTICE_MAX_REQUESTS,
                             &requests, error))
        return FALSE;
    ret->language = g_strcmp0(language, "en") == 0 ? "en" : "vi";
    ret->n_requests = json_array_size(requests);
    for (gsize i = 0; i < ret->n_requests; i++)
        if (!read_request(json_array_get(requests, i), &ret->requests[i], error))
            return FALSE;
    return kyso_json_get_int(params, "request_count", KYSO_JSON_REQUIRED, (gint64) ret->n_requests,
                             COUNT_MAX, &ret->request_count, error);
}

static void
add_request(GString *text, const char *language, const KysoNoticeRequest *request)
{
    g_autofree char *whose = kyso_visible_text(request->credential, PERSON_WIDTH);
    g_autofree char *purpose = kyso_wording_purpose(language, request->purpose);
    g_autofree char *document = kyso_visible_text(request->document, NAME_WIDTH);
    g_autofree char *program = kyso_visible_text(request->executable, PROGRAM_WIDTH);

    g_string_append_c(text, '\n');
    if (request->is_agency)
        g_string_append_printf(text, T("Thiết bị của cơ quan: “%s”"), whose);
    else
        g_string_append_printf(text, T("Thiết bị của: “%s”"), whose);
    g_string_append_c(text, '\n');
    g_string_append_printf(text, T("Mục đích: %s"), purpose);
    if (document[0] != '\0')
        g_string_append_printf(text, ", “%s”", document);
    if (request->documents > 1)
        g_string_append_printf(text, T(", và số tài liệu khác: %d"), (int) request->documents - 1);
    g_string_append_c(text, '\n');
    if (program[0] != '\0')
        g_string_append_printf(text, T("Chương trình yêu cầu: “%s”"), program);
    else
        g_string_append(text, T("Chương trình yêu cầu: không rõ"));
    if (request->pid > 0)
        g_string_append_printf(text, " (PID %d)", (int) request->pid);
}

char *
kyso_notice_describe(const KysoNoticeWindow *notice)
{
    const char *language = notice->language;
    gsize listed = MIN(notice->n_requests, LISTED_MAX);
    GString *text = g_string_new(T("Hãy cắm thiết bị ký số. Việc ký sẽ tự tiếp tục."));

    for (gsize i = 0; i < listed; i++)
        add_request(text, language, &notice->requests[i]);
    if (notice->request_count > (gint64) listed) {
        g_string_append_c(text, '\n');
        g_string_append_printf(text, T("… và số yêu cầu khác: %d"),
                               (int) (notice->request_count - (gint64) listed));
    }
    return g_string_free(text, FALSE);
}
