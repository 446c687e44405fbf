/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the person reads before typing the PIN: who asks, for which document, to what end, with
 * which key. Pure but for the clock; every function returns a new string.
 *
 * What comes from outside stands between “ and ”, cleaned, so that no caller can write our words.
 */

#include "agent/dialog/question.h"

#define KYSO_WORDING_LISTED 3 /* documents of a batch that the PIN window names */

char *kyso_wording_title(const KysoQuestion *question);

/* Warnings first, then the key, the purpose, the documents, the caller, the certificate. Lines
 * are parted by newlines. */
char *kyso_wording_description(const KysoQuestion *question);

/* The question before the last try. */
char *kyso_wording_final_try(const KysoQuestion *question);

/* What @purpose of the API is called. */
char *kyso_wording_purpose(const char *language, const char *purpose);

/* "Asked by the program ..." */
char *kyso_wording_caller(const KysoQuestion *question);

/* Of the button that signs; with an Assuan mnemonic ("_"). */
char *kyso_wording_sign_button(const KysoQuestion *question);
