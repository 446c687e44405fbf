/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/dialog/assuan.h"
#include "agent/dialog/list-wording.h"
#include "agent/dialog/notice.h"
#include "agent/dialog/screen.h"
#include "agent/dialog/visible.h"
#include "agent/dialog/wording.h"
#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *given, *shown;
} visible_cases[] = {
    {NULL, ""},
    {"Quyết định số 12", "Quyết định số 12"},
    {"Quye\xcc\x82\xcc\x81t", "Quyết"}, /* decomposed */
    {"a.pdf\nMục đích: ký nháy", "a.pdf Mục đích: ký nháy"},
    {"\r\n a \t\t b\xe2\x80\xa8\xe2\x80\xa9 c ", "a b c"},
    {"fdp.\xe2\x80\xaekcehc", "fdp.kcehc"},                         /* U+202E */
    {"\xe2\x81\xa6iso\xe2\x81\xa9", "iso"},                         /* U+2066, U+2069 */
    {"z\xe2\x80\x8bw\xe2\x80\x8dj\xe2\x80\x8f\xef\xbb\xbf", "zwj"}, /* U+200B, 200D, 200F, FEFF */
    {"tag\xf3\xa0\x81\x81s", "tags"},                               /* U+E0041 */
    {"bl\xe3\x85\xa4"
     "ank\xe2\xa0\x80",
     "blank"}, /* U+3164, U+2800 */
    {"esc\x1b[31mape\x7f", "esc[31mape"},
    {"“x” \"y\"", "'x' 'y'"},
    {"n\xcc\xb4\xcc\xb5\xcc\xb6\xcc\xb7\xcc\xb8", "n\xcc\xb4\xcc\xb5"}, /* a pile of marks */
    {"bad \xff utf-8", "bad \xef\xbf\xbd utf-8"},
};

static void
test_visible_text_is_what_it_says(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(visible_cases); i++) {
        g_autofree char *shown = kyso_visible_text(visible_cases[i].given, 100);
        g_assert_cmpstr(shown, ==, visible_cases[i].shown);
    }
}

static void
test_visible_text_is_cut_at_a_character(void)
{
    g_autofree char *whole = kyso_visible_text("ữữữ", 9);
    g_autofree char *cut = kyso_visible_text("ữữữữ", 9);
    g_autofree char *percent = kyso_visible_text("%%%%", 11);

    g_assert_cmpstr(whole, ==, "ữữữ");
    g_assert_cmpstr(cut, ==, "ữữ…");
    g_assert_cmpstr(percent, ==, "%%…");
}

static void
test_line_is_escaped(void)
{
    g_autofree char *line = kyso_assuan_line("SETDESC", "100%\r\nký\ttệp\x01");
    g_autofree char *bare = kyso_assuan_line("GETPIN", NULL);

    g_assert_cmpstr(line, ==, "SETDESC 100%25%0D%0Akýtệp\n");
    g_assert_cmpstr(bare, ==, "GETPIN\n");
}

static void
test_line_is_never_too_long(void)
{
    const char *units[] = {"x", "ữ", "%", "\n", "a%", "😀"};

    for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
        for (gsize n = 300; n < 1100; n++) {
            g_autoptr(GString) text = g_string_new(NULL);
            for (gsize k = 0; k < n; k++)
                g_string_append(text, units[i]);
            g_autofree char *line = kyso_assuan_line("SETDESC", text->str);
            g_assert_cmpuint(strlen(line), <=, KYSO_ASSUAN_LINE_MAX + 1);
            g_assert_true(g_utf8_validate(line, -1, NULL));
        }
    }
}

