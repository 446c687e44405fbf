/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/kit/letter.h"

#include <pango/pangocairo.h>
#include <string.h>

/* Margins of Decree 30/2020, Appendix I §I.4: 20 mm above and below, 30 left, 18 right. */
#define TOP 56.7
#define BOTTOM (KYSO_LETTER_HEIGHT - 56.7)
#define LEFT 85.0
#define RIGHT (KYSO_LETTER_WIDTH - 51.0)

/* The two columns of the head and of the signature block. */
#define COLUMN_1 70.0
#define COLUMN_1_WIDTH 195.0
#define COLUMN_2 270.0
#define COLUMN_2_WIDTH 280.0

#define LETTERS_APART (PANGO_SCALE / 5)

#define LEADER_WIDTH 120.0
#define LEADER_HEIGHT 70.0
#define BLOCK_HEIGHT 160.0

/* Wide enough for four digits of 13 pt, and for two, with a space on both sides. */
#define NUMBER_BLANK "           "
#define DATE_BLANK "       "

typedef struct {
    double x, width;
    PangoAlignment align;
    const char *font;
} Style;

static const char *const recipients[] = {
    "Các phòng, đơn vị thuộc Ủy ban nhân dân xã;",
    "Trạm Y tế, các trường học trên địa bàn xã;",
    "Trưởng các thôn trên địa bàn xã.",
};

static const char *const body[] = {
    "Thực hiện quy định về công tác văn thư và về gửi, nhận văn bản điện tử giữa các cơ quan trong "
    "hệ thống hành chính nhà nước, thời gian qua các phòng, đơn vị, các thôn trên địa bàn xã đã "
    "tích cực tạo lập, xử lý và ký số văn bản, hồ sơ công việc trên môi trường điện tử. Tuy nhiên, "
    "một số đơn vị vẫn còn gửi, nhận văn bản giấy song song với văn bản điện tử.",
    "Để khắc phục hạn chế nêu trên, Ủy ban nhân dân xã yêu cầu các phòng, đơn vị thực hiện nghiêm "
    "túc các nội dung sau:",
    "1. Sử dụng chữ ký số cá nhân khi duyệt văn bản và chữ ký số của cơ quan khi phát hành; không "
    "in văn bản điện tử đã ký số để gửi lại bằng giấy.",
    "2. Kiểm tra tính xác thực, tính toàn vẹn của văn bản điện tử ngay khi nhận; trả lại nơi gửi "
    "những văn bản có chữ ký số không hợp lệ.",
    "3. Bảo quản thiết bị lưu khóa bí mật theo quy định; báo cáo ngay khi thiết bị bị hỏng, bị "
    "mất.",
    "Yêu cầu các phòng, đơn vị nghiêm túc triển khai thực hiện./.",
};

static const char filler[] =
    "Bộ phận Văn thư theo dõi, đôn đốc việc gửi, nhận văn bản điện tử; hằng tháng tổng hợp số văn "
    "bản đã ký số, số văn bản gửi bằng giấy và nguyên nhân, báo cáo Chủ tịch Ủy ban nhân dân xã.";

static gboolean is_word_like;

void
kyso_letter_write_like_word(void)
{
    is_word_like = TRUE;
}

/* Places in points, not on the pixels of a screen. */
static void
context_prepare(PangoContext *context)
{
    cairo_font_options_t *options = cairo_font_options_create();

    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(context, 72.0);
    pango_context_set_round_glyph_positions(context, FALSE);
}

static PangoLayout *
layout_new(cairo_t *cr, const Style *style, const char *text)
{
    PangoLayout *layout = pango_cairo_create_layout(cr);
    PangoFontDescription *font = pango_font_description_from_string(style->font);

    context_prepare(pango_layout_get_context(layout));
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, (int) (style->width * PANGO_SCALE));
    pango_layout_set_alignment(layout, style->align);
    pango_layout_set_text(layout, text, -1);
    if (is_word_like) {
        PangoAttrList *attributes = pango_attr_list_new();
        pango_attr_list_insert(attributes, pango_attr_letter_spacing_new(LETTERS_APART));
        pango_layout_set_attributes(layout, attributes);
        pango_attr_list_unref(attributes);
    }
    return layout;
}

