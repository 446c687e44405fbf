/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/worker/view-loader.h"

#include "ipc/base/error.h"
#include "ipc/base/paths.h"
#include "pkcs11/token/reader-view.h"

#include <dlfcn.h>
#include <link.h>

static KysoReaderViewWasUsed was_used; /* NULL: no view */
static KysoReaderViewHasLostCard has_lost_card;

static gboolean
fail(GError **error, const char *what, const char *reason)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED, "cannot keep to one reader: %s: %s",
                what, reason != NULL ? reason : "no reason given");
    return FALSE;
}

static gboolean
is_loaded(const char *name)
{
    void *library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);

    if (library != NULL)
        dlclose(library);
    return library != NULL;
}

/* Where the linker finds the real libpcsclite. It must be out again before the view comes in: of
 * two libraries of the same DT_SONAME the linker gives the older one. */
static char *
find_real(GError **error)
{
    struct link_map *map = NULL;

    if (is_loaded(KYSO_READER_VIEW_SONAME)) {
        fail(error, KYSO_READER_VIEW_SONAME, "is loaded already");
        return NULL;
    }
    void *library = dlopen(KYSO_READER_VIEW_SONAME, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
        fail(error, "the real libpcsclite", dlerror());
        return NULL;
    }

    g_autofree char *path = g_strdup(map->l_name);
    dlclose(library);
    if (!g_path_is_absolute(path) || is_loaded(KYSO_READER_VIEW_SONAME)) {
        fail(error, path, "cannot be unloaded again");
        return NULL;
    }
    return g_steal_pointer(&path);
}

static gboolean
start_view(void *view, const char *reader, const char *real, GError **error)
{
    KysoReaderViewStart start = (KysoReaderViewStart) dlsym(view, KYSO_READER_VIEW_START);

    was_used = (KysoReaderViewWasUsed) dlsym(view, KYSO_READER_VIEW_WAS_USED);
    has_lost_card = (KysoReaderViewHasLostCard) dlsym(view, KYSO_READER_VIEW_HAS_LOST_CARD);
    if (start == NULL || was_used == NULL || has_lost_card == NULL)
        return fail(error, KYSO_READER_VIEW_LIBRARY, "not the view of this kyso");

    g_autofree char *reason = start(reader, real);
    if (reason != NULL)
        return fail(error, KYSO_READER_VIEW_LIBRARY, reason);

    /* The module will ask in this way. */
    void *seen = dlopen(KYSO_READER_VIEW_SONAME, RTLD_LAZY | RTLD_NOLOAD);
    if (seen != NULL)
        dlclose(seen);
    return seen == view || fail(error, KYSO_READER_VIEW_LIBRARY, "the linker takes another one");
}

gboolean
kyso_view_loader_load(const char *reader, GError **error)
{
    g_autofree char *path = kyso_paths_program(KYSO_READER_VIEW_LIBRARY, KYSO_READER_VIEW_FOLDER);
    g_autofree char *real = find_real(error);
    if (real == NULL)
        return FALSE;

    /* Global, so that a module with a libpcsclite of its own inside gets this one too. */
    void *view = dlopen(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
    if (view == NULL)
        return fail(error, path, dlerror());
    return start_view(view, reader, real, error);
}

gboolean
kyso_view_loader_was_used(void)
{
    return was_used != NULL && was_used();
}

gboolean
kyso_view_loader_has_lost_card(void)
{
    return has_lost_card != NULL && has_lost_card();
}
