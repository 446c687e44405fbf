/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the writers of XML signatures share: everything is written in its canonical form from the
 * start. Exclusive canonical XML writes a namespace where it is first used, and nowhere else.
 * Thread-safe. */

#include <glib.h>

#define KYSO_XADES_DSIG "http://www.w3.org/2000/09/xmldsig#"
#define KYSO_XADES_EXCLUSIVE "http://www.w3.org/2001/10/xml-exc-c14n#"
#define KYSO_XADES_INCLUSIVE "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

#define KYSO_XADES_DS " xmlns:ds=\"" KYSO_XADES_DSIG "\""
#define KYSO_XADES_TRANSFORM(uri) "<ds:Transform Algorithm=\"" uri "\"></ds:Transform>"

/* g_free. */
char *kyso_xades_text_base64(GBytes *bytes);

/* Of @text by @hash, "SHA256" and so on. */
GBytes *kyso_xades_text_hash(const char *hash, const char *text);

/* DigestMethod and DigestValue of a ds:Reference, and its end. */
void kyso_xades_text_add_digest(GString *text, const char *hash, GBytes *digest);
