/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Detached signatures for tests: ours, those of other software, and those that nobody should make.
 * What fails here aborts the test.
 */

#include "tests/kit/authority.h"

#define KYSO_SIGNATURE_MAKER_CONTENT "Quyết định số 01/QĐ-UBND"

/* A KysoContentDigest. @user_data: the content as text; NULL is content that cannot be read:
 * KYSO_ERROR_INPUT_UNREADABLE. */
GBytes *kyso_signature_maker_digest(const char *hash, gpointer user_data, GError **error);

/* A signature of ours, as in a PDF, over the content above. */
GBytes *kyso_signature_maker_sign(const KysoAuthority *signer, const char *algorithm,
                                  const char *hash);

/* As GCC's own tool signs: signing time, no ESS attribute. @flags: OpenSSL's CMS_*. */
GBytes *kyso_signature_maker_sign_legacy(const KysoAuthority *signer, const char *hash,
                                         guint flags);

/* The same in steps, to go wrong in between. @ess: whose certificate the ESS attribute shall name;
 * NULL: no such attribute. finish and encode take @cms. */
CMS_ContentInfo *kyso_signature_maker_start(guint flags);
void kyso_signature_maker_add(CMS_ContentInfo *cms, const KysoAuthority *signer, const char *hash,
                              guint flags, const KysoAuthority *ess);
GBytes *kyso_signature_maker_finish(CMS_ContentInfo *cms, guint flags);
GBytes *kyso_signature_maker_encode(CMS_ContentInfo *cms);

/* A copy of @der with @more behind. */
GBytes *kyso_signature_maker_append(GBytes *der, const char *more, gsize size);
