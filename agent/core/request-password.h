/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The password of an encrypted document, as a descriptor that goes on to the sandboxed readers: the
 * agent never reads it. Not a PIN: the client program may know it. Main thread only.
 */

#include "agent/core/job.h"
#include "ipc/base/descriptor.h"

#define KYSO_REQUEST_PASSWORD_MAX 127 /* bytes: as agent/document/document-password.c */

/* The member "password" of @params (the parameters of @job, or an object in them): {"fd": N} of a
 * regular file or memfd that holds 1 to 127 bytes. *ret is -1 where it is missing.
 * KYSO_ERROR_WRONG_PARAMETERS. */
gboolean kyso_request_password_take(KysoJob *job, const json_t *params, KysoFd *ret,
                                    GError **error);
