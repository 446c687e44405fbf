/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * kyso-card-reset READER: resets the card in the reader, so that no PIN stays valid on it.
 *
 * Run by kyso-agent after a login has ended, however it ended: cards stay unlocked after C_Logout
 * (PIV has no logout), C_Finalize and the death of the process that gave the PIN. A program of its
 * own, as pcscd waits for whoever has a transaction with the card: the agent ends it after a while.
 *
 * Exit code: 0 the card was reset; 3 there is no card or no such reader any more, so that nothing
 * is open; 1 neither, stderr says why; 2 wrong use. It never sends the card a command.
 */

#include "ipc/base/harden.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <winscard.h>

enum { RESET = 0, FAILED = 1, WRONG_USE = 2, NO_CARD = 3 };

static int
give_up(const char *function, LONG rv)
{
    if (rv == SCARD_E_NO_SMARTCARD || rv == SCARD_W_REMOVED_CARD || rv == SCARD_E_UNKNOWN_READER ||
        rv == SCARD_E_READER_UNAVAILABLE)
        return NO_CARD;

    fprintf(stderr, "kyso-card-reset: %s: %s\n", function, pcsc_stringify_error(rv));
    return FAILED;
}

int
main(int argc, char **argv)
{
    SCARDCONTEXT context = 0;
    SCARDHANDLE card = 0;
    DWORD protocol = 0;

    kyso_harden_process();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (argc != 2) {
        fputs("usage: kyso-card-reset READER\nStarted by kyso-agent.\n", stderr);
        return WRONG_USE;
    }

    LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
    if (rv != SCARD_S_SUCCESS)
        return give_up("SCardEstablishContext", rv);
    rv = SCardConnect(context, argv[1], SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                      &card, &protocol);
    if (rv != SCARD_S_SUCCESS)
        return give_up("SCardConnect", rv);
    rv = SCardDisconnect(card, SCARD_RESET_CARD);
    if (rv != SCARD_S_SUCCESS)
        return give_up("SCardDisconnect", rv);

    SCardReleaseContext(context);
    return RESET;
}
