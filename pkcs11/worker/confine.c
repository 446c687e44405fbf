/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/confine.h"

#include "ipc/base/error.h"
#include "ipc/base/fence.h"
#include "ipc/base/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEBIBYTE (G_GUINT64_CONSTANT(1024) * 1024)
#define REFUSE SCMP_ACT_ERRNO(EPERM)

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* Generous: a module that leaks for a day shall not take the machine with it. Threads end with the
 * addresses for their stacks; RLIMIT_NPROC counts all processes of the user and is of no use. */
static const struct {
    __rlimit_resource_t resource;
    guint64 limit;
} LIMITS[] = {
#ifndef IS_SANITIZED /* AddressSanitizer reserves terabytes of addresses */
    {RLIMIT_AS, 2048 * MEBIBYTE},
#endif
    {RLIMIT_FSIZE, 64 * MEBIBYTE},
    {RLIMIT_NOFILE, 256},
    {RLIMIT_CORE, 0},
};

/* Always refused. */
static const int REFUSED[] = {
    /* programs and processes: a child would live on when this one is killed */
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
    /* other processes */
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise), SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(tkill),
    SCMP_SYS(kcmp), SCMP_SYS(setpriority), SCMP_SYS(ioprio_set),
    /* file systems and namespaces */
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
    SCMP_SYS(move_mount), SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(mount_setattr), SCMP_SYS(setns),
    SCMP_SYS(unshare), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd), SCMP_SYS(acct), SCMP_SYS(fanotify_init), SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at), 467 /* open_tree_attr: newer than libseccomp 2.5 */,
    /* the kernel */
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(syslog), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(vhangup),
    /* keys of the session and rights */
    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(setuid), SCMP_SYS(setgid),
    SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
    SCMP_SYS(setgroups), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(capset),
    /* what Landlock leaves open: owner, mode and attributes of a file named */
    SCMP_SYS(chmod), SCMP_SYS(fchmodat), 452 /* fchmodat2 */, SCMP_SYS(chown), SCMP_SYS(lchown),
    SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(removexattr),
    SCMP_SYS(lremovexattr), 463 /* setxattrat */, 466 /* removexattrat */, 469 /* file_setattr */};

/* Refused where nothing may be written: the same of a file that is open, be it for reading. */
static const int CHANGES[] = {
    SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(fsetxattr), SCMP_SYS(fremovexattr),
    SCMP_SYS(utime),  SCMP_SYS(utimes), SCMP_SYS(futimesat), SCMP_SYS(utimensat),
};

static int
refuse_list(scmp_filter_ctx filter, const int *calls, gsize n_calls)
{
    int result = 0;

    for (gsize i = 0; i < n_calls && result == 0; i++)
        if (calls[i] >= 0) /* negative: not on this architecture */
            result = seccomp_rule_add(filter, REFUSE, calls[i], 0);
    return result;
}

/* Threads only. Flags that stand in memory (clone3) no filter can see: the C library then takes
 * clone. */
static int
refuse_processes(scmp_filter_ctx filter)
{
    int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    if (result == 0)
        result = seccomp_rule_add(filter, REFUSE, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    return result;
}

static int
refuse_signals(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo),
                                SCMP_SYS(rt_tgsigqueueinfo)};
    static const int owners[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG};
    int result = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(calls) && result == 0; i++)
        result = seccomp_rule_add(filter, REFUSE, calls[i], 1,
                                  SCMP_A0(SCMP_CMP_NE, (scmp_datum_t) getpid()));
    for (gsize i = 0; i < G_N_ELEMENTS(owners) && result == 0; i++)
        result = seccomp_rule_add(filter, REFUSE, SCMP_SYS(fcntl), 1,
                                  SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t) owners[i]));
    return result;
}

/* What would take a wall down again, outlive the agent, or type into the person's terminal. */
static int
refuse_options(scmp_filter_ctx filter)
{
    static const int options[] = {PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_PTRACER};
    static const scmp_datum_t requests[] = {TIOCSTI, TIOCLINUX};
    int result = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(options) && result == 0; i++)
        result =
            seccomp_rule_add(filter, REFUSE, SCMP_SYS(prctl), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, G_MAXUINT32, (scmp_datum_t) options[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(requests) && result == 0; i++)
        result = seccomp_rule_add(filter, REFUSE, SCMP_SYS(ioctl), 1,
                                  SCMP_A1(SCMP_CMP_MASKED_EQ, G_MAXUINT32, requests[i]));
    return result;
}

/* pcscd has a Unix socket. */
static int
refuse_network(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_NE, AF_UNIX));
}

static int
build_filter(scmp_filter_ctx filter, const KysoConfinement *self)
{
    gboolean may_write = self->writes != NULL && self->writes[0] != NULL;
    int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, REFUSE);

    if (result == 0)
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (result == 0)
        result = refuse_list(filter, REFUSED, G_N_ELEMENTS(REFUSED));
    if (result == 0 && !may_write)
        result = refuse_list(filter, CHANGES, G_N_ELEMENTS(CHANGES));
    if (result == 0)
        result = refuse_processes(filter);
    if (result == 0)
        result = refuse_signals(filter);
    if (result == 0)
        result = refuse_options(filter);
    if (result == 0 && !self->network)
        result = refuse_network(filter);
    return result;
}

static gboolean
filter_calls(const KysoConfinement *self, GError **error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int result = filter == NULL ? -ENOMEM : build_filter(filter, self);

    if (result == 0)
        result = seccomp_load(filter);
    if (filter != NULL)
        seccomp_release(filter);
    if (result == 0)
        return TRUE;
    kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, -result, "cannot filter system calls");
    return FALSE;
}

static gboolean
close_fence(const KysoConfinement *self, GError **error)
{
    static const char *const readable[] = {"/", NULL};
    g_autoptr(GPtrArray) writable = g_ptr_array_new();
    int abi = 0;

    g_ptr_array_add(writable, (char *) "/dev/null");
    for (const char *const *path = self->writes; path != NULL && *path != NULL; path++) {
        (void) mkdir(*path, 0700); /* a module cannot make it any more */
        g_ptr_array_add(writable, (char *) *path);
    }
    g_ptr_array_add(writable, NULL);

    KysoFence fence = {readable, (const char *const *) writable->pdata, self->network};
    return kyso_fence_close(&fence, &abi, error);
}

gboolean
kyso_confine_enter(const KysoConfinement *self, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(LIMITS); i++)
        if (!kyso_harden_limit(LIMITS[i].resource, LIMITS[i].limit, error))
            return FALSE;
    return close_fence(self, error) && filter_calls(self, error);
}
