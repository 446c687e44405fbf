/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * May this be signed? Facts in, one verdict out. Pure: no clock, no file, no state.
 *
 * The rules are a table; the first that refuses wins. What no rule refuses is KYSO_DECISION_ASK: a
 * person must consent. A private key is never used on KYSO_DECISION_ALLOW, which only acts without
 * a key get. Facts that are all zero are refused. Thread-safe.
 */

#include <glib.h>

/* Acts of the records rules (Decree 30/2020), DESIGN §4. */
typedef enum {
    KYSO_PURPOSE_UNKNOWN,
    KYSO_PURPOSE_VERIFY, /* no key is used */
    KYSO_PURPOSE_APPROVE,
    KYSO_PURPOSE_INITIAL,
    KYSO_PURPOSE_ISSUE,
    KYSO_PURPOSE_APPENDIX,
    KYSO_PURPOSE_COPY,
    KYSO_PURPOSE_RECEIVE,
    KYSO_PURPOSE_COMMENT,
    KYSO_PURPOSE_FILE,
    KYSO_PURPOSE_MESSAGE,
    KYSO_PURPOSE_XML,
    KYSO_PURPOSE_JSON,
    KYSO_PURPOSE_HASH,
} KysoPurpose;

/* Law on the protection of state secrets; the higher the number, the more secret. */
typedef enum {
    KYSO_SECRECY_NONE,
    KYSO_SECRECY_MAT,
    KYSO_SECRECY_TOI_MAT,
    KYSO_SECRECY_TUYET_MAT,
} KysoSecrecy;

typedef enum {
    KYSO_ROLE_UNKNOWN,
    KYSO_ROLE_PERSONAL,
    KYSO_ROLE_AGENCY,
} KysoRole;

typedef enum {
    KYSO_DECISION_REFUSE,
    KYSO_DECISION_ASK,
    KYSO_DECISION_ALLOW,
} KysoDecision;

typedef struct {
    KysoPurpose purpose;
    KysoSecrecy secrecy;      /* by the document's metadata */
    KysoSecrecy secrecy_mark; /* found in its text */
    KysoRole role;            /* of the credential, by the office's configuration */

    int certificate_code; /* 0, or the KYSO_ERROR_CERTIFICATE_* of a failed check */
    gboolean is_strong;   /* the algorithm and hash to be used are of the permitted list */

    guint n_earlier;                     /* signatures already in the document */
    gboolean is_earlier_broken;          /* at least one of them is invalid */
    gboolean is_file_covered;            /* the last of them covers the whole current file */
    gboolean has_valid_personal_approve; /* a person of authority has signed, validly */
    gboolean has_agency_issue;           /* the agency has sealed it already */
    gboolean is_change_forbidden;        /* by one of them, and this signature would make it */
    gboolean has_dynamic_form;           /* what others show need not be what the person sees */

    gboolean is_hash_signing_allowed; /* by the configuration */
} KysoFacts;

typedef struct {
    KysoDecision decision;
    int code;         /* KysoErrorCode of the refusal, else 0 */
    const char *rule; /* name of the rule that decided, snake_case; static */
} KysoVerdict;

KysoVerdict kyso_policy_decide(const KysoFacts *facts);

/* While the key is not known yet: by the rules alone that do not go by it. What it refuses, no key
 * would mend. */
KysoVerdict kyso_policy_decide_without_key(const KysoFacts *facts);

/* The purpose of the API's name ("approve", "issue", ...), or KYSO_PURPOSE_UNKNOWN. */
KysoPurpose kyso_policy_purpose_from_name(const char *name);

/* "unknown" for KYSO_PURPOSE_UNKNOWN. Static. */
const char *kyso_policy_purpose_name(KysoPurpose purpose);

/* KYSO_ROLE_UNKNOWN for NULL and for what is neither "personal" nor "agency". */
KysoRole kyso_policy_role_from_name(const char *name);
const char *kyso_policy_role_name(KysoRole role); /* "unknown", "personal", "agency" */

/* Reads a metadata value: "mat", "toi_mat", "tuyet_mat", "Mật", "TỐI MẬT", ... in any case, NFC or
 * NFD, with or without diacritics; NULL, "" and "none" are KYSO_SECRECY_NONE. FALSE for any other
 * text: @ret_secrecy is then KYSO_SECRECY_TUYET_MAT, for the caller that does not look. */
gboolean kyso_policy_secrecy_from_text(const char *text, KysoSecrecy *ret_secrecy);

/* "none", "mat", "toi_mat", "tuyet_mat". Static. */
const char *kyso_policy_secrecy_name(KysoSecrecy secrecy);

/*
 * The highest secrecy stamp in the text of a document's pages: MẬT, TỐI MẬT or TUYỆT MẬT in upper
 * case, alone on its line or in its column (a tab or three spaces part columns), letters spaced or
 * not, in brackets or a frame or not. Words in a sentence ("bảo mật", "Mật khẩu", "BÍ MẬT NHÀ
 * NƯỚC") are none. Pages and lines are parted by \n, \r, \f; bytes that are not UTF-8 are passed
 * over.
 */
KysoSecrecy kyso_policy_find_secrecy_mark(const char *text);
