/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/wire/channel.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/base/error.h"

/* A channel under test and the bare socket of its peer. */
typedef struct {
    KysoChannel *channel;
    int peer;
} Fixture;

static void
fixture_set_up(Fixture *f, gconstpointer data)
{
    int pair[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    f->channel = kyso_channel_new(pair[0]);
    f->peer = pair[1];
}

static void
fixture_tear_down(Fixture *f, gconstpointer data)
{
    kyso_channel_free(f->channel);
    kyso_fd_close(f->peer);
}

/* One sendmsg of @n_fds copies of descriptor 0, with @size bytes. */
static void
peer_send(Fixture *f, const char *text, gsize size, guint n_fds)
{
    int fds[64] = {0};
    union {
        char bytes[CMSG_SPACE(sizeof fds)];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec vector = {(char *) text, size};
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
    g_assert_cmpint(sendmsg(f->peer, &header, MSG_NOSIGNAL), ==, size);
}

static void
peer_write(Fixture *f, const char *text)
{
    peer_send(f, text, strlen(text), 0);
}

/* The next message must be whole and carry @n_fds descriptors; its member "n" is @n. */
static void
expect_message(Fixture *f, int n, guint n_fds)
{
    g_autoptr(KysoMessage) message = NULL;
    g_autoptr(GError) error = NULL;

    KysoReceived received = kyso_channel_receive(f->channel, &message, &error);
    g_assert_no_error(error);
    g_assert_cmpint(received, ==, KYSO_RECEIVED_MESSAGE);
    g_assert_cmpint(json_integer_value(json_object_get(message->body, "n")), ==, n);
    g_assert_cmpuint(message->fds->n_fds, ==, n_fds);
    for (guint i = 0; i < n_fds; i++)
        g_assert_cmpint(fcntl(message->fds->fds[i], F_GETFD), ==, FD_CLOEXEC);
}

static void
expect_fault(Fixture *f, KysoReceived expected, int code)
{
    g_autoptr(KysoMessage) message = NULL;
    g_autoptr(GError) error = NULL;

    KysoReceived received = kyso_channel_receive(f->channel, &message, &error);
    g_assert_error(error, KYSO_ERROR, code);
    g_assert_cmpint(received, ==, expected);
}

static void
expect(Fixture *f, KysoReceived expected)
{
    g_autoptr(KysoMessage) message = NULL;
    g_autoptr(GError) error = NULL;

    KysoReceived received = kyso_channel_receive(f->channel, &message, &error);
    g_assert_no_error(error);
    g_assert_null(message);
    g_assert_cmpint(received, ==, expected);
}

static guint
count_open_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

static void
test_split_anywhere(Fixture *f, gconstpointer data)
{
    static const char text[] = "{\"n\":1,\"input\":{\"fd\":0},\"x\":\"tệp\"}\n"
                               "{\"n\":2}\n"
                               "{\"n\":3,\"output\":{\"fd\":0}}\n";
    const gsize size = strlen(text);
    const gsize second = (gsize) (strchr(text, '\n') - text) + 1;
    const gsize third = second + strlen("{\"n\":2}\n");

    for (gsize split = 1; split < size; split++) {
        /* The descriptors go with the first byte of messages 1 and 3; @split parts the rest. */
        gsize parts[] = {0, second, third, split, size};
        gsize from = 0;
        while (from < size) {
            gsize to = size;
            for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
                if (parts[i] > from)
                    to = MIN(to, parts[i]);
            peer_send(f, text + from, to - from, from == 0 || from == third ? 1 : 0);
            from = to;
        }
        expect_message(f, 1, 1);
        expect_message(f, 2, 0);
        expect_message(f, 3, 1);
        expect(f, KYSO_RECEIVED_NOTHING);
    }
}

static void
test_byte_by_byte(Fixture *f, gconstpointer data)
{
    static const char text[] = "{\"n\":7,\"input\":{\"fd\":1},\"output\":{\"fd\":0}}\n";

    for (gsize i = 0; i < strlen(text); i++) {
        expect(f, KYSO_RECEIVED_NOTHING);
        peer_send(f, text + i, 1, i == 0 ? 2 : 0);
    }
    expect_message(f, 7, 2);
    expect(f, KYSO_RECEIVED_NOTHING);
}

/* Small messages that wait together in the socket come with one read. */
static void
test_descriptors_find_their_message(Fixture *f, gconstpointer data)
{
    static const char with[] = "{\"n\":2,\"input\":{\"fd\":0}}\n";

    peer_write(f, "{\"n\":0}\n{\"n\":1}\n");
    peer_send(f, with, strlen(with), 1);
    peer_write(f, "{\"n\":3}\n");
    peer_send(f, with, strlen(with), 1);
    peer_send(f, with, strlen(with), 1);
    expect_message(f, 0, 0);
    expect_message(f, 1, 0);
    expect_message(f, 2, 1);
    expect_message(f, 3, 0);
    expect_message(f, 2, 1);
    expect_message(f, 2, 1);
    expect(f, KYSO_RECEIVED_NOTHING);
}

/* A message that names what it did not bring must not get the next one's documents. */
static void
test_descriptors_are_not_stolen(Fixture *f, gconstpointer data)
{
    static const char with[] = "{\"n\":2,\"input\":{\"fd\":0}}\n";

    peer_write(f, "{\"n\":1,\"input\":{\"fd\":0}}\n");
    peer_send(f, with, strlen(with), 1);
    expect_fault(f, KYSO_RECEIVED_BAD, KYSO_ERROR_WRONG_DESCRIPTORS);
    expect_message(f, 2, 1);
}

static void
test_mismatch_is_told(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text;
        guint n_fds;
    } cases[] = {
        {"{\"input\":{\"fd\":0}}\n", 0},
        {"{}\n", 1},
        {"{\"input\":{\"fd\":0}}\n", 2},
        {"{\"input\":{\"fd\":1}}\n", 1},
        {"{\"input\":{\"fd\":0},\"output\":{\"fd\":0}}\n", 1},
        {"{\"input\":{\"fd\":0},\"output\":{\"fd\":2}}\n", 2},
        {"{\"input\":{\"fd\":16}}\n", 0},
        {"{\"input\":{\"fd\":-1}}\n", 0},
        {"{\"a\":[[{\"b\":{\"fd\":1}}]]}\n", 1},
    };
    guint before = count_open_descriptors();

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        peer_send(f, cases[i].text, strlen(cases[i].text), cases[i].n_fds);
        expect_fault(f, KYSO_RECEIVED_BAD, KYSO_ERROR_WRONG_DESCRIPTORS);
        g_assert_cmpuint(count_open_descriptors(), ==, before);
    }
    peer_write(f, "{\"n\":1}\n");
    expect_message(f, 1, 0);
}

