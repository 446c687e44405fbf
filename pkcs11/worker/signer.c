/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/signer.h"

#include "ipc/base/error.h"
#include "pkcs11/worker/ckr.h"

#define MAX_THREADS 2

/* What signs faster is software, and has a use for more threads. A chip does one thing at a time:
 * threads that wait at its lock would only overtake each other there. */
#define QUICK_US 20000

typedef struct {
    const KysoMechanism *mechanism;
    GPtrArray *digests;
    GPtrArray *signatures; /* at the index of their digest */
    GError *error;         /* the first one */
    guint next;            /* digest that nobody has begun */
    guint unfinished;
    KysoSigned done;
    gpointer user_data;
} Job;

struct _KysoSigner {
    KysoOpenedKey *key;
    GMutex lock; /* all below */
    GCond work_came;
    GQueue jobs; /* those with digests that nobody has begun */
    GThread *threads[MAX_THREADS];
    guint n_threads;
    guint max_threads; /* fewer where the token has no more sessions */
    guint n_idle;
    gboolean is_quick; /* the last signature was */
    gboolean is_ending;
    gboolean has_signed; /* a key that wants the PIN each time has had it */
    GError *fault;       /* the token's, after which nothing is tried again */
};

/* What a thread has of its own. */
typedef struct {
    KysoSigner *signer;
    CK_SESSION_HANDLE session;
    const KysoMechanism *verifier_for;
    EVP_PKEY_CTX *verifier;
} Hand;

static void
job_free(Job *job)
{
    g_ptr_array_unref(job->digests);
    g_ptr_array_unref(job->signatures);
    g_clear_error(&job->error);
    g_free(job);
}

/* A key that wants the PIN each time signs once, as the PIN was typed once. */
static gboolean
take_pin(KysoSigner *self, KysoSecret **ret, GError **error)
{
    g_mutex_lock(&self->lock);
    gboolean is_first = !self->has_signed;
    self->has_signed = TRUE;
    *ret = g_steal_pointer(&self->key->pin);
    g_mutex_unlock(&self->lock);

    if (!is_first)
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED,
                            "this key wants the PIN again for each signature");
    return is_first;
}

/* Between C_SignInit and C_Sign (PKCS #11 v2.40 §5.6, C_Login). */
static CK_RV
give_pin_again(Hand *self, const KysoSecret *pin)
{
    CK_FUNCTION_LIST *p11 = kyso_vendor_functions(self->signer->key->vendor);
    CK_UTF8CHAR *bytes = pin != NULL ? (CK_UTF8CHAR *) kyso_secret_get(pin) : NULL;

    return p11->C_Login(self->session, CKU_CONTEXT_SPECIFIC, bytes,
                        pin != NULL ? kyso_secret_length(pin) : 0);
}

static GBytes *
sign_on_token(Hand *self, const KysoMechanism *mechanism, const guchar *digest, GError **error)
{
    KysoOpenedKey *key = self->signer->key;
    CK_FUNCTION_LIST *p11 = kyso_vendor_functions(key->vendor);
    CK_MECHANISM ck = kyso_mechanism_to_ck(mechanism);
    g_autoptr(KysoSecret) pin = NULL;

    if (key->wants_pin_each_time && !take_pin(self->signer, &pin, error))
        return NULL;

    const char *function = "C_SignInit";
    CK_RV rv = p11->C_SignInit(self->session, &ck, key->handle);
    if (rv == CKR_OK && key->wants_pin_each_time) {
        function = "C_Login";
        rv = give_pin_again(self, pin);
        if (rv != CKR_OK && pin == NULL) {
            kyso_ckr_set_keypad_error(error, rv);
            return NULL;
        }
    }

    guchar raw[KYSO_MECHANISM_MAX_SIGNATURE];
    CK_ULONG raw_size = sizeof raw;
    if (rv == CKR_OK) {
        guchar input[KYSO_MECHANISM_MAX_INPUT];
        gsize size = kyso_mechanism_input(mechanism, key->public_key, digest, input);
        function = "C_Sign";
        rv = p11->C_Sign(self->session, input, size, raw, &raw_size);
    }
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, function);
        return NULL;
    }

    return kyso_mechanism_output(mechanism, raw, MIN(raw_size, sizeof raw));
}

