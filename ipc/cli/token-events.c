/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/token-events.h"

#include <stdio.h>
#include <string.h>

#define N_(vi) vi /* for xgettext; looked up where it is printed */

static const struct {
    const char *event, *words;
} words[] = {
    {"reader_added", N_("Có đầu đọc mới")},
    {"reader_removed", N_("Đầu đọc đã rút")},
    {"inserted", N_("Thẻ đã cắm")},
    {"removed", N_("Thẻ đã rút")},
    {"swapped", N_("Thẻ đã được thay")},
    {"state", N_("Trạng thái thẻ đã đổi")},
    {"service_started", N_("Dịch vụ thẻ (pcscd) đã chạy")},
    {"service_stopped", N_("Dịch vụ thẻ (pcscd) đã dừng")},
};

static const char *
words_of(const char *event)
{
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strcmp0(words[i].event, event) == 0)
            return kyso_words_get(words[i].words);
    return event;
}

static const char *
state_of(gboolean has_card, gboolean is_mute, gboolean is_exclusive)
{
    if (is_mute)
        return T("thẻ không trả lời");
    if (is_exclusive)
        return T("một chương trình đang giữ riêng thẻ");
    return has_card ? T("có thẻ") : T("không có thẻ");
}

static void
print_readers(const KysoResult *first)
{
    guint n = kyso_client_result_count(first, "readers");

    if (g_strcmp0(kyso_client_result_text(first, "service"), "running") != 0)
        kyso_cli_print("%s", T("Dịch vụ thẻ (pcscd) không chạy."));
    else if (n == 0)
        kyso_cli_print("%s", T("Không có đầu đọc nào."));
    for (guint i = 0; i < n; i++)
        kyso_cli_print("%s: %s", kyso_client_result_text(first, "readers.%u.name", i),
                       state_of(kyso_client_result_boolean(first, "readers.%u.card", i),
                                kyso_client_result_boolean(first, "readers.%u.mute", i),
                                kyso_client_result_boolean(first, "readers.%u.exclusive", i)));
}

/* "09:30:00.123" out of "2026-11-25T09:30:00.123+07:00". */
static char *
time_of_day(const char *at)
{
    const char *time = at != NULL ? strchr(at, 'T') : NULL;
    return time != NULL ? g_strndup(time + 1, strcspn(time + 1, "+Z")) : g_strdup("");
}

static void
print_event(const KysoResult *news, const char *event)
{
    g_autofree char *time = time_of_day(kyso_client_result_text(news, "at"));
    const char *reader = kyso_client_result_text(news, "reader.name");

    if (reader == NULL)
        kyso_cli_print("%s  %s", time, words_of(event));
    else
        kyso_cli_print("%s  %s: %s (%s)", time, words_of(event), reader,
                       state_of(kyso_client_result_boolean(news, "reader.card"),
                                kyso_client_result_boolean(news, "reader.mute"),
                                kyso_client_result_boolean(news, "reader.exclusive")));
}

/* Whoever reads the lines through a pipe gets each at once, and ends us by closing it. */
static gboolean
tokens_told(KysoResult *news, gpointer user_data)
{
    const KysoCli *cli = user_data;
    const char *event = kyso_client_result_text(news, "event");

    if (cli->json)
        kyso_cli_print_json(news);
    else if (event != NULL)
        print_event(news, event);
    else
        print_readers(news);
    return fflush(stdout) == 0;
}

int
kyso_token_events_print(KysoCli *cli)
{
    GError *error = NULL;

    if (kyso_cli_connect(cli, &error) &&
        kyso_client_watch_tokens(cli->client, tokens_told, cli, &error))
        return EXIT_FINE;
    return kyso_cli_fail(cli, error);
}
