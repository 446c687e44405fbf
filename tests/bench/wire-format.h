/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How the two servers that load-socket drives want to be asked, and where an answer ends.
 */

#include <stddef.h>

typedef enum {
    KYSO_WIRE_FORMAT_NONE,    /* not a whole message yet */
    KYSO_WIRE_FORMAT_NOTE,    /* something that is no answer */
    KYSO_WIRE_FORMAT_ANSWER,  /* *ret_id is the request it answers */
    KYSO_WIRE_FORMAT_REFUSED, /* the same, and the answer is an error */
} KysoWireFormatEvent;

typedef struct {
    const char *name;
    /* Writes request @id into @ret, returns its size. */
    size_t (*write)(const char *method, const char *params, int id, char *ret, size_t size);
    /* Reads one message from the start of @data; *ret_used is its size. */
    KysoWireFormatEvent (*read)(const char *data, size_t size, size_t *ret_used, int *ret_id);
} KysoWireFormat;

/* "kyso": JSON lines; "floor": frames of floor-server, one request of a connection at a time. NULL
 * for any other. */
const KysoWireFormat *kyso_wire_format_find(const char *name);
