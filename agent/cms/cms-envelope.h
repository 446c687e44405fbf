/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The content inside a CMS signature (RFC 5652 §5.2 eContent), in files of any size: never more of
 * it in memory than the signature.
 *
 * Written: a detached signature is cut in two, and the content goes between the halves. Read: the
 * content is left where it stands in the file, and what remains is the detached signature over it.
 * Reading takes DER, and BER as streaming signers write it; all of it is hostile. Thread-safe.
 */

#include <glib.h>

typedef struct {
    goffset offset, length; /* bytes of the file */
} KysoCmsRange;

typedef struct {
    GBytes *cms;          /* the ContentInfo without the content */
    GArray *content;      /* of KysoCmsRange: its parts in their order */
    gboolean has_content; /* FALSE: it was detached before */
} KysoCmsEnvelope;

/* @fd: a file that holds one ContentInfo of SignedData in @size bytes, and nothing else.
 * KYSO_ERROR_SIGNATURE_UNREADABLE, KYSO_ERROR_INPUT_UNREADABLE. */
KysoCmsEnvelope *kyso_cms_envelope_read(int fd, goffset size, GError **error);
void kyso_cms_envelope_free(KysoCmsEnvelope *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoCmsEnvelope, kyso_cms_envelope_free)

/* What goes before and behind @size bytes of content, so that the whole is one ContentInfo in DER
 * which carries them. @cms: a detached one in DER. FALSE with KYSO_ERROR_INTERNAL. */
gboolean kyso_cms_envelope_cut(GBytes *cms, goffset size, GBytes **ret_before, GBytes **ret_behind,
                               GError **error);
