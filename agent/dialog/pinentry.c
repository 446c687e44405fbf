/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/pinentry.h"

#include "agent/dialog/assuan.h"
#include "agent/dialog/screen.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers of libgpg-error (err-codes.h.in); the upper byte, the source, is masked away. */
enum {
    GPG_TIMEOUT = 62,
    GPG_CANCELED = 99,
    GPG_NOT_CONFIRMED = 114,
    GPG_FULLY_CANCELED = 198,
    GPG_SYSTEM = 1 << 15, /* the next ones are libgpg-error's own numbers, not errno */
    GPG_EACCES = GPG_SYSTEM | 1,
    GPG_ENODEV = GPG_SYSTEM | 80,
    GPG_ENOENT = GPG_SYSTEM | 81,
    GPG_ENOTTY = GPG_SYSTEM | 102,
    GPG_ENXIO = GPG_SYSTEM | 104,
};
#define GPG_CODE_MASK 0xFFFF

/* pinentry's own timer runs first; ours is for one that hangs. */
#define GRACE_US (1 * G_USEC_PER_SEC)

struct _KysoPinentry {
    pid_t pid; /* and of its process group; 0: not started */
    KysoFd to;
    KysoFd from;
    gint64 deadline;
    KysoAssuan *assuan;
};

/* Between fork and exec: system calls only. */
static void
become_pinentry(const char *path, char *const *environment, int in, int out, pid_t parent)
{
    char *const argv[] = {(char *) path, NULL};
    sigset_t none;

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* A session of its own: no terminal may stop it for being in the background (SIGTTOU), and
     * what it starts is killed with it. */
    setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || dup2(in, 0) < 0 ||
        dup2(out, 1) < 0)
        _exit(127);
    syscall(SYS_close_range, 3, ~0U, 0);
    execve(path, argv, environment);
    _exit(127);
}

static gboolean
spawn(KysoPinentry *self, const char *path, char *const *environment, GError **error)
{
    int to[2], from[2];

    if (pipe2(to, O_CLOEXEC) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_PROMPT_FAILED, errno, "pipe");
        return FALSE;
    }
    g_auto(KysoFd) in = to[0];
    self->to = to[1];
    if (pipe2(from, O_CLOEXEC) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_PROMPT_FAILED, errno, "pipe");
        return FALSE;
    }
    self->from = from[0];
    g_auto(KysoFd) out = from[1];

    pid_t parent = getpid();
    self->pid = fork();
    if (self->pid == 0)
        become_pinentry(path, environment, in, out, parent);
    if (self->pid > 0)
        return TRUE;
    kyso_error_set_errno(error, KYSO_ERROR_PROMPT_FAILED, errno, "fork");
    return FALSE;
}

/* FALSE with @error for anything but OK. */
static gboolean
judge(KysoPinentry *self, KysoAssuanAnswer answer, guint number, GError **error)
{
    int code = KYSO_ERROR_PROMPT_FAILED;
    const char *why = "pinentry failed";

    switch (answer) {
    case KYSO_ASSUAN_OK:
        return TRUE;
    case KYSO_ASSUAN_LATE:
        code = KYSO_ERROR_PROMPT_TIMED_OUT;
        why = "pinentry did not answer in time";
        break;
    case KYSO_ASSUAN_END:
        why = "pinentry ended without an answer";
        break;
    case KYSO_ASSUAN_GARBAGE:
        why = "pinentry answered with something else than Assuan";
        break;
    case KYSO_ASSUAN_LEFT:
        why = "the agent is gone";
        break;
    case KYSO_ASSUAN_ERROR:
        switch (number & GPG_CODE_MASK) {
        case GPG_CANCELED:
        case GPG_FULLY_CANCELED:
        case GPG_NOT_CONFIRMED:
            code = KYSO_ERROR_PIN_CANCELLED;
            why = "the person cancelled";
            /* Some pinentries say so of their own timer. */
            if (g_get_monotonic_time() < self->deadline)
                break;
            G_GNUC_FALLTHROUGH;
        case GPG_TIMEOUT:
            code = KYSO_ERROR_PROMPT_TIMED_OUT;
            why = "nobody answered in time";
            break;
        case GPG_EACCES:
        case GPG_ENODEV:
        case GPG_ENOENT:
        case GPG_ENOTTY:
        case GPG_ENXIO:
            code = KYSO_ERROR_PROMPT_UNAVAILABLE;
            why = "pinentry has neither screen nor terminal";
            break;
        }
    }
    g_set_error(error, KYSO_ERROR, code, "%s (%u)", why, number);
    return FALSE;
}

static gboolean
await(KysoPinentry *self, KysoSecret *data, GError **error)
{
    guint number = 0;
    KysoAssuanAnswer answer =
        kyso_assuan_read(self->assuan, self->deadline + GRACE_US, data, &number);

    return judge(self, answer, number, error);
}

