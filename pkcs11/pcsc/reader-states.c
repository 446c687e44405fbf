/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pkcs11/pcsc/reader-states.h"

#include <string.h>

/* Not a reader: changes when the list of readers does. */
#define LIST_NAME "\\\\?PnP?\\Notification"

#define MAX_READERS PCSCLITE_MAX_READERS_CONTEXTS

/* Of the agent, not of a monitor: no two cards ever have the same number. */
static guint64 last_insertion;

typedef struct {
    char name[MAX_READERNAME];
    DWORD state;       /* dwEventState of the last look; SCARD_STATE_UNAWARE before the first */
    KysoReader *value; /* NULL before the first */
} Known;

struct _KysoReaderStates {
    Known known[MAX_READERS];
    guint n;
    DWORD list_state;
    SCARD_READERSTATE asked[MAX_READERS];
};

KysoReaderStates *
kyso_reader_states_new(void)
{
    return g_new0(KysoReaderStates, 1);
}

static void
forget_from(KysoReaderStates *self, guint first)
{
    for (guint i = first; i < self->n; i++)
        g_clear_pointer(&self->known[i].value, kyso_reader_unref);
    self->n = MIN(self->n, first);
}

void
kyso_reader_states_free(KysoReaderStates *self)
{
    forget_from(self, 0);
    g_free(self);
}

/* Takes what is known of @name out of the array into @ret_known. */
static void
take_known(KysoReaderStates *self, const char *name, Known *ret_known)
{
    memset(ret_known, 0, sizeof *ret_known);
    g_strlcpy(ret_known->name, name, sizeof ret_known->name);
    for (guint i = 0; i < self->n; i++) {
        if (self->known[i].value == NULL || strcmp(self->known[i].name, name) != 0)
            continue;
        ret_known->state = self->known[i].state;
        ret_known->value = g_steal_pointer(&self->known[i].value);
        return;
    }
}

void
kyso_reader_states_set_names(KysoReaderStates *self, const char *names)
{
    Known known[MAX_READERS];
    guint n = 0;

    for (const char *name = names; *name != '\0' && n < MAX_READERS; name += strlen(name) + 1)
        take_known(self, name, &known[n++]);
    forget_from(self, 0);
    memcpy(self->known, known, n * sizeof known[0]);
    self->n = n;
}

/* What pcscd shall take for known, so that it answers when something differs. */
static DWORD
current_state(const Known *known)
{
    const DWORD decided =
        SCARD_STATE_PRESENT | SCARD_STATE_EMPTY | SCARD_STATE_UNAVAILABLE | SCARD_STATE_UNKNOWN;

    if (known->value == NULL)
        return SCARD_STATE_UNAWARE;
    /* A reader that pcscd is still opening has no state at all, which as a question would mean
     * "unaware" and be answered at once, over and over. */
    return (known->state & decided) != 0 ? known->state : known->state | SCARD_STATE_EMPTY;
}

SCARD_READERSTATE *
kyso_reader_states_get(KysoReaderStates *self, DWORD *ret_n)
{
    guint n = 0;

    memset(self->asked, 0, sizeof self->asked);
    for (; n < self->n; n++) {
        self->asked[n].szReader = self->known[n].name;
        self->asked[n].dwCurrentState = current_state(&self->known[n]);
    }
    /* pcsc-lite takes no more entries than there can be readers. Where all are there none can come,
     * and one that goes shows as unknown. */
    if (n < MAX_READERS) {
        self->asked[n].szReader = LIST_NAME;
        self->asked[n++].dwCurrentState = self->list_state;
    }
    *ret_n = n;
    return self->asked;
}

static KysoReaderFlags
flags_of(DWORD state)
{
    KysoReaderFlags flags = 0;

    if ((state & SCARD_STATE_PRESENT) == 0)
        return 0;
    flags |= KYSO_READER_CARD;
    if ((state & SCARD_STATE_MUTE) != 0)
        flags |= KYSO_READER_MUTE;
    if ((state & SCARD_STATE_EXCLUSIVE) != 0)
        flags |= KYSO_READER_EXCLUSIVE;
    if ((state & SCARD_STATE_INUSE) != 0)
        flags |= KYSO_READER_IN_USE;
    return flags;
}

/* pcscd counts insertions and removals of each reader in the upper half of its state: a card that
 * was out and in again between two looks differs in nothing else. */
static guint64
insertion_of(const Known *known, DWORD state)
{
    if ((state & SCARD_STATE_PRESENT) == 0)
        return 0;
    if (known->value != NULL && kyso_reader_has_card(known->value) &&
        known->state >> 16 == state >> 16)
        return known->value->insertion;
    return ++last_insertion;
}

static void
take_state(Known *known, const SCARD_READERSTATE *told)
{
    DWORD state = told->dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
    KysoReaderFlags flags = flags_of(state);
    gboolean has_atr = flags != 0 && (flags & KYSO_READER_MUTE) == 0 && told->cbAtr > 0;
    g_autoptr(GBytes) atr = has_atr ? g_bytes_new(told->rgbAtr, told->cbAtr) : NULL;
    KysoReader *value = kyso_reader_new(known->name, flags, atr, insertion_of(known, state));

    if (known->value != NULL)
        kyso_reader_unref(known->value);
    known->value = value;
    known->state = state;
}

gboolean
kyso_reader_states_take(KysoReaderStates *self)
{
    gboolean is_list_changed = FALSE;
    guint n = 0;

    if (self->n < MAX_READERS) {
        DWORD list = self->asked[self->n].dwEventState;
        is_list_changed = (list & SCARD_STATE_CHANGED) != 0;
        self->list_state = list & ~(DWORD) SCARD_STATE_CHANGED;
    }
    for (guint i = 0; i < self->n; i++) {
        Known *known = &self->known[i];
        if ((self->asked[i].dwEventState & SCARD_STATE_UNKNOWN) != 0) {
            is_list_changed = TRUE;
            g_clear_pointer(&known->value, kyso_reader_unref);
            continue;
        }
        take_state(known, &self->asked[i]);
        self->known[n++] = *known;
    }
    self->n = n;
    return is_list_changed;
}

gboolean
kyso_reader_states_is_partial(KysoReaderStates *self)
{
    for (guint i = 0; i < self->n; i++)
        if (self->known[i].value == NULL)
            return TRUE;
    return FALSE;
}

GPtrArray *
kyso_reader_states_describe(KysoReaderStates *self)
{
    GPtrArray *readers = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_reader_unref);

    for (guint i = 0; i < self->n; i++)
        if (self->known[i].value != NULL)
            g_ptr_array_add(readers, kyso_reader_ref(self->known[i].value));
    return readers;
}
