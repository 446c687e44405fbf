/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 *     piv-card [--serial=N] [--yubico] [--log=FILE] --key=SLOT:KEY.pem:CERTIFICATE.pem ...
 *
 * One virtual PIV card, in a process of its own, with a test at the other end of the socket that is
 * its standard input: card-control.h. It says "ok" when it can be inserted, and ends when the test
 * closes the socket.
 */

#include "tests/kit/rig/card-control.h"
#include "tests/kit/rig/piv-keys.h"

#include <errno.h>
#include <glib-unix.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONGEST_LINE 1024

typedef struct {
    PivCard *card;
    CardSlot *slot;
    GMainLoop *loop;
    GString *input;
} Program;

typedef struct {
    int serial;
    gboolean is_yubico;
    char *log;
    char **keys;
} Options;

/* A test that does not read its events loses them, and nothing else. */
static void
send_line(const char *text, int flags)
{
    g_autofree char *line = g_strdup_printf("%s\n", text);

    if (send(STDIN_FILENO, line, strlen(line), MSG_NOSIGNAL | flags) < 0 && errno != EAGAIN &&
        errno != EPIPE)
        g_printerr("piv-card: %s\n", g_strerror(errno));
}

static void
card_event(const char *text, gpointer user_data)
{
    g_autofree char *line = g_strconcat("event ", text, NULL);

    send_line(line, MSG_DONTWAIT);
}

static void
run_lines(Program *self)
{
    for (char *end; (end = strchr(self->input->str, '\n')) != NULL;) {
        *end = '\0';
        g_autofree char *answer = card_control_run(self->card, self->slot, self->input->str);
        send_line(answer, 0);
        gsize size = (gsize) (end + 1 - self->input->str);
        OPENSSL_cleanse(self->input->str, size);
        g_string_erase(self->input, 0, (gssize) size);
    }
}

static gboolean
input_arrived(int fd, GIOCondition condition, gpointer user_data)
{
    Program *self = user_data;
    char buffer[LONGEST_LINE];
    ssize_t size = read(fd, buffer, sizeof buffer);

    if (size > 0 && self->input->len + (gsize) size <= LONGEST_LINE) {
        g_string_append_len(self->input, buffer, size);
        run_lines(self);
        return G_SOURCE_CONTINUE;
    }
    if (size < 0 && errno == EINTR)
        return G_SOURCE_CONTINUE;
    g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
}

static gboolean
load_key(PivCard *card, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    guint64 slot;

    if (g_strv_length(parts) != 3) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--key=%s", text);
        return FALSE;
    }
    return g_ascii_string_to_unsigned(parts[0], 16, 0, 0xFF, &slot, error) &&
           piv_keys_load(card->keys, card->objects, (guint8) slot, parts[1], parts[2], error);
}

static gboolean
read_options(int *argc, char ***argv, Options *options, GError **error)
{
    GOptionEntry entries[] = {
        {"serial", 0, 0, G_OPTION_ARG_INT, &options->serial, "another for another card", "N"},
        {"yubico", 0, 0, G_OPTION_ARG_NONE, &options->is_yubico, "look like a YubiKey 5", NULL},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &options->log, "of commands: card-log.h", "FILE"},
        {"key", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->keys, "may be repeated",
         "SLOT:KEY:CERTIFICATE"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

static PivCard *
make_card(const Options *options, GError **error)
{
    g_autoptr(PivCard) card = piv_card_new((guint32) options->serial, options->is_yubico);

    for (char **key = options->keys; key != NULL && *key != NULL; key++)
        if (!load_key(card, *key, error))
            return NULL;
    return g_steal_pointer(&card);
}

static void
serve(PivCard *card, FILE *log)
{
    Program self = {.card = card, .loop = g_main_loop_new(NULL, FALSE)};

    self.slot = card_slot_new(card, log, card_event, &self);
    self.input = g_string_new(NULL);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, input_arrived, &self);
    send_line("ok", 0);
    g_main_loop_run(self.loop);

    card_slot_free(self.slot);
    g_string_free(self.input, TRUE);
    g_main_loop_unref(self.loop);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};
    FILE *log = NULL;

    g_autoptr(PivCard) card =
        read_options(&argc, &argv, &options, &error) ? make_card(&options, &error) : NULL;
    if (card != NULL && options.log != NULL)
        log = fopen(options.log, "ae");
    if (card == NULL || (options.log != NULL && log == NULL)) {
        g_printerr("piv-card: %s\n", error != NULL ? error->message : options.log);
        return 1;
    }
    serve(card, log);

    if (log != NULL)
        fclose(log);
    g_free(options.log);
    g_strfreev(options.keys);
    return 0;
}
