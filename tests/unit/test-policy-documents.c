/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/policy/policy.h"
#include "ipc/base/error.h"

/* What a document itself forbids, with the key known or not. */
static void
test_a_document_can_forbid_it(void)
{
    const KysoFacts sound = {.purpose = KYSO_PURPOSE_APPROVE,
                             .role = KYSO_ROLE_PERSONAL,
                             .is_strong = TRUE,
                             .n_earlier = 1,
                             .is_file_covered = TRUE};
    KysoFacts locked = sound, dynamic = sound;

    locked.is_change_forbidden = TRUE;
    dynamic.has_dynamic_form = TRUE;
    g_assert_cmpint(kyso_policy_decide(&sound).decision, ==, KYSO_DECISION_ASK);
    g_assert_cmpint(kyso_policy_decide(&locked).code, ==, KYSO_ERROR_CHANGES_FORBIDDEN);
    g_assert_cmpint(kyso_policy_decide_without_key(&locked).code, ==, KYSO_ERROR_CHANGES_FORBIDDEN);
    g_assert_cmpint(kyso_policy_decide(&dynamic).code, ==, KYSO_ERROR_DYNAMIC_FORM);
    g_assert_cmpint(kyso_policy_decide_without_key(&dynamic).code, ==, KYSO_ERROR_DYNAMIC_FORM);
}

/* Where a rule of Decree 30 refuses too, that is what the clerk must hear. */
static void
test_the_rules_of_records_go_first(void)
{
    KysoFacts facts = {.purpose = KYSO_PURPOSE_ISSUE,
                       .role = KYSO_ROLE_AGENCY,
                       .is_strong = TRUE,
                       .is_change_forbidden = TRUE};

    g_assert_cmpint(kyso_policy_decide(&facts).code, ==, KYSO_ERROR_APPROVE_MISSING);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/a-document-can-forbid-it", test_a_document_can_forbid_it);
    g_test_add_func("/policy/the-rules-of-records-go-first", test_the_rules_of_records_go_first);
    return g_test_run();
}
