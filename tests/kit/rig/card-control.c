/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/card-control.h"

#include <string.h>

typedef struct {
    PivCard *card;
    CardSlot *slot;
    const char *rest; /* of the line, behind the command's name */
    char **words;     /* of the rest */
    guint count;
} Command;

/* NULL: done, nothing to tell. */
typedef char *(*Run)(const Command *command);

static char *
fail(const char *why)
{
    return g_strdup_printf("error %s", why);
}

static gboolean
read_number(const char *text, guint base, guint most, guint *ret_number)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, base, 0, most, &number, NULL))
        return FALSE;
    *ret_number = (guint) number;
    return TRUE;
}

static char *
insert(const Command *command)
{
    return card_slot_insert(command->slot, command->rest) ? NULL
                                                          : fail("no such reader, or in one");
}

static char *
take_out(const Command *command)
{
    card_slot_remove(command->slot);
    return NULL;
}

static char *
add_fault(const Command *command)
{
    GArray *faults = card_slot_get_faults(command->slot);

    return card_faults_add(faults, command->rest) ? NULL : fail("no such fault");
}

static char *
clear_faults(const Command *command)
{
    g_array_set_size(card_slot_get_faults(command->slot), 0);
    return NULL;
}

static char *
set_secret(const Command *command, PivSecret *secret)
{
    guint tries = secret->most;

    if (command->count < 1 ||
        (command->count > 1 && !read_number(command->words[1], 10, 15, &tries)))
        return fail("TEXT [TRIES]");
    return piv_pins_set(secret, command->words[0], tries) ? NULL : fail("4 to 8 digits");
}

static char *
set_pin(const Command *command)
{
    return set_secret(command, &command->card->pins.pin);
}

static char *
set_puk(const Command *command)
{
    return set_secret(command, &command->card->pins.puk);
}

static char *
tell_tries(const Command *command)
{
    const PivPins *pins = &command->card->pins;

    return g_strdup_printf("ok %u %u", pins->pin.left, pins->puk.left);
}

static char *
set_tries(const Command *command)
{
    PivPins *pins = &command->card->pins;
    guint pin, puk;

    if (command->count != 2 || !read_number(command->words[0], 10, pins->pin.most, &pin) ||
        !read_number(command->words[1], 10, pins->puk.most, &puk))
        return fail("PIN PUK");
    pins->pin.left = pin;
    pins->puk.left = puk;
    return NULL;
}

static char *
watch(const Command *command)
{
    guint ins;

    if (command->count != 1 || !read_number(command->words[0], 16, 0xFF, &ins))
        return fail("INS");
    card_slot_watch(command->slot, (guint8) ins);
    return NULL;
}

static char *
tell_status(const Command *command)
{
    return g_strdup_printf("ok %s %s", card_slot_is_inserted(command->slot) ? "inserted" : "out",
                           command->card->is_verified ? "verified" : "locked");
}

static const struct {
    const char *name;
    Run run;
} commands[] = {
    {"insert", insert}, {"remove", take_out},    {"fault", add_fault},  {"clear", clear_faults},
    {"pin", set_pin},   {"puk", set_puk},        {"tries", tell_tries}, {"set-tries", set_tries},
    {"watch", watch},   {"status", tell_status},
};

char *
card_control_run(PivCard *card, CardSlot *slot, const char *line)
{
    gsize length = strcspn(line, " ");
    g_autofree char *name = g_strndup(line, length);
    const char *rest = line[length] == ' ' ? line + length + 1 : "";
    g_auto(GStrv) words = g_strsplit(rest, " ", -1);
    Command command = {card, slot, rest, words, g_strv_length(words)};

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0) {
            char *answer = commands[i].run(&command);
            return answer != NULL ? answer : g_strdup("ok");
        }
    return fail("no such command");
}
