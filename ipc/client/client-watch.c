/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipc/client/client-private.h"

/* TRUE: @told wants more. @news is taken. */
static gboolean
tell(KysoClientTold told, json_t *news, gpointer user_data)
{
    g_autoptr(KysoResult) result = kyso_client_result_new(news);
    return told(result, user_data);
}

gboolean
kyso_client_watch_tokens(KysoClient *client, KysoClientTold told, gpointer user_data,
                         GError **error)
{
    g_return_val_if_fail(client != NULL && told != NULL, FALSE);

    g_autoptr(KysoResult) first =
        kyso_client_call(client, "tokens.watch", NULL, NULL, 0, 0, NULL, NULL, error);
    if (first == NULL)
        return FALSE;
    gboolean is_wanted = told(first, user_data);
    while (is_wanted) {
        json_t *news = kyso_client_wait_notification(client, "tokens.changed", error);
        if (news == NULL)
            return FALSE;
        is_wanted = tell(told, news, user_data);
    }
    g_autoptr(KysoResult) last = kyso_client_call(client, "tokens.watch", "{\"enabled\":false}",
                                                  NULL, 0, 0, NULL, NULL, error);
    return last != NULL;
}
