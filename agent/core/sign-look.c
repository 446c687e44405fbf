/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-look.h"

#include <string.h>

#include "agent/core/sign-place-choice.h"
#include "agent/core/sign-texts.h"
#include "ipc/base/error.h"

#define LINE_SIZE 10    /* points: Decree 30/2020, annex I §II.8b, form 3.2 */
#define COMMENT_SIZE 11 /* points */

/* The field that is signed for each purpose, and the place of document.places where it goes. */
static const struct {
    KysoPurpose purpose;
    const char *stem, *place;
} FIELDS[] = {
    {KYSO_PURPOSE_APPROVE, "Approval", "signature"},
    {KYSO_PURPOSE_INITIAL, "Initial", "initial"},
    {KYSO_PURPOSE_ISSUE, "AgencySeal", "signature"},
    {KYSO_PURPOSE_APPENDIX, "Appendix", "reference"},
    {KYSO_PURPOSE_COPY, "Copy", "reference"},
    {KYSO_PURPOSE_RECEIVE, "Receipt", "stamp"},
    {KYSO_PURPOSE_COMMENT, "Comment", "comment"},
};

static KysoPurpose
purpose_of(const KysoSigningDocument *self)
{
    return self->signing->request->purpose;
}

static const char *
place_name(const KysoSigningDocument *self)
{
    for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
        if (FIELDS[i].purpose == purpose_of(self))
            return FIELDS[i].place;
    return NULL;
}

/* ---- fields ---- */

static const json_t *
find_field(const KysoSigningDocument *self, const char *name)
{
    json_t *fields = json_object_get(self->inspection, "fields"), *field;
    size_t i;

    json_array_foreach(fields, i,
                       field) if (g_strcmp0(json_string_value(json_object_get(field, "name")),
                                            name) == 0) return field;
    return NULL;
}

static gboolean
is_free(const KysoSigningDocument *self, KysoBlank blank)
{
    const json_t *field = find_field(self, kyso_blanks[blank].field);
    const char *type = blank == KYSO_BLANK_SEAL ? "Sig" : "Tx";

    return field != NULL && !json_is_true(json_object_get(field, "signed")) &&
           !json_is_true(json_object_get(field, "read_only")) &&
           g_strcmp0(json_string_value(json_object_get(field, "type")), type) == 0;
}

/* A name that no field has: "Approval1", "Approval2", ... */
static char *
new_field_name(const KysoSigningDocument *self)
{
    const char *stem = "Signature";

    for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
        if (FIELDS[i].purpose == purpose_of(self))
            stem = FIELDS[i].stem;
    for (guint n = 1;; n++) {
        g_autofree char *name = g_strdup_printf("%s%u", stem, n);
        if (find_field(self, name) == NULL)
            return g_steal_pointer(&name);
    }
}

/* Will this blank do as it is: wanted wherever it can be, and there already? */
static gboolean
is_there_already(const KysoSigningDocument *self, int blank)
{
    KysoPlaceKind kind = self->item->reserve[blank].kind;

    return (kind == KYSO_PLACE_FOUND || kind == KYSO_PLACE_IF_FOUND) &&
           is_free(self, (KysoBlank) blank);
}

/* The seal goes by what the leader's signature looks like. Where that is not made now, or a field
 * over it would come too late, `issue` makes the field, which breaks nothing. */
static gboolean
is_seal_left_to_issue(const KysoSigningDocument *self)
{
    return self->item->reserve[KYSO_BLANK_SEAL].kind == KYSO_PLACE_IF_FOUND &&
           (purpose_of(self) == KYSO_PURPOSE_INITIAL ||
            json_array_size(json_object_get(self->inspection, "signatures")) > 0);
}

gboolean
kyso_sign_look_adds_fields(const KysoSigningDocument *self)
{
    for (int i = 0; i < KYSO_N_BLANKS; i++) {
        gboolean is_left = i == KYSO_BLANK_SEAL && is_seal_left_to_issue(self);
        if (self->item->reserve[i].kind != KYSO_PLACE_NONE && !is_left &&
            !is_there_already(self, i))
            return TRUE;
    }
    return FALSE;
}

