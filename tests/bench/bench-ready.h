/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Sends READY=1 to NOTIFY_SOCKET, where there is one (sd_notify(3)).
 */

void kyso_bench_ready_tell(void);
