/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/augment.h"
#include "agent/core/authorization.h"
#include "agent/core/credentials.h"
#include "agent/core/evidence-methods.h"
#include "agent/core/hash-signing.h"
#include "agent/core/key-search.h"
#include "agent/core/sign-doc.h"
#include "agent/core/signer-state.h"
#include "agent/core/verifying.h"
#include "agent/trust/trust-sets.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "kyso-config.h"

static KysoTrust *
load_trust(const KysoConfiguration *configuration, GError **error)
{
    g_autofree char *package = g_build_filename(KYSO_DATADIR, "trust", NULL);

    return kyso_trust_sets_load(configuration->dir, package,
                                (const char *const *) configuration->trust_sets, error);
}

static KysoRoles *
load_roles(const KysoConfiguration *configuration, GError **error)
{
    g_autofree char *dir = g_build_filename(configuration->dir, "credentials.d", NULL);

    if (g_file_test(dir, G_FILE_TEST_EXISTS) && !kyso_paths_is_trusted(dir, error))
        return NULL;
    return kyso_roles_load(dir, error);
}

static void
signer_close(KysoSigner *self)
{
    g_clear_pointer(&self->authorizations, g_hash_table_unref);
    g_clear_pointer(&self->searches, kyso_key_search_free_set);
    g_clear_object(&self->journal);
    g_clear_pointer(&self->evidence, kyso_evidence_store_unref);
    g_clear_pointer(&self->roles, kyso_roles_free);
    g_clear_pointer(&self->trust, kyso_trust_unref);
    g_free(self);
}

static KysoSigner *
signer_open(KysoAgent *agent, GError **error)
{
    KysoSigner *self = g_new0(KysoSigner, 1);

    self->agent = agent;
    self->authorizations = kyso_authorization_new_table();
    self->searches = kyso_key_search_new_set(self);
    self->trust = load_trust(agent->configuration, error);
    if (self->trust != NULL)
        self->roles = load_roles(agent->configuration, error);
    if (self->roles == NULL) {
        signer_close(self);
        return NULL;
    }
    return self;
}

KysoJournal *
kyso_signer_get_journal(KysoSigner *self, GError **error)
{
    if (self->journal == NULL)
        self->journal = kyso_journal_open(self->agent->configuration->state_dir, error);
    return self->journal;
}

KysoEvidenceStore *
kyso_signer_get_evidence(KysoSigner *self, GError **error)
{
    if (self->evidence == NULL)
        self->evidence = kyso_evidence_store_open(self->agent->configuration->state_dir, error);
    return self->evidence;
}

KysoRole
kyso_signer_get_role(KysoSigner *self, const KysoCertificate *certificate)
{
    const char *name = kyso_roles_get(self->roles, kyso_certificate_get_id(certificate));
    return kyso_policy_role_from_name(name);
}

int
kyso_signer_check_certificate(KysoSigner *self, const KysoCertificate *certificate,
                              GPtrArray **ret_chain, GError **ret_fault)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GError) fault = NULL;

    if (kyso_certificate_check_signer(certificate, now, &fault) &&
        kyso_trust_check(self->trust, certificate, NULL, now, ret_chain, &fault))
        return 0;
    int code = kyso_error_code(fault);
    if (ret_fault != NULL)
        *ret_fault = g_steal_pointer(&fault);
    return code;
}

static const KysoSignerMethod methods[] = {
    {"credentials.list", kyso_credentials_list},
    {"credentials.info", kyso_credentials_info},
    {"credentials.authorize", kyso_hash_signing_authorize},
    {"signatures.signDoc", kyso_sign_doc_start},
    {"signatures.signHash", kyso_hash_signing_sign_hash},
    {"signatures.augment", kyso_augment_start},
    {"signatures.verify", kyso_verifying_verify},
    {"evidence.list", kyso_evidence_methods_list},
    {"evidence.get", kyso_evidence_methods_get},
    {"evidence.delete", kyso_evidence_methods_delete},
    {NULL},
};

G_MODULE_EXPORT const KysoSignerModule kyso_signer_module = {
    signer_open,
    signer_close,
    kyso_authorization_forget_connection,
    methods,
};
