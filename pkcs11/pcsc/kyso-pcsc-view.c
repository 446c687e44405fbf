/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A libpcsclite.so.1 that shows one reader only and hands all else on to the real one.
 *
 * kyso-token loads it before the vendor's module, so that the module, whether it links libpcsclite
 * or loads it, gets this one (the linker knows it by its DT_SONAME). So a worker sees the one
 * insertion that it was started for: a mute card in another reader cannot hold it up, and a token
 * that was put into another reader, or into this one later, is never asked, nor given a PIN.
 *
 * Never: a handle to another reader, or to a second insertion (view-insertion.h), a reader's name
 * but ours, a guess where the real library could not be loaded (SCARD_E_NO_SERVICE then). Every
 * function may be called by any thread: what is set, is set before the module is loaded. The API is
 * that of pcsc-lite 1.9 (winscard.h).
 */

#include "pkcs11/pcsc/view-insertion.h"
#include "pkcs11/token/reader-view.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <winscard.h>

#define EXPORTED __attribute__((visibility("default")))
#define PNP_NOTIFICATION "\\\\?PnP?\\Notification"

EXPORTED char *kyso_pcsc_view_start(const char *reader, const char *path);
EXPORTED gboolean kyso_pcsc_view_was_used(void);
EXPORTED gboolean kyso_pcsc_view_has_lost_card(void);
EXPORTED const char *pcsc_stringify_error(const LONG code);

EXPORTED const SCARD_IO_REQUEST g_rgSCardT0Pci = {SCARD_PROTOCOL_T0, sizeof(SCARD_IO_REQUEST)};
EXPORTED const SCARD_IO_REQUEST g_rgSCardT1Pci = {SCARD_PROTOCOL_T1, sizeof(SCARD_IO_REQUEST)};
EXPORTED const SCARD_IO_REQUEST g_rgSCardRawPci = {SCARD_PROTOCOL_RAW, sizeof(SCARD_IO_REQUEST)};

static char *shown; /* name of the one reader; NULL: not started */
static gint was_used;

/* The real library's functions; all of them once started. */
static struct {
    typeof(&SCardEstablishContext) SCardEstablishContext;
    typeof(&SCardReleaseContext) SCardReleaseContext;
    typeof(&SCardIsValidContext) SCardIsValidContext;
    typeof(&SCardConnect) SCardConnect;
    typeof(&SCardReconnect) SCardReconnect;
    typeof(&SCardDisconnect) SCardDisconnect;
    typeof(&SCardBeginTransaction) SCardBeginTransaction;
    typeof(&SCardEndTransaction) SCardEndTransaction;
    typeof(&SCardStatus) SCardStatus;
    typeof(&SCardGetStatusChange) SCardGetStatusChange;
    typeof(&SCardControl) SCardControl;
    typeof(&SCardTransmit) SCardTransmit;
    typeof(&SCardListReaderGroups) SCardListReaderGroups;
    typeof(&SCardListReaders) SCardListReaders;
    typeof(&SCardFreeMemory) SCardFreeMemory;
    typeof(&SCardCancel) SCardCancel;
    typeof(&SCardGetAttrib) SCardGetAttrib;
    typeof(&SCardSetAttrib) SCardSetAttrib;
    typeof(&pcsc_stringify_error) pcsc_stringify_error;
} real;

#define NAMED(name)                                                                                \
    {                                                                                              \
#name, (void **) &real.name                                                                \
    }
static const struct {
    const char *name;
    void **place;
} functions[] = {
    NAMED(SCardEstablishContext), NAMED(SCardReleaseContext), NAMED(SCardIsValidContext),
    NAMED(SCardConnect),          NAMED(SCardReconnect),      NAMED(SCardDisconnect),
    NAMED(SCardBeginTransaction), NAMED(SCardEndTransaction), NAMED(SCardStatus),
    NAMED(SCardGetStatusChange),  NAMED(SCardControl),        NAMED(SCardTransmit),
    NAMED(SCardListReaderGroups), NAMED(SCardListReaders),    NAMED(SCardFreeMemory),
    NAMED(SCardCancel),           NAMED(SCardGetAttrib),      NAMED(SCardSetAttrib),
    NAMED(pcsc_stringify_error),
};

