/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A guess whether a certificate is a person's or an agency's, for documents from outside: their
 * senders' certificates are in nobody's configuration (roles.h), and GCC's certificates do not say.
 * Good enough to tell a clerk what a signature seems to be; never to allow one. Thread-safe.
 */

#include "agent/pki/certificate.h"

/* "personal", "agency", or NULL where the name says neither. Static. */
const char *kyso_role_hint_get(const KysoCertificate *certificate);
