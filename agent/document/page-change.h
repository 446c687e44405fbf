/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What may change of pages: new widgets that form-change.h let in may join /Annots. And, for what
 * no rule explained, the pages on which it shows.
 */

#include "agent/document/pdf-comparison.h"

/* After kyso_form_change_check. */
void kyso_page_change_check(KysoPdfComparison *comparison);

/* Puts down every object that is still unexplained. The last of the checks. */
void kyso_page_change_blame(KysoPdfComparison *comparison);
