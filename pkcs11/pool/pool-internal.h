/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Inside of the pool: what pool-find.c needs of pool.c.
 */

#include "pkcs11/pool/pool.h"

GPtrArray *kyso_pool_get_lanes(KysoPool *self);         /* borrowed; KysoLane */
KysoPcscMonitor *kyso_pool_get_monitor(KysoPool *self); /* borrowed; NULL: no PC/SC */
GPtrArray *kyso_pool_get_modules(KysoPool *self);       /* borrowed; KysoModule */

/* A new list of KysoModuleFault: what is wrong without anybody having to be asked. Modules that may
 * not be started; no pcscd; readers whose card does not answer, or that another program has for
 * itself alone while none of @tokens is in them. */
GPtrArray *kyso_pool_get_standing_faults(KysoPool *self, GPtrArray *tokens);