static double
layout_height(PangoLayout *layout)
{
    int height;
    pango_layout_get_size(layout, NULL, &height);
    return (double) height / PANGO_SCALE;
}

static void
layout_show(cairo_t *cr, PangoLayout *layout, double x, double y)
{
    if (is_word_like) {
        kyso_letter_runs_show(cr, layout, x, y);
        return;
    }
    cairo_move_to(cr, x, y);
    pango_cairo_show_layout(cr, layout);
}

/* Returns the y below the text. */
static double
draw_text(cairo_t *cr, const Style *style, double y, const char *text)
{
    g_autoptr(PangoLayout) layout = layout_new(cr, style, text);

    layout_show(cr, layout, style->x, y);
    return y + layout_height(layout);
}

static void
place_set(KysoPlace *place, int page, double x, double y, double width, double height)
{
    *place =
        (KysoPlace){page, x, KYSO_LETTER_HEIGHT - y - height, x + width, KYSO_LETTER_HEIGHT - y};
}

/* Finds the @nth run of @blank in the text of @layout, which stands at (@x, @y) of page 1: the
 * place is all but its first and its last space. */
static void
find_blank(PangoLayout *layout, double x, double y, const char *blank, int nth, KysoPlace *ret)
{
    const char *text = pango_layout_get_text(layout);
    const char *start = strstr(text, blank);
    PangoRectangle first, last;

    while (start != NULL && nth-- > 0)
        start = strstr(start + strlen(blank), blank);
    g_assert(start != NULL);
    pango_layout_index_to_pos(layout, (int) (start - text) + 1, &first);
    pango_layout_index_to_pos(layout, (int) (start - text + strlen(blank)) - 1, &last);
    place_set(ret, 1, x + (double) first.x / PANGO_SCALE, y + (double) first.y / PANGO_SCALE,
              (double) (last.x - first.x) / PANGO_SCALE, (double) first.height / PANGO_SCALE);
}

static void
draw_rule(cairo_t *cr, double centre, double y, double width)
{
    cairo_set_line_width(cr, 0.7);
    cairo_move_to(cr, centre - width / 2, y);
    cairo_line_to(cr, centre + width / 2, y);
    cairo_stroke(cr);
}

