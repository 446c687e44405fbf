/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes with any descriptors from a client: the channel and the JSON-RPC reader must answer
 * each with a message or an error, lose no descriptor, and give back what they read unchanged.
 */

#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/base/error.h"
#include "ipc/wire/channel.h"
#include "ipc/wire/rpc.h"

#define MAX_FDS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
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
    sendmsg(fd, &message, MSG_NOSIGNAL);
    for (guint i = 0; i < n_fds; i++)
        close(fds[i]);
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
    if (!kyso_rpc_read_request(message->body, &request, &error)) {
        g_autoptr(json_t) answer = kyso_rpc_error(request.id, error);
        g_assert_nonnull(answer);
    }
    g_autoptr(GError) answered = kyso_rpc_read_error(message->body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(KysoFd) writer = -1;
    int ends[2];

    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    writer = ends[1];
    g_autoptr(KysoChannel) channel = kyso_channel_new(ends[0]);
    send_with_fds(writer, data + 1, size - 1, data[0] % (MAX_FDS + 1));
    shutdown(writer, SHUT_WR);

    for (;;) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) error = NULL;
        KysoReceived received = kyso_channel_receive(channel, &message, &error);

        g_assert_true((received == KYSO_RECEIVED_BAD || received == KYSO_RECEIVED_BROKEN) ==
                      (error != NULL));
        if (received == KYSO_RECEIVED_MESSAGE)
            read_message(message);
        else if (received != KYSO_RECEIVED_BAD)
            return 0;
    }
}
