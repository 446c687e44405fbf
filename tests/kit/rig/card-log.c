/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/card-log.h"

#define SHOWN_BYTES 32

static void
write_data(FILE *log, const Apdu *apdu)
{
    if (apdu->data.size == 0)
        fputs("-", log);
    else if (apdu_is_secret(apdu))
        fputs("****", log);
    else
        for (gsize i = 0; i < MIN(apdu->data.size, SHOWN_BYTES); i++)
            fprintf(log, "%02x", apdu->data.bytes[i]);
}

void
card_log_write(FILE *log, Span command, guint16 status)
{
    Apdu apdu = {0};

    if (!apdu_parse(command, &apdu))
        apdu = (Apdu){.ins = command.size > 1 ? command.bytes[1] : 0};
    fprintf(log, "%.3f %02x %02x %02x %" G_GSIZE_FORMAT " ", (double) g_get_monotonic_time() / 1000,
            apdu.ins, apdu.p1, apdu.p2, apdu.data.size);
    write_data(log, &apdu);
    if (status != 0)
        fprintf(log, " %04x\n", status);
    else
        fputs(" -\n", log);
    fflush(log);
}
