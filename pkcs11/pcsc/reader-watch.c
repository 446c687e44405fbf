/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pkcs11/pcsc/reader-watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ipc/base/descriptor.h"
#include "pkcs11/pcsc/pcscd-socket.h"
#include "pkcs11/pcsc/reader-states.h"

#define STACK_SIZE (256 * 1024) /* of which a few pages are ever touched */

/* libpcsclite's INFINITE is a loop of waits of one minute; this is one wait, of 24 days. */
#define LONG_WAIT_MS 0x7fffffff

/* A reader that comes between the call for the names and the next wait is in neither: pcsc-lite
 * 1.9.9 takes the list as it is when the wait begins for what we know. So after a change there are
 * a few more looks; readers come together where a hub is plugged in or the machine wakes up. */
static const DWORD settle_ms[] = {5, 30, 200, 1000};

/* pcscd makes its socket before it listens: refused, it is tried again for a second or two. */
#define MAX_ATTEMPTS 11

#define CANCEL_AGAIN_US (5 * 1000)
#define STOP_SECONDS 5

struct _KysoReaderWatch {
    gatomicrefcount references; /* of main, the thread, and those who cancel for main */
    int wake_fd;
    pthread_t thread;

    GMutex lock;
    GCond ended_cond;
    KysoReaderWatchTold told; /* NULL once nobody listens */
    gpointer user_data;
    SCARDCONTEXT context; /* what SCardCancel may be called with; 0: the thread is not in pcscd */
    gboolean is_stopping, is_ended;

    /* The thread's own. */
    KysoReaderStates *states;
    GPtrArray *published; /* NULL before the first look */
    gboolean was_running;
};

static void
watch_unref(KysoReaderWatch *self)
{
    if (!g_atomic_ref_count_dec(&self->references))
        return;
    g_clear_pointer(&self->published, g_ptr_array_unref);
    kyso_reader_states_free(self->states);
    kyso_fd_close(self->wake_fd);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->ended_cond);
    g_free(self);
}

static gboolean
is_stopping(KysoReaderWatch *self)
{
    g_mutex_lock(&self->lock);
    gboolean is_stopping = self->is_stopping;
    g_mutex_unlock(&self->lock);
    return is_stopping;
}

static void
set_context(KysoReaderWatch *self, SCARDCONTEXT context)
{
    g_mutex_lock(&self->lock);
    self->context = context;
    g_mutex_unlock(&self->lock);
}

static gboolean
is_same_list(const GPtrArray *a, const GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++)
        if (!kyso_reader_equal(a->pdata[i], b->pdata[i]))
            return FALSE;
    return TRUE;
}

static void
publish(KysoReaderWatch *self, gboolean is_running)
{
    g_autoptr(GPtrArray) readers = kyso_reader_states_describe(self->states);

    if (self->published != NULL && self->was_running == is_running &&
        is_same_list(self->published, readers))
        return;
    g_clear_pointer(&self->published, g_ptr_array_unref);
    self->published = g_ptr_array_ref(readers);
    self->was_running = is_running;

    g_mutex_lock(&self->lock);
    if (self->told != NULL)
        self->told(is_running, g_steal_pointer(&readers), self->user_data);
    g_mutex_unlock(&self->lock);
}

/* Asks for the names of the readers. */
static LONG
list_readers(KysoReaderWatch *self, SCARDCONTEXT context)
{
    char *names = NULL;
    DWORD size = SCARD_AUTOALLOCATE;
    LONG status = SCardListReaders(context, NULL, (LPSTR) (gpointer) &names, &size);

    if (status == SCARD_E_NO_READERS_AVAILABLE) {
        kyso_reader_states_set_names(self->states, "");
        return SCARD_S_SUCCESS;
    }
    if (status == SCARD_S_SUCCESS) {
        kyso_reader_states_set_names(self->states, names);
        SCardFreeMemory(context, names);
    }
    return status;
}

/* Looks and waits until pcscd fails or somebody wants the thread back; the status says which. */
static LONG
look_until_failure(KysoReaderWatch *self, SCARDCONTEXT context, gboolean *ret_has_looked)
{
    gboolean is_listed = FALSE;
    guint n_quiet = 0; /* looks since the last change */

    for (;;) {
        if (!is_listed) {
            LONG status = list_readers(self, context);
            if (status != SCARD_S_SUCCESS)
                return status;
            is_listed = TRUE;
        }
        if (!kyso_reader_states_is_partial(self->states)) {
            *ret_has_looked = TRUE;
            publish(self, TRUE);
        }
        if (is_stopping(self))
            return SCARD_E_CANCELLED;

        DWORD n;
        SCARD_READERSTATE *asked = kyso_reader_states_get(self->states, &n);
        LONG status = SCardGetStatusChange(
            context, n_quiet < G_N_ELEMENTS(settle_ms) ? settle_ms[n_quiet] : LONG_WAIT_MS, asked,
            n);
        n_quiet = status == SCARD_E_TIMEOUT ? n_quiet + 1 : 0;
        if (status == SCARD_S_SUCCESS)
            is_listed = !kyso_reader_states_take(self->states);
        else if (status == SCARD_E_TIMEOUT || status == SCARD_E_UNKNOWN_READER)
            is_listed = FALSE;
        else
            return status;
    }
}

/* TRUE where somebody had written into wake_fd. */
static gboolean
is_woken(KysoReaderWatch *self)
{
    eventfd_t count;
    return eventfd_read(self->wake_fd, &count) == 0;
}

