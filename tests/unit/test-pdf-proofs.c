/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Proofs go into the document as an increment, and can be taken out as they were. */
#include "tests/unit/pdf-fixture.h"

#include "agent/document/pdf-proofs.h"

#define ONE "one certificate"
#define TWO "two\nendstream\nstream two"
#define LISTS "'certificates': [15], 'ocsps': [24], 'crls': []"
#define KEY "0123456789ABCDEF0123456789ABCDEF01234567"
#define OTHER_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static int
new_blobs(void)
{
    return kyso_fd_new_memory("blobs", ONE TWO, strlen(ONE TWO), NULL);
}

static void
extend(GString *document, const char *params)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TestString) increment = NULL;
    g_autoptr(json_t) result =
        test_call(kyso_document_service_extend, document, params, new_blobs(), &increment, &error);

    g_assert_no_error(error);
    g_assert_cmpint(json_integer_value(json_object_get(result, "size")), ==,
                    (json_int_t) increment->len);
    g_string_append_len(document, increment->str, (gssize) increment->len);
}

typedef struct {
    KysoFd fd;
    KysoPdfFile *file;
    KysoQpdfValue store;
} Opened;

static void
open_store(Opened *self, const GString *document)
{
    g_autoptr(GError) error = NULL;

    self->fd = kyso_fd_new_memory("document", document->str, document->len, NULL);
    self->file = kyso_pdf_file_open(self->fd, &error);
    g_assert_no_error(error);
    self->store = kyso_qpdf_reader_get(self->file->reader, self->file->root, "/DSS");
}

static void
close_store(Opened *self)
{
    kyso_pdf_file_free(self->file);
    kyso_fd_clear(&self->fd);
}

static guint
count(const Opened *self, KysoQpdfValue dictionary, const char *key)
{
    return kyso_qpdf_reader_n_items(self->file->reader,
                                    kyso_qpdf_reader_get(self->file->reader, dictionary, key));
}

static void
expect_blob(const Opened *self, const char *key, guint index, const char *expected)
{
    KysoQpdfReader *reader = self->file->reader;
    KysoQpdfValue array = kyso_qpdf_reader_get(reader, self->store, key);
    g_autoptr(GBytes) blob =
        kyso_qpdf_reader_stream(reader, kyso_qpdf_reader_item(reader, array, index));

    g_assert_nonnull(blob);
    g_assert_cmpmem(g_bytes_get_data(blob, NULL), g_bytes_get_size(blob), expected,
                    strlen(expected));
}

static void
test_store(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    gsize before = document->len;
    g_autofree char *original = g_strndup(document->str, before);
    Opened opened;

    extend(document, "{'proofs': {'fd': 1}, 'signature': '" KEY "', " LISTS "}");
    g_assert_cmpmem(document->str, before, original, before);
    open_store(&opened, document);
    g_assert_cmpuint(count(&opened, opened.store, "/Certs"), ==, 1);
    g_assert_cmpuint(count(&opened, opened.store, "/OCSPs"), ==, 1);
    g_assert_cmpuint(count(&opened, opened.store, "/CRLs"), ==, 0);
    expect_blob(&opened, "/Certs", 0, ONE);
    expect_blob(&opened, "/OCSPs", 0, TWO);
    KysoQpdfValue vri = kyso_qpdf_reader_get(opened.file->reader, opened.store, "/VRI");
    KysoQpdfValue entry = kyso_qpdf_reader_get(opened.file->reader, vri, "/" KEY);
    g_assert_cmpuint(count(&opened, entry, "/Cert"), ==, 1);
    g_assert_cmpuint(count(&opened, entry, "/OCSP"), ==, 1);
    close_store(&opened);
}

static void
test_older_store_stays(void)
{
    g_autoptr(TestString) document = test_pdf_plain();
    Opened opened;

    extend(document, "{'proofs': {'fd': 1}, 'signature': '" KEY "', " LISTS "}");
    extend(document, "{'proofs': {'fd': 1}, 'signature': '" OTHER_KEY "', 'certificates': [], "
                     "'ocsps': [], 'crls': [39]}");
    open_store(&opened, document);
    g_assert_cmpuint(count(&opened, opened.store, "/Certs"), ==, 1);
    g_assert_cmpuint(count(&opened, opened.store, "/CRLs"), ==, 1);
    expect_blob(&opened, "/Certs", 0, ONE);
    expect_blob(&opened, "/CRLs", 0, ONE TWO);
    KysoQpdfValue vri = kyso_qpdf_reader_get(opened.file->reader, opened.store, "/VRI");
    g_assert_cmpuint(kyso_qpdf_reader_get(opened.file->reader, vri, "/" KEY), !=, 0);
    g_assert_cmpuint(kyso_qpdf_reader_get(opened.file->reader, vri, "/" OTHER_KEY), !=, 0);
    close_store(&opened);
}

static void
test_wrong_parameters(void)
{
    static const char *const wrong[] = {
        "{'proofs': {'fd': 1}, 'certificates': [15], 'ocsps': [25], 'crls': []}",
        "{'proofs': {'fd': 1}, 'certificates': [15], 'ocsps': [23], 'crls': []}",
        "{'proofs': {'fd': 1}, 'certificates': [-1], 'ocsps': [], 'crls': []}",
        "{'proofs': {'fd': 1}, 'certificates': [9223372036854775807, 9], 'ocsps': [], 'crls': []}",
        "{'proofs': {'fd': 1}, 'signature': '/Root', " LISTS "}",
        "{'proofs': {'fd': 1}, 'more': 1, " LISTS "}",
        "{" LISTS "}",
    };
    g_autoptr(TestString) document = test_pdf_plain();

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        int blobs = strstr(wrong[i], "proofs") != NULL ? new_blobs() : -1;
        g_assert_null(
            test_call(kyso_document_service_extend, document, wrong[i], blobs, NULL, &error));
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS);
    }
}

static void
test_timestamp(void)
{
    g_autoptr(TestString) document = test_pdf_plain();

    extend(document, "{'proofs': {'fd': 1}, " LISTS "}");
    g_autoptr(json_t) prepared =
        test_prepare(document, "{'timestamp': true, 'field': {'name': 'Timestamp1'}}", -1);
    g_assert_nonnull(prepared);
    g_autoptr(json_t) inspection = test_inspect(document, "{}");
    json_t *signature = json_array_get(json_object_get(inspection, "signatures"), 0);

    g_assert_cmpstr(json_string_value(json_object_get(signature, "sub_filter")), ==,
                    "ETSI.RFC3161");
    g_assert_true(json_is_null(json_object_get(signature, "signing_time")));
    g_assert_nonnull(strstr(document->str + 300, "/Type /DocTimeStamp"));
    test_assert_prepare_fails(document,
                              "{'timestamp': true, 'certify': 2, 'field': {'name': 'Timestamp2'}}",
                              -1, KYSO_ERROR_WRONG_PARAMETERS);
    test_assert_prepare_fails(document, "{'field': {'name': 'Timestamp2'}}", -1,
                              KYSO_ERROR_WRONG_PARAMETERS);
}

int
main(int argc, char *argv[])
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pdf-proofs/what goes in comes out", test_store);
    g_test_add_func("/pdf-proofs/an older store stays", test_older_store_stays);
    g_test_add_func("/pdf-proofs/wrong parameters are refused", test_wrong_parameters);
    g_test_add_func("/pdf-proofs/a document timestamp says nothing but its time", test_timestamp);
    return g_test_run();
}
