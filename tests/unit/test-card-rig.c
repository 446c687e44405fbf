/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The rig as unit tests see it; what its cards do is tested in tests/integration/test-rig.py. */

#include "tests/kit/card-rig.h"

#include <string.h>
#include <winscard.h>

static DWORD
reader_state(const char *reader)
{
    SCARD_READERSTATE state = {.szReader = reader};
    SCARDCONTEXT context;

    g_assert_cmpint(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), ==,
                    SCARD_S_SUCCESS);
    LONG status = SCardGetStatusChange(context, 0, &state, 1);
    SCardReleaseContext(context);
    return status == SCARD_S_SUCCESS ? state.dwEventState : SCARD_STATE_UNKNOWN;
}

#define assert_state(rig, reader, flag)                                                            \
    g_assert_cmphex(reader_state(card_rig_reader_name(rig, reader)) & (flag), ==, flag)

/* What a verb has done is seen by the next question, in each reader for itself. */
static void
test_card_rig_cards(void)
{
    g_autoptr(CardRig) rig = card_rig_new(2, FALSE, NULL);

    assert_state(rig, 0, SCARD_STATE_EMPTY);
    card_rig_card_insert(rig, 0, "leader");
    assert_state(rig, 0, SCARD_STATE_PRESENT);
    assert_state(rig, 1, SCARD_STATE_EMPTY);
    g_assert_cmpuint(card_rig_card_tries(rig, 0), ==, 3);
    card_rig_card_remove(rig, 0);
    assert_state(rig, 0, SCARD_STATE_EMPTY);
    card_rig_card_insert(rig, 1, "leader");
    assert_state(rig, 1, SCARD_STATE_PRESENT);
}

static void
test_card_rig_faults(void)
{
    static const BYTE select[] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08};
    g_autoptr(CardRig) rig = card_rig_new(1, FALSE, NULL);
    BYTE answer[256];
    DWORD size = sizeof answer, protocol;
    SCARDCONTEXT context;
    SCARDHANDLE card;

    card_rig_card_insert(rig, 0, "agency");
    card_rig_card_fault(rig, 0, 0xA4, "sw", 0x6F00, 1);
    g_assert_cmpint(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), ==,
                    SCARD_S_SUCCESS);
    g_assert_cmpint(SCardConnect(context, card_rig_reader_name(rig, 0), SCARD_SHARE_SHARED,
                                 SCARD_PROTOCOL_T1, &card, &protocol),
                    ==, SCARD_S_SUCCESS);
    g_assert_cmpint(SCardTransmit(card, SCARD_PCI_T1, select, sizeof select, NULL, answer, &size),
                    ==, SCARD_S_SUCCESS);
    g_assert_cmpmem(answer, size, "\x6F\x00", 2);
    virtual_card_wait_event(card_rig_get_card(rig, 0), "fault a4 sw");

    size = sizeof answer;
    g_assert_cmpint(SCardTransmit(card, SCARD_PCI_T1, select, sizeof select, NULL, answer, &size),
                    ==, SCARD_S_SUCCESS);
    g_assert_cmpmem(answer + size - 2, 2, "\x90\x00", 2);
    SCardReleaseContext(context);
}

static void
test_card_rig_service(void)
{
    g_autoptr(CardRig) rig = card_rig_new(1, FALSE, NULL);
    SCARDCONTEXT context;

    card_rig_card_insert(rig, 0, "leader");
    card_rig_pcscd_kill(rig);
    g_assert_cmpint(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), ==,
                    SCARD_E_NO_SERVICE);
    card_rig_pcscd_start(rig);
    assert_state(rig, 0, SCARD_STATE_PRESENT);
}

static void
test_card_rig_readers(void)
{
    g_autofree char *why = NULL;
    g_autoptr(CardRig) rig = card_rig_new(2, TRUE, &why);

    if (rig == NULL) {
        g_test_skip(why);
        return;
    }
    card_rig_card_insert(rig, 0, "leader");
    card_rig_reader_remove(rig, 0);
    assert_state(rig, 0, SCARD_STATE_UNKNOWN);
    assert_state(rig, 1, SCARD_STATE_EMPTY);
    card_rig_reader_add(rig, 0);
    assert_state(rig, 0, SCARD_STATE_PRESENT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/card-rig/cards", test_card_rig_cards);
    g_test_add_func("/card-rig/faults", test_card_rig_faults);
    g_test_add_func("/card-rig/service", test_card_rig_service);
    g_test_add_func("/card-rig/readers", test_card_rig_readers);
    return g_test_run();
}