char *
kyso_pcsc_view_start(const char *reader, const char *path)
{
    /* By its path, as its name means us by now. Never unloaded: its threads' state is in it. */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return g_strdup_printf("cannot load the real libpcsclite: %s", dlerror());

    for (gsize i = 0; i < G_N_ELEMENTS(functions); i++) {
        *functions[i].place = dlsym(library, functions[i].name);
        if (*functions[i].place == NULL)
            return g_strdup_printf("%s has no %s", path, functions[i].name);
    }

    shown = g_strdup(reader);
    kyso_view_insertion_start(
        shown, (KysoViewLibrary){real.SCardEstablishContext, real.SCardGetStatusChange});
    return NULL;
}

gboolean
kyso_pcsc_view_was_used(void)
{
    return g_atomic_int_get(&was_used) != 0;
}

gboolean
kyso_pcsc_view_has_lost_card(void)
{
    return shown != NULL && kyso_view_insertion_look();
}

const char *
pcsc_stringify_error(const LONG code)
{
    return shown != NULL ? real.pcsc_stringify_error(code) : "kyso: not started";
}

static gboolean
is_shown(const char *name)
{
    return strcmp(name, shown) == 0;
}

static gboolean
has_reader(const char *names)
{
    for (; *names != '\0'; names += strlen(names) + 1)
        if (is_shown(names))
            return TRUE;
    return FALSE;
}

/* SCARD_E_NO_READERS_AVAILABLE where ours is not there, whatever else is. */
static LONG
look_for_reader(SCARDCONTEXT context, const char *groups)
{
    char *names = NULL;
    DWORD size = SCARD_AUTOALLOCATE;

    LONG rv = real.SCardListReaders(context, groups, (LPSTR) &names, &size);
    if (rv != SCARD_S_SUCCESS)
        return rv;

    gboolean is_there = has_reader(names);
    real.SCardFreeMemory(context, names);
    return is_there ? SCARD_S_SUCCESS : SCARD_E_NO_READERS_AVAILABLE;
}

/* The real one frees it, in SCardFreeMemory, with free(). */
static LONG
allocate_list(char **ret, DWORD size)
{
    if (ret == NULL)
        return SCARD_E_INVALID_PARAMETER;

    *ret = calloc(1, size);
    if (*ret == NULL)
        return SCARD_E_NO_MEMORY;
    memcpy(*ret, shown, size - 1);
    return SCARD_S_SUCCESS;
}

EXPORTED LONG
SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD size)
{
    if (shown == NULL)
        return SCARD_E_NO_SERVICE;
    if (size == NULL)
        return SCARD_E_INVALID_PARAMETER;

    LONG rv = look_for_reader(context, groups);
    if (rv != SCARD_S_SUCCESS) {
        *size = rv == SCARD_E_NO_READERS_AVAILABLE ? 1 : 0; /* of an empty list, as the real one */
        return rv;
    }

    DWORD room = *size;
    *size = strlen(shown) + 2; /* the list ends with an empty name */
    if (room == SCARD_AUTOALLOCATE)
        return allocate_list((char **) readers, *size);
    if (readers == NULL)
        return SCARD_S_SUCCESS;
    if (room < *size)
        return SCARD_E_INSUFFICIENT_BUFFER;
    memcpy(readers, shown, *size - 1);
    readers[*size - 1] = '\0';
    return SCARD_S_SUCCESS;
}

EXPORTED LONG
SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD share_mode, DWORD protocols,
             LPSCARDHANDLE ret_card, LPDWORD ret_protocol)
{
    if (shown == NULL)
        return SCARD_E_NO_SERVICE;
    if (reader == NULL || !is_shown(reader)) {
        if (ret_card != NULL)
            *ret_card = 0;
        return SCARD_E_UNKNOWN_READER;
    }

    if (kyso_view_insertion_is_over())
        return SCARD_E_NO_SMARTCARD;

    LONG rv = real.SCardConnect(context, reader, share_mode, protocols, ret_card, ret_protocol);
    if (rv != SCARD_S_SUCCESS || kyso_view_insertion_take(context, *ret_card))
        return rv;
    real.SCardDisconnect(*ret_card, SCARD_LEAVE_CARD);
    *ret_card = 0;
    return SCARD_E_NO_SMARTCARD;
}

