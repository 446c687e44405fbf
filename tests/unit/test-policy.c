/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules, one by one and in their order, and the words that mark a secret document.
 */
#include "agent/policy/policy.h"

#include "ipc/base/error.h"

/* A leader's approval that no rule refuses. */
static const KysoFacts APPROVE = {
    .purpose = KYSO_PURPOSE_APPROVE,
    .role = KYSO_ROLE_PERSONAL,
    .is_strong = TRUE,
};

/* The clerk's seal after the leader, that no rule refuses. */
static const KysoFacts ISSUE = {
    .purpose = KYSO_PURPOSE_ISSUE,
    .role = KYSO_ROLE_AGENCY,
    .is_strong = TRUE,
    .n_earlier = 1,
    .is_file_covered = TRUE,
    .has_valid_personal_approve = TRUE,
};

static const KysoFacts INITIAL = {
    .purpose = KYSO_PURPOSE_INITIAL,
    .role = KYSO_ROLE_PERSONAL,
    .is_strong = TRUE,
    .is_file_covered = TRUE,
};

static void
assert_refused(const KysoFacts *facts, int code, const char *rule)
{
    KysoVerdict verdict = kyso_policy_decide(facts);

    g_assert_cmpint(verdict.decision, ==, KYSO_DECISION_REFUSE);
    g_assert_cmpint(verdict.code, ==, code);
    g_assert_cmpstr(verdict.rule, ==, rule);
}

static void
assert_asks(const KysoFacts *facts)
{
    KysoVerdict verdict = kyso_policy_decide(facts);

    g_assert_cmpstr(verdict.rule, ==, "person_consents");
    g_assert_cmpint(verdict.decision, ==, KYSO_DECISION_ASK);
    g_assert_cmpint(verdict.code, ==, 0);
}

static void
test_a_key_is_never_used_without_a_person(void)
{
    for (int purpose = KYSO_PURPOSE_APPROVE; purpose <= KYSO_PURPOSE_HASH; purpose++) {
        for (int role = KYSO_ROLE_UNKNOWN; role <= KYSO_ROLE_AGENCY; role++) {
            KysoFacts facts = ISSUE;
            facts.purpose = purpose;
            facts.role = role;
            facts.is_hash_signing_allowed = TRUE;
            g_assert_cmpint(kyso_policy_decide(&facts).decision, !=, KYSO_DECISION_ALLOW);
        }
    }
}

static void
test_verifying_is_allowed(void)
{
    KysoFacts facts = {.purpose = KYSO_PURPOSE_VERIFY};
    KysoVerdict verdict = kyso_policy_decide(&facts);

    g_assert_cmpint(verdict.decision, ==, KYSO_DECISION_ALLOW);
    g_assert_cmpint(verdict.code, ==, 0);
}

static void
test_facts_of_zero_are_refused(void)
{
    KysoFacts facts = {0};

    assert_refused(&facts, KYSO_ERROR_NOT_SUPPORTED, "purpose_supported");
}

static void
test_good_facts_are_asked(void)
{
    KysoFacts file = {.purpose = KYSO_PURPOSE_FILE, .role = KYSO_ROLE_AGENCY, .is_strong = TRUE};
    KysoFacts hash = {.purpose = KYSO_PURPOSE_HASH,
                      .role = KYSO_ROLE_PERSONAL,
                      .is_strong = TRUE,
                      .is_hash_signing_allowed = TRUE};
    KysoFacts second = APPROVE;
    second.n_earlier = 1;
    second.is_file_covered = TRUE;

    assert_asks(&APPROVE);
    assert_asks(&ISSUE);
    assert_asks(&second);
    assert_asks(&file);
    assert_asks(&hash);
    file.role = KYSO_ROLE_PERSONAL;
    hash.role = KYSO_ROLE_AGENCY;
    assert_asks(&file);
    assert_asks(&hash);
}

static void
test_other_purposes_are_not_supported(void)
{
    static const KysoPurpose OTHERS[] = {
        KYSO_PURPOSE_UNKNOWN, KYSO_PURPOSE_MESSAGE, KYSO_PURPOSE_XML,
        KYSO_PURPOSE_JSON,    (KysoPurpose) 999,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        KysoFacts facts = APPROVE;
        facts.purpose = OTHERS[i];
        assert_refused(&facts, KYSO_ERROR_NOT_SUPPORTED, "purpose_supported");
    }
}

