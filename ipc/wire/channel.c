/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/wire/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/base/error.h"

#define RECEIVE_BLOCK (16 * 1024)
#define MAX_UNSENT (4 * 1024 * 1024)
#define MAX_ARRIVALS 2 /* a message still coming in, and the one that starts behind it */

/* Descriptors that came with one read of the stream. The kernel hands them over in the read that
 * holds the first byte of their message, and ends that read with them; bytes of earlier messages
 * may stand before. So their owner starts within [start, end). */
typedef struct {
    guint64 start, end; /* positions in the stream */
    KysoFdList *fds;
} Arrival;

typedef struct {
    GBytes *bytes;
    gsize sent;
    KysoFdList *fds; /* still to be sent with the first byte; NULL: none */
} Unsent;

struct _KysoChannel {
    int fd;
    GByteArray *buffer; /* NULL while nothing waits */
    gsize taken;        /* bytes of buffer already handed out */
    gsize searched;     /* bytes of buffer known to hold no newline */
    guint64 position;   /* stream position of buffer's first byte */
    GQueue arrivals;    /* of Arrival */
    GQueue unsent;      /* of Unsent */
    gsize unsent_size;
};

static void
arrival_free(Arrival *arrival)
{
    kyso_fd_list_free(arrival->fds);
    g_free(arrival);
}

static void
unsent_free(Unsent *unsent)
{
    g_bytes_unref(unsent->bytes);
    kyso_fd_list_free(unsent->fds);
    g_free(unsent);
}

void
kyso_message_free(KysoMessage *self)
{
    if (self == NULL)
        return;
    json_decref(self->body);
    kyso_fd_list_free(self->fds);
    g_free(self);
}

KysoChannel *
kyso_channel_new(int fd)
{
    KysoChannel *self = g_new0(KysoChannel, 1);
    self->fd = fd;
    return self;
}

void
kyso_channel_free(KysoChannel *self)
{
    if (self == NULL)
        return;
    kyso_fd_close(self->fd);
    g_clear_pointer(&self->buffer, g_byte_array_unref);
    g_queue_clear_full(&self->arrivals, (GDestroyNotify) arrival_free);
    g_queue_clear_full(&self->unsent, (GDestroyNotify) unsent_free);
    g_free(self);
}

int
kyso_channel_fd(KysoChannel *self)
{
    return self->fd;
}

json_t *
kyso_json_fd(guint index)
{
    return json_pack("{s:i}", "fd", (int) index);
}

int
kyso_json_fd_index(const json_t *value)
{
    if (!json_is_object(value) || json_object_size(value) != 1)
        return -1;
    json_t *index = json_object_get(value, "fd");
    if (!json_is_integer(index) || json_integer_value(index) < 0 ||
        json_integer_value(index) >= KYSO_CHANNEL_MAX_FDS)
        return -1;
    return (int) json_integer_value(index);
}

gboolean
kyso_json_take_fd(const json_t *object, const char *name, KysoJsonNeed need, KysoFdList *fds,
                  int *ret, GError **error)
{
    json_t *value = json_object_get(object, name);

    *ret = -1;
    if (value == NULL && need == KYSO_JSON_OPTIONAL)
        return TRUE;
    int index = kyso_json_fd_index(value);
    if (index >= 0)
        *ret = kyso_fd_list_steal(fds, index);
    if (*ret >= 0)
        return TRUE;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                "\"%s\" must be a descriptor, {\"fd\": N}, each N used once", name);
    return FALSE;
}

/* The descriptors named anywhere in a message. */
typedef struct {
    guint32 set; /* their numbers, as bits */
    guint n;     /* names; more than bits where one is named twice or out of range */
} Named;

static void
find_named(const json_t *value, Named *ret)
{
    const char *name;
    json_t *item;
    size_t i;

    if (json_is_object(value)) {
        json_t *number = json_object_get(value, "fd");
        if (json_object_size(value) == 1 && json_is_integer(number)) {
            int index = kyso_json_fd_index(value);
            ret->set |= index >= 0 ? 1u << index : 0;
            ret->n++;
        }
        json_object_foreach((json_t *) value, name, item) find_named(item, ret);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item) find_named(item, ret);
    }
}

/* The descriptors of the message at [start, end) of the stream. As each set is sent with a message
 * of its own, it belongs to the last message that starts within its arrival. */
