/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Signed data, verified: a CMS signature with its content in it, and JWS. Reading and hashing runs
 * in a thread; of a CMS, whose content may be large, only the signature is held in memory.
 */

#include "agent/core/document-report.h"

/* TRUE where the file @fd of @size bytes begins like one of them. */
gboolean kyso_data_report_knows(int fd, goffset size);

/* TRUE where it begins like a CMS. */
gboolean kyso_data_report_is_cms(int fd, goffset size);

/* All of a file that is a JWS, or is signed by one. KYSO_ERROR_DATA_TOO_LARGE,
 * KYSO_ERROR_INPUT_UNREADABLE. */
GBytes *kyso_data_report_read_jws(int fd, goffset size, GError **error);

/* The signature that the file @fd is, or, where @jws is not NULL, the JWS @jws over all of that
 * file, which it does not carry itself. Ends in kyso_document_report_finish:
 * KYSO_ERROR_SIGNATURE_UNREADABLE, KYSO_ERROR_INPUT_UNREADABLE, KYSO_ERROR_DATA_TOO_LARGE. */
void kyso_data_report_async(KysoSigner *signer, int fd, goffset size, GBytes *jws,
                            GCancellable *cancellable, GAsyncReadyCallback done,
                            gpointer user_data);
