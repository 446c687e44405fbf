/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The encryption of a PDF (ISO 32000-1 §7.6, ISO 32000-2 §7.6), as qpdf understood it when it
 * opened the file: how strings and streams are to be written, and what the owner allows.
 *
 * The key never leaves the process. One thread at a time.
 */

#include "agent/document/qpdf-reader.h"

G_BEGIN_DECLS

typedef enum {
    KYSO_QPDF_CLEAR, /* not encrypted, or by the filter Identity */
    KYSO_QPDF_RC4,
    KYSO_QPDF_AES, /* of 128 or 256 bits, as long as the key */
} KysoQpdfCipher;

typedef struct {
    KysoQpdfCipher strings, streams;
    gboolean may_sign;       /* fill in fields that exist, signature fields among them */
    gboolean may_add_fields; /* make new ones */
} KysoQpdfSecurity;

/* What is not encrypted, and what was opened with the owner's password, allows everything. */
KysoQpdfSecurity kyso_qpdf_security_read(KysoQpdfReader *reader);

/* The key of object (@id, @generation), or NULL, where the fault is kept. */
GBytes *kyso_qpdf_security_key(KysoQpdfReader *reader, guint32 id, int generation,
                               KysoQpdfCipher cipher);

G_END_DECLS
