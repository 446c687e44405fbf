/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/piv-pins.h"

#include <openssl/crypto.h>
#include <string.h>

#define SHORTEST 4
#define FILLER 0xFF

gboolean
piv_pins_set(PivSecret *secret, const char *text, guint most)
{
    gsize size = strlen(text);

    if (size < SHORTEST || size > PIV_PIN_SIZE)
        return FALSE;
    memset(secret->value, FILLER, PIV_PIN_SIZE);
    memcpy(secret->value, text, size);
    secret->most = secret->left = most;
    return TRUE;
}

guint16
piv_pins_tries_status(const PivSecret *secret)
{
    return secret->left > 0 ? SW_TRIES_LEFT | MIN(secret->left, 15) : SW_BLOCKED;
}

static guint16
check(PivSecret *secret, const guint8 *value)
{
    if (secret->left == 0)
        return SW_BLOCKED;
    if (CRYPTO_memcmp(secret->value, value, PIV_PIN_SIZE) != 0) {
        secret->left--;
        return piv_pins_tries_status(secret);
    }
    secret->left = secret->most;
    return SW_OK;
}

/* Digits, then filler to the end. */
static gboolean
is_well_formed(const guint8 *value)
{
    gsize size = 0;

    while (size < PIV_PIN_SIZE && value[size] != FILLER)
        size++;
    for (gsize i = size; i < PIV_PIN_SIZE; i++)
        if (value[i] != FILLER)
            return FALSE;
    return size >= SHORTEST;
}

guint16
piv_pins_verify(PivPins *self, Span data)
{
    return data.size == PIV_PIN_SIZE ? check(&self->pin, data.bytes) : SW_WRONG_DATA;
}

/* Old value, new value. */
guint16
piv_pins_change(PivSecret *secret, Span data)
{
    if (data.size != (gsize) 2 * PIV_PIN_SIZE || !is_well_formed(data.bytes + PIV_PIN_SIZE))
        return SW_WRONG_DATA;
    guint16 status = check(secret, data.bytes);
    if (status == SW_OK)
        memcpy(secret->value, data.bytes + PIV_PIN_SIZE, PIV_PIN_SIZE);
    return status;
}

/* PUK, new PIN. */
guint16
piv_pins_unblock(PivPins *self, Span data)
{
    if (data.size != (gsize) 2 * PIV_PIN_SIZE || !is_well_formed(data.bytes + PIV_PIN_SIZE))
        return SW_WRONG_DATA;
    guint16 status = check(&self->puk, data.bytes);
    if (status == SW_OK) {
        memcpy(self->pin.value, data.bytes + PIV_PIN_SIZE, PIV_PIN_SIZE);
        self->pin.left = self->pin.most;
    }
    return status;
}
