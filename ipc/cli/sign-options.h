/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The options of kyso sign, as they are typed and as libkyso takes them.
 */

#include "ipc/cli/cli.h"

typedef struct {
    char *purpose, *credential, *place, *image, *name, *number, *day, *month, *output_dir, *list,
        *level, *format, *password_file, *seal_mm, *text, *copy_kind, *number_place, *day_place,
        *month_place;
    char **reserve, **metadata;
    gboolean certify, several, repair, timestamp_later, no_wait, attached, detached;
    int timeout;
} KysoSignOptions;

void kyso_sign_options_clear(KysoSignOptions *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KysoSignOptions, kyso_sign_options_clear)

/* Takes the options out of the arguments. FALSE after a word on stderr: return EXIT_USAGE. */
gboolean kyso_sign_options_parse(KysoSignOptions *self, int *argc, char ***argv);

/* Several documents at once? */
gboolean kyso_sign_options_is_list(const KysoSignOptions *self);

/* What of @self is wrong, in the person's language, or NULL: @ret is then filled, but for the
 * credential, and of several documents but for these. It borrows from @self and @files. The text
 * "-" is read from standard input. */
const char *kyso_sign_options_read(KysoSignOptions *self, char **files, KysoSignRequest *ret);
