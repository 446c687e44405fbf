/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/signing-input.h"

#include <string.h>

#include "agent/cms/file-hash.h"
#include "agent/jose/base64url.h"

#define BLOCK (48 * 1024) /* bytes of payload: whole groups of three, so that texts join */

GBytes *
kyso_signing_input_hash(const char *hash, const char *header, gsize length, GBytes *payload)
{
    g_autoptr(KysoFileHash) state = kyso_file_hash_new(hash);
    gsize size = 0;
    const guint8 *data = g_bytes_get_data(payload, &size);

    kyso_file_hash_add_bytes(state, header, length);
    kyso_file_hash_add_bytes(state, ".", 1);
    for (gsize offset = 0; offset < size; offset += BLOCK) {
        g_autofree char *text =
            kyso_base64url_encode(data + offset, MIN((gsize) BLOCK, size - offset));
        kyso_file_hash_add_bytes(state, text, strlen(text));
    }
    return kyso_file_hash_get(state);
}

char *
kyso_signing_input_thumbprint(GBytes *der)
{
    g_autoptr(KysoFileHash) state = kyso_file_hash_new("SHA256");
    gsize size = 0;
    const void *data = g_bytes_get_data(der, &size);

    kyso_file_hash_add_bytes(state, data, size);
    g_autoptr(GBytes) digest = kyso_file_hash_get(state);
    return kyso_base64url_encode(g_bytes_get_data(digest, NULL), g_bytes_get_size(digest));
}
