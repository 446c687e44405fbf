/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/document-reader.h"

#include "ipc/base/error.h"
#include "ipc/base/paths.h"

static KysoHelper *
new_reader(const char *name)
{
    g_autofree char *program = kyso_paths_program(name, "agent/document");
    const char *argv[] = {program, NULL};
    KysoHelperFaults faults = {KYSO_ERROR_DOCUMENT_WORKER_CRASHED, KYSO_ERROR_DOCUMENT_WORKER_HUNG};
    KysoHelper *reader = kyso_helper_new(argv, faults);

    /* Its walls take it longer to put up than a letter to read. */
    kyso_helper_start(reader);
    return reader;
}

KysoHelper *
kyso_document_reader_new(void)
{
    return new_reader("kyso-document");
}

KysoHelper *
kyso_document_reader_new_pages(void)
{
    return new_reader("kyso-document-pages");
}

void
kyso_document_reader_inspect_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                   GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o}", "document", kyso_json_fd(0));
    kyso_helper_call_async(self, "document.inspect", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

json_t *
kyso_document_reader_inspect_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    return reply != NULL ? json_incref(reply->result) : NULL;
}

void
kyso_document_reader_text_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                GAsyncReadyCallback done, gpointer user_data)
{
    json_t *params = json_pack("{s:o, s:i}", "document", kyso_json_fd(0), "page", 1);
    kyso_helper_call_async(self, "document.text", params, &document, 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

char *
kyso_document_reader_text_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    g_autoptr(KysoReply) reply = kyso_helper_call_finish(self, result, error);
    const char *text = NULL;

    if (reply == NULL ||
        !kyso_json_get_string(reply->result, "text", KYSO_JSON_REQUIRED, &text, error))
        return NULL;
    return g_strdup(text);
}

static json_t *
rect_to_json(const double *rect)
{
    return json_pack("[f, f, f, f]", rect[0], rect[1], rect[2], rect[3]);
}

static json_t *
field_to_json(const KysoPrepareSpec *spec)
{
    const KysoPlace *place = &spec->item->place;

    if (spec->is_reserved)
        return json_pack("{s:s}", "existing", spec->field);
    return json_pack("{s:s, s:i, s:o}", "name", spec->field, "page", place->page, "rect",
                     rect_to_json(place->rect));
}

static json_t *
reserve_to_json(const KysoSignItem *item)
{
    json_t *list = json_array();

    for (int i = 0; i < KYSO_N_BLANKS; i++) {
        const KysoPlace *place = &item->reserve[i];
        if (place->page == 0)
            continue;
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:o, s:s}", "type",
                                              i == KYSO_BLANK_SEAL ? "signature" : "text", "name",
                                              kyso_blanks[i].field, "page", place->page, "rect",
                                              rect_to_json(place->rect), "tooltip",
                                              kyso_blanks[i].tooltip));
    }
    return list;
}

static json_t *
fill_to_json(const KysoSignItem *item)
{
    json_t *list = json_array();

    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (item->fill[i] != NULL)
            json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "name", kyso_blanks[i].field,
                                                  "value", item->fill[i], "align", "center"));
    return list;
}

void
kyso_document_reader_prepare_async(KysoHelper *self, KysoAgent *agent, KysoJob *job, int document,
                                   const KysoPrepareSpec *spec, GAsyncReadyCallback done,
                                   gpointer user_data)
{
    const KysoSignItem *item = spec->item;
    int fds[] = {document, item->image};
    json_t *params =
        json_pack("{s:o, s:o, s:i, s:s, s:s, s:i, s:o, s:o}", "document", kyso_json_fd(0), "field",
                  field_to_json(spec), "contents_size", (int) spec->contents_size, "signing_time",
                  spec->signing_time, "name", spec->signer, "certify", spec->certify ? 2 : 0,
                  "reserve", reserve_to_json(item), "fill", fill_to_json(item));

    if (item->image >= 0)
        json_object_set_new(params, "image", kyso_json_fd(1));
    kyso_helper_call_async(self, "document.prepare", params, fds, item->image >= 0 ? 2 : 1,
                           agent->configuration->document_ms, kyso_job_cancellable(job), NULL, done,
                           user_data);
}

KysoReply *
kyso_document_reader_prepare_finish(KysoHelper *self, GAsyncResult *result, GError **error)
{
    return kyso_helper_call_finish(self, result, error);
}
