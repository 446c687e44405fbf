/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Person or agency, by the names in a certificate alone.
 */
#include "agent/pki/role-hint.h"

#include "tests/kit/authority.h"

static const struct {
    const char *common_name, *organization, *unit, *role;
} CASES[] = {
    {"Nguyễn Văn Thử", "Tỉnh Thử Nghiệm", "Sở Nội vụ/Văn phòng", "personal"},
    {"H'Thử Niê", NULL, NULL, NULL}, /* a name of another form: no guess */
    {"Ủy ban nhân dân xã Thử Nghiệm", "Tỉnh Thử Nghiệm", NULL, "agency"},
    {"UỶ BAN NHÂN DÂN XÃ THỬ NGHIỆM", "Tỉnh Thử Nghiệm", NULL, "agency"},
    {"UBND xã Thử Nghiệm", NULL, NULL, "agency"},
    {"Sở Nội vụ", "Tỉnh Thử Nghiệm", NULL, "agency"},
    {"Thị xã Thử", "Tỉnh Thử Nghiệm", "Thị xã Thử", "agency"}, /* the unit itself */
    {"Sơn Văn Thử", "Tỉnh Thử Nghiệm", NULL, "personal"},      /* "Sở" is another word */
    {"VGCA License Key Generator 2", "Ban Cơ yếu Chính phủ", NULL, NULL},
    {"Thử", NULL, NULL, NULL},
};

static void
test_names_suggest_a_role(void)
{
    g_autoptr(KysoAuthority) ca = kyso_authority_new_ca("CA", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        KysoAuthoritySpec spec = {.common_name = CASES[i].common_name,
                                  .organization = CASES[i].organization,
                                  .unit = CASES[i].unit};
        g_autoptr(KysoAuthority) somebody = kyso_authority_new(&spec, ca);
        g_test_message("%s", CASES[i].common_name);
        g_assert_cmpstr(kyso_role_hint_get(somebody->certificate), ==, CASES[i].role);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/role-hint/names-suggest-a-role", test_names_suggest_a_role);
    return g_test_run();
}
