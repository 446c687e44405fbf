/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * libkyso: ask kyso, the signing agent of the user, to sign and to verify documents.
 *
 * Calls block; each client is one connection. Any thread may call, calls on one client take turns;
 * kyso_client_cancel may be called meanwhile. The PIN is never asked for or seen here: kyso shows
 * its own window. What the methods do and return: ipc/PROTOCOL.md.
 *
 *     cc program.c $(pkg-config --cflags --libs kyso)
 */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _KysoClient KysoClient;
typedef struct _KysoResult KysoResult;

/* ---- the connection ---- */

/* Connects to the agent at @socket_path; NULL: $XDG_RUNTIME_DIR/kyso/agent.sock. NULL with
 * agent_unreachable where none answers. */
KysoClient *kyso_client_connect(const char *socket_path, GError **error);

/* Closes; no call may be under way. NULL is ignored. */
void kyso_client_close(KysoClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoClient, kyso_client_close)

/* Ends the call under way with "cancelled", from any thread. The client is of no more use. */
void kyso_client_cancel(KysoClient *client);

/* Called in the calling thread while a document is signed: "read", "inspect", "prepare", "show",
 * "sign", "check", "record", "deliver"; and "wait" while the token has to be plugged in.
 * @request_id is that of requests.list. It must not use the client, kyso_client_cancel apart. */
typedef void (*KysoClientProgress)(const char *stage, const char *request_id, gpointer user_data);

/* Calls any method. @params_json is a JSON object, NULL: {}; it names @fds (borrowed, at most 16)
 * as {"fd": 0}, {"fd": 1}, ... @timeout_ms is the deadline, 0: that of the method. @progress may be
 * NULL. NULL with @error: what the agent answered, agent_unreachable where the connection was lost,
 * deadline_exceeded where the agent kept silent past the deadline; after these two the client is of
 * no more use. */
KysoResult *kyso_client_call(KysoClient *client, const char *method, const char *params_json,
                             const int *fds, guint n_fds, int timeout_ms,
                             KysoClientProgress progress, gpointer user_data, GError **error);

/* FALSE ends the watch. @news lives as long as the call. It must not use the client,
 * kyso_client_cancel apart. */
typedef gboolean (*KysoClientTold)(KysoResult *news, gpointer user_data);

/* Tells which readers and cards there are (the result of tokens.watch), then each change as it
 * happens (the parameters of tokens.changed, such as "event" and "reader.name"); @told is called in
 * the calling thread. TRUE once @told has ended it. FALSE with @error: cancelled, or the connection
 * was lost; the client is then of no more use. */
gboolean kyso_client_watch_tokens(KysoClient *client, KysoClientTold told, gpointer user_data,
                                  GError **error);

/* ---- results ---- */

void kyso_client_result_free(KysoResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KysoResult, kyso_client_result_free)

/* The whole result as one line of JSON. Owned by @result. */
const char *kyso_client_result_json(KysoResult *result);

/* The member at a path such as "signature.verdict" or "signatures.0.signer.common_name"; the path
 * is a printf format. A missing member, null or another type: NULL, @fallback, FALSE, 0. Text is
 * owned by @result. */
const char *kyso_client_result_text(const KysoResult *result, const char *path, ...)
    G_GNUC_PRINTF(2, 3);
gint64 kyso_client_result_number(const KysoResult *result, gint64 fallback, const char *path, ...)
    G_GNUC_PRINTF(3, 4);
double kyso_client_result_real(const KysoResult *result, double fallback, const char *path, ...)
    G_GNUC_PRINTF(3, 4); /* of whole numbers too */
gboolean kyso_client_result_boolean(const KysoResult *result, const char *path, ...)
    G_GNUC_PRINTF(2, 3);
guint kyso_client_result_count(const KysoResult *result, const char *path,
                               ...) /* items of a list */
    G_GNUC_PRINTF(2, 3);

/* ---- signing and verifying ---- */

/* A file by @path, or by descriptor @fd (borrowed) where @path is NULL. Both 0: no file. */
typedef struct {
    const char *path; /* relative to the working folder, or absolute */
    int fd;           /* over 2 */
} KysoFile;

/* Where something goes in a PDF: a rectangle on a page, or one of what follows it. {0}: not said,
 * so that kyso finds the place. Points are those of PDF: 1/72 inch, origin bottom left. */
