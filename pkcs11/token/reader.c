/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/token/reader.h"

G_DEFINE_BOXED_TYPE(KysoReader, kyso_reader, kyso_reader_ref, kyso_reader_unref)

KysoReader *
kyso_reader_new(const char *name, KysoReaderFlags flags, GBytes *atr, guint64 insertion)
{
    KysoReader *self = g_atomic_rc_box_new0(KysoReader);

    self->name = g_strdup(name);
    self->flags = flags;
    self->atr = atr != NULL ? g_bytes_ref(atr) : NULL;
    self->insertion = insertion;
    return self;
}

static void
reader_clear(gpointer data)
{
    KysoReader *self = data;

    g_free(self->name);
    g_clear_pointer(&self->atr, g_bytes_unref);
}

KysoReader *
kyso_reader_ref(KysoReader *self)
{
    return g_atomic_rc_box_acquire(self);
}

void
kyso_reader_unref(KysoReader *self)
{
    g_atomic_rc_box_release_full(self, reader_clear);
}

gboolean
kyso_reader_has_card(const KysoReader *self)
{
    return (self->flags & KYSO_READER_CARD) != 0;
}

static gboolean
has_same_atr(const KysoReader *a, const KysoReader *b)
{
    if (a->atr == NULL || b->atr == NULL)
        return a->atr == b->atr;
    return g_bytes_equal(a->atr, b->atr);
}

gboolean
kyso_reader_equal(const KysoReader *a, const KysoReader *b)
{
    return g_str_equal(a->name, b->name) && a->flags == b->flags && a->insertion == b->insertion &&
           has_same_atr(a, b);
}
