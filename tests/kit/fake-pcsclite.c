/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A libpcsclite with two readers and no pcscd, for what must be asked of it with care: it tells
 * what it was asked in its answers. Only what tests/unit/test-pcsc-view.c calls does anything.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <winscard.h>

#define READERS "Reader A 00 00\0Reader B 00 00\0"

const char *pcsc_stringify_error(const LONG code);

LONG
SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD size)
{
    if (context == 0)
        return SCARD_E_INVALID_HANDLE;

    char *copy = malloc(sizeof READERS); /* the view asks for memory only */
    memcpy(copy, READERS, sizeof READERS);
    *(char **) readers = copy;
    *size = sizeof READERS;
    return SCARD_S_SUCCESS;
}

LONG
SCardFreeMemory(SCARDCONTEXT context, LPCVOID memory)
{
    free((void *) memory);
    return SCARD_S_SUCCESS;
}

/* The handle is the last letter but six of the reader's name. */
LONG
SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD mode, DWORD protocols, LPSCARDHANDLE card,
             LPDWORD protocol)
{
    *card = reader[strlen("Reader ")];
    return SCARD_S_SUCCESS;
}

/* Its counter (upper half of the state) is the time-out it was given, and that nothing is news. */
LONG
SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD n)
{
    for (DWORD i = 0; i < n; i++) {
        if ((states[i].dwCurrentState & SCARD_STATE_IGNORE) != 0)
            states[i].dwEventState = 0;
        else if (strchr("AB", states[i].szReader[strlen("Reader ")]) != NULL)
            states[i].dwEventState = SCARD_STATE_PRESENT | timeout << 16;
    }
    return SCARD_E_TIMEOUT;
}

/* For the view, which wants all of the library. */
#define NOTHING(name, parameters)                                                                  \
    LONG name parameters                                                                           \
    {                                                                                              \
        return SCARD_S_SUCCESS;                                                                    \
    }

/* clang-format off */
NOTHING(SCardEstablishContext, (DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT ret))
NOTHING(SCardReleaseContext, (SCARDCONTEXT context))
NOTHING(SCardIsValidContext, (SCARDCONTEXT context))
NOTHING(SCardReconnect, (SCARDHANDLE card, DWORD mode, DWORD protocols, DWORD how, LPDWORD protocol))
NOTHING(SCardDisconnect, (SCARDHANDLE card, DWORD disposition))
NOTHING(SCardBeginTransaction, (SCARDHANDLE card))
NOTHING(SCardEndTransaction, (SCARDHANDLE card, DWORD disposition))
NOTHING(SCardStatus, (SCARDHANDLE card, LPSTR name, LPDWORD size, LPDWORD state, LPDWORD protocol, LPBYTE atr, LPDWORD atr_size))
NOTHING(SCardControl, (SCARDHANDLE card, DWORD code, LPCVOID sent, DWORD sent_size, LPVOID received, DWORD size, LPDWORD returned))
NOTHING(SCardTransmit, (SCARDHANDLE card, const SCARD_IO_REQUEST *a, LPCBYTE sent, DWORD sent_size, SCARD_IO_REQUEST *b, LPBYTE received, LPDWORD size))
NOTHING(SCardListReaderGroups, (SCARDCONTEXT context, LPSTR groups, LPDWORD size))
NOTHING(SCardCancel, (SCARDCONTEXT context))
NOTHING(SCardGetAttrib, (SCARDHANDLE card, DWORD id, LPBYTE value, LPDWORD size))
NOTHING(SCardSetAttrib, (SCARDHANDLE card, DWORD id, LPCBYTE value, DWORD size))
/* clang-format on */

const char *
pcsc_stringify_error(const LONG code)
{
    return "fake";
}
