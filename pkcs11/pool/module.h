/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One PKCS#11 module as the configuration describes it, with what is peculiar to it.
 *
 * A value: nothing is loaded or started here. Thread-safe once it is made.
 */

#include <glib.h>

typedef struct {
    char *name;    /* base name of its file without ".module" */
    char *path;    /* links resolved; as configured where @fault is set */
    GError *fault; /* NULL: it may be started */

    gboolean is_absent; /* a module that kyso knows, of which no library is installed. @fault is set
                         * then, but it is nobody's mistake and is not reported */
    gboolean per_reader; /* one worker for each reader with a card; else one for all there is */
    gboolean network;    /* its worker may use the network */
    GPtrArray *atrs;     /* char *: patterns of the cards that are its own, "3bff18..00*" */
    GPtrArray *usb_ids;  /* char *: "25dd:2371", USB devices that need it */
    GStrv writes;        /* absolute paths that its worker may write to */
    char *driver;        /* what an administrator installs to have it; NULL: not told */
} KysoModule;

KysoModule *kyso_module_new(const char *name);
void kyso_module_free(KysoModule *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoModule, kyso_module_free)

/* TRUE where a pattern of the module is that of @atr (NULL: never). */
gboolean kyso_module_takes_card(const KysoModule *self, GBytes *atr);

/* The pattern in lower case without blanks and colons: pairs of hexadecimal digits, ".." for any
 * byte, "*" at the end for any rest. NULL: it is none. */
char *kyso_module_read_atr(const char *text);

/* "25DD:2371" in lower case; NULL: it is no vendor and product. */
char *kyso_module_read_usb_id(const char *text);