static KysoFdList *
claim_arrivals(KysoChannel *self, guint64 start, guint64 end, gboolean *ret_at_start)
{
    KysoFdList *fds = kyso_fd_list_new();
    Arrival *arrival;

    *ret_at_start = TRUE;
    while ((arrival = g_queue_peek_head(&self->arrivals)) != NULL && arrival->end <= end) {
        if (arrival->start > start)
            *ret_at_start = FALSE; /* they came inside the message */
        for (guint i = 0; i < arrival->fds->n_fds; i++)
            kyso_fd_list_append(fds, kyso_fd_list_steal(arrival->fds, i));
        arrival_free(g_queue_pop_head(&self->arrivals));
    }
    return fds;
}

static KysoReceived
read_line(KysoChannel *self, const char *line, gsize size, guint64 start, KysoMessage **ret,
          GError **error)
{
    g_autoptr(KysoMessage) message = g_new0(KysoMessage, 1);
    gboolean at_start;
    Named named = {0};

    message->fds = claim_arrivals(self, start, start + size + 1, &at_start);
    message->body = kyso_json_parse(line, size, error);
    if (message->body == NULL)
        return KYSO_RECEIVED_BAD;
    if (!json_is_object(message->body)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_A_REQUEST, "not a JSON object");
        return KYSO_RECEIVED_BAD;
    }

    find_named(message->body, &named);
    guint n_fds = message->fds->n_fds;
    gboolean fits = at_start && named.n == n_fds && named.set == (1ull << n_fds) - 1;
    if (!fits)
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_DESCRIPTORS,
                    "%u sent%s, %u named; they are named from 0, each once", n_fds,
                    at_start ? "" : " inside the message", named.n);
    *ret = g_steal_pointer(&message);
    return fits ? KYSO_RECEIVED_MESSAGE : KYSO_RECEIVED_BAD;
}

/* A line that is already here. NOTHING: more input is needed. */
static KysoReceived
take_line(KysoChannel *self, KysoMessage **ret, GError **error)
{
    if (self->buffer == NULL)
        return KYSO_RECEIVED_NOTHING;

    const char *data = (const char *) self->buffer->data;
    gsize from = MAX(self->searched, self->taken);
    const char *newline = memchr(data + from, '\n', self->buffer->len - from);
    self->searched = self->buffer->len;
    gsize size = (newline != NULL ? (gsize) (newline - data) : self->buffer->len) - self->taken;
    if (size > KYSO_CHANNEL_MAX_MESSAGE) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MESSAGE_TOO_LARGE, "over %d bytes",
                    KYSO_CHANNEL_MAX_MESSAGE);
        return KYSO_RECEIVED_BROKEN;
    }
    if (newline == NULL)
        return KYSO_RECEIVED_NOTHING;

    gsize line_at = self->taken;
    self->taken += size + 1;
    self->searched = self->taken;
    KysoReceived received =
        read_line(self, data + line_at, size, self->position + line_at, ret, error);
    if (self->taken == self->buffer->len) {
        self->position += self->taken;
        g_clear_pointer(&self->buffer, g_byte_array_unref);
        self->taken = self->searched = 0;
    }
    return received;
}

static void
keep_descriptors(KysoChannel *self, struct msghdr *header, guint64 start, guint64 end)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        int *received = (int *) CMSG_DATA(c);
        gsize n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        Arrival *arrival = g_new0(Arrival, 1);
        arrival->start = start;
        arrival->end = end;
        arrival->fds = kyso_fd_list_new();
        for (gsize i = 0; i < n; i++)
            kyso_fd_list_append(arrival->fds, received[i]);
        g_queue_push_tail(&self->arrivals, arrival);
    }
}

/* One read of the socket into the buffer. MESSAGE here means: something came. */
static KysoReceived
fill(KysoChannel *self, GError **error)
{
    char block[RECEIVE_BLOCK];
    union {
        char bytes[CMSG_SPACE(sizeof(int) * KYSO_CHANNEL_MAX_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec vector = {block, sizeof block};
    struct msghdr header = {.msg_iov = &vector,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};

    gssize n = recvmsg(self->fd, &header, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR)
        return KYSO_RECEIVED_MESSAGE;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return KYSO_RECEIVED_NOTHING;
    if (n < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_CLIENT_GONE, errno, "cannot read the socket");
        return KYSO_RECEIVED_BROKEN;
    }
    if (n == 0)
        return KYSO_RECEIVED_END;

    if (self->buffer == NULL) {
        self->buffer = g_byte_array_new();
    } else if (self->taken > 0) {
        g_byte_array_remove_range(self->buffer, 0, self->taken);
        self->position += self->taken;
        self->searched -= self->taken;
        self->taken = 0;
    }
    guint64 start = self->position + self->buffer->len;
    g_byte_array_append(self->buffer, (guint8 *) block, n);
    keep_descriptors(self, &header, start, start + n);
    if ((header.msg_flags & MSG_CTRUNC) != 0 ||
        g_queue_get_length(&self->arrivals) > MAX_ARRIVALS) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_DESCRIPTORS, "over %d descriptors",
                    KYSO_CHANNEL_MAX_FDS);
        return KYSO_RECEIVED_BROKEN;
    }
    return KYSO_RECEIVED_MESSAGE;
}

