/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/piv-card.h"

#include "tests/kit/rig/piv-keys.h"
#include "tests/kit/rig/piv-objects.h"

#include <openssl/crypto.h>
#include <string.h>

#define REFERENCE_PIN 0x80
#define REFERENCE_PUK 0x81
#define CHAIN_SIZE 65536
#define DEFAULT_TRIES 3
#define SHORTEST_AID 5

static const guint8 piv_aid[] = {0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00};

PivCard *
piv_card_new(guint32 serial, gboolean is_yubico)
{
    PivCard *self = g_new0(PivCard, 1);

    self->serial = serial;
    self->is_yubico = is_yubico;
    self->objects = piv_objects_new(serial);
    self->keys = piv_keys_new();
    self->chain = g_byte_array_new();
    self->response = g_byte_array_new();
    piv_pins_set(&self->pins.pin, "123456", DEFAULT_TRIES);
    piv_pins_set(&self->pins.puk, "12345678", DEFAULT_TRIES);
    piv_card_reset(self);
    return self;
}

static void
forget_chain(PivCard *self)
{
    if (self->chain->len > 0) /* it may have been a PIN */
        OPENSSL_cleanse(self->chain->data, self->chain->len);
    g_byte_array_set_size(self->chain, 0);
    self->chain_ins = -1;
}

void
piv_card_free(PivCard *self)
{
    forget_chain(self);
    g_hash_table_unref(self->objects);
    g_hash_table_unref(self->keys);
    g_byte_array_unref(self->chain);
    g_byte_array_unref(self->response);
    g_free(self);
}

void
piv_card_reset(PivCard *self)
{
    self->is_verified = self->may_sign = FALSE;
    forget_chain(self);
    g_byte_array_set_size(self->response, 0);
}

void
piv_card_append_atr(const PivCard *self, GByteArray *out)
{
    /* That of a YubiKey 5. */
    static const guint8 yubico[] = {
        0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80, 0x73, 0xC0,
        0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69, 0x4B, 0x65, 0x79, 0x40,
    };
    /* T=1, and as historical bytes the application: OpenSC takes it for a PIV II card. */
    static const guint8 plain[] = {0x3B, 0x8D, 0x01, 0x80, 0xFB};
    guint8 check = 0;

    if (self->is_yubico) {
        g_byte_array_append(out, yubico, sizeof yubico);
        return;
    }
    guint start = out->len;
    g_byte_array_append(out, plain, sizeof plain);
    g_byte_array_append(out, piv_aid, sizeof piv_aid);
    for (guint i = start + 1; i < out->len; i++)
        check ^= out->data[i];
    g_byte_array_append(out, &check, 1);
}

static guint16
select_application(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    static const guint8 properties[] = {
        0x4F, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, /* version of the application */
        0x79, 0x07, 0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08,
    };

    if (apdu->p1 != 0x04)
        return SW_WRONG_P1P2;
    if (apdu->data.size < SHORTEST_AID || apdu->data.size > sizeof piv_aid ||
        memcmp(apdu->data.bytes, piv_aid, apdu->data.size) != 0)
        return SW_NOT_FOUND;
    tlv_append(out, 0x61, properties, sizeof properties);
    return SW_OK;
}

static guint16
get_data(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    Span name;
    guint tag = 0;

    if (apdu->p1 != 0x3F || apdu->p2 != 0xFF)
        return SW_WRONG_P1P2;
    if (!tlv_find(apdu->data, 0x5C, &name) || name.size > 3)
        return SW_WRONG_DATA;
    for (gsize i = 0; i < name.size; i++)
        tag = tag << 8 | name.bytes[i];
    GBytes *object = g_hash_table_lookup(self->objects, GUINT_TO_POINTER(tag));
    if (object == NULL)
        return SW_NOT_FOUND;
    g_byte_array_append(out, g_bytes_get_data(object, NULL), (guint) g_bytes_get_size(object));
    return SW_OK;
}

/* Without data it asks for the state, with P1 = FF it logs out. */
static guint16
verify(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    if (apdu->p2 != REFERENCE_PIN)
        return SW_NO_REFERENCE;
    if (apdu->p1 == 0xFF) {
        self->is_verified = self->may_sign = FALSE;
        return SW_OK;
    }
    if (apdu->data.size == 0)
        return self->is_verified ? SW_OK : piv_pins_tries_status(&self->pins.pin);
    guint16 status = piv_pins_verify(&self->pins, apdu->data);
    self->is_verified = self->may_sign = status == SW_OK;
    return status;
}

