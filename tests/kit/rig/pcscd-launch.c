/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Starts a private pcscd, as any user, beside others:
 *
 *     pcscd-launch SHIM PCSCD [ARGUMENT...]     with a listening socket as descriptor 0
 *
 * The socket goes to pcscd as systemd's socket activation would give it (sd_listen_fds(3)), so the
 * path that is compiled in is never bound. run-shim.so keeps it away from /run/pcscd altogether.
 * pcscd dies with the thread that started this program.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

int
main(int argc, char **argv)
{
    char pid[32];

    if (argc < 3) {
        fputs("usage: pcscd-launch SHIM PCSCD [ARGUMENT...]\n", stderr);
        return 2;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || dup2(STDIN_FILENO, FIRST_FD) < 0) {
        perror("pcscd-launch");
        return 1;
    }
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0) {
        perror("/dev/null");
        return 1;
    }
    if (null != STDIN_FILENO)
        close(null);

    snprintf(pid, sizeof pid, "%d", (int) getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LD_PRELOAD", argv[1], 1);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
