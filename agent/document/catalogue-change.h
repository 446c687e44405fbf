/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What may change outside of pages and form: bookkeeping of the trailer, dates and producer, proof
 * data of signatures (/DSS). Everything else that hangs on the catalogue (actions, names, layers,
 * viewer settings) may not.
 */

#include "agent/document/pdf-comparison.h"

void kyso_catalogue_change_check(KysoPdfComparison *comparison);
