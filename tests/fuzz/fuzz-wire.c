/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes with any descriptors, cut anywhere, from a client: the channel and the JSON-RPC reader
 * must answer each with a message or an error, lose no descriptor, hand out exactly those that a
 * message names, and give back what they read unchanged.
 *
 * The input is a list of pieces: a control byte, a length byte, that many bytes. Control bits 0 to
 * 2: how many descriptors go with the piece; 0x40: the other side reads meanwhile; 0x80: no length
 * byte, the piece is all that is left.
 */

#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/base/error.h"
#include "ipc/wire/channel.h"
#include "ipc/wire/rpc.h"

#define MAX_FDS 7
#define FDS_BITS 0x07
#define READ_BIT 0x40
#define REST_BIT 0x80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* FALSE where the socket is full or closed. */
static gboolean
send_with_fds(int fd, const uint8_t *data, size_t size, guint n_fds)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(MAX_FDS * sizeof(int))];
    } control = {0};
    struct iovec part = {(void *) data, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int fds[MAX_FDS];

    for (guint i = 0; i < n_fds; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (n_fds > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(header), fds, n_fds * sizeof(int));
    }
    gboolean is_sent = sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t) size;
    for (guint i = 0; i < n_fds; i++)
        close(fds[i]);
    return is_sent;
}

/* What was read can be written, and reads the same again. */
static void
check_round_trip(const json_t *body)
{
    g_autoptr(GError) error = NULL;
    gsize size;
    g_autofree char *text = kyso_json_format(body, &size);
    g_autoptr(json_t) again = kyso_json_parse(text, size, &error);

    g_assert_no_error(error);
    g_assert_true(json_equal(again, body));
}

static void
read_message(const KysoMessage *message)
{
    g_autoptr(GError) error = NULL;
    KysoRequest request;

    check_round_trip(message->body);
    for (guint i = 0; i < message->fds->n_fds; i++)
        g_assert_cmpint(fcntl(message->fds->fds[i], F_GETFD), ==, FD_CLOEXEC);
    if (!kyso_rpc_read_request(message->body, &request, &error)) {
        g_autoptr(json_t) answer = kyso_rpc_error(request.id, error);
        g_assert_nonnull(answer);
    }
    g_autoptr(GError) answered = kyso_rpc_read_error(message->body);
}

/* Reads what is there. FALSE once the stream cannot go on. */
static gboolean
read_all(KysoChannel *channel)
{
    for (;;) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) error = NULL;
        KysoReceived received = kyso_channel_receive(channel, &message, &error);

        g_assert_true((received == KYSO_RECEIVED_BAD || received == KYSO_RECEIVED_BROKEN) ==
                      (error != NULL));
        if (received == KYSO_RECEIVED_MESSAGE)
            read_message(message);
        else if (received != KYSO_RECEIVED_BAD)
            return received == KYSO_RECEIVED_NOTHING;
    }
}

static void
talk(KysoChannel *channel, int writer, const uint8_t *data, size_t size)
{
    while (size >= 3) {
        uint8_t control = *data++;
        size_t length = --size;
        if ((control & REST_BIT) == 0) {
            length = *data++;
            length = MIN(length, --size);
        }
        if (length == 0)
            continue;
        if (!send_with_fds(writer, data, length, control & FDS_BITS) || (control & READ_BIT) != 0)
            if (!read_all(channel))
                return;
        data += length;
        size -= length;
    }
    shutdown(writer, SHUT_WR);
    read_all(channel);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    KysoChannel *channel = kyso_channel_new(ends[0]);
    talk(channel, ends[1], data, size);
    kyso_channel_free(channel);
    close(ends[1]);

    /* The lowest free number is as before: no descriptor was lost. */
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(lowest, ==, ends[0]);
    close(lowest);
    return 0;
}
