/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/configuration.h"

#include <string.h>

#include "agent/core/network-rules.h"
#include "ipc/base/error.h"
#include "ipc/base/paths.h"

#define MAX_SECONDS 3600
#define MIN_SEAL_MM 10
#define MAX_SEAL_MM 80

static gboolean
configuration_fault(GError **error, const char *group, const char *key, const char *what)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "kyso.conf: [%s] %s %s", group, key,
                what);
    return FALSE;
}

/* A mistyped key must not pass for its default. */
static gboolean
has_only_known_keys(GKeyFile *file, GError **error)
{
    static const char *const known[] = {
        "sign/hash",        "sign/session-seconds", "sign/batch-seconds", "sign/batch-open",
        "prompt/pinentry",  "prompt/language",      "token/seconds",      "document/seconds",
        "modules/registry", "timestamp/urls",       "timestamp/policy",   "timestamp/seconds",
        "timestamp/tries",  "timestamp/later",      "revocation/check",   "revocation/seconds",
        "network/proxy",    "network/loopback",     "appearance/seal-mm", "appearance/appendix",
        "appearance/copy",  "evidence/keep",        "trust/sets",         NULL};
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group != NULL; group++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, *group, NULL, NULL);
        for (char **key = keys; keys != NULL && *key != NULL; key++) {
            g_autofree char *name = g_strconcat(*group, "/", *key, NULL);
            if (!g_strv_contains(known, name))
                return configuration_fault(error, *group, *key, "is not known");
        }
    }
    return TRUE;
}

static gboolean
read_seconds(GKeyFile *file, const char *group, const char *key, guint fallback, guint *ret,
             GError **error)
{
    g_autoptr(GError) fault = NULL;

    *ret = fallback;
    if (!g_key_file_has_key(file, group, key, NULL))
        return TRUE;
    int value = g_key_file_get_integer(file, group, key, &fault);
    if (fault != NULL || value < 1 || value > MAX_SECONDS)
        return configuration_fault(error, group, key, "must be from 1 to 3600");
    *ret = (guint) value;
    return TRUE;
}

static gboolean
read_boolean(GKeyFile *file, const char *group, const char *key, gboolean *ret, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (!g_key_file_has_key(file, group, key, NULL))
        return TRUE;
    *ret = g_key_file_get_boolean(file, group, key, &fault);
    return fault == NULL || configuration_fault(error, group, key, "must be true or false");
}

static gboolean
read_batch_open(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    static const char *const names[] = {"none", "personal", "all"}; /* as KysoBatchOpen */
    g_autofree char *value = g_key_file_get_string(file, "sign", "batch-open", NULL);

    if (value == NULL)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            self->batch_open = (KysoBatchOpen) i;
            return TRUE;
        }
    }
    return configuration_fault(error, "sign", "batch-open", "must be none, personal or all");
}

static gboolean
read_prompt(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    self->pinentry = g_key_file_get_string(file, "prompt", "pinentry", NULL);
    if (self->pinentry == NULL)
        self->pinentry = g_strdup("/usr/bin/pinentry");
    if (!g_path_is_absolute(self->pinentry))
        return configuration_fault(error, "prompt", "pinentry", "must be an absolute path");

    self->language = g_key_file_get_string(file, "prompt", "language", NULL);
    if (self->language == NULL)
        self->language = g_strdup("vi");
    if (strcmp(self->language, "vi") != 0 && strcmp(self->language, "en") != 0)
        return configuration_fault(error, "prompt", "language", "must be vi or en");
    return TRUE;
}

static gboolean
read_appearance(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (g_key_file_has_key(file, "appearance", "seal-mm", NULL)) {
        self->seal_mm = g_key_file_get_double(file, "appearance", "seal-mm", &fault);
        if (fault != NULL || !(self->seal_mm >= MIN_SEAL_MM && self->seal_mm <= MAX_SEAL_MM))
            return configuration_fault(error, "appearance", "seal-mm", "must be from 10 to 80");
    }
    self->appendix_template = g_key_file_get_string(file, "appearance", "appendix", NULL);
    self->copy_template = g_key_file_get_string(file, "appearance", "copy", NULL);
    return TRUE;
}

/* Whether there are such sets is known when they are loaded. */
static void
read_trust(KysoConfiguration *self, GKeyFile *file)
{
    static const char *const usual[] = {"gcc", NULL};

    self->trust_sets = g_key_file_get_string_list(file, "trust", "sets", NULL, NULL);
    if (self->trust_sets == NULL)
        self->trust_sets = g_strdupv((char **) usual);
}

static gboolean
read_file(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    guint token_seconds = 0, document_seconds = 0;

    read_trust(self, file);
    if (!has_only_known_keys(file, error) || !read_prompt(self, file, error) ||
        !read_boolean(file, "sign", "hash", &self->is_hash_signing_allowed, error) ||
        !read_seconds(file, "sign", "session-seconds", 600, &self->hash_session_seconds, error) ||
        !read_seconds(file, "sign", "batch-seconds", 600, &self->batch_seconds, error) ||
        !read_batch_open(self, file, error) || !read_appearance(self, file, error) ||
        !read_seconds(file, "token", "seconds", 60, &token_seconds, error) ||
        !read_seconds(file, "document", "seconds", 60, &document_seconds, error) ||
        !read_boolean(file, "evidence", "keep", &self->keeps_evidence, error) ||
        !kyso_network_rules_read(self, file, error))
        return FALSE;
    self->token_ms = token_seconds * 1000;
    self->document_ms = document_seconds * 1000;
    return TRUE;
}

KysoConfiguration *
kyso_configuration_load(const char *dir, const char *state_dir, GError **error)
{
    g_autoptr(KysoConfiguration) self = g_new0(KysoConfiguration, 1);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) fault = NULL;
    g_autofree char *path = g_build_filename(dir, "kyso.conf", NULL);

    self->dir = g_strdup(dir);
    self->state_dir = g_strdup(state_dir);
    self->keeps_evidence = TRUE;
    if (g_file_test(dir, G_FILE_TEST_EXISTS) && !kyso_paths_is_trusted(dir, error))
        return NULL;
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !kyso_paths_is_trusted(path, error))
        return NULL;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &fault) &&
        !g_error_matches(fault, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "%s: %s", path, fault->message);
        return NULL;
    }
    return read_file(self, file, error) ? g_steal_pointer(&self) : NULL;
}

void
kyso_configuration_free(KysoConfiguration *self)
{
    if (self == NULL)
        return;
    g_free(self->dir);
    g_free(self->state_dir);
    g_free(self->pinentry);
    g_free(self->language);
    g_strfreev(self->timestamp_urls);
    g_strfreev(self->trust_sets);
    g_free(self->timestamp_policy);
    g_free(self->proxy);
    g_free(self->appendix_template);
    g_free(self->copy_template);
    g_free(self);
}
