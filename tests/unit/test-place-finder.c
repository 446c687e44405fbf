/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blanks, the signer's block and the end of the text are found however a program wrote the letters,
 * and nothing is found where there is nothing. */
#include "agent/document/place-finder.h"

#include <math.h>
#include <string.h>

#define WIDTH 595.0
#define HEIGHT 842.0

static GArray *
page_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(KysoGlyph));
}

/* @text with its baseline box at (@x, @y), letters half as wide as high and @apart; returns the x
 * behind it. */
static double
put(GArray *page, double x, double y, double size, double apart, const char *text)
{
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gboolean is_mark = g_unichar_ismark(c);
        KysoGlyph glyph = {c, {x, y, x + size / 2, y + size}};
        if (is_mark)
            glyph.box = (KysoBox){x - size / 2 - apart, y, x - apart, y + size};
        g_array_append_val(page, glyph);
        if (!is_mark)
            x += size / 2 + apart;
    }
    return x;
}

static void
put_head(GArray *page, double apart, const char *number, const char *date)
{
    put(page, 85, 760, 13, apart, "ỦY BAN NHÂN DÂN");
    put(page, 300, 760, 13, apart, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM");
    put(page, 85, 730, 13, apart, number);
    put(page, 300, 730, 13, apart, date);
}

static void
put_block(GArray *page, double y, const char *position, const char *name)
{
    put(page, 85, y, 11, 0, "Nơi nhận:");
    put(page, 400 - (double) g_utf8_strlen(position, -1) * 13 / 4, y, 13, 0, position);
    put(page, 400 - (double) g_utf8_strlen(name, -1) * 13 / 4, y - 90, 13, 0, name);
}

static KysoFoundPlace
find_head(GArray *page, KysoPlaceKind kind)
{
    KysoFoundPlace found[KYSO_N_PLACES] = {0};
    g_autoptr(KysoTextLines) lines = kyso_text_lines_new(page);

    kyso_place_finder_read_head(lines, HEIGHT, found);
    return found[kind];
}

static KysoFoundPlace
find_block(GArray *page, const char *name)
{
    g_autoptr(KysoTextLines) lines = kyso_text_lines_new(page);
    return kyso_place_finder_find_block(lines, WIDTH, name);
}

static void
assert_blank(const KysoFoundPlace *found, double x0, double x1)
{
    g_assert_true(found->is_found);
    g_assert_cmpfloat(found->confidence, >, 0.9);
    g_assert_cmpfloat_with_epsilon(found->box.x0, x0, 2);
    g_assert_cmpfloat_with_epsilon(found->box.x1, x1, 2);
    g_assert_cmpfloat_with_epsilon(found->box.y0, 730, 0.1);
}

static void
assert_head(GArray *page, double apart)
{
    double advance = 6.5 + apart;
    KysoFoundPlace number = find_head(page, KYSO_PLACE_NUMBER);
    KysoFoundPlace day = find_head(page, KYSO_PLACE_DAY);
    KysoFoundPlace month = find_head(page, KYSO_PLACE_MONTH);

    assert_blank(&number, 85 + 3 * advance - apart, 85 + 9 * advance);
    assert_blank(&day, 300 + 9 * advance - apart, 300 + 14 * advance);
    assert_blank(&month, 300 + 19 * advance - apart, 300 + 24 * advance);
}

#define NUMBER "Số:      /UBND-VHTT"
#define DATE "Huế, ngày     tháng     năm 2026"

static void
test_blanks_of_the_head(void)
{
    g_autoptr(GArray) page = page_new();

    put_head(page, 0, NUMBER, DATE);
    assert_head(page, 0);
}

static void
test_letters_set_apart(void)
{
    g_autoptr(GArray) page = page_new();

    put_head(page, 2, NUMBER, DATE);
    assert_head(page, 2);
}

static void
test_letters_and_marks_one_by_one(void)
{
    g_autoptr(GArray) page = page_new();
    g_autofree char *number = g_utf8_normalize(NUMBER, -1, G_NORMALIZE_NFD);
    g_autofree char *date = g_utf8_normalize(DATE, -1, G_NORMALIZE_NFD);

    put_head(page, 0, number, date);
    assert_head(page, 0);
}

static void
test_letters_in_any_order(void)
{
    g_autoptr(GArray) page = page_new();

    put_head(page, 0, NUMBER, DATE);
    for (guint i = 0; i < page->len; i++) {
        guint other = (i * 7919) % page->len;
        KysoGlyph glyph = g_array_index(page, KysoGlyph, i);
        g_array_index(page, KysoGlyph, i) = g_array_index(page, KysoGlyph, other);
        g_array_index(page, KysoGlyph, other) = glyph;
    }
    assert_head(page, 0);
}

static void
test_dots_are_a_blank(void)
{
    g_autoptr(GArray) page = page_new();

    put_head(page, 0, "Số:....../UBND-VHTT", "Huế, ngày.....tháng ... năm 2026");
    assert_head(page, 0);
}

static void
test_bold_by_writing_twice(void)
{
    g_autoptr(GArray) page = page_new();

    put_head(page, 0, NUMBER, DATE);
    put(page, 85.3, 730, 13, 0, NUMBER);
    assert_head(page, 0);
}

static void
test_what_is_typed_is_no_blank(void)
{
    static const struct {
        const char *number, *date;
        KysoPlaceKind typed;
    } cases[] = {
        {"Số: 8705 /UBND-CN", DATE, KYSO_PLACE_NUMBER},
        {NUMBER, "Huế, ngày      tháng 8 năm 2020", KYSO_PLACE_MONTH},
        {NUMBER, "Huế, ngày 06 tháng      năm 2019", KYSO_PLACE_DAY},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GArray) page = page_new();
        put_head(page, 0, cases[i].number, cases[i].date);
        for (KysoPlaceKind kind = KYSO_PLACE_NUMBER; kind <= KYSO_PLACE_MONTH; kind++) {
            KysoFoundPlace found = find_head(page, kind);
            g_assert_cmpint(found.is_typed, ==, kind == cases[i].typed);
            g_assert_cmpint(found.is_found, ==, kind != cases[i].typed);
        }
    }
}