KysoReceived
kyso_channel_receive(KysoChannel *self, KysoMessage **ret, GError **error)
{
    *ret = NULL;

    for (;;) {
        KysoReceived received = take_line(self, ret, error);
        if (received != KYSO_RECEIVED_NOTHING)
            return received;
        received = fill(self, error);
        if (received != KYSO_RECEIVED_MESSAGE)
            return received;
    }
}

/* One sendmsg. Returns the bytes sent, 0 where the socket is full, -1 where the peer is gone. */
static gssize
send_some(KysoChannel *self, const char *data, gsize size, const int *fds, guint n_fds)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * KYSO_CHANNEL_MAX_FDS)];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec vector = {(char *) data, size};
    struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};

    if (n_fds > 0) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    for (;;) {
        gssize n = sendmsg(self->fd, &header, MSG_NOSIGNAL);
        if (n >= 0)
            return n;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return 0;
        if (errno != EINTR)
            return -1;
    }
}

static gboolean
set_gone(GError **error)
{
    kyso_error_set_errno(error, KYSO_ERROR_CLIENT_GONE, errno, "cannot write to the socket");
    return FALSE;
}

static gboolean
keep_unsent(KysoChannel *self, char *text, gsize size, gsize sent, const int *fds, guint n_fds,
            GError **error)
{
    Unsent *unsent = g_new0(Unsent, 1);

    unsent->bytes = g_bytes_new_take(text, size);
    unsent->sent = sent;
    g_queue_push_tail(&self->unsent, unsent);
    self->unsent_size += size - sent;
    if (n_fds > 0 && sent == 0) {
        unsent->fds = kyso_fd_list_new();
        for (guint i = 0; i < n_fds; i++) {
            int copy = kyso_fd_dup(fds[i], error);
            if (copy < 0)
                return FALSE;
            kyso_fd_list_append(unsent->fds, copy);
        }
    }
    if (self->unsent_size <= MAX_UNSENT)
        return TRUE;
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_CLIENT_GONE, "the peer does not read");
    return FALSE;
}

gboolean
kyso_channel_send(KysoChannel *self, const json_t *body, const int *fds, guint n_fds,
                  GError **error)
{
    gsize size, sent = 0;

    g_return_val_if_fail(n_fds <= KYSO_CHANNEL_MAX_FDS, FALSE);
    char *text = kyso_json_format(body, &size);
    text[size++] = '\n'; /* in place of the NUL */

    if (g_queue_is_empty(&self->unsent)) {
        while (sent < size) {
            gssize n = send_some(self, text + sent, size - sent, fds, sent == 0 ? n_fds : 0);
            if (n < 0) {
                set_gone(error);
                g_free(text);
                return FALSE;
            }
            if (n == 0)
                break;
            sent += n;
        }
    }
    if (sent < size)
        return keep_unsent(self, text, size, sent, fds, n_fds, error);
    g_free(text);
    return TRUE;
}

gboolean
kyso_channel_has_unsent(KysoChannel *self)
{
    return !g_queue_is_empty(&self->unsent);
}

gboolean
kyso_channel_flush(KysoChannel *self, GError **error)
{
    Unsent *unsent;

    while ((unsent = g_queue_peek_head(&self->unsent)) != NULL) {
        gsize size;
        const char *data = g_bytes_get_data(unsent->bytes, &size);
        const int *fds = unsent->fds != NULL ? unsent->fds->fds : NULL;
        guint n_fds = unsent->fds != NULL ? unsent->fds->n_fds : 0;
        gssize n = send_some(self, data + unsent->sent, size - unsent->sent, fds, n_fds);
        if (n < 0)
            return set_gone(error);
        if (n == 0)
            return TRUE;
        g_clear_pointer(&unsent->fds, kyso_fd_list_free);
        unsent->sent += n;
        self->unsent_size -= n;
        if (unsent->sent == size)
            unsent_free(g_queue_pop_head(&self->unsent));
    }
    return TRUE;
}