/* The id can be read, so that the answer finds its question. */
static void
test_mismatch_keeps_the_id(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoMessage) message = NULL;
    g_autoptr(GError) error = NULL;

    peer_write(f, "{\"id\":9,\"input\":{\"fd\":0}}\n");
    g_assert_cmpint(kyso_channel_receive(f->channel, &message, &error), ==, KYSO_RECEIVED_BAD);
    g_assert_cmpint(json_integer_value(json_object_get(message->body, "id")), ==, 9);
}

static void
test_descriptors_inside_a_message(Fixture *f, gconstpointer data)
{
    guint before = count_open_descriptors();

    peer_write(f, "{\"n\":");
    expect(f, KYSO_RECEIVED_NOTHING);
    peer_send(f, "1}\n", 3, 1);
    expect_fault(f, KYSO_RECEIVED_BAD, KYSO_ERROR_WRONG_DESCRIPTORS);
    g_assert_cmpuint(count_open_descriptors(), ==, before);
    peer_write(f, "{\"n\":2}\n");
    expect_message(f, 2, 0);
}

/* Else one client could use up the descriptors of the agent with a message that never ends. */
static void
test_descriptors_do_not_pile_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    KysoReceived received = KYSO_RECEIVED_NOTHING;
    guint before = count_open_descriptors();

    for (guint i = 0; i < 20 && received == KYSO_RECEIVED_NOTHING; i++) {
        g_autoptr(KysoMessage) message = NULL;
        peer_send(f, " ", 1, KYSO_CHANNEL_MAX_FDS);
        received = kyso_channel_receive(f->channel, &message, &error);
        g_assert_cmpuint(count_open_descriptors(), <=, before + 3 * KYSO_CHANNEL_MAX_FDS);
    }
    g_assert_cmpint(received, ==, KYSO_RECEIVED_BROKEN);
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_DESCRIPTORS);
}