/* What comes from the peer, and what is made of it. */
static const struct {
    const char *bytes;
    KysoAssuanAnswer answer;
    guint number;
    const char *data; /* NULL: none asked for */
} answers[] = {
    {"OK\n", KYSO_ASSUAN_OK, 0, NULL},
    {"OK Pleased to meet you\n", KYSO_ASSUAN_OK, 0, NULL},
    {"# hello\nS PASSWORD_FROM_CACHE\nOK\n", KYSO_ASSUAN_OK, 0, NULL},
    {"ERR 83886179 cancelled\n", KYSO_ASSUAN_ERROR, 83886179, NULL},
    {"D 123456\nOK\n", KYSO_ASSUAN_OK, 0, "123456"},
    {"D 12%2534 %0a\nOK\n", KYSO_ASSUAN_OK, 0, "12%34 \n"},
    {"D 12\nD 34\nOK\n", KYSO_ASSUAN_OK, 0, "1234"},
    {"D m\xe1\xba\xadt kh\xe1\xba\xa9u\nOK\n", KYSO_ASSUAN_OK, 0, "mật khẩu"},
    {"OK\n", KYSO_ASSUAN_OK, 0, ""},
    {"D 1\nOK\n", KYSO_ASSUAN_GARBAGE, 0, NULL}, /* not asked for */
    {"D 1%G0\nOK\n", KYSO_ASSUAN_GARBAGE, 0, ""},
    {"D 1%2\nOK\n", KYSO_ASSUAN_GARBAGE, 0, ""},
    {"D 1%002\nOK\n", KYSO_ASSUAN_GARBAGE, 0, ""},
    {"ERR\n", KYSO_ASSUAN_GARBAGE, 0, NULL},
    {"ERR nought\n", KYSO_ASSUAN_GARBAGE, 0, NULL},
    {"INQUIRE X\n", KYSO_ASSUAN_GARBAGE, 0, NULL},
    {"OKAY\n", KYSO_ASSUAN_GARBAGE, 0, NULL},
    {"\n", KYSO_ASSUAN_GARBAGE, 0, NULL},
    {"OK", KYSO_ASSUAN_END, 0, NULL}, /* no newline */
    {"", KYSO_ASSUAN_END, 0, NULL},
};

static KysoAssuanAnswer
read_answer(const char *bytes, KysoSecret *data, guint *ret_number)
{
    int fds[2], idle[2];
    gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    g_assert_cmpint(pipe(fds), ==, 0);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, idle), ==, 0);
    g_assert_true(kyso_fd_write_all(fds[1], bytes, strlen(bytes), NULL));
    close(fds[1]);
    g_autoptr(KysoAssuan) assuan = kyso_assuan_new(fds[0], idle[0]);
    KysoAssuanAnswer answer = kyso_assuan_read(assuan, deadline, data, ret_number);
    close(fds[0]);
    close(idle[0]);
    close(idle[1]);
    return answer;
}

static void
test_answers_are_understood(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(KysoSecret) data = answers[i].data != NULL ? kyso_secret_new() : NULL;
        guint number = 0;

        g_assert_cmpint(read_answer(answers[i].bytes, data, &number), ==, answers[i].answer);
        g_assert_cmpuint(number, ==, answers[i].number);
        if (data != NULL && answers[i].answer == KYSO_ASSUAN_OK)
            g_assert_cmpstr(kyso_secret_get(data), ==, answers[i].data);
    }
}

static void
test_long_lines_do_no_harm(void)
{
    g_autofree char *filling = g_strnfill(5000, 'x');
    g_autofree char *remark = g_strconcat("# ", filling, "\nD 1234\nOK\n", NULL);
    g_autofree char *secret = g_strconcat("D ", filling, "\nOK\n", NULL);
    g_autofree char *parts = g_strdup_printf("D %.200s\nD %.200s\nOK\n", filling, filling);
    g_autofree char *longest = g_strdup_printf("D %.*s\nOK\n", KYSO_SECRET_MAX - 3, filling);
    g_autoptr(KysoSecret) first = kyso_secret_new();
    g_autoptr(KysoSecret) second = kyso_secret_new();
    guint number;

    g_assert_cmpint(read_answer(remark, first, &number), ==, KYSO_ASSUAN_OK);
    g_assert_cmpstr(kyso_secret_get(first), ==, "1234");
    g_assert_cmpint(read_answer(secret, first, &number), ==, KYSO_ASSUAN_GARBAGE);
    kyso_secret_wipe(first);
    g_assert_cmpint(read_answer(parts, first, &number), ==, KYSO_ASSUAN_GARBAGE);
    g_assert_cmpint(read_answer(longest, second, &number), ==, KYSO_ASSUAN_OK);
    g_assert_cmpuint(kyso_secret_length(second), ==, KYSO_SECRET_MAX - 3);
}

static void
test_answers_in_pieces_are_put_together(void)
{
    const char *bytes = "D 12%2534\nOK\nERR 83886142 x\n";
    int fds[2], idle[2];
    guint number;
    g_autoptr(KysoSecret) data = kyso_secret_new();
    gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), ==, 0); /* keeps the pieces */
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, idle), ==, 0);
    for (const char *p = bytes; *p != '\0'; p++)
        g_assert_cmpint(write(fds[1], p, 1), ==, 1);
    g_autoptr(KysoAssuan) assuan = kyso_assuan_new(fds[0], idle[0]);
    g_assert_cmpint(kyso_assuan_read(assuan, deadline, data, &number), ==, KYSO_ASSUAN_OK);
    g_assert_cmpstr(kyso_secret_get(data), ==, "12%34");
    g_assert_cmpint(kyso_assuan_read(assuan, deadline, NULL, &number), ==, KYSO_ASSUAN_ERROR);
    g_assert_cmpint(kyso_assuan_read(assuan, 0, NULL, &number), ==, KYSO_ASSUAN_LATE);
    close(idle[1]);
    g_assert_cmpint(kyso_assuan_read(assuan, deadline, NULL, &number), ==, KYSO_ASSUAN_LEFT);
    close(idle[0]);
    close(fds[0]);
    close(fds[1]);
}

