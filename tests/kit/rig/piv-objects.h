/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The data objects of a PIV card (SP 800-73-4 part 1 §4): GHashTable of tag -> GBytes, the value
 * with its own tag around it. */

#include "tests/kit/rig/tlv.h"

/* Those that say what the card is; @serial makes it another card than others. */
GHashTable *piv_objects_new(guint32 serial);

/* FALSE: there is no such slot for a certificate. */
gboolean piv_objects_set_certificate(GHashTable *objects, guint8 slot, Span der);
