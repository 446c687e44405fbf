/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-password.h"
#include "agent/document/inspect-service.h"
#include "agent/document/sandbox.h"
#include "ipc/base/harden.h"

#include <stdio.h>
#include <unistd.h>

int
main(void)
{
    g_autoptr(GError) error = NULL;

    kyso_harden_process();
    kyso_document_password_begin();
    if (!kyso_sandbox_enter(NULL, &error)) {
        fprintf(stderr, "kyso-document-inspect: %s\n", error->message);
        return 1;
    }
    /* As in kyso-document: what a hostile file left behind is not run. */
    _exit(kyso_service_run(kyso_inspect_service_methods, NULL));
}
