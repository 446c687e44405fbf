/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/module.h"

#include <string.h>

#define ANY_BYTE ".."
#define MAX_ATR_SIZE 33 /* bytes, ISO 7816-3 §8.1 */

KysoModule *
kyso_module_new(const char *name)
{
    KysoModule *self = g_new0(KysoModule, 1);

    self->name = g_strdup(name);
    self->atrs = g_ptr_array_new_with_free_func(g_free);
    self->usb_ids = g_ptr_array_new_with_free_func(g_free);
    self->writes = g_new0(char *, 1);
    return self;
}

void
kyso_module_free(KysoModule *self)
{
    g_free(self->name);
    g_free(self->path);
    g_clear_error(&self->fault);
    g_clear_pointer(&self->atrs, g_ptr_array_unref);
    g_clear_pointer(&self->usb_ids, g_ptr_array_unref);
    g_strfreev(self->writes);
    g_free(self->driver);
    g_free(self);
}

static gboolean
is_byte(const char *pair)
{
    return g_ascii_isxdigit(pair[0]) && g_ascii_isxdigit(pair[1]);
}

char *
kyso_module_read_atr(const char *text)
{
    g_autoptr(GString) pattern = g_string_new(NULL);

    for (; *text != '\0'; text++)
        if (!g_ascii_isspace(*text) && *text != ':')
            g_string_append_c(pattern, g_ascii_tolower(*text));

    gboolean has_rest = g_str_has_suffix(pattern->str, "*");
    gsize length = pattern->len - (has_rest ? 1 : 0);
    if (length == 0 || length % 2 != 0 || length > 2 * MAX_ATR_SIZE)
        return NULL;
    for (gsize i = 0; i < length; i += 2)
        if (!is_byte(pattern->str + i) && !g_str_has_prefix(pattern->str + i, ANY_BYTE))
            return NULL;
    return g_strdup(pattern->str);
}

char *
kyso_module_read_usb_id(const char *text)
{
    gboolean is_id = strlen(text) == 9 && text[4] == ':' && is_byte(text) && is_byte(text + 2) &&
                     is_byte(text + 5) && is_byte(text + 7);

    return is_id ? g_ascii_strdown(text, -1) : NULL;
}

static gboolean
is_atr(const char *pattern, const guint8 *atr, gsize size)
{
    for (gsize i = 0; i < size; i++, pattern += 2) {
        if (pattern[0] == '*')
            return TRUE;
        if (pattern[0] == '\0')
            return FALSE;
        if (g_str_has_prefix(pattern, ANY_BYTE))
            continue;
        if (g_ascii_xdigit_value(pattern[0]) * 16 + g_ascii_xdigit_value(pattern[1]) != atr[i])
            return FALSE;
    }
    return pattern[0] == '\0' || pattern[0] == '*';
}

gboolean
kyso_module_takes_card(const KysoModule *self, GBytes *atr)
{
    if (atr == NULL)
        return FALSE;

    gsize size = 0;
    const guint8 *bytes = g_bytes_get_data(atr, &size);
    for (guint i = 0; i < self->atrs->len; i++)
        if (is_atr(self->atrs->pdata[i], bytes, size))
            return TRUE;
    return FALSE;
}
