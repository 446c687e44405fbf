/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Prints every error as it goes over the socket, one line of JSON each, with its number:
 * {"number": 4003, "error": {"code", "message", "data"}}. For tests/integration/test-protocol.py.
 */

#include <stdio.h>

#include "ipc/base/error.h"
#include "ipc/wire/rpc.h"

int
main(void)
{
    gsize n;
    const KysoErrorInfo *table = kyso_error_table(&n);

    for (gsize i = 0; i < n; i++) {
        g_autoptr(GError) error = g_error_new_literal(KYSO_ERROR, table[i].code, "");
        g_autoptr(json_t) body = kyso_rpc_error(NULL, error);
        g_autoptr(json_t) line = json_pack("{s:i, s:O}", "number", table[i].code, "error",
                                           json_object_get(body, "error"));
        g_autofree char *text = kyso_json_format(line, NULL);
        puts(text);
    }
    return 0;
}
