/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The lines of Assuan (gnupg.org/documentation/manuals/assuan), the side that asks: commands are
 * formed, answers are read.
 *
 * Answers are read straight into the locked page of a KysoSecret and taken apart there: a PIN never
 * is in any other memory. Blocking; one thread.
 */

#include "ipc/base/secret.h"

#define KYSO_ASSUAN_LINE_MAX 1000 /* bytes, newline not counted; pinentry ends itself past 1001 */

/* "@command @text\n" with %, CR and LF of @text escaped and other controls removed; cut at a
 * character, with "…", to KYSO_ASSUAN_LINE_MAX. @text NULL: the command alone. New string. */
char *kyso_assuan_line(const char *command, const char *text);

typedef enum {
    KYSO_ASSUAN_OK,
    KYSO_ASSUAN_ERROR,   /* the peer says so; its number is told */
    KYSO_ASSUAN_END,     /* the peer is gone, or cannot be read */
    KYSO_ASSUAN_GARBAGE, /* no Assuan, or data that was not asked for or is too long */
    KYSO_ASSUAN_LATE,    /* no answer before the deadline */
    KYSO_ASSUAN_LEFT,    /* whoever we ask for is gone */
} KysoAssuanAnswer;

typedef struct _KysoAssuan KysoAssuan;

/* Reads answers from @fd. @waiting_fd: a socket to the one for whom we ask; its hang-up ends the
 * reading. Both borrowed. */
KysoAssuan *kyso_assuan_new(int fd, int waiting_fd);
void kyso_assuan_free(KysoAssuan *self); /* wipes */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoAssuan, kyso_assuan_free)

/* Reads one answer, to its OK or ERR line. Data lines are unescaped and appended to @data (NULL:
 * none is expected). @ret_number: that of an ERR line (libgpg-error: source << 24 | code), else 0.
 * @deadline: monotonic, microseconds. Past any answer but OK, @data counts for nothing. */
KysoAssuanAnswer kyso_assuan_read(KysoAssuan *self, gint64 deadline, KysoSecret *data,
                                  guint *ret_number);
