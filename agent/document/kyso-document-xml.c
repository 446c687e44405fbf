/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <libxml/parser.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/document/sandbox.h"
#include "agent/document/xml-service.h"
#include "ipc/base/error.h"
#include "ipc/base/harden.h"

int
main(void)
{
    g_autoptr(GError) error = NULL;

    kyso_harden_process();
    xmlInitParser();
    if (!kyso_sandbox_enter(NULL, &error)) {
        fprintf(stderr, "kyso-document-xml: %s\n", error->message);
        return 1;
    }
    _exit(kyso_service_run(kyso_xml_service_methods, NULL));
}
