/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What may change in the form after a signature: a field that was empty is filled, once; a
 * signature field is signed; a signature field is added, signed. Each within what the signature
 * permits, of modest size, and not over what is filled or signed already. A value that stood there
 * when it was signed may not change, whatever DocMDP says: what was signed is what was shown.
 */

#include "agent/document/pdf-comparison.h"

void kyso_form_change_check(KysoPdfComparison *comparison);