/* DESIGN §4: whose key each act takes. */
static void
test_each_purpose_has_its_key(void)
{
    static const struct {
        KysoPurpose purpose;
        KysoRole role;
    } KEYS[] = {
        {KYSO_PURPOSE_APPROVE, KYSO_ROLE_PERSONAL}, {KYSO_PURPOSE_INITIAL, KYSO_ROLE_PERSONAL},
        {KYSO_PURPOSE_COMMENT, KYSO_ROLE_PERSONAL}, {KYSO_PURPOSE_ISSUE, KYSO_ROLE_AGENCY},
        {KYSO_PURPOSE_APPENDIX, KYSO_ROLE_AGENCY},  {KYSO_PURPOSE_COPY, KYSO_ROLE_AGENCY},
        {KYSO_PURPOSE_RECEIVE, KYSO_ROLE_AGENCY},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        KysoFacts facts = ISSUE;
        facts.purpose = KEYS[i].purpose;
        facts.has_valid_personal_approve = facts.purpose != KYSO_PURPOSE_INITIAL;
        facts.role = KEYS[i].role;
        assert_asks(&facts);
        facts.role = facts.role == KYSO_ROLE_AGENCY ? KYSO_ROLE_PERSONAL : KYSO_ROLE_AGENCY;
        assert_refused(&facts, KYSO_ERROR_ROLE_WRONG, "role_fits_purpose");
    }
}

/* A leader notes on what his agency or another one has issued; a clerk copies and receives it. */
static void
test_what_is_done_with_an_issued_document(void)
{
    static const KysoPurpose AFTER[] = {KYSO_PURPOSE_COMMENT, KYSO_PURPOSE_APPENDIX,
                                        KYSO_PURPOSE_COPY, KYSO_PURPOSE_RECEIVE};

    for (gsize i = 0; i < G_N_ELEMENTS(AFTER); i++) {
        KysoFacts facts = ISSUE;
        facts.purpose = AFTER[i];
        facts.has_agency_issue = TRUE;
        if (AFTER[i] == KYSO_PURPOSE_COMMENT)
            facts.role = KYSO_ROLE_PERSONAL;
        assert_asks(&facts);
        facts.is_earlier_broken = TRUE;
        assert_refused(&facts, KYSO_ERROR_EARLIER_SIGNATURE_BROKEN, "earlier_intact");
    }
}

/* Each spoils one thing of a good request, in the order of the rules. */
typedef struct {
    const char *rule;
    int code;
    const KysoFacts *good;
    void (*spoil)(KysoFacts *facts);
} Spoiling;

static void
spoil_purpose(KysoFacts *facts)
{
    facts->purpose = KYSO_PURPOSE_UNKNOWN;
}

static void
spoil_secrecy(KysoFacts *facts)
{
    facts->secrecy = KYSO_SECRECY_MAT;
}

static void
spoil_mark(KysoFacts *facts)
{
    facts->secrecy_mark = KYSO_SECRECY_TUYET_MAT;
}

static void
spoil_begin(KysoFacts *facts)
{
    facts->certificate_code = KYSO_ERROR_CERTIFICATE_NOT_YET_VALID;
}

static void
spoil_end(KysoFacts *facts)
{
    facts->certificate_code = KYSO_ERROR_CERTIFICATE_EXPIRED;
}

static void
spoil_path(KysoFacts *facts)
{
    facts->certificate_code = KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER;
}

static void
spoil_usage(KysoFacts *facts)
{
    facts->certificate_code = KYSO_ERROR_CERTIFICATE_WRONG_USAGE;
}

static void
spoil_certificate_strength(KysoFacts *facts)
{
    facts->certificate_code = KYSO_ERROR_CERTIFICATE_WEAK;
}

static void
spoil_certificate(KysoFacts *facts)
{
    facts->certificate_code = KYSO_ERROR_INTERNAL;
}

static void
spoil_strength(KysoFacts *facts)
{
    facts->is_strong = FALSE;
}

static void
spoil_role(KysoFacts *facts)
{
    facts->role = KYSO_ROLE_UNKNOWN;
}