static void
test_words_of_the_text_are_no_head(void)
{
    g_autoptr(GArray) page = page_new();

    put(page, 85, 600, 13, 0, "Theo đề nghị tại Công văn số: 15/CV ngày 01 tháng 9 năm 2026");
    put(page, 85, 200, 13, 0, NUMBER);
    put(page, 85, 180, 13, 0, DATE);
    g_assert_false(find_head(page, KYSO_PLACE_NUMBER).is_found);
    g_assert_false(find_head(page, KYSO_PLACE_NUMBER).is_typed);
    g_assert_false(find_head(page, KYSO_PLACE_DAY).is_found);
}

static void
assert_between(const KysoFoundPlace *found, double x, double low, double high)
{
    g_assert_true(found->is_found);
    g_assert_cmpfloat_with_epsilon((found->box.x0 + found->box.x1) / 2, x, 3);
    g_assert_cmpfloat(found->box.y0, >=, low);
    g_assert_cmpfloat(found->box.y1, <=, high);
    g_assert_cmpfloat(found->box.y1 - found->box.y0, >, 50);
}

static void
test_block_between_position_and_name(void)
{
    static const char *const positions[] = {"CHỦ TỊCH",     "KT. CHỦ TỊCH",  "TM. ỦY BAN NHÂN DÂN",
                                            "TL. CHỦ TỊCH", "TUQ. GIÁM ĐỐC", "Q. CHỦ TỊCH",
                                            "HIỆU TRƯỞNG"};
    for (guint i = 0; i < G_N_ELEMENTS(positions); i++) {
        g_autoptr(GArray) page = page_new();
        put_head(page, 0, NUMBER, DATE);
        put_block(page, 300, positions[i], "Nguyễn Văn Thử");
        KysoFoundPlace found = find_block(page, NULL);
        assert_between(&found, 400, 223, 300);
        g_assert_cmpfloat(found.confidence, >, 0.8);
    }
}

static void
test_position_of_two_lines(void)
{
    g_autoptr(GArray) page = page_new();

    put_block(page, 300, "KT. CHỦ TỊCH", "Nguyễn Văn Thử");
    put(page, 400 - 12 * 13.0 / 4, 285, 13, 0, "PHÓ CHỦ TỊCH");
    KysoFoundPlace found = find_block(page, NULL);
    assert_between(&found, 400, 223, 285);
}

