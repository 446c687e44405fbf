/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a signature carries, taken out of it into a file: of a CMS in blocks, of a JWS decoded. Runs
 * in a thread.
 */

#include "agent/core/sign-data.h"

/* The content of the CMS or JWS that @fd (borrowed until done) of @size bytes is, as a file in
 * @dir; and the CMS without it. Whether it is intact is not asked here. */
void kyso_data_content_take_async(int fd, goffset size, const char *dir, GCancellable *cancellable,
                                  GAsyncReadyCallback done, gpointer user_data);

/* KYSO_ERROR_SIGNATURE_UNREADABLE, also where it carries none; KYSO_ERROR_OUTPUT_NOT_WRITABLE,
 * KYSO_ERROR_DISK_FULL, KYSO_ERROR_CANCELLED. */
KysoSignDataResult *kyso_data_content_take_finish(GAsyncResult *result, GError **error);
