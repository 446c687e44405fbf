/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The programs as the agent starts them: behind their walls they still do all their work. */
#include "tests/unit/pdf-fixture.h"

#include "ipc/base/paths.h"
#include "ipc/wire/helper.h"

static const KysoHelperFaults faults = {KYSO_ERROR_DOCUMENT_WORKER_CRASHED,
                                        KYSO_ERROR_DOCUMENT_WORKER_HUNG};

static KysoHelper *
new_helper(const char *name)
{
    g_autofree char *program = kyso_paths_program(name, "agent/document");
    const char *argv[] = {program, NULL};

    return kyso_helper_new(argv, faults);
}

typedef struct {
    KysoReply *reply;
    GError *error;
    gboolean is_done;
} Call;

static void
call_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Call *call = user_data;

    call->reply = kyso_helper_call_finish(KYSO_HELPER(source), result, &call->error);
    call->is_done = TRUE;
}

static KysoReply *
call(KysoHelper *helper, const char *method, const char *params, const GString *document,
     GError **error)
{
    g_auto(KysoFd) fd = kyso_fd_new_memory("test", document->str, document->len, NULL);
    json_t *object = test_json(params);
    Call state = {0};

    json_object_set_new(object, "document", kyso_json_fd(0));
    kyso_helper_call_async(helper, method, object, &fd, 1, 30000, NULL, NULL, call_done, &state);
    while (!state.is_done)
        g_main_context_iteration(NULL, TRUE);
    if (state.error != NULL)
        g_propagate_error(error, state.error);
    return state.reply;
}

/* A letter with the number 79 in a reserved field, signed twice, all by the program. */
static GString *
issue(KysoHelper *helper)
{
    static const char *const steps[] = {
        "{" TEST_TIME ", 'field': {'name': 'Approval1', 'rect': [100, 100, 250, 160]}, 'text': "
        "{'value': 'Nguyễn Văn Thử'}, 'reserve': [{'type': 'text', 'name': 'CodeNumber', 'rect': "
        "[100, 700, 140, 720]}, {'type': 'signature', 'name': 'AgencySeal', 'rect': [50, 100, 152, "
        "202]}]}",
        "{" TEST_TIME ", 'field': {'existing': 'AgencySeal'}, 'fill': [{'name': 'CodeNumber', "
        "'value': '79'}]}"};
    GString *document = test_pdf_plain();

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(KysoReply) reply = call(helper, "document.prepare", steps[i], document, &error);
        g_assert_no_error(error);
        g_auto(KysoFd) fd = kyso_fd_list_steal(reply->fds, 0);
        g_autoptr(GBytes) bytes = kyso_fd_read_all(fd, 1024 * 1024, NULL);
        g_string_append_len(document, g_bytes_get_data(bytes, NULL),
                            (gssize) g_bytes_get_size(bytes));
    }
    return document;
}

static void
test_document_is_prepared_and_inspected(void)
{
    g_autoptr(KysoHelper) helper = new_helper("kyso-document");
    g_autoptr(GError) error = NULL;
    g_autoptr(TestString) document = issue(helper);
    g_autoptr(KysoReply) reply =
        call(helper, "document.inspect", "{'pages': [1]}", document, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(json_array_size(json_object_get(reply->result, "signatures")), ==, 2);
}

static void
test_who_verifies_makes_nothing(void)
{
    g_autoptr(KysoHelper) writer = new_helper("kyso-document");
    g_autoptr(KysoHelper) helper = new_helper("kyso-document-inspect");
    g_autoptr(TestString) document = issue(writer);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) refused = NULL;
    g_autoptr(KysoReply) reply =
        call(helper, "document.inspect", "{'pages': [1]}", document, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(json_array_size(json_object_get(reply->result, "signatures")), ==, 2);
    g_assert_null(call(helper, "document.rewrite", "{}", document, &refused));
    g_assert_error(refused, KYSO_ERROR, KYSO_ERROR_UNKNOWN_METHOD);
}

static void
test_faults_travel_with_their_code(void)
{
    g_autoptr(KysoHelper) helper = new_helper("kyso-document");
    g_autoptr(TestString) document = g_string_new("no document");
    g_autoptr(GError) error = NULL;

    g_assert_null(call(helper, "document.inspect", "{}", document, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_DOCUMENT_NOT_PDF);
}

/* Dark pixels of the page within @rect (PDF points of an A4 page drawn 595 pixels wide). */
static guint
ink(KysoHelper *helper, const GString *document, const int rect[4])
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoReply) reply =
        call(helper, "document.render", "{'page': 1, 'width': 595}", document, &error);
    int width, height, stride;
    guint dark = 0;

    g_assert_no_error(error);
    g_assert_cmpint(json_unpack(reply->result, "{s:i, s:i, s:i}", "width", &width, "height",
                                &height, "stride", &stride),
                    ==, 0);
    g_assert_cmpint(width, ==, 595);
    g_assert_cmpint(height, ==, 842);
    g_auto(KysoFd) fd = kyso_fd_list_steal(reply->fds, 0);
    g_autoptr(GBytes) pixels = kyso_fd_read_all(fd, 16 * 1024 * 1024, NULL);
    g_assert_cmpuint(g_bytes_get_size(pixels), ==, (gsize) stride * 842);
    const guint8 *data = g_bytes_get_data(pixels, NULL);
    for (int y = 842 - rect[3]; y < 842 - rect[1]; y++)
        for (int x = rect[0]; x < rect[2]; x++)
            dark += data[y * stride + 4 * x] < 128 ? 1 : 0;
    return dark;
}

