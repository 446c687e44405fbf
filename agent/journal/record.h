/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One attempt to sign, as the journal keeps it: who asked, for what, with which key, what came
 * out. Refused, cancelled and failed attempts are attempts too.
 *
 * Never in it: a PIN, the text of a document. A plain value; belongs to one thread at a time.
 */

#include <glib.h>

#define KYSO_RECORD_MAX_TEXT (16 * 1024) /* bytes of one text field; longer ones are cut */
#define KYSO_RECORD_HASH_SIZE 64         /* characters of a SHA-256 in hex */

typedef enum {
    KYSO_OUTCOME_SIGNED,
    KYSO_OUTCOME_REFUSED,    /* by the rules */
    KYSO_OUTCOME_CANCELLED,  /* by a person */
    KYSO_OUTCOME_FAILED,     /* by a fault */
    KYSO_OUTCOME_AUTHORIZED, /* a declared number of digests may be signed */
    KYSO_OUTCOME_DELETED,    /* the evidence of a document */
} KysoOutcome;

/* "signed", "refused", "cancelled", "failed", "authorized", "deleted". */
const char *kyso_outcome_to_string(KysoOutcome outcome);
gboolean kyso_outcome_from_string(const char *text, KysoOutcome *ret); /* FALSE: none of them */

/* All texts are owned and UTF-8; NULL counts as "". Digests are SHA-256 in lower-case hex. */
typedef struct {
    gint64 sequence; /* from 1, without gaps; given by the journal */
    char *hash;      /* of this record and all before it; given by the journal */

    char *request_id; /* UUID */
    char *time;       /* RFC 3339 with +07:00; NULL: the journal puts the moment of append */
    char *purpose;    /* "approve", ... */
    char *method;     /* "signatures.signDoc", ... */

    gint64 caller_uid;
    gint64 caller_pid;
    char *caller_executable;
    char *caller_unit;
    char *caller_origin; /* web origin; only from the bridge */

    char *credential_id;
    char *signer; /* subject of the certificate */
    char *role;   /* "personal", "agency" */
    char *token_serial;

    char *document_digest;  /* of the input */
    char *result_digest;    /* of the output; "" where none was made */
    char *signature_digest; /* of the signature value */
    char *metadata;         /* JSON object: CodeNumber and the other names of Decree 30 App. VI */

    KysoOutcome outcome;
    char *error_code; /* stable name of the fault; "" where signed */
    char *detail;     /* one line for a person */
} KysoRecord;

KysoRecord *kyso_record_new(void); /* all empty */
KysoRecord *kyso_record_copy(const KysoRecord *self);
void kyso_record_free(KysoRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoRecord, kyso_record_free)

/* The text fields in the order in which they are hashed and stored. For the journal's own use and
 * for whoever prints every field. */
typedef struct {
    const char *name; /* column of the table */
    gsize offset;     /* of the char * in KysoRecord */
} KysoRecordText;
const KysoRecordText *kyso_record_texts(gsize *ret_n);

/* Makes every text storable: NULL becomes "", bytes that are not UTF-8 are replaced, a text over
 * KYSO_RECORD_MAX_TEXT is cut at a character with "…" at its end, and such metadata become
 * {"omitted_bytes": N}. So no content that a caller sends can keep its attempt out of the
 * journal. */
void kyso_record_normalize(KysoRecord *self);

/* The hash of a normalized record that follows @previous (KYSO_RECORD_HASH_SIZE hex digits, zeros
 * before the first): the encoding is in agent/journal/README.md. New string. */
char *kyso_record_hash(const KysoRecord *self, const char *previous);
