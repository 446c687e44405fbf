/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Certificates as an administrator puts them into a folder. Thread-safe.
 */

#include "agent/pki/certificate.h"

/* All of *.pem, *.crt and *.cer in @dir, in PEM (several a file) or DER: new, of KysoCertificate,
 * in no certain order. A missing folder is an empty one. KYSO_ERROR_CONFIGURATION names the file
 * that cannot be read. */
GPtrArray *kyso_certificate_files_read(const char *dir, GError **error);
