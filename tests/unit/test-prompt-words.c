/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the person is told before typing the PIN. */
#include "tests/unit/prompt-fixture.h"

static void
test_question_is_told_in_vietnamese(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();

    g_setenv("LANGUAGE", "en", TRUE); /* the request wins */
    ask_and_expect(fixture, &ask, "pin 1", 0, "1");
    g_unsetenv("LANGUAGE");
    g_autofree char *log = read_log(fixture);
    assert_said(log, "SETTITLE kyso: ký số\n");
    assert_said(log, "SETDESC CHỮ KÝ CÁ NHÂN của “Nguyễn Văn Thử”, “UBND xã Thử Nghiệm”%0A");
    assert_said(log, "%0AMục đích: ký phê duyệt%0A");
    assert_said(log, "%0ATài liệu: “qd-12.pdf” (số trang: 3)%0ASố, ký hiệu: “12/QĐ-UBND”%0A");
    assert_said(log, "%0ATrích yếu: “Về việc phân công”%0A");
    assert_said(log, "%0AChương trình yêu cầu: “/usr/bin/van-phong” (PID 4242)%0A");
    assert_said(log, "SETPROMPT Mã PIN:\n");
    assert_said(log, "SETOK _Ký\nSETCANCEL _Hủy\n");
    assert_said(log, "SETTIMEOUT 60\nGETPIN\n");
    assert_not_said(log, "hết hạn");
    assert_not_said(log, "cache");
}

static void
test_seal_is_told_in_english(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) soon = g_date_time_add_days(now, 7);
    g_autofree char *not_after = g_date_time_format_iso8601(soon);

    ask.language = "en";
    ask.is_agency = TRUE;
    ask.purpose = "issue";
    ask.not_after = not_after;
    ask.pin_count_low = TRUE;
    ask.tries_left = 2;
    ask_and_expect(fixture, &ask, "pin 1", 0, "1");
    g_autofree char *log = read_log(fixture);
    assert_said(log, "SETTITLE kyso: agency seal\n");
    assert_said(log, "SETDESC NOTE: a wrong PIN was typed before. Tries left: 2.%0A");
    assert_said(log, "%0AAGENCY SEAL (the organisation's signature): “Nguyễn Văn Thử”");
    assert_said(log, "%0APurpose: issue: number, date and seal%0ADocument: “qd-12.pdf” (pages: 3)");
    assert_said(log, "%0AAsked by the program: “/usr/bin/van-phong” (PID 4242)");
    assert_said(log, "%0AThe certificate expires soon: on ");
    assert_said(log, "SETPROMPT PIN:\n");
    assert_said(log, "SETOK _Seal\n");
}

static void
test_batch_is_counted(Fixture *fixture, gconstpointer data)
{
    KysoAskDocument documents[60];
    KysoAsk ask = sample_ask();

    for (guint i = 0; i < G_N_ELEMENTS(documents); i++)
        documents[i] = sample_document;
    ask.documents = documents;
    ask.n_documents = G_N_ELEMENTS(documents);
    ask_and_expect(fixture, &ask, "yes\npin 1", 0, "1");
    g_autofree char *log = read_log(fixture);
    assert_said(log, "%0ASố tài liệu được ký cùng lúc: 60%0A1. “qd-12.pdf”%0A");
    assert_said(log, "%0A… và số tài liệu khác: 57%0A");
}

static void
test_forged_text_stays_in_its_place(Fixture *fixture, gconstpointer data)
{
    const KysoAskDocument document = {.name = "a.pdf”\nMục đích: ký nháy\r\nSETDESC x\xe2\x80\xae"
                                              "fdp\xe2\x81\xa6%0A\xe2\x80\x8b",
                                      .subject = "\xff\xfe"};
    KysoAsk ask = sample_ask();

    ask.documents = &document;
    ask.caller_origin = "https://thu.example\nSETOK x";
    ask.title = "T\nGETPIN";
    ask_and_expect(fixture, &ask, "pin 1", 0, "1");
    g_autofree char *log = read_log(fixture);
    assert_said(log, "%0ATài liệu: “a.pdf' Mục đích: ký nháy SETDESC xfdp%250A”%0A");
    assert_said(log, "%0ATrang web yêu cầu: “https://thu.example SETOK x” (PID 4242)%0A");
    assert_said(log, "SETTITLE T GETPIN\n");
    assert_not_said(log, "\nSETDESC x");
}