typedef struct {
    int page; /* 1: the first, -1: the last; 0: no rectangle */
    double left, bottom, right, top;

    /* A text on one line of the document. The rectangle is then told from the lower left corner of
     * that text, all 0: 100 x 50 there; @page, where it is not 0, is the only one looked at. */
    const char *anchor;
    const char *template_name; /* as the administrator has said in templates.d */
    gboolean is_automatic;     /* where the document has room for it */
} KysoPlace;

/* What to sign and how. Start from {0}; what is needed is marked. */
typedef struct {
    const char *purpose;       /* needed: "approve", "initial", "issue", "appendix", "copy",
                                  "receive", "comment", "file", "message", "json", "xml" */
    const char *credential_id; /* needed: see credentials.list */
    KysoFile input;            /* needed. A path is opened here and sent as a descriptor */
    KysoFile output;           /* needed. At a path the result appears whole or not at all */
    const char *name;          /* how the PIN window calls the document; default: file name */
    KysoFile image;            /* PNG: the leader's signature or the agency's seal */
    KysoPlace place;           /* where it goes, or the text of comment, ... */

    /* approve, initial: fields left for issue */
    KysoPlace reserve_number, reserve_day, reserve_month, reserve_seal;
    gboolean certify; /* nothing but these may change later (DocMDP) */

    /* issue: what goes into them */
    const char *fill_number, *fill_day, *fill_month;

    const char *const *metadata; /* NULL-ended "KEY=VALUE": "CodeNotation=UBND-VP",
                                    "SignerInfo.FullName=Nguyễn Văn Thử", "Secrecy=mat" */
    const char *algorithm;       /* signAlgo, an OID; default: the agent chooses */
    int timeout_ms;              /* default 300,000; of a list, or above B-B, 900,000 */
    KysoClientProgress progress;
    gpointer user_data;
    gboolean no_wait;   /* fail at once where the token is not plugged in; else it is waited for */
    const char *level;  /* "B-B" (default), "B-T": with a timestamp, "B-LT": and proofs of the
                           certificates' status, "B-LTA": and a timestamp over all of it */
    const char *format; /* signature_format, such as "J" of a message; default: by purpose */
    const char *envelope; /* of file, message and json: "Attached", the signature carries what is
                             signed, or "Detached"; default: by purpose */
    gboolean several;     /* xml: others may sign the same XML document later */
    gboolean timestamp_later; /* where no timestamp service answers, level B-B for now; only if
                                 the administrator allows it. Then the result has
                                 "timestamp_later.reason", and kyso_client_augment adds it */
    gboolean repair;          /* write a damaged PDF that has no signature anew first */

    gboolean reserve_all;  /* all four fields that are found; the four places above are then {0} */
    double seal_mm;        /* width of the real seal, 10 to 80; 0: as kyso.conf or the PNG says */
    const char *text;      /* comment: needed, the note */
    const char *copy_kind; /* copy: needed, "sao_y", "sao_luc" or "trich_sao" */

    /* issue: where these go in a letter that reserves nothing, if not where kyso finds it */
    KysoPlace fill_number_place, fill_day_place, fill_month_place;

    int password_fd; /* over 2, borrowed: file or memfd with the password (1 to 127 bytes, UTF-8)
                        of an encrypted PDF, of a list: of all of them; 0: none */
} KysoSignRequest;

/* Signs; the person is asked for the PIN meanwhile. The result is that of signatures.signDoc, such
 * as "signature.verdict", "signed_at", "output_digest", "places.number.page". NULL with @error,
 * wrong_parameters too where a text here is not UTF-8; the output is then as it was. */
KysoResult *kyso_client_sign(KysoClient *client, const KysoSignRequest *request, GError **error);

/* One document of a list. Start from {0}; place, image, reserved fields, seal_mm, text and
 * copy_kind that it does not give are those of the request. Paths are opened by kyso itself,
 * descriptors are at most 16 in all. */
typedef struct {
    KysoFile input;  /* needed */
    KysoFile output; /* needed */
    const char *name;
    KysoFile image;
    KysoPlace place;
    KysoPlace reserve_number, reserve_day, reserve_month, reserve_seal;
    const char *fill_number, *fill_day, *fill_month;
    const char *const *metadata;
    gboolean reserve_all;
    double seal_mm;
    const char *text, *copy_kind;
    KysoPlace fill_number_place, fill_day_place, fill_month_place;
} KysoSignDocument;

/* As KysoClientProgress: @document counts from 0, -1: all of them. */
typedef void (*KysoClientListProgress)(const char *stage, int document, int n_documents,
                                       const char *request_id, gpointer user_data);

