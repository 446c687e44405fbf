/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * KysoAsk as the parameters of prompt.ask, KysoNotice as those of prompt.wait. Pure.
 */

#include "agent/prompt/prompt.h"
#include "ipc/wire/json.h"

/* A new object. Texts are made valid UTF-8 and cut, the more the more documents there are, so that
 * the message is never too large. @has_pin: the pipe is descriptor 0. */
json_t *kyso_ask_to_json(const KysoAsk *ask, guint timeout_seconds, gboolean has_pin);

/* KysoNotice as the parameters of prompt.wait; of many lines only the first are told, and all
 * counted. New. */
json_t *kyso_ask_notice_to_json(const KysoNotice *notice, guint timeout_seconds);