static void
swap_role(KysoFacts *facts)
{
    facts->role = facts->role == KYSO_ROLE_AGENCY ? KYSO_ROLE_PERSONAL : KYSO_ROLE_AGENCY;
}

static void
spoil_earlier(KysoFacts *facts)
{
    facts->n_earlier = 1;
    facts->is_earlier_broken = TRUE;
}

static void
spoil_cover(KysoFacts *facts)
{
    facts->n_earlier = 1;
    facts->is_file_covered = FALSE;
}

static void
spoil_approve(KysoFacts *facts)
{
    facts->has_valid_personal_approve = FALSE;
}

static void
spoil_initial(KysoFacts *facts)
{
    facts->has_valid_personal_approve = TRUE;
}

static void
spoil_issue(KysoFacts *facts)
{
    facts->has_agency_issue = TRUE;
}

static const Spoiling SPOILINGS[] = {
    {"purpose_supported", KYSO_ERROR_NOT_SUPPORTED, &ISSUE, spoil_purpose},
    {"not_secret_by_metadata", KYSO_ERROR_SECRET_DOCUMENT, &ISSUE, spoil_secrecy},
    {"not_secret_by_mark", KYSO_ERROR_SECRET_DOCUMENT, &ISSUE, spoil_mark},
    {"certificate_begun", KYSO_ERROR_CERTIFICATE_NOT_YET_VALID, &ISSUE, spoil_begin},
    {"certificate_not_expired", KYSO_ERROR_CERTIFICATE_EXPIRED, &ISSUE, spoil_end},
    {"certificate_path", KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER, &ISSUE, spoil_path},
    {"certificate_usage", KYSO_ERROR_CERTIFICATE_WRONG_USAGE, &ISSUE, spoil_usage},
    {"certificate_strength", KYSO_ERROR_CERTIFICATE_WEAK, &ISSUE, spoil_certificate_strength},
    {"certificate_good", KYSO_ERROR_CERTIFICATE_UNREADABLE, &ISSUE, spoil_certificate},
    {"algorithm_strength", KYSO_ERROR_CERTIFICATE_WEAK, &ISSUE, spoil_strength},
    {"role_known", KYSO_ERROR_ROLE_UNKNOWN, &ISSUE, spoil_role},
    {"role_fits_purpose", KYSO_ERROR_ROLE_WRONG, &ISSUE, swap_role},
    {"earlier_intact", KYSO_ERROR_EARLIER_SIGNATURE_BROKEN, &ISSUE, spoil_earlier},
    {"unchanged_after_signature", KYSO_ERROR_CHANGED_AFTER_SIGNATURE, &ISSUE, spoil_cover},
    {"issue_after_approve", KYSO_ERROR_APPROVE_MISSING, &ISSUE, spoil_approve},
    {"initial_before_approve", KYSO_ERROR_ALREADY_APPROVED, &INITIAL, spoil_initial},
    {"issued_once", KYSO_ERROR_ALREADY_ISSUED, &ISSUE, spoil_issue},
};

static void
test_each_rule_refuses(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(SPOILINGS); i++) {
        KysoFacts facts = *SPOILINGS[i].good;
        SPOILINGS[i].spoil(&facts);
        assert_refused(&facts, SPOILINGS[i].code, SPOILINGS[i].rule);
    }
}

/* Spoiled in two ways, a request is refused for the one that stands higher in the table. Two
 * spoilings of the same fact cannot be told apart and are passed over. */
static void
test_the_first_refusal_wins(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(SPOILINGS); i++) {
        for (gsize j = i + 1; j < G_N_ELEMENTS(SPOILINGS); j++) {
            KysoFacts first = ISSUE, both = ISSUE;
            SPOILINGS[i].spoil(&first);
            SPOILINGS[j].spoil(&both);
            SPOILINGS[i].spoil(&both);
            if (kyso_policy_decide(&first).rule != SPOILINGS[i].rule || first.role != both.role ||
                first.certificate_code != both.certificate_code)
                continue;
            assert_refused(&both, SPOILINGS[i].code, SPOILINGS[i].rule);
        }
    }
}

