/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is wrong with modules and readers without anybody having to be asked. */

#include "pkcs11/pool/pool-internal.h"

#include "ipc/base/error.h"
#include "ipc/wire/json.h"
#include "pkcs11/pcsc/holders.h"
#include "pkcs11/pool/missing-driver.h"
#include "pkcs11/pool/token-listing.h"
#include "pkcs11/pool/usb.h"

#include <unistd.h>

static void
add_module_faults(GPtrArray *faults, GPtrArray *modules, gboolean *ret_wants_readers)
{
    *ret_wants_readers = FALSE;
    for (guint i = 0; i < modules->len; i++) {
        const KysoModule *module = modules->pdata[i];
        if (module->fault != NULL && !module->is_absent)
            kyso_token_listing_add_fault(faults, module->path, module->fault);
        else if (module->fault == NULL && module->per_reader)
            *ret_wants_readers = TRUE;
    }
}

/* A known token is plugged in, but what drives it is not installed. */
static void
add_missing_drivers(GPtrArray *faults, GPtrArray *modules)
{
    g_autoptr(GPtrArray) devices = kyso_usb_read(NULL);
    g_autoptr(GPtrArray) missing = kyso_missing_driver_find(modules, devices);

    for (guint i = 0; i < missing->len; i++) {
        const KysoModuleFault *fault = missing->pdata[i];
        kyso_token_listing_add_fault(faults, fault->path, fault->error);
    }
}

static gboolean
has_token_in(GPtrArray *tokens, const KysoReader *reader)
{
    for (guint i = 0; i < tokens->len; i++) {
        const KysoToken *token = tokens->pdata[i];
        if (token->insertion == reader->insertion)
            return TRUE;
    }
    return FALSE;
}

/* KYSO_ERROR_READER_BUSY, with the programs that may be meant: details {"reader": name, "programs":
 * [{"pid": n, "name": text}]}. */
static GError *
explain_busy(const KysoReader *reader)
{
    g_autoptr(GPtrArray) holders = kyso_holders_find(getpid());
    g_autoptr(GString) names = g_string_new(NULL);
    json_t *programs = json_array();

    for (guint i = 0; i < holders->len; i++) {
        const KysoHolder *holder = holders->pdata[i];
        g_autofree char *name = g_utf8_make_valid(holder->name, -1);
        g_string_append_printf(names, "%s%s (%d)", i > 0 ? ", " : "", name, holder->pid);
        json_array_append_new(programs,
                              json_pack("{s:i, s:s}", "pid", (int) holder->pid, "name", name));
    }
    g_autoptr(json_t) details =
        json_pack("{s:s, s:o}", "reader", reader->name, "programs", programs);
    g_autofree char *text = kyso_json_format(details, NULL);
    return kyso_error_new_with_details(KYSO_ERROR_READER_BUSY, text, "%s: held by %s", reader->name,
                                       names->len > 0 ? names->str : "a program of another user");
}

static void
add_reader_fault(GPtrArray *faults, GPtrArray *tokens, const KysoReader *reader)
{
    g_autoptr(GError) fault = NULL;

    if (!kyso_reader_has_card(reader) || has_token_in(tokens, reader))
        return;
    if ((reader->flags & KYSO_READER_MUTE) != 0)
        g_set_error(&fault, KYSO_ERROR, KYSO_ERROR_TOKEN_FAILED,
                    "%s: the card does not answer to reset", reader->name);
    else if ((reader->flags & KYSO_READER_EXCLUSIVE) != 0)
        fault = explain_busy(reader);
    if (fault != NULL)
        kyso_token_listing_add_fault(faults, reader->name, fault);
}

GPtrArray *
kyso_pool_get_standing_faults(KysoPool *self, GPtrArray *tokens)
{
    GPtrArray *faults = kyso_token_listing_new_faults();
    KysoPcscMonitor *monitor = kyso_pool_get_monitor(self);
    gboolean wants_readers;

    add_module_faults(faults, kyso_pool_get_modules(self), &wants_readers);
    add_missing_drivers(faults, kyso_pool_get_modules(self));
    if (monitor == NULL || !wants_readers)
        return faults;
    if (!kyso_pcsc_monitor_is_running(monitor)) {
        g_autoptr(GError) absent =
            g_error_new_literal(KYSO_ERROR, KYSO_ERROR_PCSC_UNAVAILABLE, "pcscd does not answer");
        kyso_token_listing_add_fault(faults, "pcscd", absent);
    }
    g_autoptr(GPtrArray) readers = kyso_pcsc_monitor_get_readers(monitor);
    for (guint i = 0; i < readers->len; i++)
        add_reader_fault(faults, tokens, readers->pdata[i]);
    return faults;
}