static void
test_most_descriptors(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) text = g_string_new("{\"n\":1,\"list\":[{\"fd\":0}");
    for (int i = 1; i < KYSO_CHANNEL_MAX_FDS; i++)
        g_string_append_printf(text, ",{\"fd\":%d}", i);
    g_string_append(text, "]}\n");

    peer_send(f, text->str, text->len, KYSO_CHANNEL_MAX_FDS);
    expect_message(f, 1, KYSO_CHANNEL_MAX_FDS);
    peer_send(f, text->str, text->len, KYSO_CHANNEL_MAX_FDS + 1);
    expect_fault(f, KYSO_RECEIVED_BROKEN, KYSO_ERROR_WRONG_DESCRIPTORS);
}

static void
test_bad_text_is_told(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *text;
        gsize size;
        int code;
    } cases[] = {
#define TEXT(s) s, sizeof(s) - 1
        {TEXT("\n"), KYSO_ERROR_NOT_JSON},
        {TEXT("hello\n"), KYSO_ERROR_NOT_JSON},
        {TEXT("{\"a\":1}}\n"), KYSO_ERROR_NOT_JSON},
        {TEXT("{\"a\":1,\"a\":2}\n"), KYSO_ERROR_NOT_JSON},
        {TEXT("{\"a\":\"\\u0000\"}\n"), KYSO_ERROR_NOT_JSON},
        {TEXT("{\"a\":\"\0\"}\n"), KYSO_ERROR_NOT_UTF8},
        {TEXT("{\"a\":\"\xff\"}\n"), KYSO_ERROR_NOT_UTF8},
        {TEXT("{\"a\":\"\xc0\x80\"}\n"), KYSO_ERROR_NOT_UTF8},
        {TEXT("{\"a\":\"\xed\xa0\x80\"}\n"), KYSO_ERROR_NOT_UTF8},
        {TEXT("[]\n"), KYSO_ERROR_NOT_A_REQUEST},
        {TEXT("5\n"), KYSO_ERROR_NOT_A_REQUEST},
#undef TEXT
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        peer_send(f, cases[i].text, cases[i].size, 0);
        expect_fault(f, KYSO_RECEIVED_BAD, cases[i].code);
        peer_write(f, "{\"n\":1}\n");
        expect_message(f, 1, 0);
    }
}

/* @size bytes of one line, newline not counted. */
static void
send_long_line(Fixture *f, gsize size)
{
    g_autofree char *text = g_malloc(size + 1);
    memset(text, ' ', size);
    memcpy(text, "{\"n\":1}", 7);
    text[size] = '\n';

    g_auto(KysoFd) writer = kyso_fd_dup(f->peer, NULL);
    fcntl(writer, F_SETFL, O_NONBLOCK);
    for (gsize sent = 0; sent < size + 1;) {
        gssize n = write(writer, text + sent, size + 1 - sent);
        if (n > 0) {
            sent += (gsize) n;
            continue;
        }
        g_autoptr(KysoMessage) message = NULL;
        if (kyso_channel_receive(f->channel, &message, NULL) != KYSO_RECEIVED_NOTHING)
            return;
    }
}

static void
test_longest_message(Fixture *f, gconstpointer data)
{
    send_long_line(f, KYSO_CHANNEL_MAX_MESSAGE);
    expect_message(f, 1, 0);
    expect(f, KYSO_RECEIVED_NOTHING);
}

static void
test_too_long_message(Fixture *f, gconstpointer data)
{
    send_long_line(f, KYSO_CHANNEL_MAX_MESSAGE + 1);
    expect_fault(f, KYSO_RECEIVED_BROKEN, KYSO_ERROR_MESSAGE_TOO_LARGE);
}

static void
test_end_of_stream(Fixture *f, gconstpointer data)
{
    peer_write(f, "{\"n\":1}\n{\"half\":");
    shutdown(f->peer, SHUT_WR);
    expect_message(f, 1, 0);
    expect(f, KYSO_RECEIVED_END);
}

