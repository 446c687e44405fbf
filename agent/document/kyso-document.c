/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-service.h"
#include "agent/document/drawing-font.h"
#include "agent/document/sandbox.h"
#include "ipc/base/harden.h"
#include "ipc/base/paths.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Pages and text need poppler, which this program does without: it starts in half the time, and a
 * taken-over poppler never writes an increment. */
static int
become_pages(void)
{
    g_autofree char *program = kyso_paths_program("kyso-document-pages", "agent/document");
    char *argv[] = {program, NULL};

    execv(program, argv);
    perror(program);
    return 1;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc == 2 && strcmp(argv[1], "--pages") == 0)
        return become_pages();

    kyso_harden_process();
    kyso_harden_die_with_parent();
    /* A machine without the font can still sign invisibly: who needs it, is told when drawing. */
    (void) kyso_drawing_font_load(NULL);
    if (!kyso_sandbox_enter(NULL, &error)) {
        fprintf(stderr, "kyso-document: %s\n", error->message);
        return 1;
    }
    /* Nothing is left to be put in order, and what a hostile file left behind is not run. */
    _exit(kyso_service_run(kyso_document_service_methods, NULL));
}
