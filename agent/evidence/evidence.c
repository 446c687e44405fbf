/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/evidence/evidence.h"

#include <string.h>

static void
item_free(gpointer data)
{
    KysoEvidenceItem *item = data;

    g_free(item->digest);
    g_bytes_unref(item->der);
    g_free(item);
}

KysoEvidence *
kyso_evidence_new(void)
{
    KysoEvidence *self = g_new0(KysoEvidence, 1);

    self->items = g_ptr_array_new_with_free_func(item_free);
    return self;
}

void
kyso_evidence_free(KysoEvidence *self)
{
    g_free(self->digest);
    g_free(self->beside);
    g_free(self->kind);
    g_free(self->time);
    g_free(self->content);
    g_clear_pointer(&self->items, g_ptr_array_unref);
    g_free(self);
}

const char *
kyso_evidence_add(KysoEvidence *self, const char *type, GBytes *der)
{
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, der);

    for (guint i = 0; i < self->items->len; i++) {
        const KysoEvidenceItem *item = self->items->pdata[i];
        if (strcmp(item->digest, digest) == 0)
            return item->digest;
    }
    KysoEvidenceItem *item = g_new0(KysoEvidenceItem, 1);
    item->digest = g_steal_pointer(&digest);
    item->type = type;
    item->der = g_bytes_ref(der);
    g_ptr_array_add(self->items, item);
    return item->digest;
}

const char *
kyso_evidence_type(const char *type)
{
    static const char *const types[] = {"certificate", "ocsp", "crl", "timestamp"};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_strcmp0(type, types[i]) == 0)
            return types[i];
    return NULL;
}
