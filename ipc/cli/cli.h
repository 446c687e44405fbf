/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the commands of kyso(1) share: the options of every command, words, output, exit codes.
 */

#include "ipc/cli/words.h"
#include "ipc/client/kyso.h"

enum {
    EXIT_FINE = 0,
    EXIT_USAGE = 2,
    EXIT_UNREACHABLE = 3,
    EXIT_INVALID = 10, /* kyso verify */
    EXIT_UNDETERMINED = 11,
    EXIT_UNSIGNED = 12,
    EXIT_LAYER = 20, /* and what follows: see kyso_cli_fail */
    EXIT_PERSON_CANCELLED = 25,
};

typedef struct {
    char *socket;  /* NULL: the default */
    gboolean json; /* the result object on stdout, nothing for people */
    KysoClient *client;
} KysoCli;

/* One command: reads its own options out of @argv (argv[0] is its name) and returns the exit code.
 */
typedef struct {
    const char *name;
    const char *usage; /* what stands behind the name */
    const char *summary;
    int (*run)(KysoCli *cli, int argc, char **argv);
} KysoCommand;

int kyso_command_status(KysoCli *cli, int argc, char **argv);
int kyso_command_tokens(KysoCli *cli, int argc, char **argv);
int kyso_command_credentials(KysoCli *cli, int argc, char **argv);
int kyso_command_sign(KysoCli *cli, int argc, char **argv);
int kyso_command_augment(KysoCli *cli, int argc, char **argv);
int kyso_command_verify(KysoCli *cli, int argc, char **argv);
int kyso_command_evidence(KysoCli *cli, int argc, char **argv);
int kyso_command_trust(KysoCli *cli, int argc, char **argv);
int kyso_command_requests(KysoCli *cli, int argc, char **argv);
int kyso_command_cancel(KysoCli *cli, int argc, char **argv);

/* Reads @entries out of the arguments; what stays must be @n_rest words, -1:
 * any number. FALSE after a word on stderr: return EXIT_USAGE. */
gboolean kyso_cli_parse(int *argc, char ***argv, const GOptionEntry *entries, int n_rest);

/* EXIT_USAGE after "kyso NAME: @why" on stderr. */
int kyso_cli_misused(const char *command, const char *why);

/* Connects, then kyso_client_call. NULL: return kyso_cli_fail(). */
gboolean kyso_cli_connect(KysoCli *cli, GError **error);
KysoResult *kyso_cli_call(KysoCli *cli, const char *method, const char *params_json,
                          GError **error);

/* Tells @error (taken): cause, next step, detail on stderr, or its data object on stdout where JSON
 * is wanted. Returns the exit code. */
int kyso_cli_fail(const KysoCli *cli, GError *error);

/* The exit code of an error with this name, of this layer. */
int kyso_cli_exit_code(const char *name, const char *layer);

/* Prints the result object. */
void kyso_cli_print_json(KysoResult *result);

/* One line of stdout, in UTF-8 whatever the locale, control characters of foreign text shown as
 * "?". */
void kyso_cli_print(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* The same on stderr. */
void kyso_cli_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* "  LABEL:   VALUE", the values in one column. NULL values print nothing. */
void kyso_cli_print_field(const char *label, const char *value);
