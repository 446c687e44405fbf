/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The readers as SCardGetStatusChange takes and gives them: what is known is told to pcscd, what
 * pcscd tells becomes known, and each card gets its insertion number.
 *
 * Values only, no call to pcscd. One thread at a time.
 */

#include <winscard.h>

#include "pkcs11/token/reader.h"

typedef struct _KysoReaderStates KysoReaderStates;

KysoReaderStates *kyso_reader_states_new(void);
void kyso_reader_states_free(KysoReaderStates *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoReaderStates, kyso_reader_states_free)

/* @names is the multi-string of SCardListReaders: readers that it lacks are forgotten, new ones are
 * unknown until the next look. "" for none. */
void kyso_reader_states_set_names(KysoReaderStates *self, const char *names);

/* For SCardGetStatusChange: all readers, and the one that stands for the list of readers where
 * there is room for it. Owned by @self, valid until the next call of set_names. */
SCARD_READERSTATE *kyso_reader_states_get(KysoReaderStates *self, DWORD *ret_n);

/* Takes what SCardGetStatusChange has put into that array. TRUE: the list of readers has changed,
 * ask for the names again. */
gboolean kyso_reader_states_take(KysoReaderStates *self);

/* TRUE where a reader's state has not been asked for yet. */
gboolean kyso_reader_states_is_partial(KysoReaderStates *self);

/* The readers as values, in pcscd's order; a new array that owns references. */
GPtrArray *kyso_reader_states_describe(KysoReaderStates *self);
