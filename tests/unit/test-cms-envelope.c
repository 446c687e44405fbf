/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A signature with its content in it: what OpenSSL makes of ours, what we make of OpenSSL's, and
 * what no reader may be led astray by.
 */
#include "agent/cms/cms-envelope.h"

#include <string.h>

#include "ipc/base/descriptor.h"
#include "ipc/base/error.h"
#include "tests/kit/signature-maker.h"

#define CONTENT KYSO_SIGNATURE_MAKER_CONTENT

static KysoAuthority *ca, *signer;

static int
file_of(const void *data, gsize size)
{
    int fd = kyso_fd_new_memory("envelope", data, size, NULL);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

/* NULL: it cannot be read. */
static KysoCmsEnvelope *
read_envelope(const void *data, gsize size)
{
    g_auto(KysoFd) fd = file_of(data, size);
    g_autoptr(GError) error = NULL;
    KysoCmsEnvelope *envelope = kyso_cms_envelope_read(fd, (goffset) size, &error);

    if (envelope == NULL)
        g_assert_error(error, KYSO_ERROR, KYSO_ERROR_SIGNATURE_UNREADABLE);
    return envelope;
}

static GByteArray *
wrap(GBytes *cms, const char *content, gsize size)
{
    g_autoptr(GBytes) before = NULL;
    g_autoptr(GBytes) behind = NULL;
    g_autoptr(GError) error = NULL;
    GByteArray *whole = g_byte_array_new();

    kyso_cms_envelope_cut(cms, (goffset) size, &before, &behind, &error);
    g_assert_no_error(error);
    g_byte_array_append(whole, g_bytes_get_data(before, NULL), (guint) g_bytes_get_size(before));
    g_byte_array_append(whole, (const guint8 *) content, (guint) size);
    g_byte_array_append(whole, g_bytes_get_data(behind, NULL), (guint) g_bytes_get_size(behind));
    return whole;
}

/* Around every length at which a DER length takes another byte, in any of the four heads. */
static void
test_every_length_is_written_and_read_again(void)
{
    g_autoptr(GBytes) cms = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    static const gsize around[] = {0, 128, 256, 65536};

    for (gsize i = 0; i < G_N_ELEMENTS(around); i++) {
        gsize from = around[i] > 2500 ? around[i] - 2500 : 0;
        for (gsize size = from; size < around[i] + 40; size += size < 300 ? 1 : 7) {
            g_autofree char *content = g_malloc0(size + 1);
            g_autoptr(GByteArray) whole = wrap(cms, content, size);
            const unsigned char *end = whole->data;
            g_autoptr(CMS_ContentInfo) parsed = d2i_CMS_ContentInfo(NULL, &end, whole->len);
            g_assert_nonnull(parsed);
            g_assert_true(end == whole->data + whole->len);
            ASN1_OCTET_STRING **held = CMS_get0_content(parsed);
            g_assert_cmpint(ASN1_STRING_length(*held), ==, (int) size);

            g_autoptr(KysoCmsEnvelope) envelope = read_envelope(whole->data, whole->len);
            g_assert_true(envelope->has_content);
            g_assert_true(g_bytes_equal(envelope->cms, cms));
            g_assert_cmpuint(envelope->content->len, ==, 1);
            g_assert_cmpint(g_array_index(envelope->content, KysoCmsRange, 0).length, ==, size);
        }
    }
}

/* Past 4 GiB the heads alone tell whether lengths are right. */
static void
test_lengths_of_more_than_32_bits_are_written(void)
{
    g_autoptr(GBytes) cms = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    g_autoptr(GBytes) before = NULL;
    g_autoptr(GBytes) behind = NULL;
    gsize n = 0;

    g_assert_true(
        kyso_cms_envelope_cut(cms, G_GINT64_CONSTANT(0x123456789a), &before, &behind, NULL));
    const guint8 *data = g_bytes_get_data(before, &n);
    const guint8 last[] = {0x04, 0x85, 0x12, 0x34, 0x56, 0x78, 0x9a};
    g_assert_cmpmem(data + n - sizeof last, sizeof last, last, sizeof last);
}

static void
test_a_detached_signature_has_no_content(void)
{
    g_autoptr(GBytes) cms = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    gsize size = 0;
    const void *data = g_bytes_get_data(cms, &size);
    g_autoptr(KysoCmsEnvelope) envelope = read_envelope(data, size);

    g_assert_false(envelope->has_content);
    g_assert_true(g_bytes_equal(envelope->cms, cms));
}

static void
test_a_whole_signature_is_not_cut_again(void)
{
    g_autoptr(GBytes) cms = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    g_autoptr(GByteArray) whole = wrap(cms, CONTENT, strlen(CONTENT));
    g_autoptr(GBytes) again = g_bytes_new(whole->data, whole->len);
    g_autoptr(GBytes) before = NULL;
    g_autoptr(GBytes) behind = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(kyso_cms_envelope_cut(again, 1, &before, &behind, &error));
    g_assert_error(error, KYSO_ERROR, KYSO_ERROR_INTERNAL);
}

static void
test_what_is_cut_off_or_goes_on_is_unreadable(void)
{
    g_autoptr(GBytes) cms = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    g_autoptr(GByteArray) whole = wrap(cms, CONTENT, strlen(CONTENT));

    for (guint size = 0; size < whole->len; size++)
        g_assert_null(read_envelope(whole->data, size));
    g_byte_array_append(whole, (const guint8 *) "", 1);
    g_assert_null(read_envelope(whole->data, whole->len));
}

/* Whatever the bytes say, the parts are inside the file. */
static void
test_no_changed_byte_leads_outside(void)
{
    g_autoptr(GBytes) cms = kyso_signature_maker_sign(signer, "ECDSA", "SHA256");
    g_autoptr(GByteArray) whole = wrap(cms, CONTENT, strlen(CONTENT));
    static const guint8 values[] = {0x00, 0x01, 0x24, 0x30, 0x7f, 0x80, 0x84, 0x88, 0xff};

    for (guint at = 0; at < MIN(whole->len, 200); at++) {
        for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
            guint8 kept = whole->data[at];
            whole->data[at] = values[i];
            g_autoptr(KysoCmsEnvelope) envelope = read_envelope(whole->data, whole->len);
            for (guint n = 0; envelope != NULL && n < envelope->content->len; n++) {
                const KysoCmsRange *part = &g_array_index(envelope->content, KysoCmsRange, n);
                g_assert_cmpint(part->offset, >=, 0);
                g_assert_cmpint(part->length, >=, 0);
                g_assert_cmpint(part->offset + part->length, <=, whole->len);
            }
            whole->data[at] = kept;
        }
    }
}

