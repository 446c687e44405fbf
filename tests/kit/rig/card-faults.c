/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/rig/card-faults.h"

#include <string.h>

static const char *const kinds[] = {
    [CARD_FAULT_HANG] = "hang", [CARD_FAULT_DELAY] = "delay",       [CARD_FAULT_SW] = "sw",
    [CARD_FAULT_DROP] = "drop", [CARD_FAULT_TRUNCATE] = "truncate", [CARD_FAULT_MUTE] = "mute",
};

GArray *
card_faults_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(CardFault));
}

const char *
card_faults_name(CardFaultKind kind)
{
    return kinds[kind];
}

static gboolean
find_kind(const char *name, CardFaultKind *ret_kind)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(name, kinds[i]) == 0) {
            *ret_kind = (CardFaultKind) i;
            return TRUE;
        }
    return FALSE;
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

gboolean
card_faults_add(GArray *faults, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint count = g_strv_length(words);
    CardFault fault = {.ins = -1};
    guint ins;

    if (count < 2 || count > 4 || !find_kind(words[1], &fault.kind))
        return FALSE;
    if (strcmp(words[0], "*") != 0) {
        if (!read_number(words[0], 16, 0xFF, &ins))
            return FALSE;
        fault.ins = (int) ins;
    }
    guint base = fault.kind == CARD_FAULT_SW ? 16 : 10;
    if (count > 2 && !read_number(words[2], base, G_MAXINT, &fault.value))
        return FALSE;
    if (count > 3 && !read_number(words[3], 10, G_MAXINT, &fault.times))
        return FALSE;
    g_array_append_val(faults, fault);
    return TRUE;
}

gboolean
card_faults_take(GArray *faults, guint8 ins, CardFault *ret_fault)
{
    for (guint i = 0; i < faults->len; i++) {
        CardFault *fault = &g_array_index(faults, CardFault, i);

        if (fault->kind == CARD_FAULT_MUTE || (fault->ins != -1 && fault->ins != ins))
            continue;
        *ret_fault = *fault;
        if (fault->times == 1)
            g_array_remove_index(faults, i);
        else if (fault->times > 1)
            fault->times--;
        return TRUE;
    }
    return FALSE;
}

gboolean
card_faults_is_mute(const GArray *faults)
{
    for (guint i = 0; i < faults->len; i++)
        if (g_array_index(faults, CardFault, i).kind == CARD_FAULT_MUTE)
            return TRUE;
    return FALSE;
}
