/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-issue.h"

#include "agent/core/sign-look.h"
#include "agent/core/sign-place-choice.h"
#include "agent/core/sign-texts.h"
#include "ipc/base/error.h"

#define BLANK_SIZE 13 /* points: Decree 30/2020, annex I §II.3 and §II.4 */

static gboolean
refuse(GError **error, const char *why, int blank)
{
    g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"fill\": \"%s\": %s",
                kyso_blanks[blank].param, why);
    return FALSE;
}

/* Every blank that the leader left must be filled. */
static gboolean
check_fills(const KysoSigningDocument *self, GError **error)
{
    for (int i = 0; i < KYSO_BLANK_SEAL; i++) {
        gboolean is_free = kyso_sign_look_is_free(self, (KysoBlank) i);
        gboolean has_place = self->item->fill_place[i].kind != KYSO_PLACE_NONE;
        if ((is_free || has_place) && self->fill[i] == NULL)
            return refuse(error, "its text is missing", i);
        if (is_free && has_place)
            return refuse(error, "the leader has reserved its place", i);
    }
    return TRUE;
}

gboolean
kyso_sign_issue_begin(KysoSigningDocument *self, GError **error)
{
    self->is_field_reserved = kyso_sign_look_is_free(self, KYSO_BLANK_SEAL);
    if (self->is_field_reserved && self->item->place.kind != KYSO_PLACE_NONE) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"place\": the leader has reserved the place of the seal");
        return FALSE;
    }
    self->field = self->is_field_reserved
                      ? g_strdup(kyso_blanks[KYSO_BLANK_SEAL].field)
                      : kyso_sign_look_new_name(self, kyso_blanks[KYSO_BLANK_SEAL].field);
    return kyso_sign_texts_fill(self->item, self->fill, error) && check_fills(self, error);
}

/* A number that is typed in the letter already is left as it is, where only the metadata told it.
 */
static gboolean
is_left_as_typed(const KysoSigningDocument *self, const json_t *found, int blank)
{
    return self->item->fill[blank] == NULL &&
           self->item->fill_place[blank].kind == KYSO_PLACE_NONE &&
           kyso_sign_place_is_typed(found, kyso_blanks[blank].param);
}

/* Cell 4 is in italics (annex I §II.4). */
static gboolean
is_italic(int blank)
{
    return blank != KYSO_BLANK_NUMBER;
}

static void
add_filled(const KysoSigningDocument *self, json_t *look)
{
    json_t *list = json_array();

    for (int i = 0; i < KYSO_BLANK_SEAL; i++)
        if (self->fill[i] != NULL && kyso_sign_look_is_free(self, (KysoBlank) i))
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name",
                                                  kyso_blanks[i].field, "value", self->fill[i],
                                                  "align", "center", "italic", is_italic(i)));
    json_object_set_new(look, "fill", list);
}

/* A text field that is new after the leader's signature would break it (ISO 32000-2 §12.8.2.2); a
 * signature may be added. So the blank is a signature's field, which shows its text. */
static json_t *
sign_in_blank(KysoSigningDocument *self, const json_t *found, int blank, GError **error)
{
    const char *param = kyso_blanks[blank].param;
    g_autofree char *name = kyso_sign_look_new_name(self, kyso_blanks[blank].field);
    g_autoptr(json_t) field =
        json_pack("{s:s, s:s}", "name", name, "tooltip", kyso_blanks[blank].tooltip);

    if (!kyso_sign_place_choose(self, found, &self->item->fill_place[blank], param, param, field,
                                error))
        return NULL;
    json_t *look = json_pack("{s:O}", "field", field);
    kyso_sign_look_add_text(look, self->fill[blank], BLANK_SIZE, "center", FALSE);
    json_object_set_new(json_object_get(look, "text"), "italic", json_boolean(is_italic(blank)));
    return look;
}

static gboolean
add_blanks(KysoSigningDocument *self, const json_t *found, json_t *looks, GError **error)
{
    for (int i = 0; i < KYSO_BLANK_SEAL; i++) {
        if (self->fill[i] == NULL || kyso_sign_look_is_free(self, (KysoBlank) i) ||
            is_left_as_typed(self, found, i))
            continue;
        json_t *look = sign_in_blank(self, found, i, error);
        if (look == NULL)
            return FALSE;
        json_array_append_new(looks, look);
    }
    return TRUE;
}

/* Over the leader's image, where the document has one; else where it should be. */
static gboolean
add_seal_field(KysoSigningDocument *self, const json_t *found, json_t *field, GError **error)
{
    const json_t *leader = kyso_sign_look_leader(self);

    if (self->item->place.kind != KYSO_PLACE_NONE)
        return kyso_sign_place_choose(self, found, &self->item->place, "place", "seal", field,
                                      error);
    if (self->item->image >= 0)
        json_object_set_new(field, "fit", json_string("seal"));
    if (leader == NULL)
        return kyso_sign_place_choose(self, found, &self->item->place, "place", "signature", field,
                                      error);
    json_object_set(field, "page", json_object_get(leader, "page"));
    json_object_set(field, "rect", json_object_get(leader, "rect"));
    kyso_sign_place_report(self, "seal", field, "signature", 1);
    return TRUE;
}

static gboolean
add_seal(KysoSigningDocument *self, const json_t *found, json_t *look, GError **error)
{
    double mm = kyso_sign_look_seal_mm(self);

    if (self->item->image >= 0)
        json_object_set_new(look, "seal", json_true());
    if (self->item->image >= 0 && mm > 0)
        json_object_set_new(look, "seal_mm", json_real(mm));
    if (self->is_field_reserved) {
        json_object_set_new(look, "field", json_pack("{s:s}", "existing", self->field));
        kyso_sign_place_report(self, "seal", kyso_sign_look_find_field(self, self->field),
                               "reserved", 1);
        return TRUE;
    }
    json_t *field = json_pack("{s:s}", "name", self->field);
    json_object_set_new(look, "field", field);
    return add_seal_field(self, found, field, error);
}

gboolean
kyso_sign_issue_looks(KysoSigningDocument *self, const json_t *found, json_t *looks, GError **error)
{
    g_autoptr(json_t) seal = json_object();

    if (!add_blanks(self, found, looks, error) || !add_seal(self, found, seal, error))
        return FALSE;
    add_filled(self, seal);
    json_array_append(looks, seal);
    return TRUE;
}