static gboolean
verify(Hand *self, const KysoMechanism *mechanism, const guchar *digest, GBytes *signature)
{
    if (self->verifier_for != mechanism) {
        EVP_PKEY_CTX_free(self->verifier);
        self->verifier = kyso_mechanism_verifier(mechanism, self->signer->key->public_key);
        self->verifier_for = mechanism;
    }

    return self->verifier != NULL && signature != NULL &&
           kyso_mechanism_verify(mechanism, self->verifier, digest, signature);
}

static GBytes *
sign_one(Hand *self, const KysoMechanism *mechanism, GBytes *digest, GError **error)
{
    const guchar *bytes = g_bytes_get_data(digest, NULL);

    GError *failed = NULL;
    g_autoptr(GBytes) signature = sign_on_token(self, mechanism, bytes, &failed);
    if (failed != NULL) {
        g_propagate_error(error, failed);
        return NULL;
    }
    if (!verify(self, mechanism, bytes, signature)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_WRONG,
                            "the token's signature does not verify with the certificate");
        return NULL;
    }

    return g_steal_pointer(&signature);
}

/* The next digest in order, or FALSE when the thread shall end. Called with the lock. */
static gboolean
take_work(KysoSigner *self, Job **ret_job, guint *ret_index)
{
    while (g_queue_is_empty(&self->jobs)) {
        if (self->is_ending)
            return FALSE;
        self->n_idle++;
        g_cond_wait(&self->work_came, &self->lock);
        self->n_idle--;
    }

    Job *job = g_queue_peek_head(&self->jobs);
    *ret_job = job;
    *ret_index = job->next++;
    if (job->next == job->digests->len)
        g_queue_pop_head(&self->jobs);
    return TRUE;
}

/* A refusal leaves the module in order; anything else does not. */
static gboolean
is_refusal(const GError *error)
{
    return g_error_matches(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED) ||
           g_error_matches(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED);
}

/* Called with the lock. Returns the job where this was its last digest. */
static Job *
note_result(KysoSigner *self, Job *job, guint index, GBytes *signature, GError *error)
{
    job->signatures->pdata[index] = signature;
    if (error != NULL && self->fault == NULL && !is_refusal(error))
        self->fault = g_error_copy(error);
    if (error != NULL && job->error == NULL)
        job->error = g_steal_pointer(&error);
    g_clear_error(&error);

    job->unfinished--;
    return job->unfinished == 0 ? job : NULL;
}

static guint start_threads(KysoSigner *self, guint n_digests);

/* The first signature tells whether those that wait shall have a second thread. Called with the
 * lock. */
static void
note_pace(KysoSigner *self, gint64 us)
{
    self->is_quick = us < QUICK_US;
    if (!self->is_ending && !g_queue_is_empty(&self->jobs))
        start_threads(self, 0);
}

static void
work(Hand *self)
{
    KysoSigner *signer = self->signer;
    Job *job = NULL;
    guint index = 0;

    g_mutex_lock(&signer->lock);
    while (take_work(signer, &job, &index)) {
        const GError *known = signer->fault != NULL ? signer->fault : job->error;
        GError *error = known != NULL ? g_error_copy(known) : NULL;
        GBytes *signature = NULL;
        g_mutex_unlock(&signer->lock);

        gint64 begun = g_get_monotonic_time();
        if (error == NULL)
            signature = sign_one(self, job->mechanism, job->digests->pdata[index], &error);
        gint64 ended = g_get_monotonic_time();

        g_mutex_lock(&signer->lock);
        if (signature != NULL)
            note_pace(signer, ended - begun);
        Job *finished = note_result(signer, job, index, signature, error);
        if (finished == NULL)
            continue;
        g_mutex_unlock(&signer->lock);
        finished->done(finished->error == NULL ? finished->signatures : NULL,
                       g_steal_pointer(&finished->error), finished->user_data);
        job_free(finished);
        g_mutex_lock(&signer->lock);
    }
    g_mutex_unlock(&signer->lock);
}

