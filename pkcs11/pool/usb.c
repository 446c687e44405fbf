/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/usb.h"

#include "pkcs11/pool/module.h"

#define SYSFS "/sys/bus/usb/devices"
#define MAX_NAME 64 /* characters */

void
kyso_usb_device_free(KysoUsbDevice *self)
{
    g_free(self->id);
    g_free(self->name);
    g_free(self);
}

/* The text of attribute @name, or "". */
static char *
read_attribute(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *bytes = NULL;

    if (!g_file_get_contents(path, &bytes, NULL, NULL))
        return g_strdup("");

    g_autofree char *text = g_utf8_make_valid(bytes, -1);
    g_autoptr(GString) clean = g_string_new(NULL);
    glong characters = 0;
    for (const char *at = text; *at != '\0' && characters < MAX_NAME; at = g_utf8_next_char(at)) {
        if (!g_unichar_isprint(g_utf8_get_char(at)))
            continue;
        g_string_append_unichar(clean, g_utf8_get_char(at));
        characters++;
    }
    return g_strstrip(g_string_free(g_steal_pointer(&clean), FALSE));
}

static gint
compare_ids(gconstpointer a, gconstpointer b)
{
    const KysoUsbDevice *const *first = a;
    const KysoUsbDevice *const *second = b;

    return g_strcmp0((*first)->id, (*second)->id);
}

GPtrArray *
kyso_usb_read(const char *root)
{
    GPtrArray *devices = g_ptr_array_new_with_free_func((GDestroyNotify) kyso_usb_device_free);
    const char *base = root != NULL ? root : SYSFS;
    g_autoptr(GDir) dir = g_dir_open(base, 0, NULL);

    /* Interfaces have folders there, too, but no vendor. */
    for (const char *entry = dir != NULL ? g_dir_read_name(dir) : NULL; entry != NULL;
         entry = g_dir_read_name(dir)) {
        g_autofree char *folder = g_build_filename(base, entry, NULL);
        g_autofree char *vendor = read_attribute(folder, "idVendor");
        g_autofree char *product = read_attribute(folder, "idProduct");
        g_autofree char *both = g_strdup_printf("%s:%s", vendor, product);
        char *id = kyso_module_read_usb_id(both);
        if (id == NULL)
            continue;
        KysoUsbDevice *device = g_new0(KysoUsbDevice, 1);
        device->id = id;
        device->name = read_attribute(folder, "product");
        g_ptr_array_add(devices, device);
    }
    g_ptr_array_sort(devices, compare_ids);
    return devices;
}
