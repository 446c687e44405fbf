/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/missing-driver.h"

#include "ipc/base/error.h"
#include "pkcs11/pool/token-listing.h"
#include "pkcs11/pool/usb.h"

/* The modules for @id as far as they are absent; NULL: one is installed, or none is known. */
static GPtrArray *
find_absent(GPtrArray *modules, const char *id)
{
    g_autoptr(GPtrArray) absent = g_ptr_array_new();

    for (guint i = 0; i < modules->len; i++) {
        KysoModule *module = modules->pdata[i];
        if (!g_ptr_array_find_with_equal_func(module->usb_ids, id, g_str_equal, NULL))
            continue;
        if (!module->is_absent)
            return NULL;
        g_ptr_array_add(absent, module);
    }
    return absent->len > 0 ? g_steal_pointer(&absent) : NULL;
}

static void
add_fault(GPtrArray *faults, const KysoUsbDevice *device, GPtrArray *absent)
{
    const KysoModule *first = absent->pdata[0];
    g_autoptr(GString) drivers = g_string_new(NULL);

    for (guint i = 0; i < absent->len; i++) {
        const KysoModule *module = absent->pdata[i];
        g_autofree char *library = g_path_get_basename(module->path);
        g_string_append(drivers, i > 0 ? " or " : "");
        if (module->driver != NULL)
            g_string_append_printf(drivers, "%s (%s)", module->driver, library);
        else
            g_string_append(drivers, library);
    }

    g_autoptr(GError) error =
        g_error_new(KYSO_ERROR, KYSO_ERROR_MODULE_FAILED,
                    "the token %s%s(USB %s) is plugged in, but its driver is not installed: %s",
                    device->name, device->name[0] != '\0' ? " " : "", device->id, drivers->str);
    kyso_token_listing_add_fault(faults, first->path, error);
}

GPtrArray *
kyso_missing_driver_find(GPtrArray *modules, GPtrArray *devices)
{
    GPtrArray *faults = kyso_token_listing_new_faults();
    const KysoUsbDevice *last = NULL;

    for (guint i = 0; i < devices->len; i++) {
        const KysoUsbDevice *device = devices->pdata[i];
        if (last != NULL && g_str_equal(last->id, device->id))
            continue; /* sorted: two of a kind are told once */
        last = device;
        g_autoptr(GPtrArray) absent = find_absent(modules, device->id);
        if (absent != NULL)
            add_fault(faults, device, absent);
    }
    return faults;
}
