/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/jose/base64url.h"

#include <string.h>

char *
kyso_base64url_encode(const void *data, gsize size)
{
    char *text = size > 0 ? g_base64_encode(data, size) : g_strdup("");
    char *end = text;

    for (; *end != '\0' && *end != '='; end++) {
        if (*end == '+')
            *end = '-';
        else if (*end == '/')
            *end = '_';
    }
    *end = '\0';
    return text;
}

static int
value_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '-' ? 62 : letter == '_' ? 63 : -1;
}

GBytes *
kyso_base64url_decode(const char *text, gsize length)
{
    g_autofree guint8 *bytes = g_malloc(length / 4 * 3 + 3);
    guint32 bits = 0;
    guint n_bits = 0;
    gsize size = 0;

    if (length % 4 == 1)
        return NULL;
    for (gsize i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return NULL;
        bits = (bits << 6 | (guint32) value) & 0xffff;
        n_bits += 6;
        if (n_bits < 8)
            continue;
        n_bits -= 8;
        bytes[size++] = (guint8) (bits >> n_bits);
    }
    if ((bits & ((1u << n_bits) - 1)) != 0)
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}