/* As poppler tells of a letter that is one glyph for several characters. */
static void
test_letters_that_share_a_box_with_their_marks(void)
{
    g_autoptr(GArray) page = page_new();
    static const char *const parts[] = {"Nguye\xcc\x82\xcc\x83n", "Va\xcc\x86n",
                                        "Thu\xcc\x9b\xcc\x89"};
    double x = 360;

    put(page, 361, 300, 13, 0, "KT. CHỦ TỊCH");
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++, x += 3.2) {
        for (const char *p = parts[i]; *p != '\0';) {
            const char *end = p;
            do
                end = g_utf8_next_char(end);
            while (g_unichar_ismark(g_utf8_get_char(end)));
            glong n = g_utf8_strlen(p, end - p);
            for (glong part = 0; part < n; part++, p = g_utf8_next_char(p)) {
                KysoGlyph glyph = {g_utf8_get_char(p),
                                   {x + 6.5 * (double) part / (double) n, 210,
                                    x + 6.5 * (double) (part + 1) / (double) n, 223}};
                g_array_append_val(page, glyph);
            }
            x += 6.5;
        }
    }
    KysoFoundPlace found = find_block(page, NULL);
    assert_between(&found, 402, 223, 300);
    g_assert_cmpfloat(found.confidence, >, 0.9);
}

static void
test_title_of_a_decision_is_no_block(void)
{
    g_autoptr(GArray) page = page_new();

    put_head(page, 0, NUMBER, DATE);
    put(page, 200, 640, 13, 0, "CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ THỬ NGHIỆM");
    put(page, 85, 610, 13, 0, "Căn cứ Luật Tổ chức chính quyền địa phương;");
    g_assert_false(find_block(page, NULL).is_found);
    put_block(page, 300, "CHỦ TỊCH", "Lê Thị Mẫu");
    KysoFoundPlace found = find_block(page, NULL);
    assert_between(&found, 400, 223, 300);
}

/* The name is on the next page. */
static void
test_position_at_the_end_of_the_page_is_no_block(void)
{
    g_autoptr(GArray) page = page_new();
    g_autoptr(GArray) higher = page_new();

    put(page, 361, 20, 13, 0, "KT. CHỦ TỊCH");
    g_assert_false(find_block(page, NULL).is_found);
    put(higher, 361, 60, 13, 0, "KT. CHỦ TỊCH");
    KysoFoundPlace found = find_block(higher, NULL);
    g_assert_true(found.is_found);
    g_assert_cmpfloat(found.box.y0, >=, 0);
    g_assert_cmpfloat(found.box.y1 - found.box.y0, >, 28);
}

static void
test_name_chooses_among_blocks(void)
{
    g_autoptr(GArray) page = page_new();

    put(page, 85, 300, 13, 0, "GIÁM ĐỐC SỞ");
    put(page, 85, 210, 13, 0, "Trần Văn Một");
    put(page, 361, 300, 13, 0, "KT. CHỦ TỊCH");
    put(page, 354.5, 210, 13, 0, "Nguyễn Văn Thử");
    KysoFoundPlace right = find_block(page, NULL);
    assert_between(&right, 400, 223, 300);
    KysoFoundPlace left = find_block(page, "TRẦN VĂN MỘT");
    assert_between(&left, 85 + 12 * 6.5 / 2, 223, 300);
    g_assert_cmpfloat(left.confidence, ==, 1);
    KysoFoundPlace other = find_block(page, "Phạm Khác Hẳn");
    g_assert_cmpfloat(other.confidence, <, 0.7);
}

static void
test_end_of_the_text(void)
{
    g_autoptr(GArray) page = page_new();
    g_autoptr(GArray) full = page_new();

    double x = put(page, 85, 400, 13, 0, "triển khai thực hiện./.");
    g_autoptr(KysoTextLines) lines = kyso_text_lines_new(page);
    KysoFoundPlace found = kyso_place_finder_find_end(lines, WIDTH, 0);
    g_assert_true(found.is_found);
    g_assert_cmpfloat_with_epsilon(found.box.x0, x + 4, 0.1);
    g_assert_false(kyso_place_finder_find_end(lines, WIDTH, 500).is_found);

    put(full, 500, 400, 13, 0, "hiện./."); /* no room behind it: below */
    g_autoptr(KysoTextLines) at_edge = kyso_text_lines_new(full);
    found = kyso_place_finder_find_end(at_edge, WIDTH, 0);
    g_assert_cmpfloat(found.box.y1, <=, 400);
    g_assert_cmpfloat(found.box.x1, <, WIDTH);
}

