/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-password.h"
#include "agent/document/document-service.h"
#include "agent/document/drawing-font.h"
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
    /* A machine without the font can still sign invisibly: who needs it, is told when drawing. */
    (void) kyso_drawing_font_load(NULL);
    if (!kyso_sandbox_enter(NULL, &error)) {
        fprintf(stderr, "kyso-document: %s\n", error->message);
        return 1;
    }
    /* Nothing is left to be put in order, and what a hostile file left behind is not run. */
    _exit(kyso_service_run(kyso_document_service_methods, NULL));
}
