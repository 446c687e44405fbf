/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * JSON lines with descriptors over a stream socket: one UTF-8 JSON object a line; descriptors
 * travel as SCM_RIGHTS with the first byte of their message and are named in it as {"fd": N},
 * N counting from 0 within the message.
 *
 * Never more memory than one message of the largest size; nothing kept while idle. Works on
 * blocking and on non-blocking sockets. Receive and send each belong to one thread at a time.
 */

#include "ipc/base/descriptor.h"
#include "ipc/wire/json.h"

#define KYSO_CHANNEL_MAX_MESSAGE (256 * 1024) /* bytes of a line, newline not counted */
#define KYSO_CHANNEL_MAX_FDS 16               /* descriptors of a message */

typedef struct _KysoChannel KysoChannel;

/* One message received. The descriptors are exactly those that @body names. */
typedef struct {
    json_t *body;
    KysoFdList *fds;
} KysoMessage;
void kyso_message_free(KysoMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoMessage, kyso_message_free)

/* Takes @fd, a connected AF_UNIX stream socket. */
KysoChannel *kyso_channel_new(int fd);
void kyso_channel_free(KysoChannel *self); /* closes */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoChannel, kyso_channel_free)
int kyso_channel_fd(KysoChannel *self);

typedef enum {
    KYSO_RECEIVED_MESSAGE, /* *ret is set */
    KYSO_RECEIVED_NOTHING, /* non-blocking socket: wait for input */
    KYSO_RECEIVED_END,     /* the peer closed in order */
    KYSO_RECEIVED_BAD,     /* @error: one bad message; the next one can be read */
    KYSO_RECEIVED_BROKEN,  /* @error: the stream cannot go on (too large, socket error) */
} KysoReceived;

/* The next message. BAD (with *ret set where it was a JSON object, so that its id can be answered):
 * KYSO_ERROR_NOT_JSON, _NOT_UTF8, _NESTED_TOO_DEEP, _WRONG_DESCRIPTORS
 * (named and sent differ), _NOT_A_REQUEST (not an object). BROKEN: KYSO_ERROR_MESSAGE_TOO_LARGE,
 * _WRONG_DESCRIPTORS (over 16 in a set, or sets inside one message), _CLIENT_GONE. */
KysoReceived kyso_channel_receive(KysoChannel *self, KysoMessage **ret, GError **error);

/* Sends @body and @fds (borrowed). On a blocking socket all is sent on return. On a non-blocking
 * one the rest is kept: see has_unsent. FALSE: the peer is gone or does not read (more than 4 MiB
 * unsent); the channel is of no more use. */
gboolean kyso_channel_send(KysoChannel *self, const json_t *body, const int *fds, guint n_fds,
                           GError **error);
gboolean kyso_channel_has_unsent(KysoChannel *self); /* then wait for output and call flush */
gboolean kyso_channel_flush(KysoChannel *self, GError **error);

/* The value {"fd": @index}; and its reader: -1 where @value is no such object. */
json_t *kyso_json_fd(guint index);
int kyso_json_fd_index(const json_t *value);

/* The descriptor that member @name of @object names, taken out of @fds; -1 where it is missing and
 * optional. KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_json_take_fd(const json_t *object, const char *name, KysoJsonNeed need,
                           KysoFdList *fds, int *ret, GError **error);
