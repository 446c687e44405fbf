/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/document/xml-service.h"

#include <string.h>
#include <sys/stat.h>

#include "agent/document/package.h"
#include "agent/document/xml-inspect.h"
#include "ipc/base/error.h"

#define MAX_SIGNATURE (4 * 1024 * 1024) /* bytes of the element */

static GBytes *
read_file(const json_t *params, KysoFdList *fds, const char *name, goffset limit, GError **error)
{
    g_auto(KysoFd) fd = -1;
    struct stat st;

    if (!kyso_json_take_fd(params, name, KYSO_JSON_REQUIRED, fds, &fd, error))
        return NULL;
    if (fstat(fd, &st) < 0 || st.st_size > limit) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_TOO_LARGE,
                    "\"%s\" is over %" G_GINT64_FORMAT " bytes", name, (gint64) limit);
        return NULL;
    }
    if (st.st_size == 0) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_EMPTY, "\"%s\" has 0 bytes", name);
        return NULL;
    }
    g_autofree char *data = g_malloc((gsize) st.st_size);
    if (!kyso_fd_read_at(fd, data, (gsize) st.st_size, 0, error))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&data), (gsize) st.st_size);
}

/* Thousands of references are more than one message takes. */
static int
write_facts(const json_t *facts, GError **error)
{
    gsize size = 0;
    g_autofree char *text = kyso_json_format(facts, &size);
    return kyso_fd_new_memory("facts", text, size, error);
}

static void
inspect_called(KysoCall *call, gpointer user_data)
{
    static const char *const members[] = {"document", "sign", "leaves_signatures", NULL};
    const json_t *params = kyso_call_params(call);
    g_auto(KysoXmlOutput) output = {.fd = -1};
    g_autoptr(GBytes) data = NULL;
    g_autoptr(json_t) facts = NULL;
    KysoXmlQuestion question = {FALSE, FALSE};
    GError *error = NULL;
    g_auto(KysoFd) facts_fd = -1;

    if (kyso_json_only_has(params, members, &error) &&
        kyso_json_get_boolean(params, "sign", KYSO_JSON_OPTIONAL, &question.for_signing, &error) &&
        kyso_json_get_boolean(params, "leaves_signatures", KYSO_JSON_OPTIONAL,
                              &question.leaves_signatures, &error))
        data = read_file(params, kyso_call_fds(call), "document", KYSO_PACKAGE_MAX_SIZE, &error);
    if (data != NULL && kyso_xml_output_init(&output, &error))
        facts = kyso_xml_inspect(data, &question, &output, &error);
    if (facts != NULL)
        facts_fd = write_facts(facts, &error);
    if (facts_fd < 0) {
        kyso_call_fail(call, error);
        return;
    }
    int fds[] = {facts_fd, output.fd};
    kyso_call_return(call,
                     json_pack("{s:o, s:o}", "facts", kyso_json_fd(0), "content", kyso_json_fd(1)),
                     fds, G_N_ELEMENTS(fds));
}

/* @result: NULL with @error (taken). */
static void
return_result(KysoCall *call, GBytes *result, GError *error)
{
    gsize size = 0;
    const void *bytes = result != NULL ? g_bytes_get_data(result, &size) : NULL;
    g_auto(KysoFd) fd = result != NULL ? kyso_fd_new_memory("result", bytes, size, &error) : -1;

    if (fd < 0)
        kyso_call_fail(call, error);
    else
        kyso_call_return(call, json_pack("{s:o}", "result", kyso_json_fd(0)), &fd, 1);
}

/* The document, and the element @name that goes into it. */
static gboolean
read_both(KysoCall *call, const char *name, GBytes **ret_data, GBytes **ret_element, GError **error)
{
    const json_t *params = kyso_call_params(call);

    *ret_data = read_file(params, kyso_call_fds(call), "document", KYSO_PACKAGE_MAX_SIZE, error);
    if (*ret_data != NULL)
        *ret_element = read_file(params, kyso_call_fds(call), name, MAX_SIGNATURE, error);
    return *ret_element != NULL;
}

static void
enclose_called(KysoCall *call, gpointer user_data)
{
    static const char *const members[] = {"document", "signature", NULL};
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GBytes) signature = NULL;
    g_autoptr(GBytes) result = NULL;
    GError *error = NULL;

    if (kyso_json_only_has(kyso_call_params(call), members, &error) &&
        read_both(call, "signature", &data, &signature, &error))
        result = kyso_xml_inspect_enclose(data, signature, &error);
    return_result(call, result, error);
}

static void
extend_called(KysoCall *call, gpointer user_data)
{
    static const char *const members[] = {"document", "signature", "timestamp", NULL};
    const json_t *params = kyso_call_params(call);
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GBytes) timestamp = NULL;
    g_autoptr(GBytes) result = NULL;
    GError *error = NULL;
    gint64 number = 0;

    if (kyso_json_only_has(params, members, &error) &&
        kyso_json_get_int(params, "signature", KYSO_JSON_REQUIRED, 0, KYSO_XML_MAX_SIGNATURES - 1,
                          &number, &error) &&
        read_both(call, "timestamp", &data, &timestamp, &error))
        result = kyso_xml_inspect_extend(data, (guint) number, timestamp, &error);
    return_result(call, result, error);
}

const KysoServiceMethod kyso_xml_service_methods[] = {
    {"xml.inspect", inspect_called},
    {"xml.enclose", enclose_called},
    {"xml.extend", extend_called},
    {NULL, NULL},
};
