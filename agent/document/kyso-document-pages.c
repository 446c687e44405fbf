/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/document-password.h"
#include "agent/document/page-places.h"
#include "agent/document/page-render.h"
#include "agent/document/sandbox.h"
#include "ipc/base/error.h"
#include "ipc/base/harden.h"
#include "ipc/wire/service.h"

#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_WIDTH 800
#define MAX_WIDTH 4096

static gboolean
read_page(KysoCall *call, KysoFd *ret_fd, gint64 *ret_page, GError **error)
{
    const json_t *params = kyso_call_params(call);

    *ret_page = 1;
    return kyso_json_get_int(params, "page", KYSO_JSON_OPTIONAL, G_MININT32, G_MAXINT32, ret_page,
                             error) &&
           kyso_json_take_fd(params, "document", KYSO_JSON_REQUIRED, kyso_call_fds(call), ret_fd,
                             error);
}

static int
render(KysoCall *call, KysoPageImage *ret, GError **error)
{
    static const char *const members[] = {"document", "page", "width", NULL};
    const json_t *params = kyso_call_params(call);
    g_auto(KysoFd) fd = -1;
    gint64 page, width = DEFAULT_WIDTH;
    gsize size;

    if (!kyso_json_only_has(params, members, error) || !read_page(call, &fd, &page, error) ||
        !kyso_json_get_int(params, "width", KYSO_JSON_OPTIONAL, 16, MAX_WIDTH, &width, error) ||
        !kyso_page_render(fd, page, (int) width, ret, error))
        return -1;
    const void *data = g_bytes_get_data(ret->pixels, &size);
    return kyso_fd_new_memory("page", data, size, error);
}

static void
render_called(KysoCall *call, gpointer user_data)
{
    g_auto(KysoPageImage) image = {0};
    GError *error = NULL;
    g_auto(KysoFd) pixels = render(call, &image, &error);

    if (pixels < 0) {
        kyso_call_fail(call, error);
        return;
    }
    kyso_call_return(call,
                     json_pack("{s:o, s:i, s:i, s:i, s:s}", "pixels", kyso_json_fd(0), "width",
                               image.width, "height", image.height, "stride", image.stride,
                               "format", "xrgb32"),
                     &pixels, 1);
}

static void
text_called(KysoCall *call, gpointer user_data)
{
    static const char *const members[] = {"document", "page", NULL};
    g_auto(KysoFd) fd = -1;
    g_autofree char *text = NULL;
    GError *error = NULL;
    gint64 page;

    if (kyso_json_only_has(kyso_call_params(call), members, &error) &&
        read_page(call, &fd, &page, &error))
        text = kyso_page_render_text(fd, page, &error);
    if (text == NULL)
        kyso_call_fail(call, error);
    else
        kyso_call_return(call, json_pack("{s:s}", "text", text), NULL, 0);
}

static void
places_called(KysoCall *call, gpointer user_data)
{
    GError *error = NULL;
    json_t *result = kyso_page_places(kyso_call_params(call), kyso_call_fds(call), &error);

    if (result == NULL)
        kyso_call_fail(call, error);
    else
        kyso_call_return(call, result, NULL, 0);
}

/* Poppler takes fonts that a document does not carry from the machine, and the character maps of
 * Asian fonts from its own data. Fontconfig's configuration is read here, before the walls. */
static GStrv
readable_folders(void)
{
    g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
    FcConfig *config = FcConfigGetCurrent();
    FcStrList *fonts = config == NULL ? NULL : FcConfigGetFontDirs(config);

    if (config != NULL)
        FcConfigSetRescanInterval(config, 0);
    for (FcChar8 *folder = NULL; fonts != NULL && (folder = FcStrListNext(fonts)) != NULL;)
        g_strv_builder_add(folders, (const char *) folder);
    if (fonts != NULL)
        FcStrListDone(fonts);
    g_strv_builder_add(folders, "/usr/share/poppler");
    return g_strv_builder_end(folders);
}

/* The C library loads these converters from files on first use; as long as one is open it stays.
 * Without them poppler gives no text of a field. */
static void
load_converters(void)
{
    static const char *const encodings[] = {"UTF-16BE", "UTF-16LE", "ISO-8859-1"};

    for (guint i = 0; i < G_N_ELEMENTS(encodings); i++)
        (void) g_iconv_open("UTF-8", encodings[i]);
}

static const KysoServiceMethod METHODS[] = {
    {"document.render", render_called},
    {"document.text", text_called},
    {"document.places", places_called},
    {"document.unlock", kyso_document_password_called},
    {NULL, NULL},
};

int
main(void)
{
    g_autoptr(GError) error = NULL;

    kyso_harden_process();
    kyso_document_password_begin();
    load_converters();
    g_auto(GStrv) folders = readable_folders();
    if (!kyso_sandbox_enter((const char *const *) folders, &error)) {
        fprintf(stderr, "kyso-document-pages: %s\n", error->message);
        return 1;
    }
    _exit(kyso_service_run(METHODS, NULL));
}
