/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Untrusted text made fit to be shown: what the eye sees is what the bytes say, and it cannot leave
 * its place in our sentence. Pure; thread-safe.
 */

#include <glib.h>

/*
 * @text on one line: composed (NFC), control, format, bidirectional and invisible characters
 * removed, runs of white space made one space, quotation marks made ', at most two combining marks
 * on a letter. Cut at a character, with "…" at its end, so that it takes at most @max bytes in a
 * line of Assuan ("%" counts three). NULL gives "". New string.
 */
char *kyso_visible_text(const char *text, gsize max);
