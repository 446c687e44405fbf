/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/error.h"
#include "ipc/client/client-parameters.h"

static KysoResult *
send_parameters(KysoClient *client, const char *method, KysoClientParameters *parameters,
                GError **error)
{
    return kyso_client_request(client, method, g_steal_pointer(&parameters->params),
                               parameters->fds, parameters->n_fds, 0, NULL, error);
}

KysoResult *
kyso_client_list_evidence(KysoClient *client, const KysoFile *document, gint64 before,
                          GError **error)
{
    g_return_val_if_fail(client != NULL, NULL);
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();

    if (document != NULL &&
        !kyso_client_parameters_set_input(&parameters, parameters.params, "input", document, FALSE,
                                          KYSO_ERROR_INPUT_UNREADABLE, error))
        return NULL;
    if (before != 0)
        json_object_set_new(parameters.params, "before", json_integer((json_int_t) before));
    return send_parameters(client, "evidence.list", &parameters, error);
}

KysoResult *
kyso_client_save_evidence(KysoClient *client, gint64 id, const KysoFile *output, GError **error)
{
    g_return_val_if_fail(client != NULL && output != NULL, NULL);
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();

    json_object_set_new(parameters.params, "evidenceID", json_integer((json_int_t) id));
    if (!kyso_client_parameters_set_output(&parameters, parameters.params, "output", output, error))
        return NULL;
    return send_parameters(client, "evidence.get", &parameters, error);
}

KysoResult *
kyso_client_delete_evidence(KysoClient *client, const KysoFile *document, GError **error)
{
    g_return_val_if_fail(client != NULL && document != NULL, NULL);
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();

    if (!kyso_client_parameters_set_input(&parameters, parameters.params, "input", document, FALSE,
                                          KYSO_ERROR_INPUT_UNREADABLE, error))
        return NULL;
    return send_parameters(client, "evidence.delete", &parameters, error);
}
