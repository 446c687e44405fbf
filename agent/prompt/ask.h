/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * KysoAsk as the parameters of prompt.ask. Pure.
 */

#include "agent/prompt/prompt.h"
#include "ipc/wire/json.h"

/* A new object. Texts are made valid UTF-8 and cut, and of many documents only the first are told
 * (and all counted), so that the message is never too large. @has_pin: the pipe is descriptor 0. */
json_t *kyso_ask_to_json(const KysoAsk *ask, guint timeout_seconds, gboolean has_pin);
