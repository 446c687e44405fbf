/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/core/sign-look.h"

#include <string.h>

#include "agent/core/sign-issue.h"
#include "agent/core/sign-place-choice.h"
#include "agent/core/sign-texts.h"
#include "ipc/base/error.h"

#define LINE_SIZE 10    /* points: Decree 30/2020, annex I §II.8b, form 3.2 */
#define COMMENT_SIZE 11 /* points */

/* The field that is signed for each purpose but issue, and the place of document.places where it
 * goes. */
static const struct {
    KysoPurpose purpose;
    const char *stem, *place;
} LOOKS[] = {
    {KYSO_PURPOSE_APPROVE, "Approval", "signature"},  {KYSO_PURPOSE_INITIAL, "Initial", "initial"},
    {KYSO_PURPOSE_APPENDIX, "Appendix", "reference"}, {KYSO_PURPOSE_COPY, "Copy", "reference"},
    {KYSO_PURPOSE_RECEIVE, "Receipt", "stamp"},       {KYSO_PURPOSE_COMMENT, "Comment", "comment"},
};

static KysoPurpose
purpose_of(const KysoSigningDocument *self)
{
    return self->signing->request->purpose;
}

static guint
index_of(const KysoSigningDocument *self)
{
    guint i = 0;

    while (i < G_N_ELEMENTS(LOOKS) - 1 && LOOKS[i].purpose != purpose_of(self))
        i++;
    return i;
}

/* ---- fields ---- */

const json_t *
kyso_sign_look_find_field(const KysoSigningDocument *self, const char *name)
{
    json_t *fields = json_object_get(self->inspection, "fields"), *field;
    size_t i;

    json_array_foreach(fields, i,
                       field) if (g_strcmp0(json_string_value(json_object_get(field, "name")),
                                            name) == 0) return field;
    return NULL;
}

gboolean
kyso_sign_look_is_free(const KysoSigningDocument *self, KysoBlank blank)
{
    const json_t *field = kyso_sign_look_find_field(self, kyso_blanks[blank].field);
    const char *type = blank == KYSO_BLANK_SEAL ? "Sig" : "Tx";

    return field != NULL && !json_is_true(json_object_get(field, "signed")) &&
           !json_is_true(json_object_get(field, "read_only")) &&
           g_strcmp0(json_string_value(json_object_get(field, "type")), type) == 0;
}

char *
kyso_sign_look_new_name(const KysoSigningDocument *self, const char *stem)
{
    for (guint n = 1;; n++) {
        g_autofree char *name = g_strdup_printf("%s%u", stem, n);
        if (kyso_sign_look_find_field(self, name) == NULL)
            return g_steal_pointer(&name);
    }
}

/* Will this blank do as it is: wanted wherever it can be, and there already? */
static gboolean
is_there_already(const KysoSigningDocument *self, int blank)
{
    KysoPlaceKind kind = self->item->reserve[blank].kind;

    return (kind == KYSO_PLACE_FOUND || kind == KYSO_PLACE_IF_FOUND) &&
           kyso_sign_look_is_free(self, (KysoBlank) blank);
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
            kyso_sign_look_find_field(self, kyso_blanks[i].field) == NULL)
            continue;
        g_set_error(error, KYSO_ERROR, KYSO_ERROR_WRONG_PARAMETERS,
                    "\"reserve\": an earlier signature has reserved \"%s\" already",
                    kyso_blanks[i].param);
        return FALSE;
    }
    return TRUE;
}

static gboolean
resolve_templates(KysoSigningDocument *self, GError **error)
{
    const char *dir = self->signing->agent->configuration->dir;

    if (!kyso_sign_place_resolve(&self->item->place, dir, "place", error))
        return FALSE;
    for (int i = 0; i < KYSO_N_BLANKS; i++)
        if (!kyso_sign_place_resolve(&self->item->reserve[i], dir, kyso_blanks[i].param, error) ||
            !kyso_sign_place_resolve(&self->item->fill_place[i], dir, kyso_blanks[i].param, error))
            return FALSE;
    return TRUE;
}

