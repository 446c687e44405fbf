/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a program in C wants signed is sent as the protocol wants it. */
#include "tests/unit/client-fixture.h"

static void
test_sign_request(Fixture *f, gconstpointer data)
{
    KysoClient *client = connect_to(f);
    g_autofree char *input = g_build_filename(f->dir, "công văn.pdf", NULL);
    static const char *const metadata[] = {"CodeNotation=UBND-VP",
                                           "SignerInfo.FullName=Nguyễn Văn Thử", NULL};
    KysoSignRequest request = {
        .purpose = "approve",
        .credential_id = "ab",
        .input = {.path = input},
        .output = {.path = "/tmp/../tmp/out.pdf"},
        .place = {-1, 1, 2, 3.5, 4},
        .reserve_number = {1, 1, 2, 3, 4},
        .fill_day = "15",
        .certify = TRUE,
        .metadata = metadata,
    };
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(input, "x", 1, NULL));
    g_autoptr(KysoResult) result = kyso_client_sign(client, &request, &error);
    g_assert_no_error(error);
    hang_up(f, &client);
    g_unlink(input);

    static const char expected[] =
        "{\"purpose\":\"approve\",\"credentialID\":\"ab\",\"name\":\"công văn.pdf\","
        "\"place\":{\"page\":-1,\"rect\":[1.0,2.0,3.5,4.0]},"
        "\"reserve\":{\"number\":{\"page\":1,\"rect\":[1.0,2.0,3.0,4.0]}},"
        "\"fill\":{\"day\":\"15\"},\"certify\":true,"
        "\"metadata\":{\"CodeNotation\":\"UBND-VP\",\"SignerInfo\":{\"FullName\":"
        "\"Nguyễn Văn Thử\"}},\"input\":{\"fd\":0},\"output\":{\"path\":\"/tmp/out.pdf\"}}";
    g_autoptr(json_t) wanted = kyso_json_parse(expected, strlen(expected), NULL);
    g_assert_true(json_equal(f->last_params, wanted));
    g_assert_cmpuint(f->last_n_fds, ==, 1);
}

/* The parameters that @request becomes are these. */
static void
assert_sent(Fixture *f, const KysoSignRequest *request, const char *expected)
{
    KysoClient *client = connect_to(f);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoResult) result = kyso_client_sign(client, request, &error);

    g_assert_no_error(error);
    hang_up(f, &client);
    g_autoptr(json_t) wanted = kyso_json_parse(expected, strlen(expected), NULL);
    g_assert_nonnull(wanted);
    g_assert_true(json_equal(f->last_params, wanted));
}

static void
test_sign_looks(Fixture *f, gconstpointer data)
{
    KysoSignRequest request = {
        .purpose = "copy",
        .credential_id = "ab",
        .output = {.path = "/tmp/out.pdf"},
        .place = {.page = 2, .anchor = "Kính gửi:"},
        .reserve_all = TRUE,
        .seal_mm = 36.5,
        .text = "Giao phòng VHTT.",
        .copy_kind = "sao_y",
    };

    assert_sent(f, &request,
                "{\"purpose\":\"copy\",\"credentialID\":\"ab\",\"output\":{\"path\":"
                "\"/tmp/out.pdf\"},\"place\":{\"anchor\":\"Kính gửi:\",\"page\":2},"
                "\"reserve\":true,\"seal_mm\":36.5,\"text\":\"Giao phòng VHTT.\","
                "\"copy_kind\":\"sao_y\"}");
}

static void
test_sign_places(Fixture *f, gconstpointer data)
{
    KysoSignRequest request = {
        .purpose = "approve",
        .credential_id = "ab",
        .output = {.path = "/tmp/out.pdf"},
        .place = {.template_name = "so"},
        .reserve_number = {.is_automatic = TRUE},
        .reserve_day = {0, -10, 5, 90, 35, .anchor = "ngày"},
        .reserve_month = {-1, 1, 2, 3, 4},
        .fill_number = "7",
        .fill_number_place = {.template_name = "so"},
        .fill_month_place = {.is_automatic = TRUE},
    };

    assert_sent(
        f, &request,
        "{\"purpose\":\"approve\",\"credentialID\":\"ab\",\"output\":{\"path\":"
        "\"/tmp/out.pdf\"},\"place\":{\"template\":\"so\"},\"reserve\":{\"number\":"
        "true,\"day\":{\"anchor\":\"ngày\",\"dx\":-10.0,\"dy\":5.0,\"w\":100.0,"
        "\"h\":30.0},\"month\":{\"page\":-1,\"rect\":[1.0,2.0,3.0,4.0]}},\"fill\":{\"number\":{"
        "\"text\":\"7\",\"place\":{\"template\":\"so\"}},\"month\":{\"place\":true}}}");
}

