/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kyso-prompt: asks a person for consent and PIN, and writes the PIN to the pipe it was handed; or
 * asks for the token.
 * Read agent/dialog/README.md first.
 */

#include "agent/dialog/batch-windows.h"
#include "agent/dialog/notice.h"
#include "agent/dialog/pinentry.h"
#include "agent/dialog/question.h"
#include "agent/dialog/wording.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/harden.h"
#include "ipc/base/texts.h"
#include "ipc/wire/service.h"

#include <stdio.h>
#include <string.h>

#define T(text) kyso_texts_get(language, text)

/* Buttons, window title and what is signed: the same for both questions but for the yes. */
static gboolean
show(KysoPinentry *pinentry, const char *language, const char *title, const char *description,
     const char *yes, GError **error)
{
    return kyso_pinentry_set(pinentry, "SETTITLE", title, error) &&
           kyso_pinentry_set(pinentry, "SETDESC", description, error) &&
           kyso_pinentry_set(pinentry, "SETOK", yes, error) &&
           kyso_pinentry_set(pinentry, "SETCANCEL", T("_Hủy"), error);
}

static gboolean
confirm_final_try(KysoPinentry *pinentry, const KysoQuestion *question, GError **error)
{
    const char *language = question->language;
    g_autofree char *title = kyso_wording_title(question);
    g_autofree char *description = kyso_wording_final_try(question);

    return show(pinentry, language, title, description, T("Tôi _nhớ đúng mã PIN"), error) &&
           kyso_pinentry_confirm(pinentry, error);
}

/* Into @pin; with a keypad on the reader, consent alone. */
static gboolean
ask_for_pin(KysoPinentry *pinentry, const KysoQuestion *question, KysoSecret *pin, GError **error)
{
    const char *language = question->language;
    g_autofree char *title = kyso_wording_title(question);
    g_autofree char *description = kyso_wording_description(question);
    g_autofree char *yes = kyso_wording_sign_button(question);

    if (!show(pinentry, language, title, description, yes, error))
        return FALSE;
    if (question->protected_path)
        return kyso_pinentry_confirm(pinentry, error);
    return kyso_pinentry_set(pinentry, "SETPROMPT", T("Mã PIN:"), error) &&
           kyso_pinentry_ask_pin(pinentry, pin, error);
}

static gboolean
ask_person(const char *path, KysoQuestion *question, KysoSecret *pin, GArray *left_out,
           GError **error)
{
    gint64 deadline = g_get_monotonic_time() + question->timeout_seconds * G_USEC_PER_SEC;
    g_autoptr(KysoPinentry) pinentry = kyso_pinentry_start(
        path, question->environment, question->language, KYSO_SERVICE_FD, deadline, error);

    if (pinentry == NULL ||
        (question->pin_final_try && !confirm_final_try(pinentry, question, error)) ||
        !kyso_batch_windows_show(pinentry, question, left_out, error))
        return FALSE;
    /* The PIN is for the others: that window names no more than will be signed. */
    kyso_question_leave_out(question, left_out);
    return ask_for_pin(pinentry, question, pin, error);
}

static gboolean
hand_over(const KysoSecret *pin, int fd, GError **error)
{
    g_autoptr(GError) broken = NULL;

    if (fd < 0 || kyso_secret_write(pin, fd, &broken))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED, "nobody takes the PIN: %s",
                broken->message);
    return FALSE;
}

static gboolean
answer_question(KysoCall *call, const char *path, GArray *left_out, GError **error)
{
    const json_t *params = kyso_call_params(call);
    g_auto(KysoFd) fd = -1;
    KysoQuestion question;

    if (!kyso_question_read(params, &question, error))
        return FALSE;
    KysoJsonNeed need = question.protected_path ? KYSO_JSON_OPTIONAL : KYSO_JSON_REQUIRED;
    if (!kyso_json_take_fd(params, "pin", need, kyso_call_fds(call), &fd, error))
        return FALSE;

    g_autoptr(KysoSecret) pin = kyso_secret_new();
    return ask_person(path, &question, pin, left_out, error) && hand_over(pin, fd, error);
}

/* The pipe and pinentry are closed, and the PIN is wiped, when the answer goes out. */
static void
ask(KysoCall *call, gpointer user_data)
{
    g_autoptr(GArray) left_out = g_array_new(FALSE, FALSE, sizeof(guint));
    json_t *indices = json_array();
    GError *error = NULL;
    gboolean answered = answer_question(call, user_data, left_out, &error);

    for (guint i = 0; i < left_out->len; i++)
        json_array_append_new(indices, json_integer(g_array_index(left_out, guint, i)));
    g_autoptr(json_t) result = json_pack("{s:o}", "left_out", indices);
    if (answered)
        kyso_call_return(call, json_incref(result), NULL, 0);
    else
        kyso_call_fail(call, error);
}

static gboolean
show_notice(KysoCall *call, const char *path, GError **error)
{
    const char *language;
    KysoNoticeWindow notice;

    if (!kyso_notice_read(kyso_call_params(call), &notice, error))
        return FALSE;
    language = notice.language;
    gint64 deadline = g_get_monotonic_time() + notice.timeout_seconds * G_USEC_PER_SEC;
    g_autofree char *description = kyso_notice_describe(&notice);
    g_autoptr(KysoPinentry) pinentry =
        kyso_pinentry_start(path, NULL, language, KYSO_SERVICE_FD, deadline, error);

    return pinentry != NULL &&
           kyso_pinentry_set(pinentry, "SETTITLE", T("kyso: chờ thiết bị ký số"), error) &&
           kyso_pinentry_set(pinentry, "SETDESC", description, error) &&
           kyso_pinentry_set(pinentry, "SETOK", T("_Hủy yêu cầu"), error) &&
           kyso_pinentry_tell(pinentry, error);
}

/* Its only button, and closing it, mean the same: no more waiting. */
static void
wait_for_token(KysoCall *call, gpointer user_data)
{
    GError *error = NULL;

    if (show_notice(call, user_data, &error) ||
        g_error_matches(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED)) {
        g_clear_error(&error);
        kyso_call_return(call, json_object(), NULL, 0);
    } else {
        kyso_call_fail(call, error);
    }
}

int
main(int argc, char **argv)
{
    static const KysoServiceMethod methods[] = {
        {"prompt.ask", ask}, {"prompt.wait", wait_for_token}, {NULL, NULL}};

    kyso_harden_process();
    if (argc != 3 || strcmp(argv[1], "--pinentry") != 0 || argv[2][0] != '/') {
        fputs("usage: kyso-prompt --pinentry PATH   (started by kyso-agent)\n", stderr);
        return 2;
    }
    return kyso_service_run(methods, argv[2]);
}
