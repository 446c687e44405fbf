/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/texts.h"

const char *
kyso_texts_get(const char *language, const char *vi)
{
    if (g_strcmp0(language, "en") != 0)
        return vi;

    for (gsize i = 0; i < kyso_texts_table_length; i++)
        if (g_str_equal(kyso_texts_table[i].vi, vi))
            return kyso_texts_table[i].en;
    return vi; /* tests/lint says so when one is missing */
}
