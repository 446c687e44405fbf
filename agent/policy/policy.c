/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/policy/policy.h"

#include <string.h>

#include "ipc/base/error.h"

/* TRUE: the rule refuses. */
typedef gboolean (*RuleRefuses)(const KysoFacts *facts);

typedef struct {
    const char *name;
    RuleRefuses refuses;
    int code;
    gboolean is_of_key; /* goes by the certificate, or its algorithm */
} Rule;

/* Rules */

static gboolean
is_purpose_unsupported(const KysoFacts *facts)
{
    switch (facts->purpose) {
    case KYSO_PURPOSE_APPROVE:
    case KYSO_PURPOSE_INITIAL:
    case KYSO_PURPOSE_ISSUE:
    case KYSO_PURPOSE_APPENDIX:
    case KYSO_PURPOSE_COPY:
    case KYSO_PURPOSE_RECEIVE:
    case KYSO_PURPOSE_COMMENT:
    case KYSO_PURPOSE_FILE:
    case KYSO_PURPOSE_MESSAGE:
    case KYSO_PURPOSE_JSON:
    case KYSO_PURPOSE_XML:
    case KYSO_PURPOSE_HASH:
        return FALSE;
    default:
        return TRUE;
    }
}

static gboolean
is_secret_by_metadata(const KysoFacts *facts)
{
    return facts->secrecy != KYSO_SECRECY_NONE;
}

static gboolean
is_secret_by_mark(const KysoFacts *facts)
{
    return facts->secrecy_mark != KYSO_SECRECY_NONE;
}

static gboolean
is_certificate_not_yet_valid(const KysoFacts *facts)
{
    return facts->certificate_code == KYSO_ERROR_CERTIFICATE_NOT_YET_VALID;
}

static gboolean
is_certificate_expired(const KysoFacts *facts)
{
    return facts->certificate_code == KYSO_ERROR_CERTIFICATE_EXPIRED;
}

static gboolean
is_certificate_issuer_unknown(const KysoFacts *facts)
{
    return facts->certificate_code == KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER;
}

static gboolean
is_certificate_of_other_usage(const KysoFacts *facts)
{
    return facts->certificate_code == KYSO_ERROR_CERTIFICATE_WRONG_USAGE;
}

static gboolean
is_certificate_weak(const KysoFacts *facts)
{
    return facts->certificate_code == KYSO_ERROR_CERTIFICATE_WEAK;
}

/* A failed check that this table does not know is still a failed check. */
static gboolean
is_certificate_otherwise_bad(const KysoFacts *facts)
{
    return facts->certificate_code != 0;
}

static gboolean
is_algorithm_weak(const KysoFacts *facts)
{
    return !facts->is_strong;
}

static gboolean
is_role_unknown(const KysoFacts *facts)
{
    return facts->role != KYSO_ROLE_PERSONAL && facts->role != KYSO_ROLE_AGENCY;
}

static gboolean
is_role_wrong(const KysoFacts *facts)
{
    switch (facts->purpose) {
    case KYSO_PURPOSE_APPROVE:
    case KYSO_PURPOSE_INITIAL:
    case KYSO_PURPOSE_COMMENT:
        return facts->role != KYSO_ROLE_PERSONAL;
    case KYSO_PURPOSE_ISSUE:
    case KYSO_PURPOSE_APPENDIX:
    case KYSO_PURPOSE_COPY:
    case KYSO_PURPOSE_RECEIVE:
        return facts->role != KYSO_ROLE_AGENCY;
    default:
        return FALSE;
    }
}

static gboolean
is_earlier_broken(const KysoFacts *facts)
{
    return facts->is_earlier_broken;
}

static gboolean
is_changed_after_signature(const KysoFacts *facts)
{
    return facts->n_earlier > 0 && !facts->is_file_covered;
}

/* The clerk seals only what the competent person has signed (Decree 30/2020 Art. 32.2d). */
static gboolean
is_approve_missing(const KysoFacts *facts)
{
    return facts->purpose == KYSO_PURPOSE_ISSUE && !facts->has_valid_personal_approve;
}

/* Who initials has read the draft; once the competent person has signed, it is none. */
static gboolean
is_initial_too_late(const KysoFacts *facts)
{
    return facts->purpose == KYSO_PURPOSE_INITIAL &&
           (facts->has_valid_personal_approve || facts->has_agency_issue);
}

static gboolean
is_already_issued(const KysoFacts *facts)
{
    return facts->purpose == KYSO_PURPOSE_ISSUE && facts->has_agency_issue;
}

static gboolean
is_change_forbidden(const KysoFacts *facts)
{
    return facts->is_change_forbidden;
}

static gboolean
is_form_dynamic(const KysoFacts *facts)
{
    return facts->has_dynamic_form;
}

static gboolean
is_hash_signing_off(const KysoFacts *facts)
{
    return facts->purpose == KYSO_PURPOSE_HASH && !facts->is_hash_signing_allowed;
}

