/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "pkcs11/pool/login-internal.h"

#include "ipc/base/error.h"

#define MAX_KEY_BITS 16384

G_DEFINE_FINAL_TYPE(KysoLogin, kyso_login, G_TYPE_OBJECT)

static void
kyso_login_dispose(GObject *object)
{
    KysoLogin *self = KYSO_LOGIN(object);

    if (self->lane != NULL && self->fault == NULL)
        kyso_lane_log_out(self->lane, self, NULL);
    g_clear_object(&self->lane);
    g_clear_object(&self->helper);
    G_OBJECT_CLASS(kyso_login_parent_class)->dispose(object);
}

static void
kyso_login_finalize(GObject *object)
{
    KysoLogin *self = KYSO_LOGIN(object);

    g_assert(g_queue_is_empty(&self->waiting)); /* each signature holds a reference */
    kyso_credential_unref(self->credential);
    g_free(self->key_type);
    g_free(self->key_curve);
    g_clear_error(&self->fault);
    G_OBJECT_CLASS(kyso_login_parent_class)->finalize(object);
}

static void
kyso_login_class_init(KysoLoginClass *klass)
{
    G_OBJECT_CLASS(klass)->dispose = kyso_login_dispose;
    G_OBJECT_CLASS(klass)->finalize = kyso_login_finalize;
}

static void
kyso_login_init(KysoLogin *self)
{
    g_queue_init(&self->waiting);
}

KysoLogin *
kyso_login_new(KysoLane *lane, KysoHelper *helper, KysoCredential *credential, const json_t *result,
               GError **error)
{
    g_autoptr(GError) wrong = NULL;
    json_t *key = NULL;
    const char *type = NULL;
    const char *curve = NULL;
    gint64 number = 0;
    gint64 bits = 0;
    gboolean each_time = FALSE;

    if (!kyso_json_get_int(result, "login", KYSO_JSON_REQUIRED, 1, G_MAXINT64, &number, &wrong) ||
        !kyso_json_get_object(result, "key", KYSO_JSON_REQUIRED, &key, &wrong) ||
        !kyso_json_get_string(key, "type", KYSO_JSON_REQUIRED, &type, &wrong) ||
        !kyso_json_get_string(key, "curve", KYSO_JSON_OPTIONAL, &curve, &wrong) ||
        !kyso_json_get_int(key, "bits", KYSO_JSON_REQUIRED, 1, MAX_KEY_BITS, &bits, &wrong) ||
        !kyso_json_get_boolean(key, "pin_each_time", KYSO_JSON_REQUIRED, &each_time, &wrong)) {
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_MODULE_FAILED,
                    "the answer to the login makes no sense: %s", wrong->message);
        return NULL;
    }

    KysoLogin *self = g_object_new(KYSO_TYPE_LOGIN, NULL);
    self->lane = g_object_ref(lane);
    self->helper = g_object_ref(helper);
    self->credential = kyso_credential_ref(credential);
    self->number = number;
    self->key_type = g_strdup(type);
    self->key_curve = g_strdup(curve);
    self->key_bits = (guint) bits;
    self->wants_pin_each_time = each_time;
    return self;
}

void
kyso_login_break(KysoLogin *self, const GError *error)
{
    if (self->fault != NULL)
        return;

    g_autoptr(KysoLogin) alive = g_object_ref(self); /* who waits may hold the last one */
    self->fault = g_error_copy(error);
    kyso_helper_kill(self->helper);
    kyso_login_fail_waiting(self);
    kyso_lane_log_out(self->lane, self, self->fault);
}

KysoCredential *
kyso_login_get_credential(KysoLogin *self)
{
    return self->credential;
}

const char *
kyso_login_get_key_type(KysoLogin *self)
{
    return self->key_type;
}

guint
kyso_login_get_key_bits(KysoLogin *self)
{
    return self->key_bits;
}

const char *
kyso_login_get_key_curve(KysoLogin *self)
{
    return self->key_curve;
}

gboolean
kyso_login_wants_pin_each_time(KysoLogin *self)
{
    return self->wants_pin_each_time;
}

gboolean
kyso_login_is_usable(KysoLogin *self)
{
    return self->fault == NULL && kyso_helper_is_usable(self->helper);
}
