/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/network-rules.h"

#include <string.h>

#include "ipc/base/error.h"

#define MAX_URLS 8
#define MAX_TRIES 5

static gboolean
fault(GError **error, const char *group, const char *key, const char *what)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_CONFIGURATION, "kyso.conf: [%s] %s %s", group, key,
                what);
    return FALSE;
}

static gboolean
is_http(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);

    return uri != NULL && g_uri_get_host(uri) != NULL && g_uri_get_userinfo(uri) == NULL &&
           (strcmp(g_uri_get_scheme(uri), "http") == 0 ||
            strcmp(g_uri_get_scheme(uri), "https") == 0);
}

static gboolean
read_number(GKeyFile *file, const char *group, const char *key, int fallback, int max, guint *ret,
            GError **error)
{
    g_autoptr(GError) unreadable = NULL;
    int value = fallback;

    if (g_key_file_has_key(file, group, key, NULL))
        value = g_key_file_get_integer(file, group, key, &unreadable);
    *ret = (guint) value;
    if (unreadable == NULL && value >= 1 && value <= max)
        return TRUE;
    g_autofree char *what = g_strdup_printf("must be from 1 to %d", max);
    return fault(error, group, key, what);
}

static gboolean
read_urls(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    self->timestamp_urls = g_key_file_get_string_list(file, "timestamp", "urls", NULL, NULL);
    self->timestamp_policy = g_key_file_get_string(file, "timestamp", "policy", NULL);
    if (self->timestamp_urls != NULL && g_strv_length(self->timestamp_urls) > MAX_URLS)
        return fault(error, "timestamp", "urls", "has over 8 addresses");
    for (char **url = self->timestamp_urls; url != NULL && *url != NULL; url++)
        if (!is_http(*url))
            return fault(error, "timestamp", "urls", "must be http or https addresses");
    if (self->timestamp_policy != NULL &&
        !g_regex_match_simple("^[0-2](\\.[0-9]+){1,30}$", self->timestamp_policy, 0, 0))
        return fault(error, "timestamp", "policy", "must be an OID such as 1.2.3");
    return TRUE;
}

static gboolean
read_switch(GKeyFile *file, const char *group, const char *key, gboolean *ret, GError **error)
{
    g_autoptr(GError) unreadable = NULL;

    if (!g_key_file_has_key(file, group, key, NULL))
        return TRUE;
    *ret = g_key_file_get_boolean(file, group, key, &unreadable);
    return unreadable == NULL || fault(error, group, key, "must be true or false");
}

static gboolean
read_proxy(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    self->proxy = g_key_file_get_string(file, "network", "proxy", NULL);
    if (g_strcmp0(self->proxy, "system") == 0)
        g_clear_pointer(&self->proxy, g_free);
    return self->proxy == NULL || strcmp(self->proxy, "none") == 0 || is_http(self->proxy) ||
           fault(error, "network", "proxy", "must be system, none or http://host:port");
}

gboolean
kyso_network_rules_read(KysoConfiguration *self, GKeyFile *file, GError **error)
{
    return read_urls(self, file, error) &&
           read_number(file, "timestamp", "seconds", 180, 600, &self->timestamp_seconds, error) &&
           read_number(file, "timestamp", "tries", 2, MAX_TRIES, &self->timestamp_tries, error) &&
           read_switch(file, "timestamp", "later", &self->is_later_allowed, error) &&
           read_switch(file, "revocation", "check", &self->checks_revocation, error) &&
           read_number(file, "revocation", "seconds", 20, 600, &self->revocation_seconds, error) &&
           read_proxy(self, file, error) &&
           read_switch(file, "network", "loopback", &self->is_loopback_allowed, error);
}
