/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "tests/kit/virtual-card.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 20000
#define PUK "48151623"

struct VirtualCard {
    char *name;
    GPid pid;
    int socket;
    GString *input;
    GQueue *events;
};

static const char *const slots[] = {"9a", "9c", "9d", "9e"};

/* The folder with keys and certificates, made at first need. */
static const char *
find_pool(void)
{
    static char *pool;
    const char *argv[] = {CARD_RIG_KIT "/card_pool.py", CARD_RIG_CACHE, NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (pool != NULL)
        return pool;
    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &pool, &said, &status,
                 &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("card_pool.py: %s", said);
    return g_strchomp(pool);
}

static GKeyFile *
read_pool(void)
{
    g_autofree char *path = g_build_filename(find_pool(), "cards.ini", NULL);
    g_autoptr(GError) error = NULL;
    GKeyFile *ini = g_key_file_new();

    g_key_file_load_from_file(ini, path, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    return ini;
}

static GPtrArray *
make_arguments(const char *name, const char *log)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GKeyFile) ini = read_pool();

    g_ptr_array_add(argv, g_strdup(CARD_RIG_PROGRAMS "/piv-card"));
    g_ptr_array_add(argv, g_strdup_printf("--log=%s", log));
    for (gsize i = 0; i < G_N_ELEMENTS(slots); i++) {
        g_autofree char *group = g_strdup_printf("%s %s", name, slots[i]);
        g_autofree char *key = g_key_file_get_string(ini, group, "key", NULL);
        g_autofree char *certificate = g_key_file_get_string(ini, group, "certificate", NULL);
        g_autofree char *serial = g_key_file_get_string(ini, group, "serial", NULL);

        g_assert_nonnull(certificate); /* else the pool knows no such card */
        if (i == 0)
            g_ptr_array_add(argv, g_strdup_printf("--serial=%s", serial));
        g_ptr_array_add(argv, g_strdup_printf("--key=%s:%s/%s:%s/%s", slots[i], find_pool(), key,
                                              find_pool(), certificate));
    }
    g_ptr_array_add(argv, NULL);
    return argv;
}

static char *
read_line(VirtualCard *self)
{
    char buffer[4096];
    char *end;

    while ((end = strchr(self->input->str, '\n')) == NULL) {
        struct pollfd item = {.fd = self->socket, .events = POLLIN};
        if (poll(&item, 1, WAIT_MS) <= 0)
            g_error("card %s does not answer", self->name);
        ssize_t size = recv(self->socket, buffer, sizeof buffer, 0);
        if (size <= 0)
            g_error("card %s has died", self->name);
        g_string_append_len(self->input, buffer, size);
    }
    gsize length = (gsize) (end - self->input->str);
    char *line = g_strndup(self->input->str, length);
    g_string_erase(self->input, 0, (gssize) length + 1);
    return line;
}

static char *
read_answer(VirtualCard *self)
{
    for (;;) {
        g_autofree char *line = read_line(self);

        if (g_str_has_prefix(line, "event "))
            g_queue_push_tail(self->events, g_strdup(line + strlen("event ")));
        else if (g_str_has_prefix(line, "ok"))
            return g_strdup(line[2] == ' ' ? line + 3 : "");
        else
            g_error("card %s: %s", self->name, line);
    }
}

char *
virtual_card_call(VirtualCard *self, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    g_assert_cmpint(send(self->socket, line, strlen(line), MSG_NOSIGNAL), ==, strlen(line));
    return read_answer(self);
}

void
virtual_card_wait_event(VirtualCard *self, const char *text)
{
    for (;;) {
        g_autofree char *event = g_queue_pop_head(self->events);

        if (event == NULL) {
            g_autofree char *line = read_line(self);
            g_assert_true(g_str_has_prefix(line, "event "));
            event = g_strdup(line + strlen("event "));
        }
        if (g_str_has_prefix(event, text))
            return;
    }
}

VirtualCard *
virtual_card_new(const char *name, const char *log)
{
    VirtualCard *self = g_new0(VirtualCard, 1);
    g_autoptr(GPtrArray) argv = make_arguments(name, log);
    g_autoptr(GError) error = NULL;
    int ends[2];

    self->name = g_strdup(name);
    self->input = g_string_new(NULL);
    self->events = g_queue_new();
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    self->socket = ends[0];
    g_spawn_async_with_fds(NULL, (char **) argv->pdata, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                           &self->pid, ends[1], -1, -1, &error);
    g_assert_no_error(error);
    close(ends[1]);

    g_free(read_answer(self));
    g_free(virtual_card_call(self, "pin %s", VIRTUAL_CARD_PIN));
    g_free(virtual_card_call(self, "puk %s", PUK));
    return self;
}

void
virtual_card_free(VirtualCard *self)
{
    close(self->socket); /* it ends then */
    waitpid(self->pid, NULL, 0);
    g_string_free(self->input, TRUE);
    g_queue_free_full(self->events, g_free);
    g_free(self->name);
    g_free(self);
}