/* What a slow reader has not taken is kept in order, descriptors with their message. */
static void
test_slow_reader(Fixture *f, gconstpointer data)
{
    g_autofree char *filler = g_strnfill(100 * 1024, 'x');
    g_autoptr(KysoChannel) reader = kyso_channel_new(kyso_fd_steal(&f->peer));
    guint n_sent = 0, before = count_open_descriptors();
    int fd = 0;

    fcntl(kyso_channel_fd(reader), F_SETFL, O_NONBLOCK);
    while (!kyso_channel_has_unsent(f->channel) || n_sent < 20) {
        g_autoptr(json_t) body =
            json_pack("{s:i, s:s, s:{s:i}}", "n", (int) n_sent, "x", filler, "output", "fd", 0);
        g_assert_true(kyso_channel_send(f->channel, body, &fd, 1, NULL));
        n_sent++;
    }
    for (guint n = 0; n < n_sent;) {
        g_autoptr(KysoMessage) message = NULL;
        g_autoptr(GError) error = NULL;
        g_assert_true(kyso_channel_flush(f->channel, NULL));
        KysoReceived received = kyso_channel_receive(reader, &message, &error);
        g_assert_no_error(error);
        if (received == KYSO_RECEIVED_NOTHING)
            continue;
        g_assert_cmpint(json_integer_value(json_object_get(message->body, "n")), ==, n);
        g_assert_cmpuint(message->fds->n_fds, ==, 1);
        n++;
    }
    g_assert_false(kyso_channel_has_unsent(f->channel));
    g_assert_cmpuint(count_open_descriptors(), ==, before);
}

static void
test_reader_that_never_reads(Fixture *f, gconstpointer data)
{
    g_autofree char *filler = g_strnfill(200 * 1024, 'x');
    g_autoptr(json_t) body = json_pack("{s:s}", "x", filler);
    g_autoptr(GError) error = NULL;
    guint n = 0;

    while (n < 100 && kyso_channel_send(f->channel, body, NULL, 0, &error))
        n++;
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CLIENT_GONE);
    g_assert_cmpuint(n, >=, 20);
    g_assert_cmpuint(n, <, 40);
}

static void
test_peer_that_is_gone(Fixture *f, gconstpointer data)
{
    g_autoptr(json_t) body = json_object();
    g_autoptr(GError) error = NULL;

    close(kyso_fd_steal(&f->peer));
    g_assert_false(kyso_channel_send(f->channel, body, NULL, 0, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_CLIENT_GONE);
}

static void
test_descriptor_is_taken_once(void)
{
    g_autoptr(json_t) object =
        json_pack("{s:{s:i}, s:{s:i}, s:s}", "input", "fd", 0, "output", "fd", 0, "text", "x");
    g_autoptr(KysoFdList) fds = kyso_fd_list_new();
    g_autoptr(GError) again = NULL, wrong = NULL, missing = NULL;
    int fd;

    kyso_fd_list_append(fds, open("/dev/null", O_RDONLY | O_CLOEXEC));
    g_assert_true(kyso_json_take_fd(object, "input", KYSO_JSON_REQUIRED, fds, &fd, NULL));
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_false(kyso_json_take_fd(object, "output", KYSO_JSON_REQUIRED, fds, &fd, &again));
    g_assert_error(again, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_false(kyso_json_take_fd(object, "text", KYSO_JSON_OPTIONAL, fds, &fd, &wrong));
    g_assert_error(wrong, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_false(kyso_json_take_fd(object, "none", KYSO_JSON_REQUIRED, fds, &fd, &missing));
    g_assert_error(missing, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    g_assert_true(kyso_json_take_fd(object, "none", KYSO_JSON_OPTIONAL, fds, &fd, NULL));
    g_assert_cmpint(fd, ==, -1);
}

#define ADD(name, function)                                                                        \
    g_test_add("/channel/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("a message is whole wherever the stream is split", test_split_anywhere);
    ADD("a message is whole that comes byte by byte", test_byte_by_byte);
    ADD("descriptors find their message among others", test_descriptors_find_their_message);
    ADD("a message does not get the next one's descriptors", test_descriptors_are_not_stolen);
    ADD("descriptors named and sent must match", test_mismatch_is_told);
    ADD("a message with wrong descriptors keeps its id", test_mismatch_keeps_the_id);
    ADD("descriptors inside a message are refused", test_descriptors_inside_a_message);
    ADD("descriptors of an endless message do not pile up", test_descriptors_do_not_pile_up);
    ADD("sixteen descriptors pass and seventeen do not", test_most_descriptors);
    ADD("bad text is told and the next message read", test_bad_text_is_told);
    ADD("a message of 256 KiB passes", test_longest_message);
    ADD("a longer message breaks the channel", test_too_long_message);
    ADD("the end of the stream is told after the last message", test_end_of_stream);
    ADD("a slow reader gets everything in order", test_slow_reader);
    ADD("a peer that never reads is given up at 4 MiB", test_reader_that_never_reads);
    ADD("a peer that is gone is told", test_peer_that_is_gone);
    g_test_add_func("/channel/a descriptor is taken once", test_descriptor_is_taken_once);
    return g_test_run();
}
