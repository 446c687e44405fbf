/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-place-choice.h"

#include "ipc/base/error.h"

void
kyso_sign_place_report(KysoSigningDocument *self, const char *kind, const json_t *field,
                       const char *source, double confidence)
{
    const json_t *rect = json_object_get(field, "rect");
    json_int_t page = json_integer_value(json_object_get(field, "page"));

    if (json_array_size(rect) != 4)
        return; /* it does not show */
    json_object_set_new(self->places, kind,
                        json_pack("{s:I, s:O, s:s, s:f}", "page",
                                  page < 0 ? self->n_pages + 1 + page : page, "rect", rect,
                                  "source", source, "confidence", confidence));
}

static gboolean
choose_rect(KysoSigningDocument *self, const KysoPlace *place, const char *kind, json_t *field)
{
    json_object_set_new(field, "page", json_integer(place->page));
    json_object_set_new(
        field, "rect",
        json_pack("[f, f, f, f]", place->rect[0], place->rect[1], place->rect[2], place->rect[3]));
    kyso_sign_place_report(self, kind, field, place->is_of_template ? "template" : "explicit", 1);
    return TRUE;
}

gboolean
kyso_sign_place_is_typed(const json_t *found, const char *kind)
{
    return json_is_null(json_object_get(json_object_get(found, "places"), kind));
}

gboolean
kyso_sign_place_choose(KysoSigningDocument *self, const json_t *found, const KysoPlace *place,
                       const char *anchor, const char *kind, json_t *field, GError **error)
{
    gboolean is_anchor = place->kind == KYSO_PLACE_ANCHOR;

    if (place->kind == KYSO_PLACE_RECT)
        return choose_rect(self, place, kind, field);
    const json_t *places = json_object_get(found, is_anchor ? "anchors" : "places");
    const json_t *chosen = json_object_get(places, is_anchor ? anchor : kind);
    if (!json_is_object(chosen)) {
        g_set_error(error, KYSO_ERROR,
                    is_anchor ? KYSO_ERROR_PLACE_OUTSIDE : KYSO_ERROR_FIELD_MISSING,
                    is_anchor ? "the text that \"%s\" is to stand at is not in the document"
                              : "something stands already where \"%s\" would go",
                    kind);
        return FALSE;
    }
    json_object_set(field, "page", json_object_get(chosen, "page"));
    json_object_set(field, "rect", json_object_get(chosen, "rect"));
    json_object_set_new(field, "shown", json_true());
    kyso_sign_place_report(
        self, kind, field,
        place->is_of_template ? "template" : json_string_value(json_object_get(chosen, "source")),
        json_number_value(json_object_get(chosen, "confidence")));
    return TRUE;
}
