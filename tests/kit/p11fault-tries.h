/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a module that means harm would do to the machine, each thing tried once, harmlessly.
 */

/* Called for each try: @error is its errno, 0 where it went through. */
typedef void (*P11FaultTried)(const char *what, int error);

/* @elsewhere: a folder that the module has no business to write in; a file "victim" is there. */
void p11fault_try_all(const char *elsewhere, P11FaultTried tried);
