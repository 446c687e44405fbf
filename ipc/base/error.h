/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Every fault that a person or a program can meet, once: its number, its stable name, the layer
 * that failed, the cause and the next step in Vietnamese and English.
 *
 * The names and numbers are API (ipc/PROTOCOL.md): none is ever renamed or given to another fault.
 * Thread-safe.
 */

#include <glib.h>

#define KYSO_ERROR (kyso_error_quark())
GQuark kyso_error_quark(void);

typedef enum {
    /* request: what the caller sent */
    KYSO_ERROR_NOT_JSON = 1001,
    KYSO_ERROR_NOT_UTF8,
    KYSO_ERROR_MESSAGE_TOO_LARGE,
    KYSO_ERROR_NESTED_TOO_DEEP,
    KYSO_ERROR_NOT_A_REQUEST,
    KYSO_ERROR_UNKNOWN_METHOD,
    KYSO_ERROR_WRONG_PARAMETERS,
    KYSO_ERROR_WRONG_DESCRIPTORS,
    KYSO_ERROR_TOO_MANY_CLIENTS,
    KYSO_ERROR_QUEUE_FULL,
    KYSO_ERROR_FOREIGN_USER,
    KYSO_ERROR_DEADLINE_EXCEEDED,
    KYSO_ERROR_CANCELLED,
    KYSO_ERROR_UNKNOWN_REQUEST,
    KYSO_ERROR_CLIENT_GONE,
    KYSO_ERROR_AGENT_UNREACHABLE,

    /* policy: what the rules forbid */
    KYSO_ERROR_SECRET_DOCUMENT = 2001,
    KYSO_ERROR_HASH_SIGNING_OFF,
    KYSO_ERROR_ROLE_UNKNOWN,
    KYSO_ERROR_ROLE_WRONG,
    KYSO_ERROR_APPROVE_MISSING,
    KYSO_ERROR_EARLIER_SIGNATURE_BROKEN,
    KYSO_ERROR_CHANGED_AFTER_SIGNATURE,
    KYSO_ERROR_ALREADY_ISSUED,
    KYSO_ERROR_AUTHORIZATION_INVALID,
    KYSO_ERROR_DOCUMENT_NOT_OPENED,
    KYSO_ERROR_ALREADY_APPROVED,
    KYSO_ERROR_CHANGES_FORBIDDEN = 2019,
    KYSO_ERROR_SIGNED_AND_DAMAGED,
    KYSO_ERROR_DYNAMIC_FORM,
    KYSO_ERROR_SIGNING_NOT_PERMITTED,
    KYSO_ERROR_PASSWORD_NEEDED,
    KYSO_ERROR_PASSWORD_WRONG,

    /* XML and ODF */
    KYSO_ERROR_INVALID_XML = 2012,
    KYSO_ERROR_INVALID_CONTAINER,
    KYSO_ERROR_OFFICE_FORMAT_UNSUPPORTED,
    KYSO_ERROR_SIGNATURE_WOULD_BREAK,

    /* messages and JSON */
    KYSO_ERROR_DATA_TOO_LARGE = 2016,
    KYSO_ERROR_DATA_NOT_JSON,

    /* signatures that are raised later */
    KYSO_ERROR_TIMESTAMP_LATER_OFF = 2025,
    KYSO_ERROR_LEVEL_REACHED,

    /* certificate */
    KYSO_ERROR_CERTIFICATE_EXPIRED = 3001,
    KYSO_ERROR_CERTIFICATE_NOT_YET_VALID,
    KYSO_ERROR_CERTIFICATE_WRONG_USAGE,
    KYSO_ERROR_CERTIFICATE_UNKNOWN_ISSUER,
    KYSO_ERROR_CERTIFICATE_WEAK,
    KYSO_ERROR_CERTIFICATE_UNREADABLE,
    KYSO_ERROR_SIGNATURE_UNREADABLE,
    KYSO_ERROR_TIMESTAMP_UNAVAILABLE,
    KYSO_ERROR_TIMESTAMP_WRONG,
    KYSO_ERROR_REVOCATION_UNAVAILABLE,
    KYSO_ERROR_REVOCATION_WRONG,
    KYSO_ERROR_CERTIFICATE_REVOKED,
    KYSO_ERROR_SERVICE_TOO_SLOW,
    KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE,
    KYSO_ERROR_NOT_SIGNED = 3015,

    /* the CAs that are trusted */
    KYSO_ERROR_BUNDLE_MALFORMED = 3031,
    KYSO_ERROR_BUNDLE_SIGNER_UNKNOWN,
    KYSO_ERROR_BUNDLE_SIGNATURE_INVALID,
    KYSO_ERROR_BUNDLE_OUTDATED,
    KYSO_ERROR_TRUST_SET_UNKNOWN,
    KYSO_ERROR_TRUST_PIN_MISMATCH,

    /* token */
    KYSO_ERROR_NO_TOKEN = 4001,
    KYSO_ERROR_UNKNOWN_CREDENTIAL,
    KYSO_ERROR_PIN_INCORRECT,
    KYSO_ERROR_PIN_LOCKED,
    KYSO_ERROR_TOKEN_REMOVED,
    KYSO_ERROR_TOKEN_CHANGED,
    KYSO_ERROR_TOKEN_FAILED,
    KYSO_ERROR_TOKEN_HUNG,
    KYSO_ERROR_TOKEN_CRASHED,
    KYSO_ERROR_MODULE_REFUSED,
    KYSO_ERROR_MODULE_FAILED,
    KYSO_ERROR_KEY_MISSING,
    KYSO_ERROR_MECHANISM_UNSUPPORTED,
    KYSO_ERROR_SIGNATURE_WRONG,
    KYSO_ERROR_MODULE_QUARANTINED,
    KYSO_ERROR_PCSC_UNAVAILABLE,
    KYSO_ERROR_LOGIN_ENDED,
    KYSO_ERROR_READER_BUSY,

    /* prompt */
    KYSO_ERROR_PIN_CANCELLED = 5001,
    KYSO_ERROR_PROMPT_UNAVAILABLE,
    KYSO_ERROR_PROMPT_TIMED_OUT,
    KYSO_ERROR_PROMPT_FAILED,

    /* document */
    KYSO_ERROR_INPUT_UNREADABLE = 6001,
    KYSO_ERROR_DOCUMENT_EMPTY,
    KYSO_ERROR_DOCUMENT_NOT_PDF,
    KYSO_ERROR_DOCUMENT_TRUNCATED,
    KYSO_ERROR_DOCUMENT_DAMAGED,
    KYSO_ERROR_DOCUMENT_ENCRYPTED,
    KYSO_ERROR_DOCUMENT_NO_PAGES,
    KYSO_ERROR_DOCUMENT_TOO_LARGE,
    KYSO_ERROR_PLACE_OUTSIDE,
    KYSO_ERROR_FIELD_MISSING,
    KYSO_ERROR_IMAGE_UNREADABLE,
    KYSO_ERROR_TEXT_NOT_DRAWABLE,
    KYSO_ERROR_DOCUMENT_WORKER_HUNG,
    KYSO_ERROR_DOCUMENT_WORKER_CRASHED,
    KYSO_ERROR_INCREMENT_REFUSED,
    KYSO_ERROR_RESULT_INVALID,
    KYSO_ERROR_PLACE_COVERS,

    /* output: where the result goes */
    KYSO_ERROR_OUTPUT_NOT_WRITABLE = 7001,
    KYSO_ERROR_DISK_FULL,
    KYSO_ERROR_JOURNAL_UNAVAILABLE,
    KYSO_ERROR_JOURNAL_BROKEN,
    KYSO_ERROR_EVIDENCE_UNAVAILABLE,
    KYSO_ERROR_EVIDENCE_NOT_FOUND,

    /* agent */
    KYSO_ERROR_INTERNAL = 9001,
    KYSO_ERROR_NOT_SUPPORTED,
    KYSO_ERROR_CONFIGURATION,
} KysoErrorCode;