static void
test_long_text_is_cut_and_asked(Fixture *fixture, gconstpointer data)
{
    g_autofree char *long_text = g_strnfill(200 * 1024, '%');
    const KysoAskDocument document = {
        .name = long_text, .subject = long_text, .number = long_text, .digest = long_text};
    KysoAsk ask = sample_ask();

    ask.documents = &document;
    ask.caller_executable = ask.common_name = ask.token_label = ask.title = long_text;
    ask_and_expect(fixture, &ask, "pin 1", 0, "1");
    g_autofree char *log = read_log(fixture);
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_assert_cmpuint(strlen(*line), <=, 1000);
        g_assert_true(g_utf8_validate(*line, -1, NULL));
    }
    assert_said(log, "%0AMục đích: ký phê duyệt%0A");
    assert_said(log, "…” (PID 4242)");
}

static void
test_final_try_needs_a_yes(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();

    ask.pin_final_try = TRUE;
    ask_and_expect(fixture, &ask, "yes\npin 123456", 0, "123456");
    g_autofree char *log = read_log(fixture);
    const char *confirmed = strstr(log, "\nCONFIRM\n");
    g_assert_nonnull(confirmed);
    assert_not_said(confirmed, "MỘT lần"); /* the first question has said so */
    assert_said(log, "SETDESC CẢNH BÁO: thiết bị chỉ còn MỘT lần nhập mã PIN.%0A");
    assert_said(confirmed, "SETDESC CẢNH BÁO: lần nhập mã PIN cuối cùng");
    assert_said(confirmed, "\nGETPIN\n");
}

static void
test_final_try_without_a_yes_is_not_tried(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();

    ask.pin_final_try = TRUE;
    ask_and_expect(fixture, &ask, "notconfirm", KYSO_ERROR_PIN_CANCELLED, "");
    g_autofree char *log = read_log(fixture);
    assert_not_said(log, "GETPIN");
}

static void
test_keypad_asks_for_consent_only(Fixture *fixture, gconstpointer data)
{
    KysoAsk ask = sample_ask();
    Asked asked = {.cancellable = NULL};

    ask.protected_path = TRUE;
    write_beside(fixture, ".script", "yes");
    kyso_prompt_ask_async(fixture->prompt, &ask, -1, 60, NULL, answered, &asked);
    while (!asked.is_done)
        g_main_context_iteration(NULL, TRUE);
    g_assert_no_error(asked.error);
    g_autofree char *log = read_log(fixture);
    assert_said(log, "bàn phím của thiết bị");
    assert_said(log, "\nCONFIRM\n");
    assert_not_said(log, "GETPIN");
}

static void
test_environment_is_clean(Fixture *fixture, gconstpointer data)
{
    const char *const environment[] = {"DISPLAY=:42", "LD_AUDIT=x.so", "GPG_TTY=/dev/pts/99",
                                       "TERM=linux", NULL};
    KysoAsk ask = sample_ask();

    ask.environment = environment;
    g_setenv("GTK_MODULES", "evil", TRUE);
    ask_and_expect(fixture, &ask, "pin 1", 0, "1");
    g_unsetenv("GTK_MODULES");
    g_autofree char *log = read_log(fixture);
    assert_said(log, "env DISPLAY=:42\n");
    assert_said(log, "OPTION ttyname=/dev/pts/99\nOPTION ttytype=linux\nOPTION lc-ctype=C.UTF-8\n");
    assert_not_said(log, "LD_AUDIT");
    assert_not_said(log, "GTK_MODULES");
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);

    add_test("/prompt-words/question-is-told-in-vietnamese", test_question_is_told_in_vietnamese,
             NULL);
    add_test("/prompt-words/seal-is-told-in-english", test_seal_is_told_in_english, NULL);
    add_test("/prompt-words/batch-is-counted", test_batch_is_counted, NULL);
    add_test("/prompt-words/forged-text-stays-in-its-place", test_forged_text_stays_in_its_place,
             NULL);
    add_test("/prompt-words/long-text-is-cut-and-asked", test_long_text_is_cut_and_asked, NULL);
    add_test("/prompt-words/final-try-needs-a-yes", test_final_try_needs_a_yes, NULL);
    add_test("/prompt-words/final-try-without-a-yes-is-not-tried",
             test_final_try_without_a_yes_is_not_tried, NULL);
    add_test("/prompt-words/keypad-asks-for-consent-only", test_keypad_asks_for_consent_only, NULL);
    add_test("/prompt-words/environment-is-clean", test_environment_is_clean, NULL);
    return g_test_run();
}
