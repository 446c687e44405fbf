/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * card-hold READER: has the card for itself alone, as a badly behaved program does, until its
 * standard input ends. Prints "held" once it has.
 */

#include <stdio.h>
#include <winscard.h>

int
main(int argc, char **argv)
{
    SCARDCONTEXT context = 0;
    SCARDHANDLE card = 0;
    DWORD protocol = 0;

    if (argc != 2)
        return 2;
    if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS ||
        SCardConnect(context, argv[1], SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                     &card, &protocol) != SCARD_S_SUCCESS) {
        fputs("card-hold: cannot have the card\n", stderr);
        return 1;
    }
    puts("held");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    SCardDisconnect(card, SCARD_LEAVE_CARD);
    SCardReleaseContext(context);
    return 0;
}
