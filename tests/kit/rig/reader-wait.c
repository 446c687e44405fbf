/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 *     reader-wait READER present|empty|plugged|unplugged [SECONDS]
 *
 * Ends as soon as pcscd tells that of the reader: so that what a test does next finds it so. Exits
 * 1, saying why, where that is not so after SECONDS (20).
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#define PNP "\\\\?PnP?\\Notification"
#define DEFAULT_SECONDS 20
/* A reader that comes between the list and the wait is not told of (pcsc-lite 1.9.9): look again.
 */
#define LOOK_SECONDS 0.25

static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static int
is_wanted(const char *wanted, DWORD state, int is_known)
{
    if (strcmp(wanted, "unplugged") == 0)
        return !is_known;
    if (!is_known || (state & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE)) != 0)
        return 0;
    if (strcmp(wanted, "plugged") == 0)
        return 1;
    return (state & (strcmp(wanted, "present") == 0 ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY)) !=
           0;
}

/* TRUE where pcscd lists the reader. */
static int
is_listed(SCARDCONTEXT context, const char *reader)
{
    char names[16 * MAX_READERNAME];
    DWORD size = sizeof names;

    if (SCardListReaders(context, NULL, names, &size) != SCARD_S_SUCCESS)
        return 0;
    for (const char *name = names; *name != '\0'; name += strlen(name) + 1)
        if (strcmp(name, reader) == 0)
            return 1;
    return 0;
}

static LONG
wait_state(SCARDCONTEXT context, const char *reader, const char *wanted, double end)
{
    SCARD_READERSTATE states[] = {{.szReader = PNP}, {.szReader = reader}};
    LONG status = SCARD_S_SUCCESS;

    while (status == SCARD_S_SUCCESS || status == SCARD_E_UNKNOWN_READER) {
        int is_known = is_listed(context, reader);

        if (!is_known)
            states[1].dwCurrentState = SCARD_STATE_UNAWARE;
        if (is_wanted(wanted, states[1].dwCurrentState, is_known))
            return SCARD_S_SUCCESS;
        double left = end - now();
        if (left <= 0)
            return SCARD_E_TIMEOUT;
        double wait = left < LOOK_SECONDS ? left : LOOK_SECONDS;
        status = SCardGetStatusChange(context, (DWORD) (wait * 1000), states, is_known ? 2 : 1);
        if (status == SCARD_E_TIMEOUT)
            status = SCARD_S_SUCCESS;
        for (int i = 0; i < 2; i++)
            states[i].dwCurrentState = states[i].dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
    }
    return status;
}

int
main(int argc, char **argv)
{
    SCARDCONTEXT context;

    if (argc < 3) {
        fputs("usage: reader-wait READER present|empty|plugged|unplugged [SECONDS]\n", stderr);
        return 2;
    }
    double end = now() + (argc > 3 ? atof(argv[3]) : DEFAULT_SECONDS);
    LONG status = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
    if (status == SCARD_S_SUCCESS) {
        status = wait_state(context, argv[1], argv[2], end);
        SCardReleaseContext(context);
    }
    if (status != SCARD_S_SUCCESS)
        fprintf(stderr, "%s is not %s: %s\n", argv[1], argv[2], pcsc_stringify_error(status));
    return status == SCARD_S_SUCCESS ? 0 : 1;
}
