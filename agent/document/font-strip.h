/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Takes the hinting out of a TrueType subset: cairo copies the programs of the whole font into each
 * subset, some 2 KiB compressed, twice a signature. Screens that show PDFs do not use them.
 * Thread-safe.
 */

#include <glib.h>

/* @stream is what cairo writes as /FontFile2 with /FlateDecode. The same without hinting, its
 * unpacked size in *ret_length1; NULL where it is not a TrueType font as expected: use it as it is.
 */
GBytes *kyso_font_strip(GBytes *stream, gsize *ret_length1);
