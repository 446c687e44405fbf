/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/base/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/base/error.h"
#include "kyso-config.h"

char *
kyso_paths_socket(void)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");

    if (runtime != NULL && g_path_is_absolute(runtime))
        return g_build_filename(runtime, "kyso", "agent.sock", NULL);
    return g_strdup_printf("/run/user/%u/kyso/agent.sock", (guint) getuid());
}

char *
kyso_paths_state(void)
{
    return g_build_filename(g_get_user_state_dir(), "kyso", NULL);
}

char *
kyso_paths_configuration(void)
{
    return g_strdup(KYSO_SYSCONFDIR);
}

/* The build tree is found from any program in it: two or more folders up, never elsewhere. NULL:
 * the running program is installed. */
static char *
find_build_tree(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : NULL;

    while (folder != NULL && strlen(folder) > 1) {
        g_autofree char *marker = g_build_filename(folder, "kyso-config.h", NULL);
        if (g_file_test(marker, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&folder);
        char *up = g_path_get_dirname(folder);
        g_free(folder);
        folder = up;
    }
    return NULL;
}

char *
kyso_paths_program(const char *name, const char *build_folder)
{
    g_autofree char *tree = find_build_tree();

    if (tree != NULL)
        return g_build_filename(tree, build_folder, name, NULL);
    return g_build_filename(KYSO_LIBEXECDIR, name, NULL);
}

char *
kyso_paths_data(const char *name, const char *build_folder)
{
    g_autofree char *tree = find_build_tree();

    if (tree != NULL)
        return g_build_filename(tree, build_folder, name, NULL);
    return g_build_filename(KYSO_DATADIR, name, NULL);
}

gboolean
kyso_paths_make_private(const char *dir, GError **error)
{
    if (g_mkdir_with_parents(dir, 0700) == 0)
        return TRUE;
    kyso_error_set_errno(error, KYSO_ERROR_OUTPUT_NOT_WRITABLE, errno, dir);
    return FALSE;
}

static gboolean
is_one_trusted(const char *path, gboolean is_parent, GError **error)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        kyso_error_set_errno(error, KYSO_ERROR_CONFIGURATION, errno, path);
        return FALSE;
    }
    if (!S_ISDIR(st.st_mode) && (is_parent || !S_ISREG(st.st_mode))) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: neither file nor folder",
                    path);
        return FALSE;
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: owned by another user", path);
        return FALSE;
    }
    gboolean sticky_parent = is_parent && (st.st_mode & S_ISVTX) != 0;
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky_parent) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: writable by others", path);
        return FALSE;
    }
    return TRUE;
}

gboolean
kyso_paths_is_trusted(const char *path, GError **error)
{
    g_autofree char *part = NULL;
    char *resolved = realpath(path, NULL);

    if (resolved == NULL) {
        kyso_error_set_errno(error, KYSO_ERROR_CONFIGURATION, errno, path);
        return FALSE;
    }
    part = g_strdup(resolved);
    free(resolved);

    for (gboolean is_parent = FALSE;; is_parent = TRUE) {
        if (!is_one_trusted(part, is_parent, error))
            return FALSE;
        if (g_strcmp0(part, "/") == 0)
            return TRUE;
        char *up = g_path_get_dirname(part);
        g_free(part);
        part = up;
    }
}
