/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Any bytes as a CMS with its content: refused, or with parts that are all inside the file, in
 * their order, and a rest that reads as a detached signature over them.
 */

#include <stdint.h>
#include <unistd.h>

#include "agent/cms/cms-envelope.h"
#include "agent/cms/cms-verify.h"
#include "ipc/base/descriptor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_parts(const KysoCmsEnvelope *envelope, goffset size)
{
    goffset at = 0;

    for (guint i = 0; i < envelope->content->len; i++) {
        const KysoCmsRange *part = &g_array_index(envelope->content, KysoCmsRange, i);
        g_assert_true(part->offset >= at && part->length >= 0);
        at = part->offset + part->length;
    }
    g_assert_true(at <= size);
}

static GBytes *
give_nothing(const char *hash, gpointer user_data, GError **error)
{
    return g_bytes_new(NULL, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(KysoFd) fd = kyso_fd_new_memory("envelope", data, size, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(KysoCmsEnvelope) envelope = kyso_cms_envelope_read(fd, (goffset) size, &error);

    g_assert_true((envelope == NULL) == (error != NULL));
    if (envelope == NULL)
        return 0;
    check_parts(envelope, (goffset) size);
    g_autoptr(KysoSignatureReport) report =
        kyso_cms_verify(envelope->cms, give_nothing, NULL, NULL, NULL, NULL);
    g_assert_true(report == NULL || report->verdict != KYSO_VALID);

    /* What was taken apart goes together again. */
    g_autoptr(GBytes) before = NULL;
    g_autoptr(GBytes) behind = NULL;
    g_assert_true(kyso_cms_envelope_cut(envelope->cms, 1, &before, &behind, NULL));
    return 0;
}