/* Cells 1 to 5b of the decree. Returns the y below. */
static double
draw_head(cairo_t *cr, KysoLetter *letter)
{
    const Style organ = {COLUMN_1, COLUMN_1_WIDTH, PANGO_ALIGN_CENTER, "Liberation Serif Bold 13"};
    const Style title = {COLUMN_2, COLUMN_2_WIDTH, PANGO_ALIGN_CENTER, "Liberation Serif Bold 13"};
    const Style number = {COLUMN_1, COLUMN_1_WIDTH, PANGO_ALIGN_CENTER, "Liberation Serif 13"};
    const Style date = {COLUMN_2, COLUMN_2_WIDTH, PANGO_ALIGN_CENTER, "Liberation Serif Italic 13"};
    const Style about = {COLUMN_1, COLUMN_1_WIDTH, PANGO_ALIGN_CENTER, "Liberation Serif 12"};

    double y = draw_text(cr, &organ, TOP, "ỦY BAN NHÂN DÂN\nXÃ THỬ NGHIỆM");
    draw_rule(cr, organ.x + organ.width / 2, y + 2, 60);
    draw_text(cr, &title, TOP, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc");
    draw_rule(cr, title.x + title.width / 2, y + 2, 165);

    y += 12;
    g_autoptr(PangoLayout) numbered = layout_new(cr, &number, "Số:" NUMBER_BLANK "/UBND-VHTT");
    layout_show(cr, numbered, number.x, y);
    find_blank(numbered, number.x, y, NUMBER_BLANK, 0, &letter->number);

    g_autoptr(PangoLayout) dated =
        layout_new(cr, &date, "Thử Nghiệm, ngày" DATE_BLANK "tháng" DATE_BLANK "năm 2026");
    layout_show(cr, dated, date.x, y);
    find_blank(dated, date.x, y, DATE_BLANK, 0, &letter->day);
    find_blank(dated, date.x, y, DATE_BLANK, 1, &letter->month);

    y += layout_height(numbered) + 6;
    return draw_text(cr, &about, y, "V/v tăng cường ký số và gửi, nhận\nvăn bản điện tử");
}

static double
draw_recipients(cairo_t *cr, double y)
{
    const Style greeting = {LEFT + 70, 70, PANGO_ALIGN_LEFT, "Liberation Serif 13"};
    const Style list = {LEFT + 132, RIGHT - LEFT - 132, PANGO_ALIGN_LEFT, "Liberation Serif 13"};

    draw_text(cr, &greeting, y, "Kính gửi:");
    for (gsize i = 0; i < G_N_ELEMENTS(recipients); i++) {
        g_autofree char *line = g_strdup_printf("- %s", recipients[i]);
        y = draw_text(cr, &list, y, line);
    }
    return y + 14;
}

static double
page_turn(cairo_t *cr, KysoLetter *letter)
{
    const Style middle = {LEFT, RIGHT - LEFT, PANGO_ALIGN_CENTER, "Liberation Serif 13"};
    g_autofree char *number = g_strdup_printf("%d", ++letter->pages);

    cairo_show_page(cr);
    draw_text(cr, &middle, TOP - 28, number);
    return TOP;
}

static double
draw_paragraph(cairo_t *cr, KysoLetter *letter, double y, const char *text)
{
    const Style style = {LEFT, RIGHT - LEFT, PANGO_ALIGN_LEFT, "Liberation Serif 13"};
    g_autoptr(PangoLayout) layout = layout_new(cr, &style, text);

    pango_layout_set_justify(layout, TRUE);
    pango_layout_set_indent(layout, 28 * PANGO_SCALE);
    double height = layout_height(layout);
    if (y + height > BOTTOM)
        y = page_turn(cr, letter);
    layout_show(cr, layout, style.x, y);
    return y + height + 6;
}

/* Cells 7a to 9b: recipients on the left; position, room for the signature and name on the right.
 */
static void
draw_block(cairo_t *cr, KysoLetter *letter, double y)
{
    const Style heading = {LEFT, 170, PANGO_ALIGN_LEFT, "Liberation Serif Bold Italic 12"};
    const Style list = {LEFT, 170, PANGO_ALIGN_LEFT, "Liberation Serif 11"};
    const Style signer = {COLUMN_2 + 30, COLUMN_2_WIDTH - 30, PANGO_ALIGN_CENTER,
                          "Liberation Serif Bold 13"};

    double left = draw_text(cr, &heading, y, "Nơi nhận:");
    draw_text(cr, &list, left, "- Như kính gửi;\n- Chủ tịch, các PCT UBND xã;\n- Lưu: VT, VHTT.");

    double middle = draw_text(cr, &signer, y, "KT. CHỦ TỊCH\nPHÓ CHỦ TỊCH") + 8;
    double x = signer.x + (signer.width - LEADER_WIDTH) / 2;
    place_set(&letter->leader, letter->pages, x, middle, LEADER_WIDTH, LEADER_HEIGHT);
    place_set(&letter->seal, letter->pages, x + LEADER_WIDTH / 3 - KYSO_LETTER_SEAL,
              middle + (LEADER_HEIGHT - KYSO_LETTER_SEAL) / 2, KYSO_LETTER_SEAL, KYSO_LETTER_SEAL);
    draw_text(cr, &signer, middle + LEADER_HEIGHT + 8, "Nguyễn Văn Thử");
}

void
kyso_letter_draw(cairo_t *cr, int pages, KysoLetter *ret_letter)
{
    *ret_letter = (KysoLetter){.pages = 1};
    double y = draw_recipients(cr, draw_head(cr, ret_letter) + 24);
    gsize n_body = G_N_ELEMENTS(body);

    for (gsize i = 0; i < n_body - 1; i++)
        y = draw_paragraph(cr, ret_letter, y, body[i]);
    while (ret_letter->pages < pages)
        y = draw_paragraph(cr, ret_letter, y, filler);
    y = draw_paragraph(cr, ret_letter, y, body[n_body - 1]) + 8;
    if (y + BLOCK_HEIGHT > BOTTOM)
        y = page_turn(cr, ret_letter);
    draw_block(cr, ret_letter, y);
}
