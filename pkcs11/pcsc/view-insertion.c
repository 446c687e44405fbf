/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pcsc/view-insertion.h"

static GMutex lock;
static const char *reader;
static KysoViewLibrary real;
static SCARDCONTEXT own; /* the module's contexts may be waiting in other threads */
static gboolean has_own;
static GHashTable *handles; /* the module's, open -> their contexts */
static gboolean has_begun;
static DWORD first_count; /* pcscd's count of insertions and removals, at the first connection */
static gint is_over;

void
kyso_view_insertion_start(const char *name, KysoViewLibrary library)
{
    reader = name;
    real = library;
    handles = g_hash_table_new(g_direct_hash, g_direct_equal);
}

gboolean
kyso_view_insertion_is_over(void)
{
    return g_atomic_int_get(&is_over) != 0;
}

/* The events of the reader so far are the upper half of its state in pcsc-lite. FALSE: no card is
 * in it. */
static gboolean
count_events(DWORD *ret)
{
    SCARD_READERSTATE state = {.szReader = reader};

    if (!has_own)
        has_own = real.establish(SCARD_SCOPE_SYSTEM, NULL, NULL, &own) == SCARD_S_SUCCESS;
    if (!has_own || real.get_status_change(own, 0, &state, 1) != SCARD_S_SUCCESS)
        return FALSE;

    *ret = (DWORD) state.dwEventState >> 16;
    return (state.dwEventState & SCARD_STATE_PRESENT) != 0;
}

/* With the lock. TRUE: a card is in the reader. */
static gboolean
look(DWORD *ret_count)
{
    gboolean has_card = count_events(ret_count);

    if (has_begun && (!has_card || *ret_count != first_count))
        g_atomic_int_set(&is_over, 1);
    return has_card;
}

gboolean
kyso_view_insertion_look(void)
{
    DWORD count = 0;

    g_mutex_lock(&lock);
    look(&count);
    g_mutex_unlock(&lock);
    return kyso_view_insertion_is_over();
}

gboolean
kyso_view_insertion_take(SCARDCONTEXT context, SCARDHANDLE card)
{
    DWORD count = 0;

    /* Counted once the handle is there: should the card go now, pcscd says so to this handle. */
    g_mutex_lock(&lock);
    gboolean has_card = look(&count);
    gboolean is_ours = !kyso_view_insertion_is_over();
    if (is_ours && has_card) { /* else it asks the empty reader what that can do */
        has_begun = TRUE;
        first_count = count;
    }
    if (is_ours && context != 0)
        g_hash_table_insert(handles, GSIZE_TO_POINTER(card), GSIZE_TO_POINTER(context));
    g_mutex_unlock(&lock);
    return is_ours;
}

void
kyso_view_insertion_drop(SCARDHANDLE card)
{
    g_mutex_lock(&lock);
    g_hash_table_remove(handles, GSIZE_TO_POINTER(card));
    g_mutex_unlock(&lock);
}

static gboolean
is_of_context(gpointer card, gpointer context, gpointer wanted)
{
    return context == wanted;
}

void
kyso_view_insertion_drop_all(SCARDCONTEXT context)
{
    g_mutex_lock(&lock);
    g_hash_table_foreach_remove(handles, is_of_context, GSIZE_TO_POINTER(context));
    g_mutex_unlock(&lock);
}

/* Of a handle that was good, each of these says that its card or its reader is there no more: a
 * reader that comes back under the same name is another one to pcscd. */
static gboolean
is_gone(LONG answer)
{
    return answer == SCARD_W_REMOVED_CARD || answer == SCARD_E_NO_SMARTCARD ||
           answer == SCARD_E_READER_UNAVAILABLE || answer == SCARD_E_UNKNOWN_READER ||
           answer == SCARD_E_INVALID_HANDLE || answer == SCARD_E_INVALID_VALUE;
}

LONG
kyso_view_insertion_note(SCARDHANDLE card, LONG answer)
{
    if (!is_gone(answer))
        return answer;

    g_mutex_lock(&lock);
    if (g_hash_table_contains(handles, GSIZE_TO_POINTER(card)))
        g_atomic_int_set(&is_over, 1);
    g_mutex_unlock(&lock);
    return answer;
}
