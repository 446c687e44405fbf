/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A *file* of ipc/PROTOCOL.md: {"fd": N} or {"path": "/absolute"}, the member @param of @params
 * (the parameters of @job, or an object in them). Main thread only.
 */

#include "agent/core/job.h"
#include "ipc/base/descriptor.h"

/* A readable, seekable descriptor. *ret is -1 where it is missing and optional; *ret_name (may be
 * NULL) is the base name of the path, or NULL. KYSO_ERROR_WRONG_PARAMETERS,
 * KYSO_ERROR_INPUT_UNREADABLE. */
gboolean kyso_request_file_open_input(KysoJob *job, const json_t *params, const char *param,
                                      KysoJsonNeed need, KysoFd *ret, char **ret_name,
                                      GError **error);

/* A writable descriptor of a regular file, or a path whose folder is there. Exactly one of *ret_fd
 * and *ret_path is set. KYSO_ERROR_WRONG_PARAMETERS, KYSO_ERROR_OUTPUT_NOT_WRITABLE. */
gboolean kyso_request_file_read_output(KysoJob *job, const json_t *params, const char *param,
                                       KysoFd *ret_fd, char **ret_path, GError **error);