static gboolean
check_reserved_names(const KysoSigningDocument *self, GError **error)
{
    for (int i = 0; i < KYSO_N_BLANKS; i++) {
        if (self->item->reserve[i].kind == KYSO_PLACE_NONE || is_there_already(self, i) ||
            find_field(self, kyso_blanks[i].field) == NULL)
            continue;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "\"reserve\": an earlier signature has reserved \"%s\" already",
                    kyso_blanks[i].param);
        return FALSE;
    }
    return TRUE;
}

/* Every blank that the leader left must be filled. */
static gboolean
check_fills(const KysoSigningDocument *self, GError **error)
{
    for (int i = 0; i < KYSO_BLANK_SEAL; i++) {
        if (!is_free(self, (KysoBlank) i) || self->fill[i] != NULL)
            continue;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS, "\"fill\": \"%s\" is missing",
                    kyso_blanks[i].param);
        return FALSE;
    }
    return TRUE;
}

static gboolean
begin_issue(KysoSigningDocument *self, GError **error)
{
    self->is_field_reserved = is_free(self, KYSO_BLANK_SEAL);
    if (self->is_field_reserved && self->item->place.kind != KYSO_PLACE_NONE) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"place\": the leader has reserved the place of the seal");
        return FALSE;
    }
    self->field = self->is_field_reserved ? g_strdup(kyso_blanks[KYSO_BLANK_SEAL].field)
                                          : new_field_name(self);
    return kyso_sign_texts_fill(self->item, self->fill, error) && check_fills(self, error);
}

static gboolean
resolve_templates(KysoSigningDocument *self, GError **error)
{
    const char *dir = self->signing->agent->configuration->dir;

    if (!kyso_sign_place_resolve(&self->item->place, dir, "place", error))
        return FALSE;
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (!kyso_sign_place_resolve(&self->item->reserve[i], dir, kyso_blanks[i].param, error))
            return FALSE;
    return TRUE;
}

gboolean
kyso_sign_look_begin(KysoSigningDocument *self, GError **error)
{
    if (!resolve_templates(self, error))
        return FALSE;
    if (purpose_of(self) == KYSO_PURPOSE_ISSUE)
        return begin_issue(self, error);
    self->field = new_field_name(self);
    return check_reserved_names(self, error);
}

/* ---- what must be found ---- */

/* A received document shows a stamp only where there is something to stamp. */
static gboolean
is_shown(const KysoSigningDocument *self)
{
    return purpose_of(self) != KYSO_PURPOSE_RECEIVE || self->item->place.kind != KYSO_PLACE_NONE ||
           json_object_get(self->item->metadata, "ArrivalNumber") != NULL;
}

/* The leader's signature in the inspection, where it shows; else NULL. */
static const json_t *
leader_signature(const KysoSigningDocument *self)
{
    const json_t *field = self->leader_field == NULL ? NULL : find_field(self, self->leader_field);
    const json_t *rect = json_object_get(field, "rect");
    double side[4] = {0};

    for (gsize i = 0; i < 4; i++)
        side[i] = json_number_value(json_array_get(rect, i));
    gboolean has_area = side[2] - side[0] > 1 && side[3] - side[1] > 1;
    return has_area && json_integer_value(json_object_get(field, "page")) > 0 ? field : NULL;
}

static gboolean
must_be_found(const KysoPlace *place)
{
    return place->kind != KYSO_PLACE_NONE && place->kind != KYSO_PLACE_RECT;
}

static gboolean
is_anything_to_be_found(const KysoSigningDocument *self)
{
    const KysoSignItem *item = self->item;
    gboolean is_found = item->place.kind != KYSO_PLACE_RECT && is_shown(self);

    if (purpose_of(self) == KYSO_PURPOSE_ISSUE)
        is_found = must_be_found(&item->place) ||
                   (!self->is_field_reserved && item->place.kind == KYSO_PLACE_NONE &&
                    leader_signature(self) == NULL);
    for (int i = 0; i < KYSO_BLANK_SEAL; i++)
        is_found = is_found || must_be_found(&item->reserve[i]) ||
                   (self->fill[i] != NULL && !is_free(self, (KysoBlank) i));
    return is_found || item->reserve[KYSO_BLANK_SEAL].kind == KYSO_PLACE_ANCHOR;
}

