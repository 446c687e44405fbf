/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The child's side of a helper process: a blocking loop on descriptor 3 that hands each request to
 * its method. kyso-token, kyso-document and kyso-prompt are built on it.
 *
 * The loop ends when the agent closes its end. A method may answer at once or later, from any
 * thread; answers may come in any order.
 */

#include "ipc/wire/channel.h"

#define KYSO_SERVICE_FD 3

typedef struct _KysoService KysoService;
typedef struct _KysoCall KysoCall;

/* Must end in exactly one kyso_call_return or kyso_call_fail, now or later. */
typedef void (*KysoMethod)(KysoCall *call, gpointer user_data);

typedef struct {
    const char *name;
    KysoMethod method;
} KysoServiceMethod;

/* Serves until the peer closes. @methods ends with a NULL name. Returns the exit code of the
 * program: 0 on an orderly end. */
int kyso_service_run(const KysoServiceMethod *methods, gpointer user_data);

/* The parameters: an object, never NULL. Valid until the call ends. */
const json_t *kyso_call_params(KysoCall *call);

/* The descriptors of the request, to be taken with kyso_json_take_fd; what stays is closed. */
KysoFdList *kyso_call_fds(KysoCall *call);

/* Sends "progress" to the caller; @params taken. */
void kyso_call_progress(KysoCall *call, json_t *params);

/* Ends the call. @result is taken; @fds are borrowed. */
void kyso_call_return(KysoCall *call, json_t *result, const int *fds, guint n_fds);

/* Ends the call; @error is taken. Its kyso_error_details travel with it. */
void kyso_call_fail(KysoCall *call, GError *error);
