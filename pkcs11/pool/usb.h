/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The USB devices that are plugged in, from the kernel's sysfs. No device is opened.
 *
 * What a device says of itself is a stranger's word: printable text only, and short. Main thread.
 */

#include <glib.h>

typedef struct {
    char *id;   /* "25dd:2371" */
    char *name; /* the device's own, "TokenME EVO v2"; "" where it has none */
} KysoUsbDevice;
void kyso_usb_device_free(KysoUsbDevice *self);

/* A new array of KysoUsbDevice, sorted by id. @root: NULL is /sys/bus/usb/devices; where that is
 * not there, nothing is plugged in. */
GPtrArray *kyso_usb_read(const char *root);