/* Each document says what it has to itself, the request what holds for the rest. */
static void
test_sign_list(Fixture *f, gconstpointer data)
{
    KysoClient *client = connect_to(f);
    static const char *const metadata[] = {"CodeNumber=7", NULL};
    const KysoSignRequest request = {
        .purpose = "issue", .credential_id = "ab", .seal_mm = 36, .text = "all"};
    const KysoSignDocument documents[] = {
        {.input = {.path = "/tmp/a"}, .output = {.path = "/tmp/b"}, .metadata = metadata},
        {.input = {.path = "/tmp/c"},
         .output = {.path = "/tmp/d"},
         .fill_number = "8",
         .reserve_all = TRUE,
         .seal_mm = 30,
         .text = "own",
         .copy_kind = "sao_luc"},
    };
    static const char expected[] =
        "{\"purpose\":\"issue\",\"credentialID\":\"ab\",\"seal_mm\":36.0,\"text\":\"all\","
        "\"documents\":[{\"name\":\"a\",\"input\":{\"path\":\"/tmp/a\"},\"output\":{\"path\":"
        "\"/tmp/b\"},\"metadata\":{\"CodeNumber\":\"7\"}},{\"name\":\"c\",\"input\":{\"path\":"
        "\"/tmp/c\"},\"output\":{\"path\":\"/tmp/d\"},\"fill\":{\"number\":\"8\"},\"reserve\":"
        "true,\"seal_mm\":30.0,\"text\":\"own\",\"copy_kind\":\"sao_luc\"}]}";
    g_autoptr(GError) error = NULL;

    g_autoptr(KysoResult) result =
        kyso_client_sign_list(client, &request, documents, G_N_ELEMENTS(documents), NULL, &error);
    g_assert_no_error(error);
    hang_up(f, &client);
    g_autoptr(json_t) wanted = kyso_json_parse(expected, strlen(expected), NULL);
    g_assert_nonnull(wanted);
    g_assert_true(json_equal(f->last_params, wanted));
}

static void
test_sign_faults(Fixture *f, gconstpointer data)
{
    g_autoptr(KysoClient) client = connect_to(f);
    static const char *const no_pair[] = {"CodeNotation", NULL};
    const struct {
        KysoSignRequest request;
        int code;
    } cases[] = {
        {{.input = {.path = "/nonexistent"}}, KYSO_ERROR_INPUT_UNREADABLE},
        {{.image = {.path = "/nonexistent"}}, KYSO_ERROR_IMAGE_UNREADABLE},
        {{.output = {.path = "/tmp/\xff"}}, KYSO_ERROR_OUTPUT_NOT_WRITABLE},
        {{.name = "\xff"}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.metadata = no_pair}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.text = "\xff"}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.place = {.anchor = "\xff"}}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.reserve_day = {.template_name = "\xff"}}, KYSO_ERROR_WRONG_PARAMETERS},
        {{.reserve_all = TRUE, .reserve_day = {.page = 1}}, KYSO_ERROR_WRONG_PARAMETERS},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(kyso_client_sign(client, &cases[i].request, &error));
        g_assert_error(error, KYSO_CLIENT_ERROR, cases[i].code);
    }
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    ADD("a request to sign is sent as the protocol wants it", test_sign_request);
    ADD("what a signature shows is sent as the protocol wants it", test_sign_looks);
    ADD("places of every kind are sent as the protocol wants them", test_sign_places);
    ADD("a list says of each document what it has to itself", test_sign_list);
    ADD("what cannot be read or said is told before sending", test_sign_faults);
    return g_test_run();
}
