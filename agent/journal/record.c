/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/journal/record.h"

#include <string.h>

#define HASH_VERSION "kyso-record-1"
#define ELLIPSIS "…"

static const char *const outcomes[] = {"signed", "refused",    "cancelled",
                                       "failed", "authorized", "deleted"};

#define TEXT(field)                                                                                \
    {                                                                                              \
#field, G_STRUCT_OFFSET(KysoRecord, field)                                                 \
    }

/* The order is part of the hash: a new field goes to the end, with a new HASH_VERSION. */
static const KysoRecordText texts[] = {
    TEXT(request_id),
    TEXT(time),
    TEXT(purpose),
    TEXT(method),
    TEXT(caller_executable),
    TEXT(caller_unit),
    TEXT(caller_origin),
    TEXT(credential_id),
    TEXT(signer),
    TEXT(role),
    TEXT(token_serial),
    TEXT(document_digest),
    TEXT(result_digest),
    TEXT(signature_digest),
    TEXT(metadata),
    TEXT(error_code),
    TEXT(detail),
};

const char *
kyso_outcome_to_string(KysoOutcome outcome)
{
    g_return_val_if_fail((guint) outcome < G_N_ELEMENTS(outcomes), "failed");
    return outcomes[outcome];
}

gboolean
kyso_outcome_from_string(const char *text, KysoOutcome *ret)
{
    for (guint i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        if (g_strcmp0(text, outcomes[i]) == 0) {
            *ret = i;
            return TRUE;
        }
    }
    return FALSE;
}

const KysoRecordText *
kyso_record_texts(gsize *ret_n)
{
    *ret_n = G_N_ELEMENTS(texts);
    return texts;
}

static char **
text_of(const KysoRecord *self, gsize i)
{
    return (char **) G_STRUCT_MEMBER_P(self, texts[i].offset);
}

KysoRecord *
kyso_record_new(void)
{
    return g_new0(KysoRecord, 1);
}

KysoRecord *
kyso_record_copy(const KysoRecord *self)
{
    KysoRecord *copy = g_memdup2(self, sizeof *self);

    copy->hash = g_strdup(self->hash);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        *text_of(copy, i) = g_strdup(*text_of(self, i));
    return copy;
}

void
kyso_record_free(KysoRecord *self)
{
    if (self == NULL)
        return;

    g_free(self->hash);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(*text_of(self, i));
    g_free(self);
}

static char *
cut_text(const char *text)
{
    const char *end = text + KYSO_RECORD_MAX_TEXT - strlen(ELLIPSIS);

    while ((*end & 0xC0) == 0x80) /* inside a character */
        end--;
    return g_strdup_printf("%.*s" ELLIPSIS, (int) (end - text), text);
}

void
kyso_record_normalize(KysoRecord *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        char **text = text_of(self, i);
        g_autofree char *valid = g_utf8_make_valid(*text != NULL ? *text : "", -1);
        gsize size = strlen(valid);

        g_free(*text);
        if (size <= KYSO_RECORD_MAX_TEXT)
            *text = g_steal_pointer(&valid);
        else if (text == &self->metadata) /* cut JSON would be no JSON */
            *text = g_strdup_printf("{\"omitted_bytes\": %" G_GSIZE_FORMAT "}", size);
        else
            *text = cut_text(valid);
    }
}

/* Length before bytes: no two different records have the same encoding. */
static void
hash_text(GChecksum *checksum, const char *text)
{
    gsize size = strlen(text);
    guint32 length = GUINT32_TO_BE((guint32) size);

    g_checksum_update(checksum, (const guchar *) &length, sizeof length);
    g_checksum_update(checksum, (const guchar *) text, size);
}

static void
hash_number(GChecksum *checksum, gint64 number)
{
    char text[24];

    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, number);
    hash_text(checksum, text);
}

char *
kyso_record_hash(const KysoRecord *self, const char *previous)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);

    hash_text(checksum, HASH_VERSION);
    hash_text(checksum, previous);
    hash_number(checksum, self->sequence);
    hash_text(checksum, kyso_outcome_to_string(self->outcome));
    hash_number(checksum, self->caller_uid);
    hash_number(checksum, self->caller_pid);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        hash_text(checksum, *text_of(self, i));
    return g_strdup(g_checksum_get_string(checksum));
}