static void
test_a_person_does_not_seal_and_a_seal_does_not_approve(void)
{
    KysoFacts approve = APPROVE, issue = ISSUE;
    approve.role = KYSO_ROLE_AGENCY;
    issue.role = KYSO_ROLE_PERSONAL;

    assert_refused(&approve, KYSO_ERROR_ROLE_WRONG, "role_fits_purpose");
    assert_refused(&issue, KYSO_ERROR_ROLE_WRONG, "role_fits_purpose");
}

static void
test_hash_signing_is_off_until_allowed(void)
{
    KysoFacts facts = APPROVE;
    facts.purpose = KYSO_PURPOSE_HASH;

    assert_refused(&facts, KYSO_ERROR_HASH_SIGNING_OFF, "hash_signing_on");
}

static void
test_names_go_both_ways(void)
{
    for (int purpose = KYSO_PURPOSE_UNKNOWN; purpose <= KYSO_PURPOSE_HASH; purpose++)
        g_assert_cmpint(kyso_policy_purpose_from_name(kyso_policy_purpose_name(purpose)), ==,
                        purpose);
    for (int role = KYSO_ROLE_UNKNOWN; role <= KYSO_ROLE_AGENCY; role++)
        g_assert_cmpint(kyso_policy_role_from_name(kyso_policy_role_name(role)), ==, role);

    g_assert_cmpint(kyso_policy_purpose_from_name("Approve"), ==, KYSO_PURPOSE_UNKNOWN);
    g_assert_cmpint(kyso_policy_purpose_from_name(NULL), ==, KYSO_PURPOSE_UNKNOWN);
    g_assert_cmpint(kyso_policy_role_from_name(NULL), ==, KYSO_ROLE_UNKNOWN);
    g_assert_cmpstr(kyso_policy_purpose_name((KysoPurpose) -1), ==, "unknown");
    g_assert_cmpstr(kyso_policy_role_name((KysoRole) 77), ==, "unknown");
}

static void
test_secrecy_is_read_in_any_spelling(void)
{
    static const struct {
        const char *text;
        KysoSecrecy secrecy;
    } CASES[] = {
        {NULL, KYSO_SECRECY_NONE},
        {"", KYSO_SECRECY_NONE},
        {" ", KYSO_SECRECY_NONE},
        {"none", KYSO_SECRECY_NONE},
        {"mat", KYSO_SECRECY_MAT},
        {"Mật", KYSO_SECRECY_MAT},
        {"MẬT", KYSO_SECRECY_MAT},
        {"mâ\xCC\xA3t", KYSO_SECRECY_MAT},         /* half composed */
        {"ma\xCC\xA3\xCC\x82t", KYSO_SECRECY_MAT}, /* NFD */
        {"toi_mat", KYSO_SECRECY_TOI_MAT},
        {"Tối mật", KYSO_SECRECY_TOI_MAT},
        {"TỐI  MẬT ", KYSO_SECRECY_TOI_MAT},
        {"Toi-Mat", KYSO_SECRECY_TOI_MAT},
        {"tuyet_mat", KYSO_SECRECY_TUYET_MAT},
        {"Tuyệt mật", KYSO_SECRECY_TUYET_MAT},
        {"tuyệt MẬT", KYSO_SECRECY_TUYET_MAT},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        KysoSecrecy secrecy = (KysoSecrecy) 99;
        g_assert_true(kyso_policy_secrecy_from_text(CASES[i].text, &secrecy));
        g_assert_cmpint(secrecy, ==, CASES[i].secrecy);
    }
}

static void
test_unknown_secrecy_counts_as_the_highest(void)
{
    static const char *const TEXTS[] = {"secret", "mật khẩu", "matt", "1", "\xFF"};

    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        KysoSecrecy secrecy = KYSO_SECRECY_NONE;
        g_assert_false(kyso_policy_secrecy_from_text(TEXTS[i], &secrecy));
        g_assert_cmpint(secrecy, ==, KYSO_SECRECY_TUYET_MAT);
    }
}

