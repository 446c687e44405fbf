/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <gmodule.h>

#include "agent/core/signer.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

static const KysoSignerModule *loaded;

static gboolean
load(GError **error)
{
    g_autofree char *path = kyso_paths_program("kyso-signer.so", "agent/core");
    GModule *module = g_module_open(path, G_MODULE_BIND_LOCAL);
    gpointer symbol = NULL;

    if (module == NULL || !g_module_symbol(module, "kyso_signer_module", &symbol)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "%s", g_module_error());
        return FALSE;
    }
    g_module_make_resident(module);
    loaded = symbol;
    return TRUE;
}

KysoHandler
kyso_signer_find_handler(KysoAgent *agent, const char *name, GError **error)
{
    if (loaded == NULL && !load(error))
        return NULL;
    if (agent->signer == NULL)
        agent->signer = loaded->open(agent, error);
    if (agent->signer == NULL)
        return NULL;

    for (const KysoSignerMethod *method = loaded->methods; method->name != NULL; method++)
        if (g_strcmp0(method->name, name) == 0)
            return method->handler;
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL, "%s has no handler", name);
    return NULL;
}

void
kyso_signer_forget_connection(KysoAgent *agent, KysoConnection *connection)
{
    if (agent->signer != NULL)
        loaded->connection_closed(agent->signer, connection);
}

void
kyso_signer_free(KysoAgent *agent)
{
    if (agent->signer != NULL)
        loaded->close(agent->signer);
    agent->signer = NULL;
}
