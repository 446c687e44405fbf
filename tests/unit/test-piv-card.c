/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The virtual card as such: SP 800-73-4 where OpenSC does not look, and any bytes at all. */

#include "tests/kit/rig/card-control.h"
#include "tests/kit/rig/card-log.h"
#include "tests/kit/rig/piv-keys.h"

#include <openssl/evp.h>
#include <string.h>

#define ROUNDS 40000
#define LONGEST 300

static PivCard *
make_card(void)
{
    PivCard *card = piv_card_new(7, FALSE);
    static const guint8 slots[] = {0x9A, PIV_SLOT_SIGNATURE, PIV_SLOT_CARD};

    for (gsize i = 0; i < G_N_ELEMENTS(slots); i++)
        g_hash_table_insert(card->keys, GUINT_TO_POINTER(slots[i]),
                            EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
    return card;
}

/* The status word; @hex with blanks between the bytes. */
static guint16
ask(PivCard *card, const char *hex, GByteArray *response)
{
    g_auto(GStrv) words = g_strsplit(hex, " ", -1);
    g_autoptr(GByteArray) command = g_byte_array_new();
    g_autoptr(GByteArray) ignored = g_byte_array_new();

    for (gsize i = 0; words[i] != NULL; i++) {
        guint8 byte = (guint8) g_ascii_strtoull(words[i], NULL, 16);
        g_byte_array_append(command, &byte, 1);
    }
    return piv_card_transmit(card, (Span){command->data, command->len},
                             response != NULL ? response : ignored);
}

#define RIGHT "31 32 33 34 35 36 FF FF"
#define WRONG "30 30 30 30 30 30 FF FF"
#define PUK "31 32 33 34 35 36 37 38"
#define VERIFY "00 20 00 80 08 "
#define SIGN "00 87 11 "
#define DIGEST                                                                                     \
    "26 7C 24 82 00 81 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "   \
    "00 "                                                                                          \
    "00 00 00 00 00 00 00 01"

static void
test_piv_card_pin(void)
{
    g_autoptr(PivCard) card = make_card();

    g_assert_cmphex(ask(card, "00 20 00 80", NULL), ==, 0x63C3);
    g_assert_cmphex(ask(card, VERIFY WRONG, NULL), ==, 0x63C2);
    g_assert_cmphex(ask(card, VERIFY RIGHT, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, "00 20 00 80", NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, VERIFY WRONG, NULL), ==, 0x63C2);
    g_assert_cmphex(ask(card, "00 20 00 80", NULL), ==, 0x63C2);
    g_assert_cmphex(ask(card, VERIFY WRONG, NULL), ==, 0x63C1);
    piv_card_reset(card); /* gives no tries back */
    g_assert_cmphex(ask(card, VERIFY WRONG, NULL), ==, SW_BLOCKED);
    g_assert_cmphex(ask(card, VERIFY RIGHT, NULL), ==, SW_BLOCKED);
    g_assert_cmphex(ask(card, "00 24 00 80 10 " RIGHT " " PUK, NULL), ==, SW_BLOCKED);

    g_assert_cmphex(ask(card, "00 2C 00 80 10 " WRONG " " RIGHT, NULL), ==, 0x63C2);
    g_assert_cmphex(ask(card, "00 2C 00 80 10 " PUK " " WRONG, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, VERIFY WRONG, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, "00 24 00 80 10 " WRONG " " RIGHT, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, VERIFY RIGHT, NULL), ==, SW_OK);
}

/* What is no PIN costs no try. */
static void
test_piv_card_malformed_pin(void)
{
    g_autoptr(PivCard) card = make_card();

    g_assert_cmphex(ask(card, "00 20 00 80 07 31 32 33 34 35 36 FF", NULL), ==, SW_WRONG_DATA);
    g_assert_cmphex(ask(card, "00 20 00 80 09 " RIGHT, NULL), ==, SW_WRONG_LENGTH);
    g_assert_cmphex(ask(card, "00 24 00 80 10 " RIGHT " 31 FF FF FF FF FF FF FF", NULL), ==,
                    SW_WRONG_DATA);
    g_assert_cmphex(ask(card, "00 20 00 81 08 " RIGHT, NULL), ==, SW_NO_REFERENCE);
    g_assert_cmpuint(card->pins.pin.left, ==, 3);
}

static void
test_piv_card_keys(void)
{
    g_autoptr(PivCard) card = make_card();

    g_assert_cmphex(ask(card, SIGN "9E " DIGEST, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, SIGN "9A " DIGEST, NULL), ==, SW_SECURITY_STATUS);
    g_assert_cmphex(ask(card, SIGN "9D " DIGEST, NULL), ==, SW_NO_REFERENCE);
    ask(card, VERIFY RIGHT, NULL);
    g_assert_cmphex(ask(card, SIGN "9C " DIGEST, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, SIGN "9C " DIGEST, NULL), ==, SW_SECURITY_STATUS);
    g_assert_cmphex(ask(card, SIGN "9A " DIGEST, NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, SIGN "9A " DIGEST, NULL), ==, SW_OK);
    ask(card, VERIFY RIGHT, NULL);
    ask(card, SIGN "9A " DIGEST, NULL);
    g_assert_cmphex(ask(card, SIGN "9C " DIGEST, NULL), ==, SW_SECURITY_STATUS);
    piv_card_reset(card);
    g_assert_cmphex(ask(card, SIGN "9A " DIGEST, NULL), ==, SW_SECURITY_STATUS);
}

/* A command in parts, an answer in parts, and both in one with extended lengths. */
static void
test_piv_card_lengths(void)
{
    g_autoptr(PivCard) card = make_card();
    g_autoptr(GByteArray) whole = g_byte_array_new();
    g_autoptr(GByteArray) parts = g_byte_array_new();

    g_assert_cmphex(ask(card, "10 20 00 80 04 31 32 33 34", NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, "00 20 00 80 04 35 36 FF FF", NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, "10 20 00 80 04 30 30 30 30", NULL), ==, SW_OK);
    g_assert_cmphex(ask(card, VERIFY RIGHT, NULL), ==, SW_WRONG_DATA);

    g_assert_cmphex(ask(card, "00 CB 3F FF 00 00 05 5C 03 5F C1 02 00 00", whole), ==, SW_OK);
    g_assert_cmpuint(whole->len, ==, 61 + 2);
    g_assert_cmphex(ask(card, "00 CB 3F FF 05 5C 03 5F C1 02 20", parts), ==, SW_MORE | 29);
    g_byte_array_set_size(parts, 32);
    g_assert_cmphex(ask(card, "00 C0 00 00 00", parts), ==, SW_OK);
    g_assert_cmpmem(parts->data, parts->len, whole->data, whole->len);
    g_assert_cmphex(ask(card, "00 C0 00 00 00", NULL), ==, SW_CONDITIONS);
}

/* Mostly commands that the card knows, a little or very much out of shape. */
static gsize
invent(GRand *rand, guint8 *bytes)
{
    static const guint8 known[] = {0x20, 0x24, 0x2C, 0x87, 0xA4, 0xC0, 0xCB, 0xF8, 0xFD};
    static const guint8 tags[] = {0x7C, 0x81, 0x82, 0x5C, 0x5F, 0xC1, 0x02, 0x05, 0xFF, 0x80};
    gsize size = (gsize) g_rand_int_range(rand, 0, g_rand_boolean(rand) ? 16 : LONGEST);

    for (gsize i = 0; i < size; i++)
        bytes[i] = g_rand_boolean(rand) ? tags[g_rand_int_range(rand, 0, sizeof tags)]
                                        : (guint8) g_rand_int(rand);
    if (size < 5 || g_rand_int_range(rand, 0, 8) == 0)
        return size;
    bytes[0] = g_rand_int_range(rand, 0, 4) == 0 ? CLA_CHAINING : 0;
    bytes[1] = known[g_rand_int_range(rand, 0, sizeof known)];
    bytes[3] = g_rand_boolean(rand) ? 0x80 : 0x9E;
    bytes[4] = (guint8) MIN(size - 5, 0xFF);
    if (size > 7 && g_rand_boolean(rand)) {
        bytes[4] = 0;
        bytes[5] = (guint8) ((size - 7) >> 8);
        bytes[6] = (guint8) (size - 7);
    }
    return size;
}

static void
test_piv_card_any_bytes(void)
{
    g_autoptr(PivCard) card = make_card();
    GRand *rand = g_rand_new_with_seed(20261125);
    FILE *log = fopen("/dev/null", "we");
    guint answered = 0;

    for (guint i = 0; i < ROUNDS; i++) {
        guint8 *command = g_malloc(LONGEST); /* so that a sanitizer sees its end */
        gsize size = invent(rand, command);
        command = g_realloc(command, size);
        g_autoptr(GByteArray) response = g_byte_array_new();

        guint16 status = piv_card_transmit(card, (Span){command, size}, response);
        card_log_write(log, (Span){command, size}, status);
        g_assert_cmpuint(response->len, >=, 2);
        g_assert_cmphex(response->data[response->len - 2] << 8 | response->data[response->len - 1],
                        ==, status);
        g_assert_cmpuint(card->pins.pin.left, <=, card->pins.pin.most);
        answered += status == SW_OK;
        if (i % 100 == 0)
            card->pins.pin.left = card->pins.puk.left = 3;
        g_free(command);
    }
    g_test_message("%u of %u were taken", answered, ROUNDS);
    g_assert_cmpuint(answered, >, ROUNDS / 100); /* else it was noise and no test */
    fclose(log);
    g_rand_free(rand);
}

static void
no_event(const char *text, gpointer user_data)
{
}

static void
test_piv_card_control(void)
{
    static const struct {
        const char *line, *answer;
    } lines[] = {
        {"tries", "ok 3 3"},
        {"pin 735914 5", "ok"},
        {"tries", "ok 5 3"},
        {"set-tries 1 2", "ok"},
        {"tries", "ok 1 2"},
        {"set-tries 9 2", "error PIN PUK"},
        {"pin 1", "error 4 to 8 digits"},
        {"fault 87 hang", "ok"},
        {"fault * sw 6f00 2", "ok"},
        {"fault 87 vanish", "error no such fault"},
        {"fault 187 hang", "error no such fault"},
        {"fault 87 hang 1 2 3", "error no such fault"},
        {"clear", "ok"},
        {"watch zz", "error INS"},
        {"status", "ok out locked"},
        {"insert /nowhere", "error no such reader, or in one"},
        {"remove", "ok"},
        {"", "error no such command"},
    };
    g_autoptr(PivCard) card = make_card();
    g_autoptr(CardSlot) slot = card_slot_new(card, NULL, no_event, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *answer = card_control_run(card, slot, lines[i].line);
        g_assert_cmpstr(answer, ==, lines[i].answer);
    }
}

/* Neither a PIN nor a PUK is ever in the log. */
static void
test_piv_card_log(void)
{
    static const guint8 verify[] = {0, 0x20, 0, 0x80, 8, '7', '3', '5', '9', '1', '4', 0xFF, 0xFF};
    g_autofree char *text = NULL;
    size_t size = 0;
    FILE *log = open_memstream(&text, &size);

    card_log_write(log, (Span){verify, sizeof verify}, 0x63C2);
    card_log_write(log, (Span){verify, sizeof verify - 1}, SW_WRONG_LENGTH);
    card_log_write(log, (Span){verify, 1}, 0);
    fclose(log);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_true(g_str_has_suffix(lines[0], " 20 00 80 8 **** 63c2"));
    g_assert_true(g_str_has_suffix(lines[1], " 20 00 00 0 - 6700"));
    g_assert_true(g_str_has_suffix(lines[2], " 00 00 00 0 - -"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/piv-card/pin", test_piv_card_pin);
    g_test_add_func("/piv-card/malformed-pin", test_piv_card_malformed_pin);
    g_test_add_func("/piv-card/keys", test_piv_card_keys);
    g_test_add_func("/piv-card/lengths", test_piv_card_lengths);
    g_test_add_func("/piv-card/any-bytes", test_piv_card_any_bytes);
    g_test_add_func("/piv-card/control", test_piv_card_control);
    g_test_add_func("/piv-card/log", test_piv_card_log);
    return g_test_run();
}
