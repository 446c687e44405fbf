# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd documents: catalogue, page tree, pages, strings and names. See odd_pdfs."""

from odd_pdfs import REPAIRED, SIGNS, odd  # noqa: F401
from odd_writer import BOX, PAGE, WORDS, flate, simple, stream, streamed, whole


def pages(kids, count, more):
    """A letter whose page tree is another one."""
    return whole({**simple(), 2: b'<< /Type /Pages /Kids [%s] /Count %s >>' % (kids, count), **more})


def edited(number, old, new, **options):
    objects = simple(**options)
    assert old in objects[number], objects[number]
    return whole({**objects, number: objects[number].replace(old, new, 1)})


# The catalogue

@odd('document_damaged')
def no_root():
    return whole(simple(), trailer=b'/Size 6')


@odd('document_damaged')
def root_is_no_dictionary():
    return whole({**simple(), 1: b'(catalogue)'})


@odd('document_no_pages')
def catalogue_without_pages():
    return edited(1, b'/Pages 2 0 R', b'')


@odd(SIGNS)
def catalogue_without_type():
    return edited(1, b'/Type /Catalog', b'')


@odd(SIGNS)
def document_information_broken():
    return whole({**simple(), 6: b'<< /Title 7 0 R /ModDate (yesterday) >>'}, more=b'/Info 6 0 R')


@odd(SIGNS)
def file_id_missing_and_info_null():
    return whole(simple(), more=b'/Info null /ID []')


@odd(REPAIRED)
def encryption_that_is_not_there():
    return whole(simple(), more=b'/Encrypt 77 0 R')


@odd(SIGNS)
def javascript_at_opening():
    return whole(simple(b'/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>'))


@odd(SIGNS)
def portfolio():
    return whole(simple(b'/Collection << /View /D >> /Names << /EmbeddedFiles << /Names [(a) 6 0 R] '
                        b'>> >>', more={
                            6: b'<< /Type /Filespec /F (a.txt) /EF << /F 7 0 R >> >>',
                            7: stream(b'attached', b'/Type /EmbeddedFile')}))


@odd(SIGNS)
def optional_content():
    return whole(simple(b'/OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >>',
                        more={6: b'<< /Type /OCG /Name (Watermark) >>'}))


@odd(SIGNS)
def tagged():
    return whole(simple(b'/MarkInfo << /Marked true >> /Lang (vi) /StructTreeRoot 6 0 R',
                        b'/StructParents 0 /Tabs /S', {
                            6: b'<< /Type /StructTreeRoot /K 7 0 R /ParentTree << /Nums [0 [7 0 R]] >> >>',
                            7: b'<< /Type /StructElem /S /P /P 6 0 R /Pg 3 0 R /K 0 >>'}))


@odd(SIGNS)
def proofs_without_signature():
    return whole(simple(b'/DSS << /Type /DSS /Certs [6 0 R] >>', more={6: stream(b'no certificate')}))


# The page tree

@odd(SIGNS)
def page_tree_without_types():
    objects = simple()
    return whole({**objects, 2: objects[2].replace(b'/Type /Pages', b''),
                  3: objects[3].replace(b'/Type /Page ', b'')})


@odd('document_no_pages')
def page_count_0():
    return pages(b'', b'0', {})


@odd('document_no_pages')
def page_count_negative():
    return pages(b'3 0 R', b'-1', {})


@odd('document_damaged')
def page_count_too_large():
    return pages(b'3 0 R', b'4000', {})


@odd(SIGNS)
def page_count_above_its_kids():
    return pages(b'3 0 R', b'3', {})


@odd(SIGNS)
def page_count_indirect():
    return pages(b'3 0 R', b'6 0 R', {6: b'1'})


@odd(SIGNS)
def three_thousand_pages():
    more = {100 + i: PAGE % BOX for i in range(3000)}
    return pages(b' '.join(b'%d 0 R' % number for number in more), b'3000', more)


@odd(SIGNS)
def page_tree_60_deep():
    more = {100 + i: b'<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>'
            % (99 + i if i else 2, 101 + i if i < 57 else 3) for i in range(58)}
    return pages(b'100 0 R', b'1', {**more, 3: PAGE.replace(b'2 0 R', b'157 0 R') % BOX})


@odd('document_damaged')
def page_tree_too_deep():
    more = {100 + i: b'<< /Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1 >>'
            % (99 + i if i else 2, 101 + i if i < 399 else 3) for i in range(400)}
    return pages(b'100 0 R', b'1', more)


@odd('document_damaged')
def page_tree_loop():
    return pages(b'2 0 R', b'1', {})


@odd(SIGNS)
def same_page_twice():
    return pages(b'3 0 R 3 0 R', b'2', {})


@odd('document_damaged')
def pages_direct_in_their_array():
    return pages(PAGE % BOX, b'1', {})


@odd('document_damaged')
def kid_missing():
    return pages(b'77 0 R', b'1', {})


@odd(SIGNS)
def page_inherits_all():
    return whole({**simple(), 2: b'<< /Type /Pages /Kids [3 0 R] /Count 1 /Rotate 90 /Resources << /Font '
                                 b'<< /F1 5 0 R >> >> %s >>' % BOX,
                  3: b'<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>'})


@odd(SIGNS)
def page_without_parent():
    return edited(3, b'/Parent 2 0 R', b'')


# One page

@odd(SIGNS)
def page_without_box():
    return whole(simple(box=b''))


