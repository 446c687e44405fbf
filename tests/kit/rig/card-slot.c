/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/card-slot.h"

#include "tests/kit/rig/card-link.h"
#include "tests/kit/rig/card-log.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct CardSlot {
    PivCard *card;
    FILE *log;
    GArray *faults;
    gboolean is_watched[256];

    char *path; /* of the reader; NULL: in none */
    int fd;     /* -1: not connected */
    guint source;
    guint delay; /* source: the answer is late */
    GBytes *delayed;
    gboolean is_hung;

    CardSlotEvent event;
    gpointer user_data;
};

static gboolean message_arrived(int fd, GIOCondition condition, gpointer user_data);

CardSlot *
card_slot_new(PivCard *card, FILE *log, CardSlotEvent event, gpointer user_data)
{
    CardSlot *self = g_new0(CardSlot, 1);

    self->card = card;
    self->log = log;
    self->faults = card_faults_new();
    self->fd = -1;
    self->event = event;
    self->user_data = user_data;
    return self;
}

static void G_GNUC_PRINTF(2, 3) tell(CardSlot *self, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    self->event(text, self->user_data);
}

static void
disconnect(CardSlot *self)
{
    g_clear_handle_id(&self->source, g_source_remove);
    g_clear_handle_id(&self->delay, g_source_remove);
    g_clear_pointer(&self->delayed, g_bytes_unref);
    if (self->fd >= 0)
        close(self->fd);
    self->fd = -1;
    self->is_hung = FALSE;
    piv_card_reset(self->card); /* a card keeps its state no longer than its power */
}

static gboolean
connect_reader(CardSlot *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (g_strlcpy(address.sun_path, self->path, sizeof address.sun_path) >= sizeof address.sun_path)
        return FALSE;
    self->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (self->fd < 0 || connect(self->fd, (struct sockaddr *) &address, sizeof address) != 0) {
        disconnect(self);
        return FALSE;
    }
    self->source = g_unix_fd_add(self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, message_arrived, self);
    return TRUE;
}

gboolean
card_slot_insert(CardSlot *self, const char *path)
{
    if (self->path != NULL)
        return FALSE;
    self->path = g_strdup(path);
    if (connect_reader(self))
        return TRUE;
    g_clear_pointer(&self->path, g_free);
    return FALSE;
}

void
card_slot_remove(CardSlot *self)
{
    g_clear_pointer(&self->path, g_free);
    disconnect(self);
}

void
card_slot_free(CardSlot *self)
{
    card_slot_remove(self);
    g_array_unref(self->faults);
    g_free(self);
}

gboolean
card_slot_is_inserted(const CardSlot *self)
{
    return self->path != NULL;
}

GArray *
card_slot_get_faults(CardSlot *self)
{
    return self->faults;
}

void
card_slot_watch(CardSlot *self, guint8 ins)
{
    self->is_watched[ins] = TRUE;
}

/* The reader hung up: the card lies in it until the reader is there again. */
static void
reader_lost(CardSlot *self)
{
    disconnect(self);
    tell(self, "lost");
    connect_reader(self);
}

static void
answer(CardSlot *self, char kind, const GByteArray *bytes)
{
    g_autoptr(GByteArray) message = g_byte_array_new();

    g_byte_array_append(message, (const guint8 *) &kind, 1);
    if (bytes != NULL)
        g_byte_array_append(message, bytes->data, bytes->len);
    if (send(self->fd, message->data, message->len, MSG_NOSIGNAL) != (ssize_t) message->len)
        reader_lost(self);
}

static void
answer_atr(CardSlot *self, char kind)
{
    g_autoptr(GByteArray) atr = g_byte_array_new();

    if (!card_faults_is_mute(self->faults))
        piv_card_append_atr(self->card, atr);
    answer(self, kind, atr);
}

static void
log_command(CardSlot *self, Span command, guint16 status)
{
    if (self->log != NULL)
        card_log_write(self->log, command, status);
}

static void
run_command(CardSlot *self, Span command, gboolean is_truncated)
{
    g_autoptr(GByteArray) response = g_byte_array_new();
    guint16 status = piv_card_transmit(self->card, command, response);

    log_command(self, command, status);
    if (is_truncated)
        g_byte_array_set_size(response, response->len / 2);
    answer(self, CARD_LINK_APDU, response);
}

static gboolean
delay_passed(gpointer user_data)
{
    CardSlot *self = user_data;
    g_autoptr(GBytes) command = g_steal_pointer(&self->delayed);
    Span span;

    self->delay = 0;
    span.bytes = g_bytes_get_data(command, &span.size);
    run_command(self, span, FALSE);
    return G_SOURCE_REMOVE;
}

static void
refuse_command(CardSlot *self, Span command, guint16 status)
{
    g_autoptr(GByteArray) response = g_byte_array_new();

    apdu_append_status(response, status);
    log_command(self, command, status);
    answer(self, CARD_LINK_APDU, response);
}

static void
fail_command(CardSlot *self, Span command, const CardFault *fault)
{
    switch (fault->kind) {
    case CARD_FAULT_HANG:
        self->is_hung = TRUE;
        log_command(self, command, 0);
        break;
    case CARD_FAULT_DELAY:
        self->delayed = g_bytes_new(command.bytes, command.size);
        self->delay = g_timeout_add(fault->value, delay_passed, self);
        break;
    case CARD_FAULT_DROP:
        log_command(self, command, 0);
        card_slot_remove(self);
        break;
    case CARD_FAULT_SW:
        refuse_command(self, command, (guint16) fault->value);
        break;
    case CARD_FAULT_TRUNCATE:
        run_command(self, command, TRUE);
        break;
    case CARD_FAULT_MUTE: /* not at a command */
        break;
    }
}

static void
command_arrived(CardSlot *self, Span command)
{
    guint8 ins = command.size > 1 ? command.bytes[1] : 0;
    CardFault fault;

    if (self->is_watched[ins]) {
        self->is_watched[ins] = FALSE;
        tell(self, "apdu %02x", ins);
    }
    if (card_faults_take(self->faults, ins, &fault)) {
        tell(self, "fault %02x %s", ins, card_faults_name(fault.kind));
        fail_command(self, command, &fault);
    } else
        run_command(self, command, FALSE);
}

static void
act(CardSlot *self, char kind, Span rest)
{
    switch (kind) {
    case CARD_LINK_POWER_ON:
        piv_card_reset(self->card);
        tell(self, "power-on");
        answer_atr(self, kind);
        break;
    case CARD_LINK_POWER_OFF:
        piv_card_reset(self->card);
        answer(self, kind, NULL);
        break;
    case CARD_LINK_ATR:
        answer_atr(self, kind);
        break;
    case CARD_LINK_APDU:
        command_arrived(self, rest);
        break;
    default:
        reader_lost(self);
    }
}

static gboolean
message_arrived(int fd, GIOCondition condition, gpointer user_data)
{
    CardSlot *self = user_data;
    static guint8 message[CARD_LINK_SIZE];
    ssize_t size = recv(fd, message, sizeof message, MSG_DONTWAIT);

    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    guint source = self->source;
    if (size <= 0)
        reader_lost(self);
    else if (!self->is_hung)
        act(self, (char) message[0], (Span){message + 1, (gsize) size - 1});
    /* It may have been removed, and another been added under way. */
    return self->source == source ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}
