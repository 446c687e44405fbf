/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The objects of a file by their numbers: its table, and who refers to whom. */

#include "agent/document/qpdf-values.h"

#include <qpdf/QPDFXRefEntry.hh>
#include <stdlib.h>

static void
read_table(KysoQpdfReader *self)
{
    self->table = g_array_new(FALSE, FALSE, sizeof(KysoQpdfEntry));
    guarded(self, 0, [&] {
        for (auto const &[og, at] : self->pdf->getXRefTable()) {
            KysoQpdfEntry entry = {og.getObj(), og.getGen(), 0, 0};
            if (at.getType() == 2) {
                entry.container = at.getObjStreamNumber();
                entry.offset = at.getObjStreamIndex();
            } else if (at.getType() == 1) {
                entry.offset = at.getOffset();
            } else {
                continue;
            }
            g_array_append_val(self->table, entry);
        }
        return 0;
    });
}

const GArray *
kyso_qpdf_reader_table(KysoQpdfReader *self)
{
    if (self->table == nullptr)
        read_table(self);
    return self->table;
}

static int
compare_entries(const void *a, const void *b)
{
    auto x = static_cast<KysoQpdfEntry const *>(a), y = static_cast<KysoQpdfEntry const *>(b);

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->generation > y->generation) - (x->generation < y->generation);
}

const KysoQpdfEntry *
kyso_qpdf_reader_find_entry(KysoQpdfReader *self, int id, int generation)
{
    const GArray *table = kyso_qpdf_reader_table(self);
    KysoQpdfEntry wanted = {id, generation, 0, 0};

    return static_cast<KysoQpdfEntry const *>(
        bsearch(&wanted, table->data, table->len, sizeof(KysoQpdfEntry), compare_entries));
}

KysoQpdfValue
kyso_qpdf_reader_object(KysoQpdfReader *self, int id, int generation)
{
    return guarded<KysoQpdfValue>(
        self, 0, [&] { return handle_for(self, self->pdf->getObjectByID(id, generation)); });
}

static void
collect_references(QPDFObjectHandle object, bool is_top, GArray *ret)
{
    if (!is_top && object.isIndirect()) {
        int id = object.getObjGen().getObj();
        g_array_append_val(ret, id);
    } else if (object.isArray()) {
        for (int i = 0; i < object.getArrayNItems(); i++)
            collect_references(object.getArrayItem(i), false, ret);
    } else if (object.isDictionary() || object.isStream()) {
        auto dictionary = object.isStream() ? object.getDict() : object;
        for (auto const &[key, value] : dictionary.getDictAsMap())
            if (key != "/Parent" && key != "/P")
                collect_references(value, false, ret);
    }
}

GArray *
kyso_qpdf_reader_references(KysoQpdfReader *self, KysoQpdfValue value)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int));

    guarded(self, 0, [&] {
        collect_references(object_of(self, value), true, ids);
        return 0;
    });
    return ids;
}