gboolean
kyso_sign_look_begin(KysoSigningDocument *self, GError **error)
{
    if (!resolve_templates(self, error))
        return FALSE;
    if (purpose_of(self) == KYSO_PURPOSE_ISSUE)
        return kyso_sign_issue_begin(self, error);
    self->field = kyso_sign_look_new_name(self, LOOKS[index_of(self)].stem);
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

const json_t *
kyso_sign_look_leader(const KysoSigningDocument *self)
{
    const json_t *field =
        self->leader_field == NULL ? NULL : kyso_sign_look_find_field(self, self->leader_field);
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
                    kyso_sign_look_leader(self) == NULL);
    for (int i = 0; i < KYSO_BLANK_SEAL; i++)
        is_found = is_found || must_be_found(&item->reserve[i]) ||
                   (self->fill[i] != NULL && item->fill_place[i].kind != KYSO_PLACE_RECT &&
                    !kyso_sign_look_is_free(self, (KysoBlank) i));
    return is_found || item->reserve[KYSO_BLANK_SEAL].kind == KYSO_PLACE_ANCHOR;
}

/* What has a cell of its own, and may find something in it. */
static gboolean
is_without_image(const KysoSigningDocument *self)
{
    return purpose_of(self) == KYSO_PURPOSE_RECEIVE || purpose_of(self) == KYSO_PURPOSE_APPENDIX ||
           purpose_of(self) == KYSO_PURPOSE_COPY || purpose_of(self) == KYSO_PURPOSE_COMMENT;
}

/* One of the two at most is given: reserve goes with approve, and the other with issue. */
static void
add_anchor(json_t *anchors, const char *key, const KysoPlace *reserve, const KysoPlace *fill)
{
    if (reserve->kind == KYSO_PLACE_ANCHOR)
        json_object_set(anchors, key, reserve->value);
    else if (fill->kind == KYSO_PLACE_ANCHOR)
        json_object_set(anchors, key, fill->value);
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
        add_anchor(anchors, kyso_blanks[i].param, &item->reserve[i], &item->fill_place[i]);
    json_t *questions = json_pack("{s:o}", "anchors", anchors);
    if (name != NULL)
        json_object_set_new(questions, "name", json_string(name));
    if (is_without_image(self) && item->place.kind == KYSO_PLACE_NONE)
        json_object_set_new(questions, "room", json_string(LOOKS[index_of(self)].place));
    return questions;
}

/* ---- the parameters ---- */

double
kyso_sign_look_seal_mm(const KysoSigningDocument *self)
{
    return self->item->seal_mm > 0 ? self->item->seal_mm
                                   : self->signing->agent->configuration->seal_mm;
}

void
kyso_sign_look_add_text(json_t *params, const char *value, int size, const char *align,
                        gboolean is_exact)
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
    if (!kyso_sign_place_choose(self, found, &self->item->place, "place",
                                LOOKS[index_of(self)].place, field, error))
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
    double mm = kyso_sign_look_seal_mm(self);

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
            kyso_sign_place_report(self, blank->param,
                                   kyso_sign_look_find_field(self, blank->field), "reserved", 1);
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

static gboolean
add_line(const KysoSigningDocument *self, json_t *params, GError **error)
{
    g_autofree char *line = kyso_sign_texts_line(self, error);

    if (line == NULL)
        return FALSE;
    kyso_sign_look_add_text(params, line, LINE_SIZE, "right", TRUE);
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
        kyso_sign_look_add_text(params, self->item->text, COMMENT_SIZE, "left", FALSE);
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
kyso_sign_look_list(KysoSigningDocument *self, const json_t *found, GError **error)
{
    g_autoptr(json_t) looks = json_array();
    g_autoptr(json_t) look = json_object();
    gboolean is_done;

    g_clear_pointer(&self->places, json_decref);
    self->places = json_object();
    if (purpose_of(self) == KYSO_PURPOSE_ISSUE)
        is_done = kyso_sign_issue_looks(self, found, looks, error);
    else
        is_done = add_field(self, found, look, error) && add_reserved(self, found, look, error) &&
                  add_look(self, look, error) && json_array_append(looks, look) == 0;
    if (!is_done)
        return NULL;
    g_free(self->note);
    self->note = kyso_sign_texts_note(self);
    return g_steal_pointer(&looks);
}
