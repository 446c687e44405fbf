/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/xades/xades-text.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "agent/xades/xml-algorithm.h"

char *
kyso_xades_text_base64(GBytes *bytes)
{
    gsize size = 0;
    const guchar *data = g_bytes_get_data(bytes, &size);
    return g_base64_encode(data, size);
}

GBytes *
kyso_xades_text_hash(const char *hash, const char *text)
{
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(hash);

    kyso_file_hash_add_bytes(state, text, strlen(text));
    return kyso_file_hash_get(state);
}

void
kyso_xades_text_add_digest(GString *text, const char *hash, GBytes *digest)
{
    g_autofree char *value = kyso_xades_text_base64(digest);

    g_string_append_printf(text,
                           "<ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod>"
                           "<ds:DigestValue>%s</ds:DigestValue></ds:Reference>",
                           kyso_xml_algorithm_hash_uri(hash), value);
}