/* Every field as long and as costly in a line as a hostile caller can make it. */
static void
test_description_keeps_its_words_whatever_the_caller_sends(void)
{
    const char *fillings[] = {"ữ", "%", "\n", "x"};

    for (gsize i = 0; i < G_N_ELEMENTS(fillings); i++) {
        g_autoptr(GString) text = g_string_new("A");
        for (guint k = 0; k < 1000; k++)
            g_string_append(text, fillings[i]);
        KysoQuestion question = {
            .language = "vi",
            .purpose = "approve",
            .caller_executable = text->str,
            .caller_pid = 4194304,
            .common_name = text->str,
            .organization = text->str,
            .issuer = text->str,
            .not_after = "2001-01-01T00:00:00+07:00",
            .token_label = text->str,
            .token_serial = text->str,
            .tries_left = -1,
            .pin_count_low = TRUE,
            .n_documents = 1,
            .document_count = 1,
            .documents = {{text->str, text->str, text->str, text->str, text->str, 99999}},
        };
        g_autofree char *description = kyso_wording_description(&question);
        g_autofree char *line = kyso_assuan_line("SETDESC", description);
        g_assert_nonnull(strstr(line, "CHỮ KÝ CÁ NHÂN"));
        g_assert_nonnull(strstr(line, "Mục đích: ký phê duyệt"));
        g_assert_nonnull(strstr(line, "Chương trình yêu cầu: “A"));
        g_assert_nonnull(strstr(line, "(PID 4194304)"));
        g_assert_nonnull(strstr(line, "ĐÃ HẾT HẠN"));

        question.purpose = "comment";
        question.documents[0].note = text->str;
        g_autofree char *comment = kyso_wording_description(&question);
        g_autofree char *comment_line = kyso_assuan_line("SETDESC", comment);
        g_assert_nonnull(strstr(comment_line, "Mục đích: bút phê%0AGhi lên văn bản: “A"));
        g_assert_nonnull(strstr(comment_line, "ĐÃ HẾT HẠN"));

        question.purpose = "json";
        g_autofree char *data = kyso_wording_description(&question);
        g_autofree char *data_line = kyso_assuan_line("SETDESC", data);
        g_assert_nonnull(strstr(data_line, "Mục đích: ký dữ liệu JSON"));
        g_assert_nonnull(strstr(data_line, "Nội dung: “A"));
        g_assert_nonnull(strstr(data_line, "Mã băm: A"));
        g_assert_nonnull(strstr(data_line, "ĐÃ HẾT HẠN"));
    }
}

/* The list and the documents of a batch, and the window that waits, as long as they can be. */
static void
test_windows_of_a_batch_keep_their_words_too(void)
{
    const char *fillings[] = {"ữ", "%", "\n", "x", "”"};

    for (gsize i = 0; i < G_N_ELEMENTS(fillings); i++) {
        g_autoptr(GString) text = g_string_new("A");
        for (guint k = 0; k < 1000; k++)
            g_string_append(text, fillings[i]);
        g_autofree KysoQuestion *question = g_new0(KysoQuestion, 1);
        question->language = "vi";
        question->purpose = "issue";
        question->caller_executable = text->str;
        question->caller_pid = 4194304;
        question->n_documents = question->document_count = KYSO_QUESTION_MAX_DOCUMENTS;
        for (guint n = 0; n < KYSO_QUESTION_MAX_DOCUMENTS; n++)
            question->documents[n] = (KysoQuestionDocument){
                text->str, text->str, text->str, text->str, text->str, 99999, FALSE, 4, text->str};
        g_autofree char *page = kyso_list_wording_page(question, 192);
        g_autofree char *page_line = kyso_assuan_line("SETDESC", page);
        g_assert_nonnull(strstr(page_line, "Số tài liệu được ký cùng lúc: 200"));
        g_assert_nonnull(strstr(page_line, "Tài liệu 193 đến 200 trên 200:"));
        g_assert_nonnull(strstr(page_line, "%0A200. “"));

        g_autofree char *document = kyso_list_wording_document(question, 7);
        g_autofree char *document_line = kyso_assuan_line("SETDESC", document);
        g_assert_nonnull(strstr(document_line, "Tài liệu 8 trên 200: “A"));
        g_assert_nonnull(strstr(document_line, "Ghi lên văn bản: “A"));
        g_assert_nonnull(strstr(document_line, "Trang đầu: “A"));
        g_assert_true(g_str_has_suffix(document_line, "”\n"));

        question->documents[7].pages = 0; /* data */
        g_autofree char *data = kyso_list_wording_document(question, 7);
        g_assert_nonnull(strstr(data, "Nội dung: “A"));

        KysoNoticeWindow notice = {.language = "vi", .n_requests = 3, .request_count = 64};
        for (guint n = 0; n < 3; n++)
            notice.requests[n] = (KysoNoticeRequest){.credential = text->str,
                                                     .purpose = "issue",
                                                     .document = text->str,
                                                     .executable = text->str,
                                                     .documents = 200,
                                                     .pid = 4194304};
        g_autofree char *told = kyso_notice_describe(&notice);
        g_autofree char *told_line = kyso_assuan_line("SETDESC", told);
        g_assert_nonnull(strstr(told_line, "… và số yêu cầu khác: 62\n"));
    }
}