/* A stream within a stream, without end, as deep as the file is long. */
static void
test_nesting_is_bounded(void)
{
    g_autoptr(GByteArray) deep = g_byte_array_new();
    static const guint8 head[] = {0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                  0x0d, 0x01, 0x07, 0x02, 0xa0, 0x80, 0x30, 0x80, 0x02,
                                  0x01, 0x01, 0x31, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x2a,
                                  0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};

    g_byte_array_append(deep, head, sizeof head);
    for (guint i = 0; i < 100000; i++)
        g_byte_array_append(deep, (const guint8 *) "\x30\x80", 2);
    for (guint i = 0; i < 100003; i++)
        g_byte_array_append(deep, (const guint8 *) "\0\0", 2);
    g_assert_null(read_envelope(deep->data, deep->len));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ca = kyso_authority_new_ca("CA thử nghiệm", NULL);
    signer = kyso_authority_new_signer("Nguyễn Văn Thử", NULL, ca);
    g_test_add_func("/cms-envelope/lengths", test_every_length_is_written_and_read_again);
    g_test_add_func("/cms-envelope/large", test_lengths_of_more_than_32_bits_are_written);
    g_test_add_func("/cms-envelope/detached", test_a_detached_signature_has_no_content);
    g_test_add_func("/cms-envelope/whole", test_a_whole_signature_is_not_cut_again);
    g_test_add_func("/cms-envelope/cut-off", test_what_is_cut_off_or_goes_on_is_unreadable);
    g_test_add_func("/cms-envelope/inside", test_no_changed_byte_leads_outside);
    g_test_add_func("/cms-envelope/nesting", test_nesting_is_bounded);
    int status = g_test_run();
    kyso_authority_free(signer);
    kyso_authority_free(ca);
    return status;
}
