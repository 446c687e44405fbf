/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/turn.h"

typedef struct {
    KysoTurnCame came;
    gpointer user_data;
} Asker;

struct _KysoTurn {
    GQueue askers; /* Asker; the first one has the turn */
    guint n_changes;
};

KysoTurn *
kyso_turn_new(void)
{
    KysoTurn *self = g_rc_box_new0(KysoTurn);

    g_queue_init(&self->askers);
    return self;
}

KysoTurn *
kyso_turn_ref(KysoTurn *self)
{
    return g_rc_box_acquire(self);
}

static void
turn_clear(gpointer data)
{
    KysoTurn *self = data;

    g_queue_clear_full(&self->askers, g_free);
}

void
kyso_turn_unref(KysoTurn *self)
{
    g_rc_box_release_full(self, turn_clear);
}

void
kyso_turn_take(KysoTurn *self, KysoTurnCame came, gpointer user_data)
{
    Asker *asker = g_new(Asker, 1);

    *asker = (Asker){came, user_data};
    g_queue_push_tail(&self->askers, asker);
    if (g_queue_get_length(&self->askers) == 1)
        came(user_data);
}

void
kyso_turn_note_change(KysoTurn *self)
{
    self->n_changes++;
}

guint
kyso_turn_get_changes(const KysoTurn *self)
{
    return self->n_changes;
}

void
kyso_turn_give_back(KysoTurn *self, gpointer user_data)
{
    for (GList *item = self->askers.head; item != NULL; item = item->next) {
        Asker *asker = item->data;
        if (asker->user_data != user_data)
            continue;

        gboolean had_turn = item == self->askers.head;
        g_queue_delete_link(&self->askers, item);
        g_free(asker);
        Asker *next = g_queue_peek_head(&self->askers);
        if (had_turn && next != NULL)
            next->came(next->user_data);
        return;
    }
}