static void
test_a_stamp_is_found(void)
{
    static const struct {
        const char *text;
        KysoSecrecy secrecy;
    } CASES[] = {
        {"MẬT", KYSO_SECRECY_MAT},
        {"ỦY BAN NHÂN DÂN\n  MẬT  \nSố: 01/QĐ-UBND", KYSO_SECRECY_MAT},
        {"TỐI MẬT", KYSO_SECRECY_TOI_MAT},
        {"Trang 1\fTUYỆT MẬT\r\nTrang 2", KYSO_SECRECY_TUYET_MAT},
        {"MẬT\nTUYỆT MẬT\nTỐI MẬT", KYSO_SECRECY_TUYET_MAT},
        {"M Ậ T", KYSO_SECRECY_MAT},
        {"T Ố I   M Ậ T", KYSO_SECRECY_TOI_MAT},
        {"[MẬT]", KYSO_SECRECY_MAT},
        {"( TỐI MẬT )", KYSO_SECRECY_TOI_MAT},
        {"| TUYỆT MẬT |", KYSO_SECRECY_TUYET_MAT},
        {"MẬT\xC2\xA0", KYSO_SECRECY_MAT},                          /* no-break space */
        {"MA\xCC\xA3\xCC\x82T", KYSO_SECRECY_MAT},                  /* NFD */
        {"\xEF\xBB\xBFMẬT", KYSO_SECRECY_MAT},                      /* byte order mark */
        {"MẬT              Kính gửi: Sở Nội vụ", KYSO_SECRECY_MAT}, /* two columns */
        {"TỐI MẬT\tThử Nghiệm, ngày 01 tháng 02 năm 2026", KYSO_SECRECY_TOI_MAT},
        {"\xFF\xFE\nMẬT\n", KYSO_SECRECY_MAT}, /* rubbish before */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
        g_assert_cmpint(kyso_policy_find_secrecy_mark(CASES[i].text), ==, CASES[i].secrecy);
}

static void
test_words_are_no_stamp(void)
{
    static const char *const TEXTS[] = {
        NULL,
        "",
        "Mật",
        "mật",
        "Mật khẩu",
        "MẬT KHẨU",
        "BẢO MẬT",
        "bảo mật thông tin",
        "BÍ MẬT NHÀ NƯỚC",
        "bí mật",
        "Về việc quản lý tài liệu MẬT của xã",
        "Độ mật: không",
        "MẶT",
        "MẮT",
        "MÁT",
        "MAT",
        "MẬT ONG",
        "MẬT 2",
        "TỐI",
        "TUYỆT ĐỐI BẢO MẬT",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++)
        g_assert_cmpint(kyso_policy_find_secrecy_mark(TEXTS[i]), ==, KYSO_SECRECY_NONE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    g_test_add_func("/policy/a-key-is-never-used-without-a-person",
                    test_a_key_is_never_used_without_a_person);
    g_test_add_func("/policy/verifying-is-allowed", test_verifying_is_allowed);
    g_test_add_func("/policy/facts-of-zero-are-refused", test_facts_of_zero_are_refused);
    g_test_add_func("/policy/good-facts-are-asked", test_good_facts_are_asked);
    g_test_add_func("/policy/each-purpose-has-its-key", test_each_purpose_has_its_key);
    g_test_add_func("/policy/what-is-done-with-an-issued-document",
                    test_what_is_done_with_an_issued_document);
    g_test_add_func("/policy/other-purposes-are-not-supported",
                    test_other_purposes_are_not_supported);
    g_test_add_func("/policy/each-rule-refuses", test_each_rule_refuses);
    g_test_add_func("/policy/the-first-refusal-wins", test_the_first_refusal_wins);
    g_test_add_func("/policy/a-person-does-not-seal-and-a-seal-does-not-approve",
                    test_a_person_does_not_seal_and_a_seal_does_not_approve);
    g_test_add_func("/policy/hash-signing-is-off-until-allowed",
                    test_hash_signing_is_off_until_allowed);
    g_test_add_func("/policy/names-go-both-ways", test_names_go_both_ways);
    g_test_add_func("/policy/secrecy-is-read-in-any-spelling",
                    test_secrecy_is_read_in_any_spelling);
    g_test_add_func("/policy/unknown-secrecy-counts-as-the-highest",
                    test_unknown_secrecy_counts_as_the_highest);
    g_test_add_func("/policy/a-stamp-is-found", test_a_stamp_is_found);
    g_test_add_func("/policy/words-are-no-stamp", test_words_are_no_stamp);

    return g_test_run();
}
