/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The texts of ipc/base/error.h, kept apart from the code that looks them up.
 */

#include "ipc/base/error.h"

#define ENTRY(code, name, layer, cause_vi, cause_en, next_vi, next_en)                             \
    {                                                                                              \
        KYSO_ERROR_##code, name, layer, cause_vi, cause_en, next_vi, next_en                       \
    }

/* Requests, rules, certificates: 1000 to 3999. */
const KysoErrorInfo *kyso_error_table_rules_entries(gsize *ret_n);

/* Tokens, windows, documents, outputs, the agent: from 4000 on. */
const KysoErrorInfo *kyso_error_table_devices_entries(gsize *ret_n);
