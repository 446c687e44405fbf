/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/signer.h"

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "pkcs11/worker/ckr.h"
#include "pkcs11/worker/pin.h"

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
    int pin_fd; /* typed for this one; -1: none */
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
    GError *fault; /* the token's, after which nothing is tried again */
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
    kyso_fd_close(job->pin_fd);
    g_free(job);
}

/* The PIN for this signature of a key that wants it each time: the one typed for it, else once that
 * of the login, else the reader's keypad asks (*ret is NULL). A PIN of the login that is not used
 * for the first signature is used for none. */
static gboolean
take_pin(KysoOpenedKey *key, int pin_fd, KysoSecret **ret, GError **error)
{
    g_autoptr(KysoSecret) kept = g_steal_pointer(&key->pin);

    if (pin_fd >= 0)
        return kyso_pin_read(pin_fd, ret, error);
    if (kept == NULL && !key->has_keypad) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_NOT_SUPPORTED,
                            "this key wants the PIN again for each signature");
        return FALSE;
    }

    *ret = g_steal_pointer(&kept);
    return TRUE;
}

/* The session has a signature begun that no PIN will end, and could begin no other: another one
 * takes its place. The new one is opened first, as with its last session a login ends. */
static void
replace_session(Hand *self)
{
    KysoOpenedKey *key = self->signer->key;
    CK_FUNCTION_LIST *p11 = kyso_vendor_functions(key->vendor);
    CK_SESSION_HANDLE fresh = CK_INVALID_HANDLE;

    CK_RV rv = p11->C_OpenSession(key->slot_id, CKF_SERIAL_SESSION, NULL, NULL, &fresh);
    if (rv == CKR_OK) {
        p11->C_CloseSession(self->session);
        self->session = key->session = fresh;
        return;
    }

    g_mutex_lock(&self->signer->lock);
    if (self->signer->fault == NULL)
        kyso_ckr_set_error(&self->signer->fault, rv, "C_OpenSession");
    g_mutex_unlock(&self->signer->lock);
}

/* Between C_SignInit and C_Sign (PKCS #11 v2.40 §5.6, C_Login). */
static gboolean
give_pin_again(Hand *self, const KysoSecret *pin, GError **error)
{
    KysoOpenedKey *key = self->signer->key;
    KysoPinPlace place = {key->vendor, key->slot_id, self->session, CKU_CONTEXT_SPECIFIC};

    if (kyso_pin_log_in(&place, pin, error))
        return TRUE;
    replace_session(self);
    return FALSE;
}

static gboolean
begin_on_token(Hand *self, const Job *job, GError **error)
{
    KysoOpenedKey *key = self->signer->key;
    CK_MECHANISM ck = kyso_mechanism_to_ck(job->mechanism);
    g_autoptr(KysoSecret) pin = NULL;

    /* A person who takes time, or cancels, does so before anything is begun. */
    if (key->wants_pin_each_time && !take_pin(key, job->pin_fd, &pin, error))
        return FALSE;

    CK_RV rv = kyso_vendor_functions(key->vendor)->C_SignInit(self->session, &ck, key->handle);
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, "C_SignInit");
        return FALSE;
    }
    return !key->wants_pin_each_time || give_pin_again(self, pin, error);
}

static GBytes *
sign_on_token(Hand *self, const Job *job, const guchar *digest, GError **error)
{
    KysoOpenedKey *key = self->signer->key;
    guchar input[KYSO_MECHANISM_MAX_INPUT];
    guchar raw[KYSO_MECHANISM_MAX_SIGNATURE];
    CK_ULONG raw_size = sizeof raw;

    if (!begin_on_token(self, job, error))
        return NULL;

    gsize size = kyso_mechanism_input(job->mechanism, key->public_key, digest, input);
    CK_RV rv =
        kyso_vendor_functions(key->vendor)->C_Sign(self->session, input, size, raw, &raw_size);
    if (rv != CKR_OK) {
        kyso_ckr_set_error(error, rv, "C_Sign");
        return NULL;
    }

    return kyso_mechanism_output(job->mechanism, raw, MIN(raw_size, sizeof raw));
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
sign_one(Hand *self, const Job *job, GBytes *digest, GError **error)
{
    const guchar *bytes = g_bytes_get_data(digest, NULL);

    GError *failed = NULL;
    g_autoptr(GBytes) signature = sign_on_token(self, job, bytes, &failed);
    if (failed != NULL) {
        g_propagate_error(error, failed);
        return NULL;
    }
    if (!verify(self, job->mechanism, bytes, signature)) {
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

/* A refusal leaves the module in order, and so does a wrong PIN for one signature; anything else
 * does not. */
static gboolean
is_refusal(const KysoSigner *self, const GError *error)
{
    switch (error->code) {
    case KYSO_ERROR_MECHANISM_UNSUPPORTED:
    case KYSO_ERROR_NOT_SUPPORTED:
        return TRUE;
    case KYSO_ERROR_PIN_INCORRECT:
    case KYSO_ERROR_PIN_CANCELLED:
    case KYSO_ERROR_PROMPT_FAILED:
        return self->key->wants_pin_each_time;
    default:
        return FALSE;
    }
}

/* Called with the lock. Returns the job where this was its last digest. */
static Job *
note_result(KysoSigner *self, Job *job, guint index, GBytes *signature, GError *error)
{
    job->signatures->pdata[index] = signature;
    if (error != NULL && self->fault == NULL && !is_refusal(self, error))
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
            signature = sign_one(self, job, job->digests->pdata[index], &error);
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
kyso_signer_push(KysoSigner *self, const KysoMechanism *mechanism, GPtrArray *digests, int pin_fd,
                 KysoSigned done, gpointer user_data, GError **error)
{
    g_auto(KysoFd) pin = pin_fd;

    if (pin >= 0 && (!self->key->wants_pin_each_time || digests->len != 1)) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"pin\" is for one signature of a key that wants it each time");
        return FALSE;
    }
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
    job->pin_fd = kyso_fd_steal(&pin);
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
