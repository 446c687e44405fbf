/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/sandbox.h"

#include "ipc/base/error.h"
#include "ipc/base/fence.h"
#include "ipc/base/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEBIBYTE ((rlim_t) 1024 * 1024)

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

/* Upper bounds for one process that serves one document. */
static const struct {
    __rlimit_resource_t resource;
    rlim_t limit;
} LIMITS[] = {
#ifndef IS_SANITIZED /* AddressSanitizer reserves terabytes of addresses */
    {RLIMIT_AS, 2048 * MEBIBYTE},
#endif
    {RLIMIT_CPU, 60},               /* seconds; poppler 22.12 loops for ever on some files */
    {RLIMIT_FSIZE, 256 * MEBIBYTE}, /* of a memfd */
    {RLIMIT_NOFILE, 64},
    {RLIMIT_NPROC, 0},
    {RLIMIT_CORE, 0},
};

/* Memory, time, the descriptors we hold, and an orderly end. */
static const int ALLOWED[] = {
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fadvise64),
    SCMP_SYS(memfd_create),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rseq),
#ifdef IS_SANITIZED /* asks a pipe whether an address can be read */
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
#endif
};

/* Only a process that was taken over tries these. */
static const int DEADLY[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(reboot),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
};

/* What reading fonts takes, beside openat. */
static const int FOLDER_CALLS[] = {
    SCMP_SYS(access),     SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(stat),       SCMP_SYS(lstat),      SCMP_SYS(statx),      SCMP_SYS(readlinkat),
    SCMP_SYS(newfstatat), SCMP_SYS(getdents64), SCMP_SYS(fstatfs),    SCMP_SYS(statfs),
};

static int
add_list(scmp_filter_ctx filter, guint32 action, const int *calls, gsize n_calls)
{
    int result = 0;

    for (gsize i = 0; i < n_calls && result == 0; i++)
        if (calls[i] >= 0) /* negative: not on this architecture */
            result = seccomp_rule_add_exact(filter, action, calls[i], 0);
    return result;
}

/* New code must not come in: neither by mapping nor by changing what is mapped. */
static int
add_memory_rules(scmp_filter_ctx filter)
{
    int result = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (result == 0)
        result = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return result;
}

/* abort() sends itself a signal; nobody else gets one. fstat(fd) is newfstatat with an empty path
 * in glibc 2.33 and later. */
static int
add_self_rules(scmp_filter_ctx filter, gboolean may_read)
{
    int result = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                        SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t) getpid()));
    if (result == 0 && !may_read)
        result = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
                                        SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
    return result;
}

/* Descriptors may be copied and asked, but not made to send signals (F_SETOWN). */
static int
add_descriptor_rules(scmp_filter_ctx filter)
{
    static const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,
                                   F_GETFL, F_SETFL,         F_ADD_SEALS, F_GET_SEALS};
    int result = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(commands) && result == 0; i++)
        result = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                                        SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t) commands[i]));
    return result;
}

static int
add_file_rules(scmp_filter_ctx filter, gboolean may_read)
{
    if (!may_read)
        return 0;

    int result = add_list(filter, SCMP_ACT_ALLOW, FOLDER_CALLS, G_N_ELEMENTS(FOLDER_CALLS));
    if (result == 0)
        result = seccomp_rule_add_exact(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
    return result;
}

static int
build_filter(scmp_filter_ctx filter, gboolean may_read)
{
    int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    /* Threads that a library may have started are no way round. */
    if (result == 0)
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (result == 0)
        result = add_list(filter, SCMP_ACT_ALLOW, ALLOWED, G_N_ELEMENTS(ALLOWED));
    if (result == 0)
        result = add_list(filter, SCMP_ACT_KILL_PROCESS, DEADLY, G_N_ELEMENTS(DEADLY));
    if (result == 0)
        result = add_memory_rules(filter);
    if (result == 0)
        result = add_self_rules(filter, may_read);
    if (result == 0)
        result = add_descriptor_rules(filter);
    if (result == 0)
        result = add_file_rules(filter, may_read);
    return result;
}

/* Whatever is in no list fails with EACCES. */
static gboolean
close_calls(gboolean may_read, GError **error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EACCES));
    int result = filter == NULL ? -ENOMEM : build_filter(filter, may_read);

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
lower_limits(GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(LIMITS); i++)
        if (!kyso_harden_limit(LIMITS[i].resource, LIMITS[i].limit, error))
            return FALSE;
    return TRUE;
}

gboolean
kyso_sandbox_enter(const char *const *folders, GError **error)
{
    KysoFence fence = {.readable = folders};
    int abi = 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        kyso_error_set_errno(error, KYSO_ERROR_INTERNAL, errno, "cannot give up privileges");
        return FALSE;
    }
    return lower_limits(error) && kyso_fence_close(&fence, &abi, error) &&
           close_calls(folders != NULL && abi > 0, error);
}
