/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A reader of a test's pcscd: an IFD handler (ifdhandler.h, version 3) without hardware.
 *
 * reader.conf:  DEVICENAME reader:LISTENER:UNPLUGGED:TIMEOUT_MS
 *   LISTENER    an inherited SOCK_SEQPACKET listener; a card that connects to it is in the reader
 *   UNPLUGGED   an inherited eventfd: while it is readable, the reader is pulled out. pcscd looks
 *               when it gets SIGUSR1 (build-pcscd); what is under way in the reader fails at once
 *   TIMEOUT_MS  how long a card may take for one command; 0: for ever, and so may its clients
 *
 * Both stay open in the test, so that a killed pcscd finds its readers and cards again. Messages
 * (card-link.h): one byte of kind, then the bytes. Nothing polls: the thread that pcscd keeps for
 * each reader sleeps until a card comes or goes.
 *
 * One reader for each loaded file: where two have their own copies of this library, pcscd gives
 * their names no running numbers, which would depend on who was plugged in first.
 *
 * pcscd calls from several threads; `lock` guards the card's connection.
 */

#include <ifdhandler.h>

#include "tests/kit/rig/card-link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PROTOCOL_T1 1

/* pcscd's thread looks, waits, and looks again: once it has waited twice since a card was lost, it
 * has looked at least once in between. */
#define ABSENCES 2

enum { LINK_OK, LINK_LOST, LINK_TIMEOUT };

typedef struct {
    int is_open;
    int listener;
    int unplugged;
    int wake;
    int timeout_ms; /* 0: none */
    int card;       /* -1: no card */
    int absences;   /* how often pcscd's thread has still to hear that a lost card is gone */
    pthread_mutex_t lock;
} Reader;

static Reader reader;

static Reader *
find_reader(void)
{
    return reader.is_open ? &reader : NULL;
}

static int
is_ready(int fd, short events)
{
    struct pollfd item = {.fd = fd, .events = events};

    return poll(&item, 1, 0) > 0;
}

static int
is_unplugged(const Reader *self)
{
    return is_ready(self->unplugged, POLLIN);
}

static void
lose_card(Reader *self)
{
    if (self->card < 0)
        return;
    shutdown(self->card, SHUT_RDWR); /* closing alone does not end a wait for it */
    close(self->card);
    self->card = -1;
    self->absences = ABSENCES;
    eventfd_write(self->wake, 1);
}

static int
wait_answer(const Reader *self)
{
    struct pollfd items[] = {
        {.fd = self->card, .events = POLLIN},
        {.fd = self->unplugged, .events = POLLIN},
    };
    int ready;

    do
        ready = poll(items, 2, self->timeout_ms > 0 ? self->timeout_ms : -1);
    while (ready < 0 && errno == EINTR);

    if (ready == 0)
        return LINK_TIMEOUT;
    return ready < 0 || items[1].revents != 0 ? LINK_LOST : LINK_OK;
}

/* What the card says to @kind and @bytes, into @answer of *@size. A card that does not answer in
 * time is cut off, so that a late answer never belongs to the next question. */
static int
ask_card(Reader *self, char kind, const void *bytes, size_t count, void *answer, DWORD *size)
{
    char answer_kind;
    struct iovec out[] = {{&kind, 1}, {(void *) bytes, count}};
    struct iovec in[] = {{&answer_kind, 1}, {answer, *size}};
    struct msghdr question = {.msg_iov = out, .msg_iovlen = 2};
    struct msghdr reply = {.msg_iov = in, .msg_iovlen = 2};

    if (self->card < 0)
        return LINK_LOST;
    int status = LINK_LOST;
    if (sendmsg(self->card, &question, MSG_NOSIGNAL) == (ssize_t) count + 1)
        status = wait_answer(self);
    if (status == LINK_OK) {
        ssize_t got = recvmsg(self->card, &reply, 0);
        if (got >= 1 && (reply.msg_flags & MSG_TRUNC) == 0 && answer_kind == kind) {
            *size = (DWORD) got - 1;
            return LINK_OK;
        }
        status = LINK_LOST;
    }
    lose_card(self);
    *size = 0;
    return status;
}

