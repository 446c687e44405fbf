/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The texts of ipc/base/error.h, kept apart from the code that looks them up.
 */

#include "ipc/base/error.h"

const KysoErrorInfo *kyso_error_table_entries(gsize *ret_n);
