/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The library that shows one reader, over a libpcsclite that has two: what real modules do not ask,
 * others may. */
#include "pkcs11/token/reader-view.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#define OURS "Reader A 00 00"
#define OTHER "Reader B 00 00"
#define PNP "\\\\?PnP?\\Notification"
#define CONTEXT 1
#define SECOND 1000 /* ms */

static typeof(&SCardListReaders) list_readers;
static typeof(&SCardConnect) connect_card;
static typeof(&SCardGetStatusChange) get_status_change;
static KysoReaderViewStart start;
static KysoReaderViewWasUsed was_used;

static void
load_view(void)
{
    void *view = dlopen(KYSO_PCSC_VIEW, RTLD_NOW | RTLD_LOCAL);

    if (view == NULL)
        g_error("%s", dlerror());
    list_readers = (typeof(list_readers)) dlsym(view, "SCardListReaders");
    connect_card = (typeof(connect_card)) dlsym(view, "SCardConnect");
    get_status_change = (typeof(get_status_change)) dlsym(view, "SCardGetStatusChange");
    start = (KysoReaderViewStart) dlsym(view, KYSO_READER_VIEW_START);
    was_used = (KysoReaderViewWasUsed) dlsym(view, KYSO_READER_VIEW_WAS_USED);
}

/* First: the view has one start in its life. */
static void
test_nothing_is_shown_before_the_start(void)
{
    DWORD size = SCARD_AUTOALLOCATE;
    char *names = NULL;
    g_autofree char *reason = start(OURS, "/nonexistent/libpcsclite.so.1");

    g_assert_nonnull(reason);
    g_assert_cmpint(list_readers(CONTEXT, NULL, (LPSTR) &names, &size), ==, SCARD_E_NO_SERVICE);
    g_assert_false(was_used());
    g_assert_null(start(OURS, FAKE_PCSCLITE));
}

static void
test_list_has_one_reader(void)
{
    char names[64];
    DWORD size = 0;

    g_assert_cmpint(list_readers(CONTEXT, NULL, NULL, &size), ==, SCARD_S_SUCCESS);
    g_assert_cmpuint(size, ==, sizeof OURS + 1);

    size = sizeof OURS; /* the last NUL has no room */
    g_assert_cmpint(list_readers(CONTEXT, NULL, names, &size), ==, SCARD_E_INSUFFICIENT_BUFFER);
    g_assert_cmpuint(size, ==, sizeof OURS + 1);

    memset(names, 'x', sizeof names);
    g_assert_cmpint(list_readers(CONTEXT, NULL, names, &size), ==, SCARD_S_SUCCESS);
    g_assert_cmpint(memcmp(names, OURS "\0\0x", sizeof OURS + 2), ==, 0);
}

static void
test_list_allocates(void)
{
    char *names = NULL;
    DWORD size = SCARD_AUTOALLOCATE;

    g_assert_cmpint(list_readers(CONTEXT, NULL, (LPSTR) &names, &size), ==, SCARD_S_SUCCESS);
    g_assert_cmpuint(size, ==, sizeof OURS + 1);
    g_assert_cmpint(memcmp(names, OURS "\0", sizeof OURS + 1), ==, 0);
    free(names);

    size = SCARD_AUTOALLOCATE;
    g_assert_cmpint(list_readers(CONTEXT, NULL, NULL, &size), ==, SCARD_E_INVALID_PARAMETER);
    g_assert_cmpint(list_readers(CONTEXT, NULL, NULL, NULL), ==, SCARD_E_INVALID_PARAMETER);
    g_assert_cmpint(list_readers(0, NULL, NULL, &size), ==, SCARD_E_INVALID_HANDLE);
}

static void
test_other_readers_have_no_card(void)
{
    SCARDHANDLE card = 0;
    DWORD protocol = 0;

    g_assert_cmpint(connect_card(CONTEXT, OURS, 0, 0, &card, &protocol), ==, SCARD_S_SUCCESS);
    g_assert_cmpint(card, ==, 'A');
    g_assert_cmpint(connect_card(CONTEXT, OTHER, 0, 0, &card, &protocol), ==,
                    SCARD_E_UNKNOWN_READER);
    g_assert_cmpint(card, ==, 0);
}

static void
test_changes_of_other_readers_are_not_told(void)
{
    SCARD_READERSTATE states[] = {
        {.szReader = OTHER, .dwCurrentState = SCARD_STATE_UNKNOWN},
        {.szReader = OURS, .dwCurrentState = SCARD_STATE_PRESENT},
        {.szReader = PNP},
    };

    /* What the caller knows stays so: it waits for ours, as long as it wants. */
    g_assert_cmpint(get_status_change(CONTEXT, SECOND, states, 3), ==, SCARD_E_TIMEOUT);
    g_assert_cmpuint(states[0].dwEventState, ==, SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE);
    g_assert_cmpuint(states[1].dwEventState, ==, SCARD_STATE_PRESENT | SECOND << 16);
    g_assert_cmpstr(states[0].szReader, ==, OTHER);

    /* That there is no such reader is news, told at once. */
    states[0].dwCurrentState = SCARD_STATE_UNAWARE;
    g_assert_cmpint(get_status_change(CONTEXT, SECOND, states, 3), ==, SCARD_S_SUCCESS);
    g_assert_cmpuint(states[0].dwEventState, ==,
                     SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE | SCARD_STATE_CHANGED);
    g_assert_cmpuint(states[1].dwEventState, ==, SCARD_STATE_PRESENT); /* asked without waiting */

    states[0].dwCurrentState = SCARD_STATE_IGNORE;
    g_assert_cmpint(get_status_change(CONTEXT, SECOND, states, 3), ==, SCARD_E_TIMEOUT);
    g_assert_cmpuint(states[0].dwEventState, ==, 0);
}

static void
test_nobody_waits_for_other_readers_only(void)
{
    SCARD_READERSTATE state = {.szReader = OTHER, .dwCurrentState = SCARD_STATE_UNKNOWN};
    SCARD_READERSTATE ours = {.szReader = OURS};

    g_assert_cmpint(get_status_change(CONTEXT, SECOND, &state, 1), ==, SCARD_E_UNKNOWN_READER);
    g_assert_cmpint(get_status_change(CONTEXT, SECOND, NULL, 0), ==, SCARD_E_TIMEOUT); /* real's */
    g_assert_cmpint(get_status_change(CONTEXT, SECOND, &ours, 1), ==, SCARD_E_TIMEOUT);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    load_view();
    g_test_add_func("/pcsc-view/nothing-is-shown-before-the-start",
                    test_nothing_is_shown_before_the_start);
    g_test_add_func("/pcsc-view/list-has-one-reader", test_list_has_one_reader);
    g_test_add_func("/pcsc-view/list-allocates", test_list_allocates);
    g_test_add_func("/pcsc-view/other-readers-have-no-card", test_other_readers_have_no_card);
    g_test_add_func("/pcsc-view/changes-of-other-readers-are-not-told",
                    test_changes_of_other_readers_are_not_told);
    g_test_add_func("/pcsc-view/nobody-waits-for-other-readers-only",
                    test_nobody_waits_for_other_readers_only);
    return g_test_run();
}