static void
test_expiry_is_told_when_near(void)
{
    const struct {
        int days;
        const char *told;
    } cases[] = {{-1, "EXPIRED on"}, {10, "days left: 9)"}, {29, "expires soon"}, {31, NULL}};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autoptr(GDateTime) end = g_date_time_add_days(now, cases[i].days);
        g_autofree char *not_after = g_date_time_format_iso8601(end);
        KysoQuestion question = {
            .language = "en", .purpose = "file", .not_after = not_after, .tries_left = -1};
        g_autofree char *description = kyso_wording_description(&question);
        if (cases[i].told != NULL)
            g_assert_nonnull(strstr(description, cases[i].told));
        else
            g_assert_null(strstr(description, "expire"));
    }
}

static void
test_environment_is_made_of_a_list(void)
{
    g_autoptr(json_t) given = json_pack("{s:s, s:s, s:s}", "DISPLAY", ":7", "LD_PRELOAD", "x.so",
                                        "GPG_TTY", "/dev/pts/3");
    g_setenv("LD_LIBRARY_PATH", "/tmp", TRUE);
    g_setenv("WAYLAND_DISPLAY", "wayland-9", TRUE);
    g_auto(GStrv) environment = kyso_screen_environment(given, "en");
    g_auto(GStrv) own = kyso_screen_environment(NULL, "vi");
    g_auto(GStrv) options = kyso_screen_options(environment);
    g_auto(GStrv) no_terminal = kyso_screen_options(own);

    g_assert_cmpstr(g_environ_getenv(environment, "DISPLAY"), ==, ":7");
    g_assert_null(g_environ_getenv(environment, "LD_PRELOAD"));
    g_assert_null(g_environ_getenv(environment, "LD_LIBRARY_PATH"));
    g_assert_null(g_environ_getenv(environment, "WAYLAND_DISPLAY")); /* another screen's */
    g_assert_cmpstr(g_environ_getenv(own, "WAYLAND_DISPLAY"), ==, "wayland-9");
    g_assert_cmpstr(options[0], ==, "ttyname=/dev/pts/3");
    g_assert_true(g_strv_contains((const char *const *) options, "lc-ctype=C.UTF-8"));
    for (char **option = options; *option != NULL; option++)
        g_assert_null(strstr(*option, "cache"));
    g_unsetenv("LD_LIBRARY_PATH");
    g_assert_cmpuint(g_strv_length(no_terminal), >=, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dialog/visible-text-is-what-it-says", test_visible_text_is_what_it_says);
    g_test_add_func("/dialog/visible-text-is-cut-at-a-character",
                    test_visible_text_is_cut_at_a_character);
    g_test_add_func("/dialog/line-is-escaped", test_line_is_escaped);
    g_test_add_func("/dialog/line-is-never-too-long", test_line_is_never_too_long);
    g_test_add_func("/dialog/answers-are-understood", test_answers_are_understood);
    g_test_add_func("/dialog/long-lines-do-no-harm", test_long_lines_do_no_harm);
    g_test_add_func("/dialog/answers-in-pieces-are-put-together",
                    test_answers_in_pieces_are_put_together);
    g_test_add_func("/dialog/description-keeps-its-words-whatever-the-caller-sends",
                    test_description_keeps_its_words_whatever_the_caller_sends);
    g_test_add_func("/dialog/windows-of-a-batch-keep-their-words-too",
                    test_windows_of_a_batch_keep_their_words_too);
    g_test_add_func("/dialog/expiry-is-told-when-near", test_expiry_is_told_when_near);
    g_test_add_func("/dialog/environment-is-made-of-a-list", test_environment_is_made_of_a_list);
    return g_test_run();
}