static void
test_what_was_filled_is_seen_and_read(void)
{
    static const int number[] = {100, 700, 140, 720}, name[] = {100, 100, 250, 160};
    g_autoptr(KysoHelper) reader = new_helper("kyso-document");
    g_autoptr(KysoHelper) pages = new_helper("kyso-document-pages");
    g_autoptr(TestString) plain = test_pdf_plain();
    g_autoptr(TestString) issued = issue(reader);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(ink(pages, plain, number), ==, 0);
    g_assert_cmpuint(ink(pages, issued, number), >, 10);
    g_assert_cmpuint(ink(pages, issued, name), >, 50);

    g_autoptr(KysoReply) reply = call(pages, "document.text", "{'page': -1}", issued, &error);
    g_assert_no_error(error);
    const char *text = json_string_value(json_object_get(reply->result, "text"));
    g_assert_nonnull(strstr(text, "79"));
}

static void
test_page_that_cannot_be_shown(void)
{
    g_autoptr(KysoHelper) pages = new_helper("kyso-document-pages");
    g_autoptr(TestString) plain = test_pdf_plain();
    g_autoptr(TestString) empty = g_string_new("%PDF-1.7 and nothing more");
    g_autoptr(GError) outside = NULL;
    g_autoptr(GError) damaged = NULL;

    g_assert_null(call(pages, "document.render", "{'page': 2}", plain, &outside));
    g_assert_error(outside, KYSO_ERROR, KYSO_ERROR_PLACE_OUTSIDE);
    g_assert_null(call(pages, "document.render", "{'page': 1}", empty, &damaged));
    g_assert_error(damaged, KYSO_ERROR, KYSO_ERROR_DOCUMENT_DAMAGED);
}

static void
test_xml_is_read_behind_its_walls(void)
{
    static const char *const documents[] = {"<a><b/></a>", "<!DOCTYPE a><a/>"};

    for (gsize i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_autoptr(KysoHelper) reader = new_helper("kyso-document-xml");
        g_autoptr(TestString) document = g_string_new(documents[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(KysoReply) reply =
            call(reader, "xml.inspect", "{'sign': true}", document, &error);
        if (i == 0) {
            g_assert_no_error(error);
            g_assert_cmpuint(reply->fds->n_fds, ==, 2);
        } else {
            g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INVALID_XML);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/document-program/document-is-prepared-and-inspected",
                    test_document_is_prepared_and_inspected);
    g_test_add_func("/document-program/who-verifies-makes-nothing",
                    test_who_verifies_makes_nothing);
    g_test_add_func("/document-program/faults-travel-with-their-code",
                    test_faults_travel_with_their_code);
    g_test_add_func("/document-program/what-was-filled-is-seen-and-read",
                    test_what_was_filled_is_seen_and_read);
    g_test_add_func("/document-program/page-that-cannot-be-shown", test_page_that_cannot_be_shown);
    g_test_add_func("/document-program/xml-is-read-behind-its-walls",
                    test_xml_is_read_behind_its_walls);
    return g_test_run();
}
