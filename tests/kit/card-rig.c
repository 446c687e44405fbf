/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "tests/kit/card-rig.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PCSCD "/usr/sbin/pcscd"
#define BACKLOG 16
#define FIRST_FD 16 /* in pcscd, of the readers' */

typedef struct {
    char *name;
    char *path; /* of the listener */
    int listener;
    int unplugged; /* eventfd: readable while it is pulled out */
    gboolean is_plugged;
    VirtualCard *card; /* borrowed; NULL: empty */
} CardReader;

struct CardRig {
    GArray *readers;   /* CardReader */
    GHashTable *cards; /* name -> VirtualCard */
    char *pcscd;
    GPid pid; /* 0: it does not run */
    gboolean can_unplug;
};

/* One for all rigs of the process; see the header. */
static const char *
get_folder(void)
{
    static char *folder;

    if (folder == NULL) {
        folder = g_dir_make_tmp("kyso-rig-XXXXXX", NULL);
        g_assert_nonnull(folder);
    }
    g_mkdir_with_parents(folder, 0700); /* the last rig has removed it */
    return folder;
}

static char *
path_in_folder(const char *name)
{
    return g_build_filename(get_folder(), name, NULL);
}

static CardReader *
reader_at(CardRig *self, guint reader)
{
    g_assert_cmpuint(reader, <, self->readers->len);
    return &g_array_index(self->readers, CardReader, reader);
}

static int
listen_at(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof address.sun_path), <,
                     sizeof address.sun_path);
    g_unlink(path);
    g_assert_cmpint(bind(fd, (struct sockaddr *) &address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fd, BACKLOG), ==, 0);
    return fd;
}

static void
wait_reader(CardRig *self, const CardReader *reader, const char *state)
{
    const char *argv[] = {CARD_RIG_PROGRAMS "/reader-wait", reader->name, state, NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (self->pid == 0 || (!reader->is_plugged && strcmp(state, "unplugged") != 0))
        return;
    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, &said, &status,
                 &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL))
        g_error("%s", said);
}

static void
copy_driver(const char *target)
{
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    gsize size;

    g_file_get_contents(CARD_RIG_PROGRAMS "/ifd-rig.so", &bytes, &size, &error);
    g_assert_no_error(error);
    g_file_set_contents(target, bytes, (gssize) size, &error);
    g_assert_no_error(error);
}

static void
make_reader(CardRig *self, guint number, GString *configuration)
{
    g_autofree char *file = g_strdup_printf("reader%u", number);
    g_autofree char *path = path_in_folder(file);
    g_autofree char *driver = g_strconcat(path, ".so", NULL);
    CardReader reader = {
        .name = g_strdup_printf("Rig Reader %u 00 00", number),
        .listener = listen_at(path, SOCK_SEQPACKET),
        .unplugged = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .is_plugged = TRUE,
    };

    copy_driver(driver);
    g_string_append_printf(configuration,
                           "FRIENDLYNAME \"Rig Reader %u\"\nDEVICENAME reader:%u:%u:0\n"
                           "LIBPATH %s\nCHANNELID %u\n\n",
                           number, FIRST_FD + 2 * number, FIRST_FD + 2 * number + 1, driver,
                           number);
    reader.path = g_steal_pointer(&path);
    g_array_append_val(self->readers, reader);
}

static void
write_configuration(CardRig *self, guint n_readers)
{
    g_autofree char *folder = path_in_folder("reader.conf.d");
    g_autofree char *path = g_build_filename(folder, "readers", NULL);
    g_autofree char *opensc = path_in_folder("opensc.conf");
    g_autofree char *socket_path = path_in_folder("pcscd.comm");
    g_autoptr(GString) configuration = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < n_readers; i++)
        make_reader(self, i, configuration);
    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(path, configuration->str, -1, &error);
    g_assert_no_error(error);
    g_file_set_contents(
        opensc, "app default {\n framework pkcs15 {\n use_file_caching = no;\n }\n}\n", -1, &error);
    g_assert_no_error(error);
    g_setenv("PCSCLITE_CSOCK_NAME", socket_path, TRUE);
    g_setenv("OPENSC_CONF", opensc, TRUE);
}

/* NULL, with the reason: this machine cannot have one. */
static char *
find_pcscd(gboolean hotplug, char **ret_why)
{
    const char *argv[] = {CARD_RIG_KIT "/rig/build-pcscd", NULL};
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (!g_file_test(PCSCD, G_FILE_TEST_IS_EXECUTABLE)) {
        *ret_why = g_strdup(PCSCD " is not installed");
        return NULL;
    }
    if (!hotplug)
        return g_strdup(PCSCD);
    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &path, ret_why, &status,
                 &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_strchomp(*ret_why);
        return NULL;
    }
    g_clear_pointer(ret_why, g_free);
    return g_steal_pointer(&path);
}

CardRig *
card_rig_new(guint n_readers, gboolean hotplug, char **ret_why)
{
    g_autofree char *pcscd = find_pcscd(hotplug, ret_why);

    if (pcscd == NULL)
        return NULL;
    CardRig *self = g_new0(CardRig, 1);
    self->pcscd = g_strchomp(g_steal_pointer(&pcscd));
    self->can_unplug = hotplug;
    self->readers = g_array_new(FALSE, TRUE, sizeof(CardReader));
    self->cards =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) virtual_card_free);
    write_configuration(self, n_readers);
    card_rig_pcscd_start(self);
    return self;
}

