/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/pdf-fields.h"

#include "ipc/base/error.h"

#include <string.h>

#define MAX_DEPTH 32
#define MAX_NODES 65536
#define MAX_NAME 1024 /* bytes of a fully qualified name; longer ones are cut */

/* What a field inherits from the fields above it. */
typedef struct {
    const char *name;
    KysoQpdfValue type, flags, value;
} Inherited;

typedef struct {
    KysoPdfFile *file;
    KysoPdfFieldSeen seen;
    gpointer user_data;
    guint nodes_left;
    gboolean is_stopped; /* by `seen` */
} FieldWalk;

static KysoQpdfValue
get(KysoPdfFile *file, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_get(file->reader, dictionary, key);
}

static void
inherit(KysoPdfFile *file, KysoQpdfValue node, const char *key, KysoQpdfValue *value)
{
    KysoQpdfValue own = get(file, node, key);
    if (own != 0)
        *value = own;
}

/* "parent.child" (ISO 32000-1 §12.7.3.2). */
static char *
join_name(KysoPdfFile *file, KysoQpdfValue node, const char *parent)
{
    g_autofree char *partial = kyso_qpdf_reader_text(file->reader, get(file, node, "/T"));
    char *name = partial == NULL     ? g_strdup(parent)
                 : parent[0] == '\0' ? g_strdup(partial)
                                     : g_strconcat(parent, ".", partial, NULL);

    if (strlen(name) > MAX_NAME) {
        g_autofree char *whole = name;
        whole[MAX_NAME] = '\0';
        name = g_utf8_make_valid(whole, -1);
    }
    return name;
}

static const char *
type_name(KysoPdfFile *file, KysoQpdfValue type)
{
    static const char *const names[] = {"/Tx", "/Sig", "/Btn", "/Ch"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (kyso_qpdf_reader_is_name(file->reader, type, names[i]))
            return names[i] + 1;
    return "";
}

/* Kids with a name of their own are fields; without, they are the widgets of this field. */
static gboolean
has_child_fields(KysoPdfFile *file, KysoQpdfValue kids)
{
    KysoQpdfValue first = kyso_qpdf_reader_item(file->reader, kids, 0);

    return get(file, first, "/T") != 0 || get(file, first, "/Kids") != 0;
}

static void
see_terminal(FieldWalk *walk, KysoQpdfValue node, KysoQpdfValue kids, const Inherited *own)
{
    KysoQpdfReader *reader = walk->file->reader;
    KysoPdfField field = {
        .name = own->name,
        .type = type_name(walk->file, own->type),
        .object = node,
        .value = own->value,
        .n_widgets = kyso_qpdf_reader_n_items(reader, kids),
    };

    kyso_qpdf_reader_as_int(reader, own->flags, &field.flags);
    if (field.n_widgets > 0) {
        field.widget = kyso_qpdf_reader_item(reader, kids, 0);
    } else if (get(walk->file, node, "/Rect") != 0) {
        field.widget = node;
        field.n_widgets = 1;
    }
    if (!walk->seen(&field, walk->user_data))
        walk->is_stopped = TRUE;
}

static void
walk_node(FieldWalk *walk, KysoQpdfValue node, const Inherited *parent, guint depth)
{
    KysoPdfFile *file = walk->file;

    if (walk->is_stopped || walk->nodes_left == 0)
        return;
    walk->nodes_left--;
    if (depth > MAX_DEPTH || kyso_qpdf_reader_type(file->reader, node) != KYSO_QPDF_DICTIONARY)
        return;

    g_autofree char *name = join_name(file, node, parent->name);
    Inherited own = *parent;
    own.name = name;
    inherit(file, node, "/FT", &own.type);
    inherit(file, node, "/Ff", &own.flags);
    inherit(file, node, "/V", &own.value);

    KysoQpdfValue kids = get(file, node, "/Kids");
    if (!has_child_fields(file, kids)) {
        see_terminal(walk, node, kids, &own);
        return;
    }
    guint n = kyso_qpdf_reader_n_items(file->reader, kids);
    for (guint i = 0; i < n && !walk->is_stopped && walk->nodes_left > 0; i++)
        walk_node(walk, kyso_qpdf_reader_item(file->reader, kids, i), &own, depth + 1);
}

gboolean
kyso_pdf_fields_walk(KysoPdfFile *file, KysoPdfFieldSeen seen, gpointer user_data)
{
    FieldWalk walk = {file, seen, user_data, MAX_NODES, FALSE};
    Inherited none = {.name = ""};
    KysoQpdfValue form = get(file, file->root, "/AcroForm");
    KysoQpdfValue fields = get(file, form, "/Fields");
    guint n = kyso_qpdf_reader_n_items(file->reader, fields);

    for (guint i = 0; i < n && !walk.is_stopped && walk.nodes_left > 0; i++)
        walk_node(&walk, kyso_qpdf_reader_item(file->reader, fields, i), &none, 0);
    return walk.is_stopped || walk.nodes_left > 0;
}

gboolean
kyso_pdf_fields_is_signed(const KysoPdfField *field)
{
    return g_str_equal(field->type, "Sig") && field->value != 0;
}

static void
field_free(gpointer data)
{
    KysoPdfField *field = data;

    g_free((char *) field->name);
    g_free(field);
}

static gboolean
index_field(const KysoPdfField *field, gpointer user_data)
{
    GHashTable *index = user_data;

    if (g_hash_table_contains(index, field->name))
        return TRUE;
    KysoPdfField *copy = g_memdup2(field, sizeof *field);
    copy->name = g_strdup(field->name);
    g_hash_table_insert(index, (gpointer) copy->name, copy);
    return TRUE;
}

GHashTable *
kyso_pdf_fields_index(KysoPdfFile *file, GError **error)
{
    g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, field_free);

    if (kyso_pdf_fields_walk(file, index_field, index))
        return g_steal_pointer(&index);
    g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE,
                        "the form of the document has too many fields");
    return NULL;
}