static gboolean
say(KysoPinentry *self, const char *command, const char *text, GError **error)
{
    g_autofree char *line = kyso_assuan_line(command, text);
    g_autoptr(GError) broken = NULL;

    if (kyso_fd_write_all(self->to, line, strlen(line), &broken))
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_PROMPT_FAILED, "pinentry does not listen: %s",
                broken->message);
    return FALSE;
}

gboolean
kyso_pinentry_set(KysoPinentry *self, const char *command, const char *text, GError **error)
{
    return say(self, command, text, error) && await(self, NULL, error);
}

/* A pinentry may not know an option; it may not die of it. */
static gboolean
set_option(KysoPinentry *self, const char *option, GError **error)
{
    guint number = 0;

    if (!say(self, "OPTION", option, error))
        return FALSE;
    KysoAssuanAnswer answer =
        kyso_assuan_read(self->assuan, self->deadline + GRACE_US, NULL, &number);
    return answer == KYSO_ASSUAN_ERROR || judge(self, answer, number, error);
}

/* Never allow-external-password-cache: libsecret would keep the PIN. */
static gboolean
set_options(KysoPinentry *self, char **environment, GError **error)
{
    g_auto(GStrv) options = kyso_screen_options(environment);

    for (char **option = options; *option != NULL; option++)
        if (!set_option(self, *option, error))
            return FALSE;
    return TRUE;
}

static gboolean
is_usable(const char *path, GError **error)
{
    if (access(path, X_OK) == 0)
        return kyso_paths_is_trusted(path, error);
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_PROMPT_UNAVAILABLE, "%s: %s", path,
                g_strerror(errno));
    return FALSE;
}

KysoPinentry *
kyso_pinentry_start(const char *path, const json_t *environment, const char *language,
                    int waiting_fd, gint64 deadline, GError **error)
{
    if (!is_usable(path, error))
        return NULL;

    g_auto(GStrv) clean = kyso_screen_environment(environment, language);
    g_autoptr(KysoPinentry) self = g_new0(KysoPinentry, 1);
    self->to = self->from = -1;
    self->deadline = deadline;
    if (!spawn(self, path, clean, error))
        return NULL;

    self->assuan = kyso_assuan_new(self->from, waiting_fd);
    if (!await(self, NULL, error) || !set_options(self, clean, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
kyso_pinentry_free(KysoPinentry *self)
{
    if (self == NULL)
        return;

    if (self->pid > 0) {
        kill(-self->pid, SIGKILL);
        kill(self->pid, SIGKILL); /* where it had no time yet for a group of its own */
        while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    kyso_assuan_free(self->assuan);
    kyso_fd_clear(&self->to);
    kyso_fd_clear(&self->from);
    g_free(self);
}

/* The time left is pinentry's own too, so that its window says so and goes. */
static gboolean
set_timeout(KysoPinentry *self, GError **error)
{
    gint64 left = self->deadline - g_get_monotonic_time();
    g_autofree char *seconds =
        g_strdup_printf("%d", (int) MAX((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC, 1));

    return kyso_pinentry_set(self, "SETTIMEOUT", seconds, error);
}

gboolean
kyso_pinentry_confirm(KysoPinentry *self, GError **error)
{
    return set_timeout(self, error) && kyso_pinentry_set(self, "CONFIRM", NULL, error);
}

gboolean
kyso_pinentry_choose(KysoPinentry *self, gboolean *ret_is_other, GError **error)
{
    guint number = 0;

    *ret_is_other = FALSE;
    if (!set_timeout(self, error) || !say(self, "CONFIRM", NULL, error))
        return FALSE;
    KysoAssuanAnswer answer =
        kyso_assuan_read(self->assuan, self->deadline + GRACE_US, NULL, &number);
    *ret_is_other = answer == KYSO_ASSUAN_ERROR && (number & GPG_CODE_MASK) == GPG_NOT_CONFIRMED &&
                    g_get_monotonic_time() < self->deadline;
    return *ret_is_other || judge(self, answer, number, error);
}

gboolean
kyso_pinentry_tell(KysoPinentry *self, GError **error)
{
    return set_timeout(self, error) && kyso_pinentry_set(self, "CONFIRM", "--one-button", error);
}

gboolean
kyso_pinentry_ask_pin(KysoPinentry *self, KysoSecret *pin, GError **error)
{
    if (!set_timeout(self, error) || !say(self, "GETPIN", NULL, error) || !await(self, pin, error))
        return FALSE;
    if (kyso_secret_length(pin) > 0)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_PIN_CANCELLED, "the person typed nothing");
    return FALSE;
}