json_t *
kyso_sign_look_questions(const KysoSigningDocument *self)
{
    const KysoSignItem *item = self->item;
    const json_t *signer = json_object_get(item->metadata, "SignerInfo");
    const char *name = json_string_value(json_object_get(signer, "FullName"));

    if (!is_anything_to_be_found(self))
        return NULL;
    if (name == NULL && purpose_of(self) == KYSO_PURPOSE_APPROVE)
        name = kyso_certificate_get_common_name(self->signing->certificate);
    json_t *anchors = json_object();
    if (item->place.kind == KYSO_PLACE_ANCHOR)
        json_object_set(anchors, "place", item->place.value);
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (item->reserve[i].kind == KYSO_PLACE_ANCHOR)
            json_object_set(anchors, kyso_blanks[i].param, item->reserve[i].value);
    json_t *questions = json_pack("{s:o}", "anchors", anchors);
    if (name != NULL)
        json_object_set_new(questions, "name", json_string(name));
    return questions;
}

/* ---- the parameters ---- */

static double
seal_mm(const KysoSigningDocument *self)
{
    return self->item->seal_mm > 0 ? self->item->seal_mm
                                   : self->signing->agent->configuration->seal_mm;
}

static void
add_text(json_t *params, const char *value, int size, const char *align, gboolean is_exact)
{
    json_object_set_new(params, "text",
                        json_pack("{s:s, s:i, s:s, s:b}", "value", value, "size", size, "align",
                                  align, "exact", is_exact));
}

/* The field of every purpose but issue. */
static gboolean
add_field(KysoSigningDocument *self, const json_t *found, json_t *params, GError **error)
{
    json_t *field = json_pack("{s:s}", "name", self->field);

    json_object_set_new(params, "field", field);
    if (!is_shown(self))
        return TRUE;
    if (!kyso_sign_place_choose(self, found, &self->item->place, "place", place_name(self), field,
                                error))
        return FALSE;
    if (self->item->image >= 0)
        json_object_set_new(field, "fit", json_string("image"));
    return TRUE;
}

/* A seal that nobody knows the size of is not reserved: it can be put there by a new field, unless
 * the leader certifies. */
static gboolean
reserve_seal_over(const KysoSigningDocument *self, json_t *params, json_t *list, GError **error)
{
    const KysoPlace *place = &self->item->reserve[KYSO_BLANK_SEAL];
    double mm = seal_mm(self);

    if (is_seal_left_to_issue(self))
        return TRUE;
    if (purpose_of(self) == KYSO_PURPOSE_INITIAL) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"reserve\": the seal goes over the leader's signature, which is not "
                            "there yet: \"seal\" needs a place");
        return FALSE;
    }
    if (mm == 0 && place->kind == KYSO_PLACE_IF_FOUND && !self->signing->request->certify)
        return TRUE;
    if (mm == 0) {
        g_set_error_literal(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                            "\"seal_mm\" is needed to reserve the place of the seal");
        return FALSE;
    }
    json_object_set_new(params, "reserved_seal_mm", json_real(mm));
    json_array_append_new(list,
                          json_pack("{s:s, s:s, s:b, s:s, s:s}", "type", "signature", "name",
                                    kyso_blanks[KYSO_BLANK_SEAL].field, "over_signature", 1, "fit",
                                    "seal", "tooltip", kyso_blanks[KYSO_BLANK_SEAL].tooltip));
    return TRUE;
}

static gboolean
add_reserved(KysoSigningDocument *self, const json_t *found, json_t *params, GError **error)
{
    json_t *list = json_array();

    json_object_set_new(params, "reserve", list);
    for (int i = 0; i < KYSO_N_BLANKS; i++) {
        const KysoPlace *place = &self->item->reserve[i];
        const KysoBlankInfo *blank = &kyso_blanks[i];
        gboolean is_wanted = place->kind == KYSO_PLACE_FOUND || place->kind == KYSO_PLACE_IF_FOUND;
        if (place->kind == KYSO_PLACE_NONE)
            continue;
        if (is_there_already(self, i)) {
            kyso_sign_place_report(self, blank->param, find_field(self, blank->field), "reserved",
                                   1);
            continue;
        }
        if (i == KYSO_BLANK_SEAL && is_wanted) {
            if (!reserve_seal_over(self, params, list, error))
                return FALSE;
            continue;
        }
        if (place->kind == KYSO_PLACE_IF_FOUND && kyso_sign_place_is_typed(found, blank->param))
            continue;
        json_t *field =
            json_pack("{s:s, s:s, s:s}", "type", i == KYSO_BLANK_SEAL ? "signature" : "text",
                      "name", blank->field, "tooltip", blank->tooltip);
        json_array_append_new(list, field);
        if (!kyso_sign_place_choose(self, found, place, blank->param, blank->param, field, error))
            return FALSE;
    }
    return TRUE;
}