/* Signs up to 200 documents one after the other; the person types one PIN for all of them. What is
 * said of one document is taken from @documents, all else from @request, whose input, output, name,
 * fill_* and metadata must be empty. @progress may be NULL; request->user_data goes to it.
 *
 * The result is that of a batch: "signed", "failed", "untouched" (numbers), "ended_by" and for each
 * document "documents.0.status", "documents.0.output_digest", ... It is returned also where the
 * batch has ended before its end. NULL with @error where nothing was begun; "document" in its data
 * is the index of the document at fault. */
KysoResult *kyso_client_sign_list(KysoClient *client, const KysoSignRequest *request,
                                  const KysoSignDocument *documents, guint n_documents,
                                  KysoClientListProgress progress, GError **error);

/* What to verify. Start from {0}; what is needed is marked. */
typedef struct {
    KysoFile input;     /* needed: a PDF, XML, ODF, CMS or JWS; or the file beside which
                           @signature stands */
    KysoFile signature; /* a detached CAdES or JWS over @input */
    KysoFile content;   /* what a CMS or JWS carries is written there if it is intact; its size is
                           then "content.size". Without @signature and @keep_evidence */
    int password_fd;    /* of an encrypted PDF, as in KysoSignRequest; 0: none */
    gboolean keep_evidence; /* of a document that the office receives: the certificates' status is
                               asked for, and what proves the signatures is kept; its number is
                               "evidence.evidenceID" */
} KysoVerifyRequest;

/* The result is that of signatures.verify: "verdict", "signatures", "process". */
KysoResult *kyso_client_verify(KysoClient *client, const KysoVerifyRequest *request,
                               GError **error);

/* What to raise, and to which level. Start from {0}; what is needed is marked. */
typedef struct {
    KysoFile input;     /* needed: a signed PDF, XML, ODF or CMS; or the file beside which
                           @signature stands */
    KysoFile signature; /* a detached CAdES over @input; then it is raised */
    KysoFile output;    /* needed. At a path the result appears whole or not at all */
    const char *level;  /* needed: "B-T"; CMS and PDF also "B-LT"; a PDF also "B-LTA", which renews
                           as well */
    int timeout_ms;     /* default 900,000 */
    KysoClientProgress progress;
    gpointer user_data;
    int password_fd; /* of an encrypted PDF, as in KysoSignRequest; 0: none */
} KysoAugmentRequest;

/* Adds timestamp and proofs to what is signed already; nobody signs. The result is that of
 * signatures.augment: "level_before", "timestamp.time", "output_digest". NULL with @error: the
 * output is as it was. */
KysoResult *kyso_client_augment(KysoClient *client, const KysoAugmentRequest *request,
                                GError **error);

/* ---- evidence: what proves later that signatures were good ---- */

/* What is kept of @document (NULL: of all documents), newest first, at most 200 of those before the
 * number @before (0: from the newest on): "evidence.0.evidenceID", "evidence.0.digest", ... */
KysoResult *kyso_client_list_evidence(KysoClient *client, const KysoFile *document, gint64 before,
                                      GError **error);

/* Writes number @id with all certificates and answers to @output, in JSON. */
KysoResult *kyso_client_save_evidence(KysoClient *client, gint64 id, const KysoFile *output,
                                      GError **error);

/* Deletes what is kept of @document, and nothing else: "deleted" tells how many there were. */
KysoResult *kyso_client_delete_evidence(KysoClient *client, const KysoFile *document,
                                        GError **error);

/* ---- errors ---- */

/* The domain of every error set here. Its codes are the numbers of ipc/PROTOCOL.md §5, its message
 * is for the log. */
#define KYSO_CLIENT_ERROR (kyso_client_error_quark())
GQuark kyso_client_error_quark(void);

/* The stable name to branch on, "pin_incorrect". Static, as are all texts below. */
const char *kyso_client_error_name(const GError *error);

/* What failed: "request", "policy", "certificate", "token", "prompt", "document", "output",
 * "agent". */
const char *kyso_client_error_layer(const GError *error);

/* What is wrong, and what to do now: a sentence for the person. @lang "en", else Vietnamese. */
const char *kyso_client_error_cause(const GError *error, const char *lang);
const char *kyso_client_error_next(const GError *error, const char *lang);

/* The `data` object of the error: all of the above, "detail", and facts such as "pin_final_try". */
KysoResult *kyso_client_error_data(const GError *error);

G_END_DECLS
