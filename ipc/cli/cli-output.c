/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "ipc/base/error.h"

#define LABEL_COLUMNS 14

void
kyso_cli_print_json(KysoResult *result)
{
    puts(kyso_client_result_json(result));
}

/* Names in a certificate or a document are foreign: they must not steer the terminal. */
static void
print_safely(FILE *stream, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean is_control = g_unichar_type(c) == G_UNICODE_CONTROL && c != '\n';
        if (is_control || g_unichar_type(c) == G_UNICODE_FORMAT)
            fputc('?', stream);
        else
            fwrite(at, 1, (gsize) (g_utf8_next_char(at) - at), stream);
    }
}

void
kyso_cli_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    print_safely(stdout, line);
    fputc('\n', stdout);
}

void
kyso_cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    print_safely(stderr, line);
    fputc('\n', stderr);
}

void
kyso_cli_print_field(const char *label, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    int missing = LABEL_COLUMNS - (int) g_utf8_strlen(label, -1);
    kyso_cli_print("  %s:%*s%s", label, MAX(missing, 1), "", value);
}

/* Vietnamese labels are what people read on the phone to their IT staff. */
static void
tell(const GError *error)
{
    const char *lang = kyso_words_language();
    g_autoptr(KysoResult) data = kyso_client_error_data(error);
    gint64 tries_left = kyso_client_result_number(data, -1, "tries_left");
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "%s: %s\n", T("Lỗi"), kyso_client_error_cause(error, lang));
    if (tries_left >= 0)
        g_string_append_printf(text, "%s: %" G_GINT64_FORMAT "\n", T("Số lần thử còn lại"),
                               tries_left);
    else if (kyso_client_result_boolean(data, "pin_final_try"))
        g_string_append_printf(text, "%s\n", T("Chỉ còn một lần thử mã PIN."));
    g_string_append_printf(text, "%s: %s\n", T("Cách xử lý"), kyso_client_error_next(error, lang));
    g_string_append_printf(text, "%s: %s", T("Mã lỗi"), kyso_client_error_name(error));
    if (error->message[0] != '\0')
        g_string_append_printf(text, " (%s)", error->message);
    print_safely(stderr, text->str);
    fputc('\n', stderr);
}

int
kyso_cli_exit_code(const char *name, const char *layer)
{
    static const char *const layers[] = {"request",   "policy",   "certificate", "token",  "prompt",
                                         "cancelled", "document", "output",      "unused", "agent"};

    if (g_strcmp0(name, "agent_unreachable") == 0)
        return EXIT_UNREACHABLE;
    if (g_strcmp0(name, "pin_cancelled") == 0)
        return EXIT_PERSON_CANCELLED;
    for (guint i = 0; i < G_N_ELEMENTS(layers); i++)
        if (g_strcmp0(layers[i], layer) == 0)
            return EXIT_LAYER + (int) i;
    return EXIT_LAYER + G_N_ELEMENTS(layers) - 1;
}

int
kyso_cli_fail(const KysoCli *cli, GError *error)
{
    int code = kyso_cli_exit_code(kyso_client_error_name(error), kyso_client_error_layer(error));

    if (cli->json) {
        g_autoptr(KysoResult) data = kyso_client_error_data(error);
        kyso_cli_print_json(data);
    } else {
        tell(error);
    }
    g_error_free(error);
    return code;
}

int
kyso_cli_misused(const char *command, const char *why)
{
    g_autofree char *text =
        g_strdup_printf("kyso %s: %s\n%s: kyso --help\n", command, why, T("Xem cách dùng"));
    print_safely(stderr, text);
    return EXIT_USAGE;
}