/* Cell 4 is in italics (annex I §II.4). */
static gboolean
is_italic(int blank)
{
    return blank != KYSO_BLANK_NUMBER;
}

static gboolean
add_filled(KysoSigningDocument *self, json_t *params)
{
    json_t *list = json_array();

    for (int i = 0; i < KYSO_BLANK_SEAL; i++)
        if (self->fill[i] != NULL && is_free(self, (KysoBlank) i))
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name",
                                                  kyso_blanks[i].field, "value", self->fill[i],
                                                  "align", "center", "italic", is_italic(i)));
    json_object_set_new(params, "fill", list);
    return TRUE;
}

/* A number that is typed in the letter already needs no field; any other does: a text field that is
 * new in this update would break the leader's signature (ISO 32000-2 §12.8.2.2). */
static gboolean
check_unreserved(const KysoSigningDocument *self, const json_t *found, GError **error)
{
    for (int i = 0; i < KYSO_BLANK_SEAL; i++) {
        gboolean is_typed =
            self->item->fill[i] == NULL && kyso_sign_place_is_typed(found, kyso_blanks[i].param);
        if (self->fill[i] == NULL || is_free(self, (KysoBlank) i) || is_typed)
            continue;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_FIELD_MISSING,
                    "the document has no field \"%s\" to be filled", kyso_blanks[i].field);
        return FALSE;
    }
    return TRUE;
}

/* Over the leader's image, where the document has one; else where it should be. */
static gboolean
add_seal_field(KysoSigningDocument *self, const json_t *found, json_t *field, GError **error)
{
    const json_t *leader = leader_signature(self);

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
add_issue(KysoSigningDocument *self, const json_t *found, json_t *params, GError **error)
{
    double mm = seal_mm(self);

    if (self->item->image >= 0)
        json_object_set_new(params, "seal", json_true());
    if (self->item->image >= 0 && mm > 0)
        json_object_set_new(params, "seal_mm", json_real(mm));
    if (self->is_field_reserved) {
        const json_t *field = find_field(self, self->field);
        json_object_set_new(params, "field", json_pack("{s:s}", "existing", self->field));
        kyso_sign_place_report(self, "seal", field, "reserved", 1);
        return add_filled(self, params) && check_unreserved(self, found, error);
    }
    json_t *field = json_pack("{s:s}", "name", self->field);
    json_object_set_new(params, "field", field);
    return add_seal_field(self, found, field, error) && add_filled(self, params) &&
           check_unreserved(self, found, error);
}

static gboolean
add_line(const KysoSigningDocument *self, json_t *params, GError **error)
{
    g_autofree char *line = kyso_sign_texts_line(self, error);

    if (line == NULL)
        return FALSE;
    add_text(params, line, LINE_SIZE, "right", TRUE);
    return TRUE;
}

static gboolean
add_look(KysoSigningDocument *self, json_t *params, GError **error)
{
    switch (purpose_of(self)) {
    case KYSO_PURPOSE_APPENDIX:
    case KYSO_PURPOSE_COPY:
        return add_line(self, params, error);
    case KYSO_PURPOSE_COMMENT:
        add_text(params, self->item->text, COMMENT_SIZE, "left", FALSE);
        return TRUE;
    case KYSO_PURPOSE_RECEIVE:
        if (is_shown(self))
            json_object_set_new(params, "draw", kyso_sign_texts_stamp(self));
        return TRUE;
    default:
        return TRUE;
    }
}

json_t *
kyso_sign_look_params(KysoSigningDocument *self, const json_t *found, GError **error)
{
    g_autoptr(json_t) params = json_object();
    gboolean is_done;

    g_clear_pointer(&self->places, json_decref);
    self->places = json_object();
    if (purpose_of(self) == KYSO_PURPOSE_ISSUE)
        is_done = add_issue(self, found, params, error);
    else
        is_done = add_field(self, found, params, error) &&
                  add_reserved(self, found, params, error) && add_look(self, params, error);
    if (!is_done)
        return NULL;
    g_free(self->note);
    self->note = kyso_sign_texts_note(self);
    return g_steal_pointer(&params);
}