EXPORTED LONG
SCardReconnect(SCARDHANDLE card, DWORD share_mode, DWORD protocols, DWORD initialization,
               LPDWORD ret_protocol)
{
    if (shown == NULL)
        return SCARD_E_NO_SERVICE;
    if (kyso_view_insertion_is_over())
        return SCARD_E_NO_SMARTCARD;

    LONG rv = real.SCardReconnect(card, share_mode, protocols, initialization, ret_protocol);
    if (rv != SCARD_S_SUCCESS)
        return kyso_view_insertion_note(card, rv);
    return kyso_view_insertion_take(0, card) ? rv : SCARD_E_NO_SMARTCARD;
}

EXPORTED LONG
SCardReleaseContext(SCARDCONTEXT context)
{
    if (shown == NULL)
        return SCARD_E_NO_SERVICE;

    kyso_view_insertion_drop_all(context);
    return real.SCardReleaseContext(context);
}

EXPORTED LONG
SCardDisconnect(SCARDHANDLE card, DWORD disposition)
{
    if (shown == NULL)
        return SCARD_E_NO_SERVICE;

    kyso_view_insertion_drop(card);
    return real.SCardDisconnect(card, disposition);
}

static gboolean
is_passed_on(const SCARD_READERSTATE *state)
{
    return is_shown(state->szReader) || strcasecmp(state->szReader, PNP_NOTIFICATION) == 0;
}

/* What is asked for in one call. */
typedef struct {
    guint n_asked;  /* our reader, or the notification; not ignored */
    guint n_hidden; /* other readers; ignored ones too */
    guint n_news;   /* hidden ones that the caller believes to be there */
} Tally;

static Tally
count_states(const SCARD_READERSTATE *states, DWORD n)
{
    Tally tally = {0};

    for (DWORD i = 0; i < n; i++) {
        DWORD believed = states[i].dwCurrentState;
        if (is_passed_on(&states[i])) {
            tally.n_asked += (believed & SCARD_STATE_IGNORE) == 0;
            continue;
        }
        tally.n_hidden++;
        tally.n_news += (believed & (SCARD_STATE_UNKNOWN | SCARD_STATE_IGNORE)) == 0;
    }
    return tally;
}

/* As the real library answers for a reader that has gone. */
static void
answer_for_hidden(SCARD_READERSTATE *state)
{
    DWORD believed = state->dwCurrentState;

    state->cbAtr = 0;
    state->dwEventState = 0;
    if ((believed & SCARD_STATE_IGNORE) != 0)
        return;
    state->dwEventState = SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE;
    if ((believed & SCARD_STATE_UNKNOWN) == 0)
        state->dwEventState |= SCARD_STATE_CHANGED;
}

/* Hidden readers become such that the real library looks at none. */
static SCARD_READERSTATE *
copy_states(const SCARD_READERSTATE *states, DWORD n)
{
    SCARD_READERSTATE *copy = g_memdup2(states, n * sizeof *states);

    for (DWORD i = 0; i < n; i++)
        if (!is_passed_on(&states[i])) {
            copy[i].szReader = PNP_NOTIFICATION;
            copy[i].dwCurrentState = SCARD_STATE_IGNORE;
        }
    return copy;
}

static void
take_answers(SCARD_READERSTATE *states, const SCARD_READERSTATE *answers, DWORD n)
{
    for (DWORD i = 0; i < n; i++) {
        if (!is_passed_on(&states[i])) {
            answer_for_hidden(&states[i]);
            continue;
        }
        states[i].dwEventState = answers[i].dwEventState;
        states[i].cbAtr = answers[i].cbAtr;
        memcpy(states[i].rgbAtr, answers[i].rgbAtr, sizeof states[i].rgbAtr);
    }
}

static gboolean
are_readable(const SCARD_READERSTATE *states, DWORD n)
{
    if (states == NULL || n == 0 || n > PCSCLITE_MAX_READERS_CONTEXTS)
        return FALSE;
    for (DWORD i = 0; i < n; i++)
        if (states[i].szReader == NULL)
            return FALSE;
    return TRUE;
}