/* No card follows another before pcscd's own thread has heard that the first is gone, whoever
 * noticed it: else pcscd would take the second for the first. */
static int
has_card(Reader *self)
{
    if (self->card >= 0 && is_ready(self->card, POLLRDHUP))
        lose_card(self);
    if (self->card < 0 && self->absences == 0 && is_ready(self->listener, POLLIN))
        self->card = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);
    return self->card >= 0;
}

/* pcscd's thread for this reader sleeps here, up to @timeout_ms. That the reader is pulled out is
 * not looked for: pcscd itself ends the wait then, and would answer an error with a sleep. */
static RESPONSECODE
wait_card_event(DWORD lun, int timeout_ms)
{
    Reader *self = find_reader();
    uint64_t count;

    if (self == NULL)
        return IFD_COMMUNICATION_ERROR;
    pthread_mutex_lock(&self->lock);
    struct pollfd items[] = {
        {.fd = self->card >= 0 ? self->card : self->listener,
         .events = self->card >= 0 ? POLLRDHUP : POLLIN},
        {.fd = self->wake, .events = POLLIN},
    };
    int must_look = self->absences > 0;
    if (must_look)
        self->absences--;
    pthread_mutex_unlock(&self->lock);

    poll(items, 2, must_look ? 0 : timeout_ms);
    if (items[1].revents != 0 && read(self->wake, &count, sizeof count) < 0)
        return IFD_COMMUNICATION_ERROR;
    return IFD_SUCCESS;
}

static RESPONSECODE
stop_waiting(DWORD lun)
{
    Reader *self = find_reader();

    if (self == NULL || eventfd_write(self->wake, 1) != 0)
        return IFD_COMMUNICATION_ERROR;
    return IFD_SUCCESS;
}

RESPONSECODE
IFDHCreateChannelByName(DWORD lun, LPSTR name)
{
    Reader new = {.is_open = 1, .card = -1};

    if (reader.is_open ||
        sscanf(name, "reader:%d:%d:%d", &new.listener, &new.unplugged, &new.timeout_ms) != 3)
        return IFD_COMMUNICATION_ERROR;
    if (is_unplugged(&new)) /* IFD_NO_SUCH_DEVICE would make pcscd sleep */
        return IFD_COMMUNICATION_ERROR;
    new.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (new.wake < 0)
        return IFD_COMMUNICATION_ERROR;
    pthread_mutex_init(&new.lock, NULL);
    reader = new;
    return IFD_SUCCESS;
}

