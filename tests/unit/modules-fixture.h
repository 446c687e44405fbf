/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A tree of folders that modules are read from. */

#include "pkcs11/pool/modules.h"

#include <glib/gstdio.h>
#include <stdlib.h>

/* known/ as kyso's own list, package/ and system/ as p11-kit's registry, config/modules.d/ as the
 * administrator's, lib/ for libraries. */
typedef struct {
    char *dir;
} Tree;

static inline char *
path_in(Tree *tree, const char *name)
{
    return g_build_filename(tree->dir, name, NULL);
}

static inline void
put(Tree *tree, const char *name, const char *text)
{
    g_autofree char *path = path_in(tree, name);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
}

/* A .module file that names a library of the tree. */
static inline void
put_module(Tree *tree, const char *name, const char *library, const char *more)
{
    g_autofree char *text =
        g_strdup_printf("# a comment: no key\n\nmodule:  %s/lib/%s \n%s", tree->dir, library, more);

    put(tree, name, text);
}

static inline void
set_up(Tree *tree, gconstpointer data)
{
    g_autofree char *made = g_dir_make_tmp("kyso-modules-XXXXXX", NULL);
    char *resolved = realpath(made, NULL);

    tree->dir = g_strdup(resolved);
    free(resolved);
    put(tree, "lib/a.so", "");
    put(tree, "lib/b.so", "");
}

static inline void
remove_tree(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);

    if (folder != NULL)
        for (const char *name = g_dir_read_name(folder); name; name = g_dir_read_name(folder)) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_tree(child);
        }
    g_remove(path);
}

static inline void
tear_down(Tree *tree, gconstpointer data)
{
    remove_tree(tree->dir);
    g_free(tree->dir);
}

static inline GPtrArray *
read_tree(Tree *tree)
{
    g_autofree char *known = path_in(tree, "known");
    g_autofree char *package = path_in(tree, "package");
    g_autofree char *system = path_in(tree, "system");
    g_autofree char *ours = path_in(tree, "config/modules.d");
    const char *const registry[] = {package, system, NULL};
    g_autoptr(GError) error = NULL;

    GPtrArray *modules = kyso_modules_read_folders(known, registry, ours, &error);
    g_assert_no_error(error);
    return modules;
}
