/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/assuan.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ELLIPSIS "…"

struct _KysoAssuan {
    int fd;
    int waiting_fd;
    KysoSecret *page; /* bytes read and not yet taken; all of its lines, secret or not */
    gsize used;
    gboolean is_skipping; /* the rest of a long line that says nothing to us */
};

/* The escaped form of one character of @size bytes, into @escaped; returns its length. */
static gsize
escape_character(const char *character, gsize size, char escaped[8])
{
    unsigned char c = (unsigned char) *character;

    if (c == '%' || c == '\r' || c == '\n')
        return (gsize) g_snprintf(escaped, 8, "%%%02X", c);
    if (c < 0x20 || c == 0x7F)
        return 0;
    memcpy(escaped, character, size);
    return size;
}

char *
kyso_assuan_line(const char *command, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    GString *line = g_string_new(command);
    gsize fits; /* where "…" could still follow */

    if (text != NULL)
        g_string_append_c(line, ' ');
    fits = line->len;
    for (const char *p = valid; *p != '\0' && line->len <= KYSO_ASSUAN_LINE_MAX;) {
        const char *next = g_utf8_next_char(p);
        char escaped[8];
        g_string_append_len(line, escaped,
                            (gssize) escape_character(p, (gsize) (next - p), escaped));
        if (line->len + strlen(ELLIPSIS) <= KYSO_ASSUAN_LINE_MAX)
            fits = line->len;
        p = next;
    }
    if (line->len > KYSO_ASSUAN_LINE_MAX) {
        g_string_truncate(line, fits);
        g_string_append(line, ELLIPSIS);
    }
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

KysoAssuan *
kyso_assuan_new(int fd, int waiting_fd)
{
    KysoAssuan *self = g_new0(KysoAssuan, 1);

    self->fd = fd;
    self->waiting_fd = waiting_fd;
    self->page = kyso_secret_new();
    return self;
}

void
kyso_assuan_free(KysoAssuan *self)
{
    if (self == NULL)
        return;
    kyso_secret_free(self->page);
    g_free(self);
}

/* Takes the first @n bytes out of the page and leaves no copy of them. */
static void
drop_bytes(KysoAssuan *self, gsize n)
{
    char *bytes = kyso_secret_buffer(self->page);

    memmove(bytes, bytes + n, self->used - n);
    explicit_bzero(bytes + self->used - n, n);
    self->used -= n;
}

/* KYSO_ASSUAN_OK: there is more in the page. */
static KysoAssuanAnswer
read_more(KysoAssuan *self, gint64 deadline)
{
    struct pollfd polled[] = {
        {.fd = self->fd, .events = POLLIN},
        {.fd = self->waiting_fd, .events = POLLRDHUP},
    };
    gint64 left = deadline - g_get_monotonic_time();
    if (left <= 0)
        return KYSO_ASSUAN_LATE;

    int ready = poll(polled, G_N_ELEMENTS(polled), (int) MIN(left / 1000 + 1, G_MAXINT));
    if (ready < 0)
        return errno == EINTR ? KYSO_ASSUAN_OK : KYSO_ASSUAN_END;
    if (polled[1].revents != 0)
        return KYSO_ASSUAN_LEFT;
    if (polled[0].revents == 0)
        return KYSO_ASSUAN_OK;

    gssize n =
        read(self->fd, kyso_secret_buffer(self->page) + self->used, KYSO_SECRET_MAX - self->used);
    if (n < 0)
        return errno == EINTR ? KYSO_ASSUAN_OK : KYSO_ASSUAN_END;
    self->used += (gsize) n;
    return n > 0 ? KYSO_ASSUAN_OK : KYSO_ASSUAN_END;
}

static gboolean
has_word(const char *line, gsize size, const char *word)
{
    gsize length = strlen(word);

    return size >= length && memcmp(line, word, length) == 0 &&
           (size == length || line[length] == ' ');
}

/* In place; FALSE on a broken escape or a NUL, which no PIN has. */
static gboolean
unescape(char *text, gsize *size)
{
    gsize to = 0;

    for (gsize from = 0; from < *size; to++) {
        if (text[from] != '%') {
            text[to] = text[from++];
        } else {
            if (*size - from < 3 || !g_ascii_isxdigit(text[from + 1]) ||
                !g_ascii_isxdigit(text[from + 2]))
                return FALSE;
            text[to] = (char) (g_ascii_xdigit_value(text[from + 1]) << 4 |
                               g_ascii_xdigit_value(text[from + 2]));
            from += 3;
        }
        if (text[to] == '\0')
            return FALSE;
    }
    *size = to;
    return TRUE;
}

static gboolean
take_data(char *text, gsize size, KysoSecret *data)
{
    return data != NULL && unescape(text, &size) && kyso_secret_append(data, text, size);
}

/* "ERR NUMBER text": never a 0, which would be no error. */
static guint
error_number(const char *line, gsize size)
{
    guint64 number = 0;

    for (gsize i = strlen("ERR "); i < size && g_ascii_isdigit(line[i]); i++)
        number = MIN(number * 10 + (guint64) g_ascii_digit_value(line[i]), G_MAXUINT);
    return (guint) number;
}

/* TRUE: the line ends the answer, with *ret. */
static gboolean
judge_line(char *line, gsize size, KysoSecret *data, KysoAssuanAnswer *ret, guint *ret_number)
{
    *ret = KYSO_ASSUAN_GARBAGE;
    if (has_word(line, size, "OK")) {
        *ret = KYSO_ASSUAN_OK;
        return TRUE;
    }
    if (has_word(line, size, "ERR")) {
        *ret_number = error_number(line, size);
        *ret = *ret_number != 0 ? KYSO_ASSUAN_ERROR : KYSO_ASSUAN_GARBAGE;
        return TRUE;
    }
    if (size >= 2 && memcmp(line, "D ", 2) == 0)
        return !take_data(line + 2, size - 2, data);
    return !has_word(line, size, "S") && !(size > 0 && line[0] == '#');
}

/* Takes one whole line out of the page, if there is one. TRUE as judge_line. */
static gboolean
take_line(KysoAssuan *self, KysoSecret *data, KysoAssuanAnswer *ret, guint *ret_number,
          gboolean *ret_taken)
{
    char *line = kyso_secret_buffer(self->page);
    char *end = memchr(line, '\n', self->used);
    gsize size = end != NULL ? (gsize) (end - line) : self->used;
    gboolean is_long = end == NULL && self->used == KYSO_SECRET_MAX;
    gboolean is_last = FALSE;

    *ret_taken = end != NULL || is_long;
    if (!*ret_taken)
        return FALSE;

    if (!self->is_skipping) {
        gboolean is_remark = has_word(line, size, "S") || line[0] == '#';
        *ret = KYSO_ASSUAN_GARBAGE;
        is_last = is_long ? !is_remark : judge_line(line, size, data, ret, ret_number);
    }
    self->is_skipping = is_long;
    drop_bytes(self, end != NULL ? size + 1 : size);
    return is_last;
}

KysoAssuanAnswer
kyso_assuan_read(KysoAssuan *self, gint64 deadline, KysoSecret *data, guint *ret_number)
{
    KysoAssuanAnswer answer;

    *ret_number = 0;
    for (;;) {
        gboolean is_taken = FALSE;
        if (take_line(self, data, &answer, ret_number, &is_taken))
            return answer;
        if (is_taken)
            continue;

        answer = read_more(self, deadline);
        if (answer != KYSO_ASSUAN_OK)
            return answer;
    }
}