static void
test_any_text(void)
{
    g_autoptr(GArray) page = page_new();

    put(page, 85, 400, 13, 0, "Xác nhận của văn thư");
    g_autoptr(KysoTextLines) once = kyso_text_lines_new(page);
    KysoFoundPlace found = kyso_place_finder_find_text(once, "văn thư");
    g_assert_true(found.is_found);
    g_assert_cmpfloat_with_epsilon(found.box.x0, 85 + 13 * 6.5, 0.1);
    g_assert_cmpfloat_with_epsilon(found.box.x1, 85 + 20 * 6.5, 0.1);
    g_assert_false(kyso_place_finder_find_text(once, "thủ kho").is_found);
    g_assert_false(kyso_place_finder_find_text(once, "").is_found);

    put(page, 85, 300, 13, 0, "Văn thư");
    g_autoptr(KysoTextLines) twice = kyso_text_lines_new(page);
    g_assert_cmpfloat(kyso_place_finder_find_text(twice, "văn thư").confidence, <, 0.6);
}

static void
test_empty_page_has_nothing(void)
{
    g_autoptr(GArray) page = page_new();
    KysoGlyph odd[] = {{'S', {NAN, 0, 1, 1}}, {'o', {5, 5, 1, 1}}, {' ', {0, 0, 9, 9}}};

    g_assert_false(find_block(page, "Nguyễn Văn Thử").is_found);
    g_array_append_vals(page, odd, G_N_ELEMENTS(odd));
    g_assert_false(find_block(page, NULL).is_found);
    g_assert_false(find_head(page, KYSO_PLACE_NUMBER).is_found);
}

static void
test_cells_are_on_the_page(void)
{
    static const double sides[][2] = {{595, 842}, {842, 595}, {612, 792}, {420, 595}};

    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        for (int kind = 0; kind < KYSO_N_PLACES; kind++) {
            KysoBox box = kyso_place_finder_cell((KysoPlaceKind) kind, sides[i][0], sides[i][1]);
            g_assert_cmpfloat(box.x0, >=, 0);
            g_assert_cmpfloat(box.y0, >=, 0);
            g_assert_cmpfloat(box.x1, <=, sides[i][0]);
            g_assert_cmpfloat(box.y1, <=, sides[i][1]);
            g_assert_cmpfloat(box.x1 - box.x0, >, 10);
            g_assert_cmpfloat(box.y1 - box.y0, >, 8);
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/place-finder/head", test_blanks_of_the_head);
    g_test_add_func("/place-finder/apart", test_letters_set_apart);
    g_test_add_func("/place-finder/marks", test_letters_and_marks_one_by_one);
    g_test_add_func("/place-finder/order", test_letters_in_any_order);
    g_test_add_func("/place-finder/dots", test_dots_are_a_blank);
    g_test_add_func("/place-finder/twice", test_bold_by_writing_twice);
    g_test_add_func("/place-finder/typed", test_what_is_typed_is_no_blank);
    g_test_add_func("/place-finder/no-head", test_words_of_the_text_are_no_head);
    g_test_add_func("/place-finder/block", test_block_between_position_and_name);
    g_test_add_func("/place-finder/two-lines", test_position_of_two_lines);
    g_test_add_func("/place-finder/shared-box", test_letters_that_share_a_box_with_their_marks);
    g_test_add_func("/place-finder/decision", test_title_of_a_decision_is_no_block);
    g_test_add_func("/place-finder/end-of-page", test_position_at_the_end_of_the_page_is_no_block);
    g_test_add_func("/place-finder/name", test_name_chooses_among_blocks);
    g_test_add_func("/place-finder/end", test_end_of_the_text);
    g_test_add_func("/place-finder/text", test_any_text);
    g_test_add_func("/place-finder/empty", test_empty_page_has_nothing);
    g_test_add_func("/place-finder/cells", test_cells_are_on_the_page);
    return g_test_run();
}