EXPORTED LONG
SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD n)
{
    if (shown == NULL)
        return SCARD_E_NO_SERVICE;

    Tally tally = {0};
    if (are_readable(states, n)) /* if not, the real one says what is wrong */
        tally = count_states(states, n);
    if (tally.n_hidden == 0)
        return real.SCardGetStatusChange(context, timeout, states, n);

    /* It would wait for nothing: the real one refuses a reader that it does not know. */
    if (tally.n_asked == 0 && tally.n_news == 0)
        return SCARD_E_UNKNOWN_READER;

    g_autofree SCARD_READERSTATE *asked = copy_states(states, n);
    LONG rv = real.SCardGetStatusChange(context, tally.n_news > 0 ? 0 : timeout, asked, n);
    if (rv == SCARD_E_TIMEOUT && tally.n_news > 0)
        rv = SCARD_S_SUCCESS;
    if (rv == SCARD_S_SUCCESS || rv == SCARD_E_TIMEOUT)
        take_answers(states, asked, n);
    return rv;
}

EXPORTED LONG
SCardEstablishContext(DWORD scope, LPCVOID reserved1, LPCVOID reserved2, LPSCARDCONTEXT ret)
{
    g_atomic_int_set(&was_used, 1);
    return shown != NULL ? real.SCardEstablishContext(scope, reserved1, reserved2, ret)
                         : SCARD_E_NO_SERVICE;
}

/* Contexts and handles are the real library's: what is asked of them concerns our reader only. */
#define HAND_ON(name, parameters, arguments)                                                       \
    EXPORTED LONG name parameters                                                                  \
    {                                                                                              \
        return shown != NULL ? real.name arguments : SCARD_E_NO_SERVICE;                           \
    }

/* The same, where the answer may tell that the card has gone. */
#define HAND_ON_AND_NOTE(name, parameters, arguments)                                              \
    EXPORTED LONG name parameters                                                                  \
    {                                                                                              \
        if (shown == NULL)                                                                         \
            return SCARD_E_NO_SERVICE;                                                             \
        return kyso_view_insertion_is_over()                                                       \
                   ? SCARD_W_REMOVED_CARD                                                          \
                   : kyso_view_insertion_note(card, real.name arguments);                          \
    }

/* clang-format off */
HAND_ON(SCardIsValidContext, (SCARDCONTEXT context), (context))
HAND_ON_AND_NOTE(SCardBeginTransaction, (SCARDHANDLE card), (card))
HAND_ON(SCardEndTransaction, (SCARDHANDLE card, DWORD disposition), (card, disposition))
HAND_ON_AND_NOTE(SCardStatus, (SCARDHANDLE card, LPSTR name, LPDWORD name_size, LPDWORD state, LPDWORD protocol, LPBYTE atr, LPDWORD atr_size), (card, name, name_size, state, protocol, atr, atr_size))
HAND_ON(SCardControl, (SCARDHANDLE card, DWORD code, LPCVOID sent, DWORD sent_size, LPVOID received, DWORD received_size, LPDWORD returned), (card, code, sent, sent_size, received, received_size, returned))
HAND_ON_AND_NOTE(SCardTransmit, (SCARDHANDLE card, const SCARD_IO_REQUEST *send_pci, LPCBYTE sent, DWORD sent_size, SCARD_IO_REQUEST *receive_pci, LPBYTE received, LPDWORD received_size), (card, send_pci, sent, sent_size, receive_pci, received, received_size))
HAND_ON(SCardListReaderGroups, (SCARDCONTEXT context, LPSTR groups, LPDWORD size), (context, groups, size))
HAND_ON(SCardFreeMemory, (SCARDCONTEXT context, LPCVOID memory), (context, memory))
HAND_ON(SCardCancel, (SCARDCONTEXT context), (context))
HAND_ON(SCardGetAttrib, (SCARDHANDLE card, DWORD id, LPBYTE value, LPDWORD size), (card, id, value, size))
HAND_ON(SCardSetAttrib, (SCARDHANDLE card, DWORD id, LPCBYTE value, DWORD size), (card, id, value, size))
/* clang-format on */
