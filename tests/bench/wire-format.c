/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/wire-format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOOR_REQUEST 33
#define START 64 /* bytes of an answer in which its kind and id stand */

static size_t
write_json(const char *method, const char *params, int id, char *ret, size_t size)
{
    int n = snprintf(ret, size, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":%s}\n",
                     id, method, params);

    return n > 0 && (size_t) n < size ? (size_t) n : 0;
}

/* Only as much of the JSON is read as tells an answer from a notification: a generator of load must
 * not be what is measured. */
static KysoWireFormatEvent
read_json(const char *data, size_t size, size_t *ret_used, int *ret_id)
{
    const char *end = memchr(data, '\n', size);
    char start[START + 1] = "";

    if (end == NULL)
        return KYSO_WIRE_FORMAT_NONE;
    *ret_used = (size_t) (end - data) + 1;
    memcpy(start, data, *ret_used < START ? *ret_used : START);
    const char *id = strstr(start, "\"id\":");
    if (id == NULL || strstr(start, "\"method\":") != NULL)
        return KYSO_WIRE_FORMAT_NOTE;
    *ret_id = atoi(id + strlen("\"id\":"));
    return strstr(start, "\"error\":") != NULL ? KYSO_WIRE_FORMAT_REFUSED : KYSO_WIRE_FORMAT_ANSWER;
}

static size_t
write_frame(const char *method, const char *params, int id, char *ret, size_t size)
{
    (void) method;
    (void) params;
    (void) id;
    memset(ret, 'd', FLOOR_REQUEST);
    return size >= FLOOR_REQUEST ? FLOOR_REQUEST : 0;
}

static KysoWireFormatEvent
read_frame(const char *data, size_t size, size_t *ret_used, int *ret_id)
{
    size_t length = size >= 2 ? (unsigned char) data[0] + 256u * (unsigned char) data[1] : 0;

    if (size < 2 || size < 2 + length)
        return KYSO_WIRE_FORMAT_NONE;
    *ret_used = 2 + length;
    *ret_id = 0;
    return length > 0 ? KYSO_WIRE_FORMAT_ANSWER : KYSO_WIRE_FORMAT_REFUSED;
}

const KysoWireFormat *
kyso_wire_format_find(const char *name)
{
    static const KysoWireFormat formats[] = {
        {"kyso", write_json, read_json},
        {"floor", write_frame, read_frame},
    };

    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
