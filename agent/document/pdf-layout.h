/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What stands where in a file, byte by byte, whatever its cross-reference tables say. A reader that
 * repairs files looks for objects without the tables: what the tables do not know may be what
 * it shows. One thread at a time.
 */

#include "agent/document/pdf-file.h"

/* One object as it stands in the file. */
typedef struct {
    int id, generation;
    goffset offset;   /* of its number */
    guint revision;   /* counted from 0, from where the reading began */
    gboolean is_xref; /* a cross-reference stream */
} KysoPdfPlaced;

/* Reads @file from offset @from, the end of a revision, to its end: objects, cross-references,
 * trailers and nothing else, the last thing being an end of file marker. Returns the objects in
 * their order. NULL: other bytes stand there, or a table names a second one (/XRefStm), which some
 * readers follow and some do not. */
GArray *kyso_pdf_layout_read(KysoPdfFile *file, goffset from);

/* Where the object that the tables place at @offset really begins, past white space. */
goffset kyso_pdf_layout_start(KysoPdfFile *file, goffset offset);

/* TRUE where the first @end bytes of @file end with "%%EOF" and at most one line end. */
gboolean kyso_pdf_layout_is_end(KysoPdfFile *file, goffset end);

/* TRUE where the object at @offset is a dictionary with one /ByteRange, which says @range, and one
 * /Contents, a hex string that is exactly the gap in @range (ISO 32000-2 §12.8.1). */
gboolean kyso_pdf_layout_has_gap(KysoPdfFile *file, goffset offset, const gint64 range[4]);
