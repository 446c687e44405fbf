/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Answers of OCSP responders and CRLs, kept on disk for as long as they say that they hold.
 *
 * Nothing is believed for being here: who takes an entry checks it as if it came from the network,
 * and drops it where it does not pass. An entry is whole or absent, whenever the agent is killed.
 * The folder holds at most KYSO_PROOF_CACHE_MAX_FILES entries and KYSO_PROOF_CACHE_MAX_SIZE bytes;
 * the oldest go first. Blocks on the disk; thread-safe.
 */

#include <glib.h>

#define KYSO_PROOF_CACHE_MAX_FILES 256
#define KYSO_PROOF_CACHE_MAX_SIZE (64 * 1024 * 1024)

/* The entry of @key (an address, and what was asked there) in folder @dir, or NULL. */
GBytes *kyso_proof_cache_get(const char *dir, const char *key);

/* A disk that is full or not writable costs the entry and nothing else: it is logged. */
void kyso_proof_cache_put(const char *dir, const char *key, GBytes *entry);

void kyso_proof_cache_drop(const char *dir, const char *key);
