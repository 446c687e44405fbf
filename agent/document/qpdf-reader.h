/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A PDF as qpdf reads it, for C: objects by handle, nothing repaired, nothing written.
 *
 * Reading is lazy: a damaged object shows only when it is touched. No getter fails: a wrong type,
 * a missing key or a damaged object reads as "none", and the fault is kept. The caller asks
 * kyso_qpdf_reader_check() once, when it has read all it needs, and drops its result on FALSE.
 * No C++ exception leaves this interface. One thread at a time.
 */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _KysoQpdfReader KysoQpdfReader;

/* One object, owned by the reader and valid as long as it. 0: missing, null or damaged. */
typedef guint KysoQpdfValue;

typedef enum {
    KYSO_QPDF_NONE,
    KYSO_QPDF_BOOLEAN,
    KYSO_QPDF_NUMBER, /* integer or real */
    KYSO_QPDF_STRING,
    KYSO_QPDF_NAME,
    KYSO_QPDF_ARRAY,
    KYSO_QPDF_DICTIONARY,
    KYSO_QPDF_STREAM,
} KysoQpdfType;

/* Reads the cross-reference tables of @size bytes behind @fd (borrowed, must outlive the reader).
 * NULL: KYSO_ERROR_DOCUMENT_DAMAGED for anything qpdf warns of but a wrong /Size and white space
 * before an xref table; KYSO_ERROR_PASSWORD_NEEDED, _WRONG: see document-password.h;
 * KYSO_ERROR_DOCUMENT_ENCRYPTED for what no password opens. */
KysoQpdfReader *kyso_qpdf_reader_open(int fd, goffset size, GError **error);
void kyso_qpdf_reader_free(KysoQpdfReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoQpdfReader, kyso_qpdf_reader_free)

/* FALSE with KYSO_ERROR_DOCUMENT_DAMAGED where anything read so far was damaged. */
gboolean kyso_qpdf_reader_check(KysoQpdfReader *self, GError **error);

char *kyso_qpdf_reader_version(KysoQpdfReader *self);         /* of the header: "1.7" */
gint64 kyso_qpdf_reader_highest_object(KysoQpdfReader *self); /* at least /Size - 1 */
KysoQpdfValue kyso_qpdf_reader_trailer(KysoQpdfReader *self);
KysoQpdfValue kyso_qpdf_reader_root(KysoQpdfReader *self);

KysoQpdfType kyso_qpdf_reader_type(KysoQpdfReader *self, KysoQpdfValue value);

/* @key with its slash, decoded: "/Kids". Of a stream: out of its dictionary. */
KysoQpdfValue kyso_qpdf_reader_get(KysoQpdfReader *self, KysoQpdfValue dictionary, const char *key);
GStrv kyso_qpdf_reader_keys(KysoQpdfReader *self, KysoQpdfValue dictionary); /* never NULL */

guint kyso_qpdf_reader_n_items(KysoQpdfReader *self, KysoQpdfValue array); /* 0: not an array */
KysoQpdfValue kyso_qpdf_reader_item(KysoQpdfReader *self, KysoQpdfValue array, guint index);

/* The place of indirect object (@id, @generation) in @array, without reading any item, or -1. */
int kyso_qpdf_reader_index_of(KysoQpdfReader *self, KysoQpdfValue array, int id, int generation);

/* FALSE leaves *ret as it was. */
gboolean kyso_qpdf_reader_as_int(KysoQpdfReader *self, KysoQpdfValue value, gint64 *ret);
gboolean kyso_qpdf_reader_as_number(KysoQpdfReader *self, KysoQpdfValue value, double *ret);

gboolean kyso_qpdf_reader_is_name(KysoQpdfReader *self, KysoQpdfValue value, const char *name);
char *kyso_qpdf_reader_name(KysoQpdfReader *self, KysoQpdfValue value); /* with slash, or NULL */
char *kyso_qpdf_reader_text(KysoQpdfReader *self, KysoQpdfValue value); /* valid UTF-8, or NULL */

/* TRUE where @value was reached through a reference; its number and generation. */
gboolean kyso_qpdf_reader_reference(KysoQpdfReader *self, KysoQpdfValue value, int *ret_id,
                                    int *ret_generation);

/* PDF text: "n g R" for an indirect value, else the value with its references kept. */
char *kyso_qpdf_reader_unparse(KysoQpdfReader *self, KysoQpdfValue value);

/* The same of what an indirect value stands for. */
char *kyso_qpdf_reader_unparse_resolved(KysoQpdfReader *self, KysoQpdfValue value);

/* The items of @array, or the entries of @dictionary whose keys are not in @skip (NULL-ended), each
 * followed by a space. References stay as they are and are not followed. */
char *kyso_qpdf_reader_unparse_items(KysoQpdfReader *self, KysoQpdfValue array);
char *kyso_qpdf_reader_unparse_entries(KysoQpdfReader *self, KysoQpdfValue dictionary,
                                       const char *const *skip);

/* The text of a decoded name: "/A B" becomes "/A#20B". */
char *kyso_qpdf_reader_escape_name(const char *name);

/* The bytes of a stream as they stand in the file (filters not applied), or NULL. */
GBytes *kyso_qpdf_reader_stream(KysoQpdfReader *self, KysoQpdfValue stream);

/* The same with its filters applied. NULL too where that cannot be. */
GBytes *kyso_qpdf_reader_stream_data(KysoQpdfReader *self, KysoQpdfValue stream);

/* The same with its filters applied, where that loses nothing, or NULL. */
GBytes *kyso_qpdf_reader_stream_decoded(KysoQpdfReader *self, KysoQpdfValue stream);

/* Where one object stands, as the cross-reference tables say. */
typedef struct {
    int id, generation;
    int container; /* object stream that it is in, or 0 */
    gint64 offset; /* in the file, or its index in the container */
} KysoQpdfEntry;

/* Every object that is not free, by number and generation: of KysoQpdfEntry. Owned by @self, made
 * at the first call: half a million objects take 12 MB. */
const GArray *kyso_qpdf_reader_table(KysoQpdfReader *self);

/* Where object (@id, @generation) stands, or NULL. */
const KysoQpdfEntry *kyso_qpdf_reader_find_entry(KysoQpdfReader *self, int id, int generation);

/* Indirect object (@id, @generation), or 0. */
KysoQpdfValue kyso_qpdf_reader_object(KysoQpdfReader *self, int id, int generation);

/* The object numbers that @value refers to by itself (int), without what it says of its parents:
 * /Parent and /P are left out. References are not followed. Never NULL. */
GArray *kyso_qpdf_reader_references(KysoQpdfReader *self, KysoQpdfValue value);

G_END_DECLS
