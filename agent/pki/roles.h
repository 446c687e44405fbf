/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which certificate is a person's key and which is an agency's seal. GCC's certificates do not
 * say, so the office does, in files *.conf of one folder:
 *
 *   [credential 3f0c...64 hex digits, SHA-256 of the certificate]
 *   role=agency
 *   name=Con dấu UBND xã Thử Nghiệm
 *
 * Read once, never written. Immutable: thread-safe.
 */

#include <glib.h>

typedef struct _KysoRoles KysoRoles;

/* A missing folder is an empty one. KYSO_ERROR_CONFIGURATION: a file that cannot be read, a group
 * that is not of this form, a role that is neither "personal" nor "agency", a certificate named
 * twice with different roles. */
KysoRoles *kyso_roles_load(const char *dir, GError **error);
void kyso_roles_free(KysoRoles *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoRoles, kyso_roles_free)

/* "personal", "agency", or NULL where the office has not said. Owned by @self. */
const char *kyso_roles_get(const KysoRoles *self, const char *certificate_id);

/* What the office calls it, or NULL. */
const char *kyso_roles_get_name(const KysoRoles *self, const char *certificate_id);
