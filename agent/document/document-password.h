/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The password of the one document that this process serves. It comes by the method
 * document.unlock, before the document, and is kept in locked memory until the process ends; what
 * qpdf and poppler make of it stands in their own memory, which no core dump shows and which ends
 * with the process, too.
 *
 * Never an argument, in the environment, in JSON or in a message. One thread.
 */

#include "ipc/wire/service.h"

/* Locks the memory; before the walls are up, which allow that no more. */
void kyso_document_password_begin(void);

/* Takes the bytes of @fd, 1 to 127, from its start on, for all that is opened later. FALSE: none is
 * kept; KYSO_ERROR_WRONG_PARAMETERS, KYSO_ERROR_INPUT_UNREADABLE. */
gboolean kyso_document_password_read(int fd, GError **error);

/* Forgets it. */
void kyso_document_password_clear(void);

/* UTF-8 as it was typed, or NULL: none was given. */
const char *kyso_document_password_get(void);

/* The same with accents and letters composed (NFKC, as SASLprep has it), where that differs, or
 * NULL: Vietnamese keyboards write either. */
const char *kyso_document_password_get_composed(void);

/* The method: {"password": {"fd": 0}} -> {}. */
void kyso_document_password_called(KysoCall *call, gpointer user_data);
