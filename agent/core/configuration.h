/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the administrator has decided: CONFIGURATION/kyso.conf, read once at start.
 *
 *   [sign]    hash=false            may programs have bare digests signed?
 *             session-seconds=600   how long one authorization for digests lasts
 *             batch-seconds=600     how long one PIN serves the documents of a batch
 *             batch-open=none       must each document of a batch be shown by itself before the
 *                                   PIN: none, personal (by a person's key) or all
 *   [prompt]  pinentry=/usr/bin/pinentry
 *             language=vi           vi or en
 *   [token]   seconds=60            for one call into a token's driver
 *   [document] seconds=60           for reading or preparing one document
 *   [timestamp] urls=             services in the order in which they are asked; none: no level B-T
 *             policy=               OID to ask for; none: the service's own
 *             seconds=180           for one answer
 *             tries=2               rounds over the list
 *             later=false           may be signed without, where no service answers and the caller
 *                                   wants it so ("timestamp_later")?
 *   [revocation] check=false        is the signer's certificate's status asked for before signing?
 *             seconds=20            for one answer
 *   [evidence] keep=true            is what proves the signatures of a document kept beside the
 *                                   journal, until it is deleted with the document?
 *   [trust] sets=gcc                which CAs are trusted (agent/trust), beside the administrator's
 * own [network] proxy=system          or none, or http://host:port loopback=false        may a
 * service be on this machine? [appearance] seal-mm=36       width of the agency's seal; without it
 * the PNG must tell its own appendix=Số: {code}; {date}; {time}           the line of an appendix
 *             copy={kind}; {organ}; {date}; {time}          that of a copy
 *   [modules] registry=true         use p11-kit's registry (pkcs11/pool/modules.h)
 *
 * Immutable.
 */

#include <glib.h>

typedef enum {
    KYSO_BATCH_OPEN_NONE,
    KYSO_BATCH_OPEN_PERSONAL,
    KYSO_BATCH_OPEN_ALL,
} KysoBatchOpen;

typedef struct {
    char *dir;       /* the folder itself */
    char *state_dir; /* journal and private copies */
    char *pinentry;
    char *language;
    gboolean is_hash_signing_allowed;
    guint hash_session_seconds;
    guint batch_seconds;
    KysoBatchOpen batch_open;
    double seal_mm;                          /* 0: not known */
    char *appendix_template, *copy_template; /* NULL: the decree's; their words: decree-text.h */
    guint token_ms;
    guint document_ms;
    char **timestamp_urls;  /* NULL: none */
    char *timestamp_policy; /* NULL: the service's own */
    guint timestamp_seconds, timestamp_tries;
    gboolean is_later_allowed;
    gboolean checks_revocation;
    guint revocation_seconds;
    gboolean keeps_evidence;
    char **trust_sets; /* never NULL */
    char *proxy;       /* NULL: as the system is set up */
    gboolean is_loopback_allowed;
} KysoConfiguration;

/* Missing file: the defaults. KYSO_ERROR_CONFIGURATION: a value that cannot be, an unknown key, or
 * a folder that others may write to. */
KysoConfiguration *kyso_configuration_load(const char *dir, const char *state_dir, GError **error);
void kyso_configuration_free(KysoConfiguration *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoConfiguration, kyso_configuration_free)
