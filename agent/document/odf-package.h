/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * An ODF package (ISO/IEC 26300-3): a zip read through libzip out of memory. Bounded: the file, the
 * number of entries, what they hold together when unpacked. Refused: a name twice, encryption, what
 * is a zip but no ODF. Main thread only.
 */

#include <glib.h>

#define KYSO_ODF_MAX_SIZE (128 * 1024 * 1024)    /* bytes of the package */
#define KYSO_ODF_MAX_CONTENT (192 * 1024 * 1024) /* of all that it holds, unpacked */
#define KYSO_ODF_MAX_ENTRIES 4096

typedef struct _KysoOdfPackage KysoOdfPackage;

/* TRUE where @data begins as a zip does. */
gboolean kyso_odf_package_is_zip(const void *data, gsize size);

/* @data must live as long. KYSO_ERROR_INVALID_CONTAINER, KYSO_ERROR_OFFICE_FORMAT_UNSUPPORTED
 * (Office Open XML), KYSO_ERROR_DOCUMENT_ENCRYPTED, KYSO_ERROR_DOCUMENT_TOO_LARGE. */
KysoOdfPackage *kyso_odf_package_open(GBytes *data, GError **error);
void kyso_odf_package_free(KysoOdfPackage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoOdfPackage, kyso_odf_package_free)

/* The files in it, folders left out, in the package's order. Owned by @self. */
guint kyso_odf_package_count(const KysoOdfPackage *self);
const char *kyso_odf_package_name(const KysoOdfPackage *self, guint index);
gboolean kyso_odf_package_find(const KysoOdfPackage *self, const char *name, guint *ret_index);

/* Is it an XML stream, whose canonical form is signed (ISO/IEC 26300-3 §5)? By its name. */
gboolean kyso_odf_package_is_xml(const KysoOdfPackage *self, guint index);

/* All of a file. KYSO_ERROR_INVALID_CONTAINER: it cannot be unpacked, or not to what the package
 * says of it. */
GBytes *kyso_odf_package_read(KysoOdfPackage *self, guint index, GError **error);

/* The package with @content as its file of signatures, in place of the one that it may have; all
 * other files byte for byte as they were. KYSO_ERROR_INVALID_CONTAINER. */
GBytes *kyso_odf_package_sign(GBytes *data, GBytes *content, GError **error);