/* Order counts: the first refusal wins (Decree 68/2024 Art. 29 for the certificate). */
static const Rule RULES[] = {
    {"purpose_supported", is_purpose_unsupported, KYSO_ERROR_NOT_SUPPORTED, FALSE},
    {"not_secret_by_metadata", is_secret_by_metadata, KYSO_ERROR_SECRET_DOCUMENT, FALSE},
    {"not_secret_by_mark", is_secret_by_mark, KYSO_ERROR_SECRET_DOCUMENT, FALSE},
    {"certificate_begun", is_certificate_not_yet_valid, KYSO_ERROR_CERTIFICATE_NOT_YET_VALID, TRUE},
    {"certificate_not_expired", is_certificate_expired, KYSO_ERROR_CERTIFICATE_EXPIRED, TRUE},
    {"certificate_path", is_certificate_issuer_unknown, KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER,
     TRUE},
    {"certificate_usage", is_certificate_of_other_usage, KYSO_ERROR_CERTIFICATE_WRONG_USAGE, TRUE},
    {"certificate_strength", is_certificate_weak, KYSO_ERROR_CERTIFICATE_WEAK, TRUE},
    {"certificate_good", is_certificate_otherwise_bad, KYSO_ERROR_CERTIFICATE_UNREADABLE, TRUE},
    {"algorithm_strength", is_algorithm_weak, KYSO_ERROR_CERTIFICATE_WEAK, TRUE},
    {"role_known", is_role_unknown, KYSO_ERROR_ROLE_UNKNOWN, TRUE},
    {"role_fits_purpose", is_role_wrong, KYSO_ERROR_ROLE_WRONG, TRUE},
    {"earlier_intact", is_earlier_broken, KYSO_ERROR_EARLIER_SIGNATURE_BROKEN, FALSE},
    {"unchanged_after_signature", is_changed_after_signature, KYSO_ERROR_CHANGED_AFTER_SIGNATURE,
     FALSE},
    {"issue_after_approve", is_approve_missing, KYSO_ERROR_APPROVE_MISSING, FALSE},
    {"initial_before_approve", is_initial_too_late, KYSO_ERROR_ALREADY_APPROVED, FALSE},
    {"issued_once", is_already_issued, KYSO_ERROR_ALREADY_ISSUED, FALSE},
    {"change_allowed", is_change_forbidden, KYSO_ERROR_CHANGES_FORBIDDEN, FALSE},
    {"form_static", is_form_dynamic, KYSO_ERROR_DYNAMIC_FORM, FALSE},
    {"hash_signing_on", is_hash_signing_off, KYSO_ERROR_HASH_SIGNING_OFF, FALSE},
};

static KysoVerdict
decide(const KysoFacts *facts, gboolean is_key_known)
{
    if (facts->purpose == KYSO_PURPOSE_VERIFY)
        return (KysoVerdict){KYSO_DECISION_ALLOW, 0, "no_key_used"};

    for (gsize i = 0; i < G_N_ELEMENTS(RULES); i++)
        if ((is_key_known || !RULES[i].is_of_key) && RULES[i].refuses(facts))
            return (KysoVerdict){KYSO_DECISION_REFUSE, RULES[i].code, RULES[i].name};

    return (KysoVerdict){KYSO_DECISION_ASK, 0, "person_consents"};
}

KysoVerdict
kyso_policy_decide(const KysoFacts *facts)
{
    return decide(facts, TRUE);
}

KysoVerdict
kyso_policy_decide_without_key(const KysoFacts *facts)
{
    return decide(facts, FALSE);
}

/* Names */

static const char *const PURPOSES[] = {
    [KYSO_PURPOSE_UNKNOWN] = "unknown", [KYSO_PURPOSE_VERIFY] = "verify",
    [KYSO_PURPOSE_APPROVE] = "approve", [KYSO_PURPOSE_INITIAL] = "initial",
    [KYSO_PURPOSE_ISSUE] = "issue",     [KYSO_PURPOSE_APPENDIX] = "appendix",
    [KYSO_PURPOSE_COPY] = "copy",       [KYSO_PURPOSE_RECEIVE] = "receive",
    [KYSO_PURPOSE_COMMENT] = "comment", [KYSO_PURPOSE_FILE] = "file",
    [KYSO_PURPOSE_MESSAGE] = "message", [KYSO_PURPOSE_XML] = "xml",
    [KYSO_PURPOSE_JSON] = "json",       [KYSO_PURPOSE_HASH] = "hash",
};

static const char *const ROLES[] = {
    [KYSO_ROLE_UNKNOWN] = "unknown",
    [KYSO_ROLE_PERSONAL] = "personal",
    [KYSO_ROLE_AGENCY] = "agency",
};

static const char *const SECRECIES[] = {
    [KYSO_SECRECY_NONE] = "none",
    [KYSO_SECRECY_MAT] = "mat",
    [KYSO_SECRECY_TOI_MAT] = "toi_mat",
    [KYSO_SECRECY_TUYET_MAT] = "tuyet_mat",
};