static gpointer
first_thread(gpointer data)
{
    KysoSigner *signer = data;
    Hand self = {.signer = signer, .session = signer->key->session};

    work(&self);
    EVP_PKEY_CTX_free(self.verifier);
    return NULL;
}

/* A token with one session only is served by the first thread alone. */
static gpointer
further_thread(gpointer data)
{
    KysoSigner *signer = data;
    CK_FUNCTION_LIST *p11 = kyso_vendor_functions(signer->key->vendor);
    Hand self = {.signer = signer};

    CK_RV rv =
        p11->C_OpenSession(signer->key->slot_id, CKF_SERIAL_SESSION, NULL, NULL, &self.session);
    if (rv != CKR_OK)
        return NULL;

    work(&self);
    EVP_PKEY_CTX_free(self.verifier);
    p11->C_CloseSession(self.session);
    return NULL;
}

/* Returns how many threads to wake. One that was woken counts as idle until it runs, so the work is
 * counted too. Called with the lock. */
static guint
start_threads(KysoSigner *self, guint n_digests)
{
    guint n_wanted = MAX(g_queue_get_length(&self->jobs), n_digests);
    guint n_useful = self->is_quick ? self->max_threads : 1;

    for (guint i = self->n_idle; i < n_wanted && self->n_threads < n_useful; i++) {
        GThreadFunc run = self->n_threads == 0 ? first_thread : further_thread;
        self->threads[self->n_threads++] = g_thread_new("signing", run, self);
    }
    return MIN(n_wanted, self->n_idle);
}

KysoSigner *
kyso_signer_new(KysoOpenedKey *key)
{
    KysoSigner *self = g_new0(KysoSigner, 1);

    self->key = key;
    self->max_threads = key->wants_pin_each_time ? 1 : MAX_THREADS;
    g_mutex_init(&self->lock);
    g_cond_init(&self->work_came);
    g_queue_init(&self->jobs);
    return self;
}

void
kyso_signer_free(KysoSigner *self)
{
    g_mutex_lock(&self->lock);
    self->is_ending = TRUE;
    g_cond_broadcast(&self->work_came);
    g_mutex_unlock(&self->lock);
    /* The first thread last: a further one may end early, never the first. */
    for (guint i = self->n_threads; i > 0; i--)
        g_thread_join(self->threads[i - 1]);

    kyso_opened_key_free(self->key);
    g_clear_error(&self->fault);
    g_cond_clear(&self->work_came);
    g_mutex_clear(&self->lock);
    g_free(self);
}

const KysoOpenedKey *
kyso_signer_key(KysoSigner *self)
{
    return self->key;
}

gboolean
kyso_signer_push(KysoSigner *self, const KysoMechanism *mechanism, GPtrArray *digests,
                 KysoSigned done, gpointer user_data, GError **error)
{
    if (!kyso_mechanism_fits(mechanism, self->key->public_key)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_MECHANISM_UNSUPPORTED,
                            "the key is of another type");
        return FALSE;
    }

    Job *job = g_new0(Job, 1);
    job->mechanism = mechanism;
    job->digests = g_ptr_array_ref(digests);
    job->signatures = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
    g_ptr_array_set_size(job->signatures, (gint) digests->len);
    job->unfinished = digests->len;
    job->done = done;
    job->user_data = user_data;

    g_mutex_lock(&self->lock);
    g_queue_push_tail(&self->jobs, job);
    guint n_woken = start_threads(self, digests->len);
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < n_woken; i++) /* without the lock, or they would run into it */
        g_cond_signal(&self->work_came);
    return TRUE;
}
