/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The package of an ODF (ISO/IEC 26300-3) or Office Open XML document (ISO/IEC 29500-2): a zip read
 * through libzip out of memory. Bounded: the file, the number of entries, what they hold together
 * when unpacked. Refused: a name twice, encryption, what is a zip but neither. Main thread only.
 */

#include <glib.h>

#define KYSO_PACKAGE_MAX_SIZE (128 * 1024 * 1024)    /* bytes of the package */
#define KYSO_PACKAGE_MAX_CONTENT (192 * 1024 * 1024) /* of all that it holds, unpacked */
#define KYSO_PACKAGE_MAX_ENTRIES 4096

typedef struct _KysoPackage KysoPackage;

/* TRUE where @data begins as a zip does. */
gboolean kyso_package_is_zip(const void *data, gsize size);

/* @data must live as long. KYSO_ERROR_INVALID_CONTAINER, KYSO_ERROR_DOCUMENT_ENCRYPTED,
 * KYSO_ERROR_DOCUMENT_TOO_LARGE. */
KysoPackage *kyso_package_open(GBytes *data, GError **error);
void kyso_package_free(KysoPackage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoPackage, kyso_package_free)

gboolean kyso_package_is_ooxml(const KysoPackage *self); /* else ODF */

/* The files in it, folders left out, in the package's order. Owned by @self. */
guint kyso_package_count(const KysoPackage *self);
const char *kyso_package_name(const KysoPackage *self, guint index);
gboolean kyso_package_find(const KysoPackage *self, const char *name, guint *ret_index);

/* All of a file. KYSO_ERROR_INVALID_CONTAINER: it cannot be unpacked, or not to what the package
 * says of it. */
GBytes *kyso_package_read(KysoPackage *self, guint index, GError **error);

typedef struct {
    const char *name;
    GBytes *content;
} KysoPackageFile;

/* The package with @files, each in place of the one of that name that it may have; all other files
 * byte for byte as they were. KYSO_ERROR_INVALID_CONTAINER. */
GBytes *kyso_package_put(GBytes *data, const KysoPackageFile *files, guint n_files, GError **error);
