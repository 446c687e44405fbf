/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/piv-objects.h"

#define TAG_DISCOVERY 0x7E
#define TAG_CHUID 0x5FC102
#define TAG_CAPABILITIES 0x5FC107
#define TAG_KEY_HISTORY 0x5FC10C
#define TAG_DATA 0x53
#define GUID_SIZE 16

/* Of a person without an agency number: as SP 800-73-4 tells non-federal issuers to fill it. */
static const guint8 fasc_n[] = {
    0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0x83, 0x68,
    0x58, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB,
};

/* The application, and that a PIN of the application's own is used. */
static const guint8 discovery[] = {
    0x4F, 0x0B, 0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00,
    0x10, 0x00, 0x01, 0x00, 0x5F, 0x2F, 0x02, 0x40, 0x00,
};

static const guint8 capabilities[] = {
    0xF0, 0x15, 0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02, 0x01, 0x02, 0x03, 0x04,
    0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0xF1, 0x01, 0x21,
    0xF2, 0x01, 0x21, 0xF3, 0x00, 0xF4, 0x01, 0x00, 0xF5, 0x01, 0x10, 0xF6, 0x00,
    0xF7, 0x00, 0xFA, 0x00, 0xFB, 0x00, 0xFC, 0x00, 0xFD, 0x00, 0xFE, 0x00,
};

static const guint8 key_history[] = {0xC1, 0x01, 0x00, 0xC2, 0x01, 0x00, 0xFE, 0x00};

static void
put(GHashTable *objects, guint tag, guint outer, const guint8 *value, gsize size)
{
    GByteArray *object = g_byte_array_new();

    tlv_append(object, outer, value, size);
    g_hash_table_insert(objects, GUINT_TO_POINTER(tag), g_byte_array_free_to_bytes(object));
}

static void
put_holder(GHashTable *objects, guint32 serial)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    g_autofree char *name = g_strdup_printf("kyso test card %u", serial);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 guid[32];
    gsize size = sizeof guid;

    g_checksum_update(checksum, (const guchar *) name, -1);
    g_checksum_get_digest(checksum, guid, &size);
    guid[0] |= 0x80;                   /* OpenSC takes a GUID that starts with 0 for none */
    guid[6] = (guid[6] & 0x0F) | 0x40; /* RFC 4122 §4.4 */
    guid[8] = (guid[8] & 0x3F) | 0x80;
    tlv_append(value, 0x30, fasc_n, sizeof fasc_n);
    tlv_append(value, 0x34, guid, GUID_SIZE);
    tlv_append(value, 0x35, "20991231", 8);
    tlv_append(value, 0x3E, "", 0);
    tlv_append(value, 0xFE, "", 0);
    put(objects, TAG_CHUID, TAG_DATA, value->data, value->len);
}

GHashTable *
piv_objects_new(guint32 serial)
{
    GHashTable *objects =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) g_bytes_unref);

    put(objects, TAG_DISCOVERY, TAG_DISCOVERY, discovery, sizeof discovery);
    put(objects, TAG_CAPABILITIES, TAG_DATA, capabilities, sizeof capabilities);
    put(objects, TAG_KEY_HISTORY, TAG_DATA, key_history, sizeof key_history);
    put_holder(objects, serial);
    return objects;
}

static guint
certificate_tag(guint8 slot)
{
    switch (slot) {
    case 0x9A:
        return 0x5FC105;
    case 0x9C:
        return 0x5FC10A;
    case 0x9D:
        return 0x5FC10B;
    case 0x9E:
        return 0x5FC101;
    default:
        return 0;
    }
}

gboolean
piv_objects_set_certificate(GHashTable *objects, guint8 slot, Span der)
{
    g_autoptr(GByteArray) value = g_byte_array_new();
    guint tag = certificate_tag(slot);

    if (tag == 0)
        return FALSE;
    tlv_append(value, 0x70, der.bytes, der.size);
    tlv_append(value, 0x71, "", 1); /* not compressed */
    tlv_append(value, 0xFE, "", 0);
    put(objects, tag, TAG_DATA, value->data, value->len);
    return TRUE;
}