static guint16
change_reference(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    if (apdu->p2 == REFERENCE_PUK)
        return piv_pins_change(&self->pins.puk, apdu->data);
    if (apdu->p2 != REFERENCE_PIN)
        return SW_NO_REFERENCE;
    guint16 status = piv_pins_change(&self->pins.pin, apdu->data);
    self->is_verified = self->may_sign = FALSE;
    return status;
}

static guint16
reset_retry(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    return apdu->p2 == REFERENCE_PIN ? piv_pins_unblock(&self->pins, apdu->data) : SW_NO_REFERENCE;
}

static guint16
general_authenticate(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    guint8 slot = apdu->p2;
    gboolean is_allowed = slot == PIV_SLOT_CARD || self->is_verified;

    if (slot == PIV_SLOT_SIGNATURE)
        is_allowed = self->may_sign;
    self->may_sign = FALSE;
    if (!is_allowed && g_hash_table_contains(self->keys, GUINT_TO_POINTER(slot)))
        return SW_SECURITY_STATUS;
    return piv_keys_authenticate(self->keys, apdu->p1, slot, apdu->data, out);
}

static guint16
yubico_version(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    static const guint8 version[] = {5, 4, 3};

    if (!self->is_yubico)
        return SW_NO_SUCH_INS;
    g_byte_array_append(out, version, sizeof version);
    return SW_OK;
}

static guint16
yubico_serial(PivCard *self, const Apdu *apdu, GByteArray *out)
{
    guint32 serial = GUINT32_TO_BE(self->serial);

    if (!self->is_yubico)
        return SW_NO_SUCH_INS;
    g_byte_array_append(out, (const guint8 *) &serial, sizeof serial);
    return SW_OK;
}

static const struct {
    guint8 ins;
    guint16 (*run)(PivCard *self, const Apdu *apdu, GByteArray *out);
} commands[] = {
    {INS_VERIFY, verify},
    {INS_CHANGE_REFERENCE, change_reference},
    {INS_RESET_RETRY, reset_retry},
    {INS_GENERAL_AUTHENTICATE, general_authenticate},
    {INS_SELECT, select_application},
    {INS_GET_DATA, get_data},
    {INS_YUBICO_SERIAL, yubico_serial},
    {INS_YUBICO_VERSION, yubico_version},
};

static guint16
run_command(PivCard *self, const Apdu *apdu)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (commands[i].ins == apdu->ins)
            return commands[i].run(self, apdu, self->response);
    return SW_NO_SUCH_INS;
}

/* Part of a chain, or the whole: @apdu then has the data of all parts. FALSE: more parts come, or
 * *@ret_status says why none is taken. */
static gboolean
collect_chain(PivCard *self, Apdu *apdu, guint16 *ret_status)
{
    gboolean is_part = (apdu->cla & CLA_CHAINING) != 0;

    if (self->chain_ins != apdu->ins)
        forget_chain(self);
    if (!is_part && self->chain_ins < 0)
        return TRUE;
    *ret_status = SW_OK;
    if (self->chain->len + apdu->data.size > CHAIN_SIZE) {
        forget_chain(self);
        *ret_status = SW_WRONG_LENGTH;
        return FALSE;
    }
    self->chain_ins = apdu->ins;
    g_byte_array_append(self->chain, apdu->data.bytes, (guint) apdu->data.size);
    apdu->data = (Span){self->chain->data, self->chain->len};
    return !is_part;
}

/* As much of the response as there is room for. */
static guint16
give_response(PivCard *self, gsize room, GByteArray *response)
{
    guint size = (guint) MIN(self->response->len, room);

    g_byte_array_append(response, self->response->data, size);
    if (size > 0)
        g_byte_array_remove_range(self->response, 0, size);
    if (self->response->len == 0)
        return SW_OK;
    return SW_MORE | (self->response->len > 0xFF ? 0 : self->response->len);
}

static guint16
transmit(PivCard *self, Span command, GByteArray *response)
{
    guint16 status;
    Apdu apdu;

    if (!apdu_parse(command, &apdu))
        return SW_WRONG_LENGTH;
    if (apdu.ins == INS_GET_RESPONSE)
        return self->response->len > 0 ? give_response(self, apdu.room, response) : SW_CONDITIONS;
    g_byte_array_set_size(self->response, 0);
    if (!collect_chain(self, &apdu, &status))
        return status;
    status = run_command(self, &apdu);
    forget_chain(self);
    return status == SW_OK ? give_response(self, apdu.room, response) : status;
}

guint16
piv_card_transmit(PivCard *self, Span command, GByteArray *response)
{
    guint16 status = transmit(self, command, response);

    apdu_append_status(response, status);
    return status;
}