void
card_rig_pcscd_start(CardRig *self)
{
    g_autofree char *socket_path = path_in_folder("pcscd.comm");
    g_autofree char *configuration = path_in_folder("reader.conf.d");
    const char *argv[] = {CARD_RIG_PROGRAMS "/pcscd-launch",
                          CARD_RIG_PROGRAMS "/run-shim.so",
                          self->pcscd,
                          "--foreground",
                          "--config",
                          configuration,
                          NULL};
    guint n_fds = 2 * self->readers->len;
    g_autofree int *sources = g_new(int, n_fds);
    g_autofree int *targets = g_new(int, n_fds);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < n_fds; i++) {
        const CardReader *reader = reader_at(self, i / 2);
        sources[i] = i % 2 == 0 ? reader->listener : reader->unplugged;
        targets[i] = FIRST_FD + (int) i;
    }
    int listener = listen_at(socket_path, SOCK_STREAM);
    g_spawn_async_with_pipes_and_fds(
        NULL, argv, NULL,
        G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
        NULL, listener, -1, -1, sources, targets, n_fds, &self->pid, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    close(listener);
    for (guint i = 0; i < self->readers->len; i++) {
        const CardReader *reader = reader_at(self, i);
        wait_reader(self, reader, reader->card != NULL ? "present" : "plugged");
    }
}

void
card_rig_pcscd_kill(CardRig *self)
{
    g_autofree char *socket_path = path_in_folder("pcscd.comm");

    if (self->pid != 0) {
        kill(self->pid, SIGKILL);
        waitpid(self->pid, NULL, 0);
        self->pid = 0;
    }
    g_unlink(socket_path);
}

static void
remove_file(const char *name)
{
    g_autofree char *path = path_in_folder(name);

    g_remove(path);
}

void
card_rig_free(CardRig *self)
{
    card_rig_pcscd_kill(self);
    g_hash_table_unref(self->cards);
    for (guint i = 0; i < self->readers->len; i++) {
        CardReader *reader = reader_at(self, i);
        g_autofree char *driver = g_strconcat(reader->path, ".so", NULL);

        close(reader->listener);
        close(reader->unplugged);
        g_unlink(reader->path);
        g_unlink(driver);
        g_free(reader->path);
        g_free(reader->name);
    }
    remove_file("reader.conf.d/readers");
    remove_file("reader.conf.d");
    remove_file("opensc.conf");
    remove_file("apdus");
    remove_file(""); /* the folder; the next rig makes it again */
    g_array_unref(self->readers);
    g_free(self->pcscd);
    g_free(self);
}

const char *
card_rig_reader_name(CardRig *self, guint reader)
{
    return reader_at(self, reader)->name;
}

static void
look_again(CardRig *self, guint number, gboolean is_plugged, const char *state)
{
    CardReader *reader = reader_at(self, number);
    eventfd_t count;

    g_assert_true(self->can_unplug);
    g_assert_cmpint(self->pid, !=, 0);
    g_assert_cmpint(reader->is_plugged, !=, is_plugged);
    if (is_plugged)
        g_assert_cmpint(eventfd_read(reader->unplugged, &count), ==, 0);
    else
        g_assert_cmpint(eventfd_write(reader->unplugged, 1), ==, 0);
    reader->is_plugged = is_plugged;
    kill(self->pid, SIGUSR1);
    wait_reader(self, reader, state);
}

void
card_rig_reader_remove(CardRig *self, guint reader)
{
    look_again(self, reader, FALSE, "unplugged");
}

void
card_rig_reader_add(CardRig *self, guint reader)
{
    look_again(self, reader, TRUE, reader_at(self, reader)->card != NULL ? "present" : "plugged");
}

void
card_rig_card_insert(CardRig *self, guint reader, const char *name)
{
    CardReader *place = reader_at(self, reader);
    VirtualCard *card = g_hash_table_lookup(self->cards, name);

    g_assert_null(place->card);
    if (card == NULL) {
        g_autofree char *log = path_in_folder("apdus");
        card = virtual_card_new(name, log);
        g_hash_table_insert(self->cards, g_strdup(name), card);
    }
    g_free(virtual_card_call(card, "insert %s", place->path));
    place->card = card;
    wait_reader(self, place, "present");
}

void
card_rig_card_remove(CardRig *self, guint reader)
{
    CardReader *place = reader_at(self, reader);
    VirtualCard *card = g_steal_pointer(&place->card);

    g_free(virtual_card_call(card, "remove"));
    wait_reader(self, place, "empty");
}

VirtualCard *
card_rig_get_card(CardRig *self, guint reader)
{
    VirtualCard *card = reader_at(self, reader)->card;

    g_assert_nonnull(card);
    return card;
}

void
card_rig_card_fault(CardRig *self, guint reader, int ins, const char *kind, guint value,
                    guint times)
{
    g_autofree char *which = ins < 0 ? g_strdup("*") : g_strdup_printf("%02x", ins);
    g_autofree char *number =
        strcmp(kind, "sw") == 0 ? g_strdup_printf("%x", value) : g_strdup_printf("%u", value);

    g_free(virtual_card_call(card_rig_get_card(self, reader), "fault %s %s %s %u", which, kind,
                             number, times));
}

void
card_rig_card_clear(CardRig *self, guint reader)
{
    g_free(virtual_card_call(card_rig_get_card(self, reader), "clear"));
}

guint
card_rig_card_tries(CardRig *self, guint reader)
{
    g_autofree char *tries = virtual_card_call(card_rig_get_card(self, reader), "tries");

    return (guint) g_ascii_strtoull(tries, NULL, 10);
}
