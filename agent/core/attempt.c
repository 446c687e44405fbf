/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/attempt.h"

#include <string.h>

#include "ipc/base/error.h"

KysoRecord *
kyso_attempt_new(KysoJob *job, const char *purpose)
{
    KysoRecord *record = kyso_record_new();
    KysoPeer *peer = kyso_job_peer(job);

    record->request_id = g_strdup(kyso_job_request_id(job));
    record->purpose = g_strdup(purpose);
    record->method = g_strdup(kyso_job_method(job));
    record->caller_uid = kyso_peer_uid(peer);
    record->caller_pid = kyso_peer_pid(peer);
    record->caller_executable = g_strdup(kyso_peer_executable(peer));
    record->caller_unit = g_strdup(kyso_peer_unit(peer));
    return record;
}

static void
set(char **field, const char *text)
{
    g_free(*field);
    *field = g_strdup(text);
}

void
kyso_attempt_set_certificate(KysoRecord *record, const KysoCertificate *certificate, KysoRole role,
                             const char *token_serial)
{
    set(&record->credential_id, kyso_certificate_get_id(certificate));
    set(&record->signer, kyso_certificate_get_subject(certificate));
    set(&record->role, kyso_policy_role_name(role));
    set(&record->token_serial, token_serial);
}

/* Nothing is wrong with the certificate: nobody could say. */
static gboolean
is_of_service(int code)
{
    return code >= KYSO_ERROR_TIMESTAMP_UNAVAILABLE &&
           code <= KYSO_ERROR_SERVICE_ANSWER_TOO_LARGE && code != KYSO_ERROR_CERTIFICATE_REVOKED;
}

void
kyso_attempt_set_failure(KysoRecord *record, const GError *error)
{
    const KysoErrorInfo *info = kyso_error_info(kyso_error_code(error));

    if (info->code == KYSO_ERROR_PIN_CANCELLED || info->code == KYSO_ERROR_CANCELLED)
        record->outcome = KYSO_OUTCOME_CANCELLED;
    else if (strcmp(info->layer, "policy") == 0 ||
             (strcmp(info->layer, "certificate") == 0 && !is_of_service(info->code)))
        record->outcome = KYSO_OUTCOME_REFUSED;
    else
        record->outcome = KYSO_OUTCOME_FAILED;
    set(&record->error_code, info->name);
    set(&record->detail, error->message);
}
