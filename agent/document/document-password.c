/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-password.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/secret.h"

#include <string.h>
#include <sys/stat.h>

#define MAX_PASSWORD 127 /* bytes (ISO 32000-2 §7.6.4.3.3) */

static KysoSecret *typed, *composed;

void
kyso_document_password_begin(void)
{
    if (typed != NULL)
        return;
    typed = kyso_secret_new();
    composed = kyso_secret_new();
}

static void
compose(void)
{
    const char *text = kyso_secret_get(typed);
    char *form = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);

    if (form == NULL)
        return;
    if (strcmp(form, text) != 0)
        kyso_secret_append(composed, form, strlen(form));
    explicit_bzero(form, strlen(form));
    g_free(form);
}

gboolean
kyso_document_password_read(int fd, GError **error)
{
    struct stat status;

    kyso_document_password_begin();
    kyso_document_password_clear();
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 1 ||
        status.st_size > MAX_PASSWORD) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "a password has 1 to %d bytes, in a regular file", MAX_PASSWORD);
        return FALSE;
    }
    gsize size = (gsize) status.st_size;
    if (!kyso_fd_read_at(fd, kyso_secret_buffer(typed), size, 0, error)) {
        kyso_document_password_clear();
        return FALSE;
    }
    kyso_secret_set_length(typed, size);
    compose();
    return TRUE;
}

void
kyso_document_password_clear(void)
{
    if (typed == NULL)
        return;
    kyso_secret_wipe(typed);
    kyso_secret_wipe(composed);
}

static const char *
text_of(const KysoSecret *secret)
{
    return secret != NULL && kyso_secret_length(secret) > 0 ? kyso_secret_get(secret) : NULL;
}

const char *
kyso_document_password_get(void)
{
    return text_of(typed);
}

const char *
kyso_document_password_get_composed(void)
{
    return text_of(composed);
}

void
kyso_document_password_called(KysoCall *call, gpointer user_data)
{
    static const char *const members[] = {"password", NULL};
    const json_t *params = kyso_call_params(call);
    g_auto(KysoFd) fd = -1;
    GError *error = NULL;

    if (kyso_json_only_has(params, members, &error) &&
        kyso_json_take_fd(params, "password", KYSO_JSON_REQUIRED, kyso_call_fds(call), &fd,
                          &error) &&
        kyso_document_password_read(fd, &error))
        kyso_call_return(call, json_object(), NULL, 0);
    else
        kyso_call_fail(call, error);
}
