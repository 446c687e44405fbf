/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The method document.places, as agent/document/README.md describes it, without the socket. Only
 * kyso-document-pages links this.
 */

#include "ipc/wire/channel.h"
#include "ipc/wire/json.h"

/* Takes the document's descriptor out of @fds. NULL with @error set. */
json_t *kyso_page_places(const json_t *params, KysoFdList *fds, GError **error);