/* The index of @name, or 0, which is "unknown" in the tables that this is for. */
static guint
find_name(const char *const *names, gsize n_names, const char *name)
{
    for (guint i = 1; i < n_names; i++)
        if (g_strcmp0(names[i], name) == 0)
            return i;

    return 0;
}

KysoPurpose
kyso_policy_purpose_from_name(const char *name)
{
    return (KysoPurpose) find_name(PURPOSES, G_N_ELEMENTS(PURPOSES), name);
}

const char *
kyso_policy_purpose_name(KysoPurpose purpose)
{
    return (gsize) purpose < G_N_ELEMENTS(PURPOSES) ? PURPOSES[purpose] : "unknown";
}

KysoRole
kyso_policy_role_from_name(const char *name)
{
    return (KysoRole) find_name(ROLES, G_N_ELEMENTS(ROLES), name);
}

const char *
kyso_policy_role_name(KysoRole role)
{
    return (gsize) role < G_N_ELEMENTS(ROLES) ? ROLES[role] : "unknown";
}

const char *
kyso_policy_secrecy_name(KysoSecrecy secrecy)
{
    return (gsize) secrecy < G_N_ELEMENTS(SECRECIES) ? SECRECIES[secrecy] : "tuyet_mat";
}

/* Secrecy */

/* Lower case, without diacritics, words parted by one '_': "TỐI  MẬT" is "toi_mat". */
static char *
fold_name(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *lower = g_utf8_casefold(valid, -1);
    g_autofree char *parts = g_utf8_normalize(lower, -1, G_NORMALIZE_NFD);
    g_autoptr(GString) folded = g_string_new(NULL);

    for (const char *p = parts; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gboolean is_gap = g_unichar_isspace(c) || c == '_' || c == '-';
        if (is_gap && folded->len > 0 && folded->str[folded->len - 1] != '_')
            g_string_append_c(folded, '_');
        if (!is_gap && !g_unichar_ismark(c))
            g_string_append_unichar(folded, c);
    }
    if (folded->len > 0 && folded->str[folded->len - 1] == '_')
        g_string_truncate(folded, folded->len - 1);

    return g_string_free(g_steal_pointer(&folded), FALSE);
}

gboolean
kyso_policy_secrecy_from_text(const char *text, KysoSecrecy *ret_secrecy)
{
    g_autofree char *name = fold_name(text != NULL ? text : "");

    if (*name == '\0') {
        *ret_secrecy = KYSO_SECRECY_NONE;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(SECRECIES); i++) {
        if (strcmp(SECRECIES[i], name) == 0) {
            *ret_secrecy = (KysoSecrecy) i;
            return TRUE;
        }
    }

    *ret_secrecy = KYSO_SECRECY_TUYET_MAT;
    return FALSE;
}

/* Is @text a stamp and nothing else? Spaces do not count, as stamps are often set with spaced
 * letters, nor do the signs that frame one. Case and diacritics do: "Mật" may be a word, and
 * "MẶT" is one. */
static KysoSecrecy
stamp_of(const char *text, gsize size)
{
    g_autoptr(GString) letters = g_string_new(NULL);

    for (const char *p = text; p < text + size; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (!g_unichar_isalnum(c))
            continue;
        g_string_append_unichar(letters, c);
        if (letters->len > strlen("TUYỆTMẬT"))
            return KYSO_SECRECY_NONE;
    }

    if (strcmp(letters->str, "TUYỆTMẬT") == 0)
        return KYSO_SECRECY_TUYET_MAT;
    if (strcmp(letters->str, "TỐIMẬT") == 0)
        return KYSO_SECRECY_TOI_MAT;
    if (strcmp(letters->str, "MẬT") == 0)
        return KYSO_SECRECY_MAT;
    return KYSO_SECRECY_NONE;
}

static KysoSecrecy
stamp_in_columns(const char *line)
{
    g_auto(GStrv) columns = g_regex_split_simple("\t+|\\s{3,}", line, 0, 0);
    KysoSecrecy found = KYSO_SECRECY_NONE;

    for (char **column = columns; *column != NULL; column++)
        found = MAX(found, stamp_of(*column, strlen(*column)));

    return found;
}

KysoSecrecy
kyso_policy_find_secrecy_mark(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    g_autofree char *composed = g_utf8_normalize(valid, -1, G_NORMALIZE_NFC);
    g_auto(GStrv) lines = g_strsplit_set(composed, "\n\r\f\v", -1);
    KysoSecrecy found = KYSO_SECRECY_NONE;

    for (char **line = lines; *line != NULL; line++) {
        if (strstr(*line, "Ậ") == NULL)
            continue;
        found = MAX(found, stamp_of(*line, strlen(*line)));
        found = MAX(found, stamp_in_columns(*line));
    }

    return found;
}
