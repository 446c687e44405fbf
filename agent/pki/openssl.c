/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/pki/openssl.h"

#include <time.h>

#include <openssl/err.h>

#include "ipc/base/error.h"

void
kyso_openssl_free_stack(KysoX509Stack *stack)
{
    sk_X509_pop_free(stack, X509_free);
}

void
kyso_openssl_free_view(KysoX509View *view)
{
    sk_X509_free(view);
}

void
kyso_openssl_free_values(KysoAsn1Values *values)
{
    sk_ASN1_TYPE_pop_free(values, ASN1_TYPE_free);
}

void
kyso_openssl_set_error(GError **error, int code, const char *what)
{
    g_autoptr(GString) message = g_string_new(what);
    const char *separator = ": ";
    unsigned long entry;

    while ((entry = ERR_get_error()) != 0) {
        const char *reason = ERR_reason_error_string(entry);
        if (reason == NULL)
            continue;
        g_string_append(message, separator);
        g_string_append(message, reason);
        separator = "; ";
    }

    g_set_error_literal(error, KYSO_ERROR, code, message->str);
}

GBytes *
kyso_openssl_take_bytes(unsigned char *buffer, int size)
{
    GBytes *bytes = size > 0 ? g_bytes_new(buffer, size) : NULL;

    OPENSSL_free(buffer);
    return bytes;
}

GBytes *
kyso_openssl_encode_cms(const CMS_ContentInfo *cms)
{
    unsigned char *buffer = NULL;
    int size = i2d_CMS_ContentInfo(cms, &buffer);

    return kyso_openssl_take_bytes(buffer, size);
}

GDateTime *
kyso_openssl_to_date_time(const ASN1_TIME *moment)
{
    struct tm tm;

    if (moment == NULL || ASN1_TIME_to_tm(moment, &tm) != 1)
        return NULL;

    return g_date_time_new_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                               tm.tm_sec);
}

char *
kyso_openssl_readable(const char *text, gssize size)
{
    g_autofree char *valid = g_utf8_make_valid(text, size);
    g_autoptr(GString) readable = g_string_new(NULL);

    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);
        gboolean is_hidden = type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
                             type == G_UNICODE_LINE_SEPARATOR ||
                             type == G_UNICODE_PARAGRAPH_SEPARATOR;
        g_string_append_unichar(readable, is_hidden ? 0xFFFD : c);
    }

    return g_string_free(g_steal_pointer(&readable), FALSE);
}