@odd(SIGNS)
def box_inverted():
    return whole(simple(box=b'/MediaBox [595 842 0 0]'))


@odd(SIGNS, place=(-200, -300, -80, -230))
def box_with_offset():
    return whole(simple(box=b'/MediaBox [-297.5 -421 297.5 421]'))


@odd(SIGNS)
def box_of_real_numbers():
    return whole(simple(box=b'/MediaBox [0 .0 595.27560 841.88980]'))


@odd(SIGNS)
def box_indirect():
    return whole(simple(box=b'/MediaBox 6 0 R', more={6: b'[0 7 0 R 595 842]', 7: b'0'}))


@odd(SIGNS)
def box_of_words():
    """No reader can use it; all take a sheet of their own."""
    return whole(simple(box=b'/MediaBox [/a /b /c /d]'))


@odd('place_outside')
def box_of_nothing():
    return whole(simple(box=b'/MediaBox [0 0 0 0]'))


@odd(SIGNS)
def user_unit():
    return whole(simple(page=b'/UserUnit 2.5'))


@odd(SIGNS)
def crop_box_smaller():
    return whole(simple(page=b'/CropBox [50 50 545 792]'))


@odd(SIGNS)
def crop_box_outside():
    return whole(simple(page=b'/CropBox [900 900 1000 1000]'))


@odd('place_outside')
def crop_box_without_the_place():
    return whole(simple(page=b'/CropBox [0 500 595 842]'))


@odd(SIGNS)
def rotated_90():
    return whole(simple(page=b'/Rotate 90'))


@odd(SIGNS)
def rotated_180():
    return whole(simple(page=b'/Rotate 180'))


@odd(SIGNS)
def rotated_270():
    return whole(simple(page=b'/Rotate 270'))


@odd(SIGNS)
def rotated_minus_90():
    return whole(simple(page=b'/Rotate -90'))


@odd(SIGNS)
def rotated_45():
    return whole(simple(page=b'/Rotate 45'))


@odd(SIGNS)
def rotated_810():
    return whole(simple(page=b'/Rotate 810'))


@odd(SIGNS)
def contents_array():
    return edited(3, b'/Contents 4 0 R', b'/Contents [4 0 R 6 0 R 4 0 R]',
                  more={6: flate(b'q Q')})


@odd(SIGNS)
def contents_missing():
    return edited(3, b'/Contents 4 0 R', b'')


@odd(SIGNS)
def contents_empty():
    return whole({**simple(), 4: stream(b'')})


@odd(SIGNS)
def contents_not_there():
    return edited(3, b'/Contents 4 0 R', b'/Contents 88 0 R')


@odd(SIGNS)
def contents_without_balance():
    """Leaves the page turned and clipped: the look of a signature must not follow."""
    return whole({**simple(), 4: stream(b'q q 0 0 10 10 re W n 0.5 0 0 0.5 0 0 cm ' + WORDS)})


@odd(SIGNS)
def resources_missing():
    return edited(3, b'/Resources << /Font << /F1 5 0 R >> >>', b'')


# Names, strings, and how objects are written

@odd(SIGNS)
def names_escaped():
    objects = simple(b'/Ky#20So#2f /a#23#ff')
    objects[3] = objects[3].replace(b'/MediaBox', b'/Media#42ox')
    return whole({**objects, 1: objects[1].replace(b'/Pages', b'/P#61ges')})


@odd('document_damaged')
def name_escape_broken():
    """qpdf writes such a name as it was."""
    return whole(simple(page=b'/Kit /a#b#c'))


@odd(SIGNS)
def strings_escaped():
    return whole({**simple(), 6: b'<< /Title (a\\\nb\\(\\)\\\\ \\101\\7\\053(nested (twice))\r\n) '
                                 b'/Author <46 4f 4> /Subject (\xfe\xff\x01\x10\x1e\xa1) >>'},
                 more=b'/Info 6 0 R')


@odd(SIGNS)
def strings_in_utf_8():
    return whole({**simple(), 6: '<< /Title (\xef\xbb\xbfQuyết định) >>'.encode('latin-1', 'ignore')},
                 more=b'/Info 6 0 R')


@odd(SIGNS)
def comments_everywhere():
    objects = simple()
    return whole({**objects, 1: b'%a comment (\n<<%b >>\n/Type%c\n/Catalog%d\n/Pages 2 %e\n0 R>>'})


@odd(REPAIRED)
def number_with_two_signs():
    return whole(simple(page=b'/Kit --7'))


@odd(SIGNS)
def numbers_odd():
    return whole(simple(page=b'/Kit [+5 -.5 4. 00012 -0 0.00000000000000000000001]'))


@odd(SIGNS)
def nested_arrays_deep():
    return whole({**simple(), 6: b'[' * 400 + b']' * 400})


@odd('document_damaged')
def dictionary_not_closed():
    return edited(3, b'/Contents 4 0 R >>', b'/Contents 4 0 R')


@odd(REPAIRED)
def key_twice():
    return edited(3, b'/Contents 4 0 R', b'/Rotate 90 /Rotate 0 /Contents 4 0 R')


@odd(SIGNS)
def object_without_endobj():
    return whole(simple()).replace(b'endobj\n5 0 obj', b'      \n5 0 obj')


@odd(SIGNS)
def reference_to_object_stream_member_of_itself():
    return streamed({**simple(), 6: b'[6 0 R 20 0 R]'}, [1, 2, 6])
