/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#define FIRST_FD 3

struct _KysoChild {
    GObject parent_instance;
    GPid pid;
    KysoFd pidfd;
    guint watch; /* source of the pidfd; 0 once reaped */
    KysoChildEnded ended;
    gpointer user_data;
};

G_DEFINE_FINAL_TYPE(KysoChild, kyso_child, G_TYPE_OBJECT)

static void
reap(KysoChild *self, siginfo_t *ret_info)
{
    while (waitid(P_PID, self->pid, ret_info, WEXITED) < 0 && errno == EINTR)
        continue;
    kyso_fd_clear(&self->pidfd);
}

static void
kyso_child_finalize(GObject *object)
{
    KysoChild *self = KYSO_CHILD(object);

    if (self->watch != 0) {
        siginfo_t info;
        g_source_remove(self->watch);
        kill(self->pid, SIGKILL);
        reap(self, &info);
    }
    kyso_fd_clear(&self->pidfd);
    G_OBJECT_CLASS(kyso_child_parent_class)->finalize(object);
}

static void
kyso_child_class_init(KysoChildClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = kyso_child_finalize;
}

static void
kyso_child_init(KysoChild *self)
{
    self->pidfd = -1;
}

static gboolean
child_has_ended(int fd, GIOCondition condition, gpointer user_data)
{
    g_autoptr(KysoChild) self = g_object_ref(KYSO_CHILD(user_data));
    siginfo_t info = {0};

    self->watch = 0;
    reap(self, &info);
    if (self->ended != NULL) {
        gboolean exited = info.si_code == CLD_EXITED;
        self->ended(self, exited ? info.si_status : -1, exited ? 0 : info.si_status,
                    self->user_data);
    }
    return G_SOURCE_REMOVE;
}

/* Runs between fork and exec: system calls only, nothing of GLib. */
static void
become_child(const KysoChildSpec *spec, const int *sources, int null, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(127);
    if (dup2(null, 0) < 0 || dup2(null, 1) < 0)
        _exit(127);
    /* The sources stand above every target (see lift_sources), so no dup2 tramples another. */
    for (guint i = 0; i < spec->n_fds; i++)
        if (dup2(sources[i], FIRST_FD + (int) i) < 0)
            _exit(127);
    syscall(SYS_close_range, FIRST_FD + spec->n_fds, ~0U, 0);

    char *const *envp = spec->envp != NULL ? (char *const *) spec->envp : environ;
    execve(spec->argv[0], (char *const *) spec->argv, envp);
    _exit(127);
}

/* Copies of the descriptors, all with numbers above the last target. */
static gboolean
lift_sources(const KysoChildSpec *spec, int *ret_sources, GError **error)
{
    for (guint i = 0; i < spec->n_fds; i++) {
        ret_sources[i] = fcntl(spec->fds[i], F_DUPFD_CLOEXEC, FIRST_FD + (int) spec->n_fds);
        if (ret_sources[i] < 0) {
            kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot copy a descriptor");
            while (i-- > 0)
                close(ret_sources[i]);
            return FALSE;
        }
    }
    return TRUE;
}

KysoChild *
kyso_child_start(const KysoChildSpec *spec, KysoChildEnded ended, gpointer user_data,
                 GError **error)
{
    g_autofree int *sources = g_new(int, spec->n_fds + 1);
    g_auto(KysoFd) null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0 || access(spec->argv[0], X_OK) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, spec->argv[0]);
        return NULL;
    }
    if (!lift_sources(spec, sources, error))
        return NULL;

    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become_child(spec, sources, null, parent);
    int saved_errno = errno;
    for (guint i = 0; i < spec->n_fds; i++)
        close(sources[i]);
    if (pid < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, saved_errno, "fork");
        return NULL;
    }

    KysoChild *self = g_object_new(KYSO_TYPE_CHILD, NULL);
    self->pid = pid;
    self->pidfd = syscall(SYS_pidfd_open, pid, 0);
    if (self->pidfd < 0)
        g_error("pidfd_open: %s", g_strerror(errno));
    self->ended = ended;
    self->user_data = user_data;
    self->watch = g_unix_fd_add(self->pidfd, G_IO_IN, child_has_ended, self);
    return self;
}

GPid
kyso_child_get_pid(KysoChild *self)
{
    return self->pid;
}

gboolean
kyso_child_is_running(KysoChild *self)
{
    return self->watch != 0;
}

void
kyso_child_kill(KysoChild *self)
{
    if (kyso_child_is_running(self))
        kill(self->pid, SIGKILL);
}
