/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time as our users write it: Vietnam's zone (+07:00, no summer time) whatever the machine's.
 */

#include <glib.h>

/* Now, in the zone +07:00. */
GDateTime *kyso_clock_now(void);

/* "22/11/2026 16:05:09 +07:00" of a moment in any zone. */
char *kyso_clock_format(GDateTime *moment);

/* RFC 3339 with offset, "2026-11-22T16:05:09+07:00": what the API carries. */
char *kyso_clock_to_rfc3339(GDateTime *moment);

/* The same to the millisecond, "2026-11-22T16:05:09.123+07:00". */
char *kyso_clock_to_rfc3339_ms(GDateTime *moment);

/* "D:20261122160509+07'00'" (ISO 32000-2 §7.9.4). */
char *kyso_clock_to_pdf(GDateTime *moment);

/* The moment of a PDF date, or NULL. Without an offset it is taken as Vietnam's. */
GDateTime *kyso_clock_from_pdf(const char *text);
