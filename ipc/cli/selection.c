/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ipc/cli/selection.h"

#include <string.h>

#define ID_LENGTH 64 /* SHA-256 in hex */
#define MIN_PREFIX 8 /* hex digits */

void
kyso_selection_print(const KysoResult *list, guint i)
{
    const char *dn = kyso_client_result_text(list, "credentials.%u.cert.subjectDN", i);
    g_autofree char *organisation = kyso_words_attribute(dn, "O");
    g_autofree char *from =
        kyso_words_time(kyso_client_result_text(list, "credentials.%u.cert.validFrom", i));
    g_autofree char *to =
        kyso_words_time(kyso_client_result_text(list, "credentials.%u.cert.validTo", i));
    g_autofree char *validity =
        from != NULL && to != NULL ? g_strdup_printf(T("%s đến %s"), from, to) : NULL;

    kyso_cli_print("%s: %s",
                   kyso_words_role(kyso_client_result_text(list, "credentials.%u.role", i)),
                   kyso_client_result_text(list, "credentials.%u.name", i));
    kyso_cli_print_field(T("Cơ quan"), organisation);
    kyso_cli_print_field(T("Hiệu lực"), validity);
    kyso_cli_print_field(T("Trạng thái"), kyso_words_status(kyso_client_result_text(
                                              list, "credentials.%u.status", i)));
    kyso_cli_print_field(T("Token"),
                         kyso_client_result_text(list, "credentials.%u.token.label", i));
    kyso_cli_print_field(T("Mã chứng thư"),
                         kyso_client_result_text(list, "credentials.%u.credentialID", i));
}

static gboolean
is_hex(const char *text)
{
    return strspn(text, "0123456789abcdefABCDEF") == strlen(text);
}

static const char *
id_of(const KysoResult *list, guint i)
{
    const char *id = kyso_client_result_text(list, "credentials.%u.credentialID", i);
    return id != NULL ? id : "";
}

/* The index of the only credential that @fits, -1 where there is none, -2 where there are more. */
typedef gboolean (*Fits)(const KysoResult *list, guint i, const char *text);

static int
only_one(const KysoResult *list, Fits fits, const char *text)
{
    int found = -1;

    for (guint i = 0; i < kyso_client_result_count(list, "credentials"); i++)
        if (fits(list, i, text))
            found = found == -1 ? (int) i : -2;
    return found;
}

static gboolean
has_prefix(const KysoResult *list, guint i, const char *prefix)
{
    return g_ascii_strncasecmp(id_of(list, i), prefix, strlen(prefix)) == 0;
}

static gboolean
has_role(const KysoResult *list, guint i, const char *role)
{
    return role == NULL ||
           g_strcmp0(kyso_client_result_text(list, "credentials.%u.role", i), role) == 0;
}

static gboolean
is_valid_with_role(const KysoResult *list, guint i, const char *role)
{
    return has_role(list, i, role) &&
           g_strcmp0(kyso_client_result_text(list, "credentials.%u.status", i), "valid") == 0;
}

/* Whose key a purpose wants, as the agent's policy has it; NULL: any. */
static const char *
role_for(const char *purpose)
{
    static const char *const personal[] = {"approve", "initial", "comment", NULL};
    static const char *const agency[] = {"issue", "appendix", "copy", "receive", NULL};

    if (g_strv_contains(personal, purpose))
        return "personal";
    return g_strv_contains(agency, purpose) ? "agency" : NULL;
}

static int
find_fitting(const KysoResult *list, const char *wanted, const char *purpose)
{
    if (wanted != NULL)
        return only_one(list, has_prefix, wanted);
    int found = only_one(list, is_valid_with_role, role_for(purpose));
    return found == -1 ? only_one(list, has_role, role_for(purpose)) : found;
}

/* No choice can be made: the person sees what there is. */
static int
tell_choice(const KysoCli *cli, const KysoResult *list)
{
    int code = kyso_cli_misused("sign", T("Hãy chọn chứng thư bằng --credential."));

    if (cli->json)
        return code;
    for (guint i = 0; i < kyso_client_result_count(list, "credentials"); i++)
        kyso_selection_print(list, i);
    return code;
}

char *
kyso_selection_choose(KysoCli *cli, const char *wanted, const char *purpose, int *ret_exit)
{
    GError *error = NULL;

    if (wanted != NULL && (!is_hex(wanted) || strlen(wanted) < MIN_PREFIX)) {
        *ret_exit = kyso_cli_misused("sign", T("--credential cần ít nhất 8 chữ số hex."));
        return NULL;
    }
    if (wanted != NULL && strlen(wanted) == ID_LENGTH)
        return g_ascii_strdown(wanted, -1);

    g_autoptr(KysoResult) list = kyso_cli_call(cli, "credentials.list", NULL, &error);
    if (list == NULL) {
        *ret_exit = kyso_cli_fail(cli, error);
        return NULL;
    }
    int found = find_fitting(list, wanted, purpose);
    if (found >= 0)
        return g_strdup(id_of(list, (guint) found));
    if (found == -1 && (wanted != NULL || kyso_client_result_count(list, "credentials") == 0))
        return g_strdup(wanted != NULL ? wanted : ""); /* the agent says what is missing */
    *ret_exit = tell_choice(cli, list);
    return NULL;
}