typedef struct {
    int code;          /* KysoErrorCode */
    const char *name;  /* stable, snake_case: "pin_incorrect" */
    const char *layer; /* "request", "policy", "certificate", "token", "prompt", "document",
                          "output", "agent" */
    const char *cause_vi, *cause_en; /* one sentence: what is wrong */
    const char *next_vi, *next_en;   /* one sentence: what to do now */
} KysoErrorInfo;

/* The entry for @code; for a number that is not ours, the entry of KYSO_ERROR_INTERNAL. */
const KysoErrorInfo *kyso_error_info(int code);

/* All entries, in the order of their numbers. */
const KysoErrorInfo *kyso_error_table(gsize *ret_n);

/* The code named @name, or 0. */
int kyso_error_from_name(const char *name);

/* The code of @error: its own where its domain is ours, a fitting one for a GIO error, else
 * KYSO_ERROR_INTERNAL. */
int kyso_error_code(const GError *error);

/* Sets @error with "@prefix: strerror(@saved_errno)". ENOSPC and EDQUOT become
 * KYSO_ERROR_DISK_FULL whatever @code is. */
void kyso_error_set_errno(GError **error, int code, int saved_errno, const char *prefix);

/* A GError of KYSO_ERROR may carry a JSON object in text form (one line), such as
 * {"tries_left": 2}: facts for a program, never for a person. NULL where there is none. The GError
 * made by kyso_error_new_with_details owns a copy. */
GError *kyso_error_new_with_details(int code, const char *details_json, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
const char *kyso_error_details(const GError *error);
