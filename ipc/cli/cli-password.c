/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli-password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/secret.h"

#define CONTROL_C '\3'

/* To the end, or, of a terminal, to the end of the line. */
static gboolean
read_secret(int fd, gboolean is_line, KysoSecret *secret, GError **error)
{
    for (;;) {
        gsize length = kyso_secret_length(secret);
        gssize n = 0;
        if (length < KYSO_SECRET_MAX)
            n = read(fd, kyso_secret_buffer(secret) + length, KYSO_SECRET_MAX - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, "password");
            return FALSE;
        }
        kyso_secret_set_length(secret, length + (gsize) n);
        if (n == 0 || is_line)
            return TRUE;
    }
}

static void
drop_line_end(KysoSecret *secret)
{
    static const char ends[] = {'\n', '\r'};

    for (gsize i = 0; i < G_N_ELEMENTS(ends); i++) {
        gsize length = kyso_secret_length(secret);
        if (length > 0 && kyso_secret_get(secret)[length - 1] == ends[i])
            kyso_secret_set_length(secret, length - 1);
    }
}

/* Ctrl+C ends the line instead of this program, which would leave the terminal without echo. */
static gboolean
read_terminal(int fd, KysoSecret *secret, GError **error)
{
    struct termios before, silent;

    if (tcgetattr(fd, &before) != 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, "terminal");
        return FALSE;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t) (ECHO | ISIG);
    silent.c_lflag |= ICANON;
    silent.c_cc[VEOL] = CONTROL_C;
    tcsetattr(fd, TCSAFLUSH, &silent);
    fprintf(stderr, "\r\033[K%s ", T("Mật khẩu mở tệp PDF:"));
    gboolean is_read = read_secret(fd, TRUE, secret, error);
    tcsetattr(fd, TCSAFLUSH, &before);
    fputc('\n', stderr);
    if (is_read && memchr(kyso_secret_get(secret), CONTROL_C, kyso_secret_length(secret)) != NULL)
        kyso_secret_wipe(secret);
    return is_read;
}

static int
new_descriptor(KysoSecret *secret, GError **error)
{
    drop_line_end(secret);
    if (kyso_secret_length(secret) > 0)
        return kyso_fd_new_memory("password", kyso_secret_get(secret), kyso_secret_length(secret),
                                  error);
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CANCELLED, "no password was given");
    return -1;
}

gboolean
kyso_cli_password_open(const char *file, int *ret, GError **error)
{
    g_autoptr(KysoSecret) secret = NULL;
    g_auto(KysoFd) own = -1;
    gboolean is_read;

    *ret = -1;
    if (file == NULL)
        return TRUE;
    gboolean is_input = strcmp(file, "-") == 0;
    if (!is_input) {
        own = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (own < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INPUT_UNREADABLE, errno, file);
            return FALSE;
        }
    }
    secret = kyso_secret_new();
    is_read = is_input && isatty(STDIN_FILENO)
                  ? read_terminal(STDIN_FILENO, secret, error)
                  : read_secret(is_input ? STDIN_FILENO : own, FALSE, secret, error);
    if (is_read)
        *ret = new_descriptor(secret, error);
    return *ret >= 0;
}

gboolean
kyso_cli_password_ask(const KysoCli *cli, int *fd, GError **error)
{
    if (*error == NULL || kyso_error_code(*error) != KYSO_ERROR_PASSWORD_NEEDED || *fd >= 0 ||
        cli->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return FALSE;
    g_clear_error(error);
    return kyso_cli_password_open("-", fd, error);
}