/* One connection to pcscd, from its begin to its end. TRUE: it was of use. */
static gboolean
connect_and_look(KysoReaderWatch *self)
{
    gboolean has_looked = FALSE;
    SCARDCONTEXT context;
    LONG status = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);

    if (status != SCARD_S_SUCCESS) {
        g_debug("pcscd: %s", pcsc_stringify_error(status));
        return FALSE;
    }
    do {
        is_woken(self);
        set_context(self, context);
        status = look_until_failure(self, context, &has_looked);
        set_context(self, 0);
    } while (status == SCARD_E_CANCELLED && !is_stopping(self));
    SCardReleaseContext(context);
    if (!is_stopping(self))
        g_info("pcscd has ended the connection: %s", pcsc_stringify_error(status));
    return has_looked;
}

/* Milliseconds before the next attempt: at once, 1, 2, 4 ... 512, and then not before something
 * happens to the socket. */
static int
pause_before(guint attempt)
{
    if (attempt == 0)
        return 0;
    return attempt < MAX_ATTEMPTS ? 1 << (attempt - 1) : -1;
}

static void
watch_until_stopped(KysoReaderWatch *self)
{
    g_autoptr(KysoPcscdSocket) socket = NULL;
    guint attempt = 0;

    while (!is_stopping(self)) {
        if (connect_and_look(self)) {
            attempt = 0;
            g_clear_pointer(&socket, kyso_pcscd_socket_free);
        }
        if (is_stopping(self))
            return;
        kyso_reader_states_set_names(self->states, "");
        publish(self, FALSE);
        /* Watched before the next attempt: what happens after that attempt is not missed. */
        if (socket == NULL)
            socket = kyso_pcscd_socket_watch(kyso_pcscd_socket_path());
        KysoPcscdSocketEnd end =
            kyso_pcscd_socket_wait(socket, self->wake_fd, pause_before(attempt));
        attempt = end == KYSO_PCSCD_SOCKET_TIMED_OUT ? attempt + 1 : 1;
        is_woken(self);
    }
}

static void *
thread_run(void *data)
{
    KysoReaderWatch *self = data;

    pthread_setname_np(pthread_self(), "kyso-pcsc");
    watch_until_stopped(self);
    g_mutex_lock(&self->lock);
    self->is_ended = TRUE;
    g_cond_broadcast(&self->ended_cond);
    g_mutex_unlock(&self->lock);
    watch_unref(self);
    return NULL;
}

/* A thread of this module: small, without signals, which are the main thread's. */
static pthread_t
start_thread(KysoReaderWatch *self, void *(*run)(void *) )
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;

    g_atomic_ref_count_inc(&self->references);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&thread, &attributes, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (status != 0)
        g_error("cannot start a thread: %s", g_strerror(status));
    return thread;
}

KysoReaderWatch *
kyso_reader_watch_start(KysoReaderWatchTold told, gpointer user_data)
{
    KysoReaderWatch *self = g_new0(KysoReaderWatch, 1);

    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->lock);
    g_cond_init(&self->ended_cond);
    self->told = told;
    self->user_data = user_data;
    self->states = kyso_reader_states_new();
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->wake_fd < 0)
        g_error("eventfd: %s", g_strerror(errno));
    self->thread = start_thread(self, thread_run);
    return self;
}

static void
cancel_wait(SCARDCONTEXT context)
{
    if (context != 0)
        SCardCancel(context);
}

/* SCardCancel asks pcscd, over a connection of its own, so a pcscd that has hung holds whoever
 * calls it: never main. */
static void *
wake_run(void *data)
{
    KysoReaderWatch *self = data;

    g_mutex_lock(&self->lock);
    SCARDCONTEXT context = self->context;
    g_mutex_unlock(&self->lock);
    cancel_wait(context);
    watch_unref(self);
    return NULL;
}

void
kyso_reader_watch_again(KysoReaderWatch *self)
{
    eventfd_write(self->wake_fd, 1);
    pthread_detach(start_thread(self, wake_run));
}

/* Over and over: cancelling does nothing to a thread that is not in its wait yet. */
static void *
stop_run(void *data)
{
    KysoReaderWatch *self = data;

    g_mutex_lock(&self->lock);
    while (!self->is_ended) {
        SCARDCONTEXT context = self->context;
        g_mutex_unlock(&self->lock);
        cancel_wait(context);
        g_mutex_lock(&self->lock);
        if (!self->is_ended)
            g_cond_wait_until(&self->ended_cond, &self->lock,
                              g_get_monotonic_time() + CANCEL_AGAIN_US);
    }
    g_mutex_unlock(&self->lock);
    watch_unref(self);
    return NULL;
}

/* FALSE: it still runs at @until (monotonic, us), and is left to itself. */
static gboolean
wait_for_end(pthread_t thread, gint64 until)
{
    struct timespec moment = {until / G_USEC_PER_SEC, until % G_USEC_PER_SEC * 1000};
    gboolean is_ended = pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &moment) == 0;

    if (!is_ended)
        pthread_detach(thread);
    return is_ended;
}

gboolean
kyso_reader_watch_stop(KysoReaderWatch *self)
{
    gint64 until = g_get_monotonic_time() + STOP_SECONDS * G_USEC_PER_SEC;

    g_mutex_lock(&self->lock);
    self->is_stopping = TRUE;
    self->told = NULL;
    g_mutex_unlock(&self->lock);
    eventfd_write(self->wake_fd, 1);
    pthread_t stopper = start_thread(self, stop_run);
    gboolean is_ended = wait_for_end(self->thread, until);
    wait_for_end(stopper, until);
    watch_unref(self);
    return is_ended;
}