RESPONSECODE
IFDHCreateChannel(DWORD lun, DWORD channel)
{
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE
IFDHCloseChannel(DWORD lun)
{
    Reader *self = find_reader();

    if (self == NULL)
        return IFD_COMMUNICATION_ERROR;
    pthread_mutex_lock(&self->lock);
    lose_card(self);
    close(self->wake);
    self->is_open = 0;
    pthread_mutex_unlock(&self->lock);
    return IFD_SUCCESS;
}

static RESPONSECODE
give_byte(UCHAR byte, PDWORD length, PUCHAR value)
{
    if (*length < 1)
        return IFD_ERROR_INSUFFICIENT_BUFFER;
    *value = byte;
    *length = 1;
    return IFD_SUCCESS;
}

static RESPONSECODE
give_function(void (*function)(void), PDWORD length, PUCHAR value)
{
    if (*length < sizeof function)
        return IFD_ERROR_INSUFFICIENT_BUFFER;
    memcpy(value, &function, sizeof function);
    *length = sizeof function;
    return IFD_SUCCESS;
}

static RESPONSECODE
give_atr(Reader *self, PDWORD length, PUCHAR value)
{
    pthread_mutex_lock(&self->lock);
    int status = ask_card(self, CARD_LINK_ATR, NULL, 0, value, length);
    pthread_mutex_unlock(&self->lock);
    return status == LINK_OK ? IFD_SUCCESS : IFD_COMMUNICATION_ERROR;
}

RESPONSECODE
IFDHGetCapabilities(DWORD lun, DWORD tag, PDWORD length, PUCHAR value)
{
    Reader *self = find_reader();

    if (self == NULL || length == NULL || value == NULL)
        return IFD_COMMUNICATION_ERROR;
    switch (tag) {
    case TAG_IFD_ATR:
        return give_atr(self, length, value);
    case TAG_IFD_SLOTS_NUMBER:
    case TAG_IFD_THREAD_SAFE:
    case TAG_IFD_SLOT_THREAD_SAFE:
    case TAG_IFD_SIMULTANEOUS_ACCESS:
        return give_byte(1, length, value);
    case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
        return give_function((void (*)(void)) wait_card_event, length, value);
    case TAG_IFD_STOP_POLLING_THREAD:
        return give_function((void (*)(void)) stop_waiting, length, value);
    default:
        *length = 0;
        return IFD_ERROR_TAG;
    }
}

RESPONSECODE
IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD length, PUCHAR value)
{
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE
IFDHSetProtocolParameters(DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2,
                          UCHAR pts3)
{
    return IFD_SUCCESS;
}

RESPONSECODE
IFDHControl(DWORD lun, DWORD code, PUCHAR in, DWORD in_size, PUCHAR out, DWORD out_size,
            LPDWORD returned)
{
    if (returned != NULL)
        *returned = 0;
    return IFD_ERROR_NOT_SUPPORTED;
}

/* Power up and reset answer with the ATR, power down with nothing. */
RESPONSECODE
IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD length)
{
    Reader *self = find_reader();
    char kind = action == IFD_POWER_DOWN ? CARD_LINK_POWER_OFF : CARD_LINK_POWER_ON;
    UCHAR answer[MAX_ATR_SIZE];
    DWORD size = sizeof answer;

    if (self == NULL)
        return IFD_COMMUNICATION_ERROR;
    pthread_mutex_lock(&self->lock);
    int status = ask_card(self, kind, NULL, 0, answer, &size);
    pthread_mutex_unlock(&self->lock);

    if (action == IFD_POWER_DOWN)
        return IFD_SUCCESS;
    if (status != LINK_OK || size == 0) {
        if (length != NULL)
            *length = 0;
        return IFD_ERROR_POWER_ACTION;
    }
    memcpy(atr, answer, size);
    *length = size;
    return IFD_SUCCESS;
}

RESPONSECODE
IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send_header, PUCHAR command, DWORD count,
                  PUCHAR answer, PDWORD size, PSCARD_IO_HEADER receive_header)
{
    Reader *self = find_reader();

    if (self == NULL || size == NULL)
        return IFD_COMMUNICATION_ERROR;
    pthread_mutex_lock(&self->lock);
    int status = ask_card(self, CARD_LINK_APDU, command, count, answer, size);
    pthread_mutex_unlock(&self->lock);

    if (status != LINK_OK)
        return status == LINK_TIMEOUT ? IFD_RESPONSE_TIMEOUT : IFD_COMMUNICATION_ERROR;
    if (receive_header != NULL)
        receive_header->Protocol = PROTOCOL_T1;
    return IFD_SUCCESS;
}

RESPONSECODE
IFDHICCPresence(DWORD lun)
{
    Reader *self = find_reader();

    if (self == NULL || is_unplugged(self))
        return IFD_COMMUNICATION_ERROR;
    if (pthread_mutex_trylock(&self->lock) != 0)
        return IFD_ICC_PRESENT; /* it is at work */
    int is_present = has_card(self);
    pthread_mutex_unlock(&self->lock);
    return is_present ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}
