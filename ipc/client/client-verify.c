/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/error.h"
#include "ipc/client/client-parameters.h"

KysoResult *
kyso_client_verify(KysoClient *client, const KysoVerifyRequest *request, GError **error)
{
    g_return_val_if_fail(client != NULL && request != NULL, NULL);
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();

    if (!kyso_client_parameters_set_input(&parameters, parameters.params, "input", &request->input,
                                          FALSE, KYSO_ERROR_INPUT_UNREADABLE, error) ||
        !kyso_client_parameters_set_input(&parameters, parameters.params, "signature",
                                          &request->signature, FALSE, KYSO_ERROR_INPUT_UNREADABLE,
                                          error) ||
        !kyso_client_parameters_set_output(&parameters, parameters.params, "content",
                                           &request->content, error))
        return NULL;
    if (request->password_fd != 0)
        kyso_client_parameters_set_descriptor(&parameters, parameters.params, "password",
                                              request->password_fd);
    if (request->keep_evidence)
        json_object_set_new(parameters.params, "keep_evidence", json_true());
    return kyso_client_request(client, "signatures.verify", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, 0, NULL, error);
}

KysoResult *
kyso_client_augment(KysoClient *client, const KysoAugmentRequest *request, GError **error)
{
    g_return_val_if_fail(client != NULL && request != NULL && request->level != NULL, NULL);
    g_auto(KysoClientParameters) parameters = kyso_client_parameters_new();
    KysoClientWatcher watcher = {.one = request->progress, .user_data = request->user_data};
    g_autofree char *level = g_strconcat("AdES-", request->level, NULL);

    kyso_client_parameters_set_text(&parameters, parameters.params, "conformance_level", level);
    if (!kyso_client_parameters_set_input(&parameters, parameters.params, "input", &request->input,
                                          FALSE, KYSO_ERROR_INPUT_UNREADABLE, error) ||
        !kyso_client_parameters_set_input(&parameters, parameters.params, "signature",
                                          &request->signature, FALSE, KYSO_ERROR_INPUT_UNREADABLE,
                                          error) ||
        !kyso_client_parameters_set_output(&parameters, parameters.params, "output",
                                           &request->output, error) ||
        !kyso_client_parameters_is_whole(&parameters, error))
        return NULL;
    if (request->password_fd != 0)
        kyso_client_parameters_set_descriptor(&parameters, parameters.params, "password",
                                              request->password_fd);
    return kyso_client_request(client, "signatures.augment", g_steal_pointer(&parameters.params),
                               parameters.fds, parameters.n_fds, request->timeout_ms, &watcher,
                               error);
}
