/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/qpdf-security.h"

#include "agent/document/qpdf-values.h"

/* Bits of /P, numbered from 1 (ISO 32000-1 table 22). */
static bool
is_allowed(int permissions, int bit)
{
    return (permissions & 1 << (bit - 1)) != 0;
}

static KysoQpdfCipher
cipher_of(QPDF::encryption_method_e method)
{
    return method == QPDF::e_none  ? KYSO_QPDF_CLEAR
           : method == QPDF::e_rc4 ? KYSO_QPDF_RC4
                                   : KYSO_QPDF_AES;
}

/* Signature fields are form fields: filling them takes bit 9 or bit 6, making them bits 4 and 6.
 * Bit 9 came with revision 3 (ISO 32000-1 table 22). */
KysoQpdfSecurity
kyso_qpdf_security_read(KysoQpdfReader *reader)
{
    KysoQpdfSecurity open = {KYSO_QPDF_CLEAR, KYSO_QPDF_CLEAR, TRUE, TRUE};

    return guarded<KysoQpdfSecurity>(reader, open, [&] {
        QPDF::encryption_method_e streams = QPDF::e_none, strings = QPDF::e_none,
                                  files = QPDF::e_none;
        int revision = 0, permissions = 0, version = 0;
        if (!reader->pdf->isEncrypted(revision, permissions, version, streams, strings, files))
            return open;
        KysoQpdfSecurity security = open;
        /* Before version 4 there was one cipher for all, and qpdf names none. */
        security.strings = version < 4 ? KYSO_QPDF_RC4 : cipher_of(strings);
        security.streams = version < 4 ? KYSO_QPDF_RC4 : cipher_of(streams);
        if (reader->pdf->ownerPasswordMatched())
            return security;
        security.may_sign =
            is_allowed(permissions, 6) || (revision >= 3 && is_allowed(permissions, 9));
        security.may_add_fields = is_allowed(permissions, 4) && is_allowed(permissions, 6);
        return security;
    });
}

GBytes *
kyso_qpdf_security_key(KysoQpdfReader *reader, guint32 id, int generation, KysoQpdfCipher cipher)
{
    return guarded<GBytes *>(reader, nullptr, [&]() -> GBytes * {
        QPDF::encryption_method_e streams, strings, files;
        int revision = 0, permissions = 0, version = 0;
        if (!reader->pdf->isEncrypted(revision, permissions, version, streams, strings, files))
            return nullptr;
        auto key = QPDF::compute_data_key(reader->pdf->getEncryptionKey(), static_cast<int>(id),
                                          generation, cipher == KYSO_QPDF_AES, version, revision);
        return g_bytes_new(key.data(), key.size());
    });
}
