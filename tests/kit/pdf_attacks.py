# SPDX-License-Identifier: GPL-3.0-or-later
"""A letter of two pages signed by its leader, what an office may do to it afterwards, and what an
attacker would: each a function that takes the signed letter and returns another file, named after
what it does. The letter's people are invented."""

import re

from pdf_maker import Pdf, form, stream

CATALOGUE, PAGES, PAGE, BACK, TEXT, BACK_TEXT, FONT, INFO = 1, 2, 3, 4, 5, 6, 7, 8
OVERLAY, NUMBER, SEAL, NUMBER_LOOK, VALUE = 9, 11, 12, 13, 14
LEADER, LEADER_LOOK, LEADER_SIGNATURE, IMAGE = 20, 21, 22, 15
MISSING = 900  # what the letter refers to and does not have

DETACHED = b'/SubFilter /adbe.pkcs7.detached'
RESOURCES = b'/Resources << /Font << /F1 7 0 R >> /XObject << /Cover 9 0 R /Logo 15 0 R /Look 13 0 R >> >>'


def text(line, more=b''):
    return stream(b'BT /F1 13 Tf 90 700 Td (%s) Tj ET /Cover Do' % line, more)


def widget(name, kind, rect, more=b'', page=PAGE):
    return (b'<< /Type /Annot /Subtype /Widget /FT /%s /T (%s) /Rect [%s] /P %d 0 R /F 4 %s >>'
            % (kind, name, rect, page, more))


def letter():
    """Unsigned. /Cover hides nothing; behind the objects stands a second object 3, in no table."""
    page = (b'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R ' + RESOURCES
            + b' %s >>')
    pdf = Pdf(trailer=b'/Root 1 0 R /Info 8 0 R')
    return pdf.append({
        CATALOGUE: b'<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [11 0 R 12 0 R 14 0 R] '
                   b'/SigFlags 3 /DA (/Helv 0 Tf 0 g) /DR << /Font << /Helv 7 0 R >> >> >> >>',
        PAGES: b'<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>',
        PAGE: page % (TEXT, b'/Annots [11 0 R 12 0 R 14 0 R]'),
        BACK: page % (BACK_TEXT, b'/PieceInfo << /Kit << /Private 900 0 R >> >>'),
        TEXT: text(b'So:     /QD-UBND. Cap kinh phi 10.000.000 dong.'),
        BACK_TEXT: text(b'Noi nhan: nhu tren.'),
        FONT: b'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
        INFO: b'<< /Title (Quyet dinh) /Producer (kit) /ModDate (D:20260101000000Z) >>',
        OVERLAY: form(595, 842, b''),
        NUMBER: widget(b'So', b'Tx', b'115 716 146 736', b'/AP << /N 13 0 R >>'),
        SEAL: widget(b'Dau', b'Sig', b'250 87 355 192'),
        NUMBER_LOOK: form(31, 20, b''),
        VALUE: widget(b'Trich yeu', b'Tx', b'90 600 300 620', b'/V (Ve viec thu)'),
        IMAGE: form(40, 40, b'0 0 1 rg 0 0 40 40 re f'),
    }, raw=b'3 0 obj\n%s\nendobj\n' % (page % (BACK_TEXT, b'')))


def add_widget(pdf, number, name, kind=b'Sig', rect=b'386 79 486 179', more=b'', page=PAGE):
    """The objects with which a new field gets into form and page."""
    reference = b' %d 0 R]' % number
    return {
        CATALOGUE: re.sub(rb'(/Fields \[[^\]]*)\]', lambda m: m[1] + reference,
                          pdf.objects[CATALOGUE]),
        page: re.sub(rb'(/Annots \[[^\]]*)\]', lambda m: m[1] + reference, pdf.objects[page]),
        number: widget(name, kind, rect, more, page),
    }


def approve(pdf, signer, keys=b'', field=b'', keep=None, **options):
    """The leader signs, certifying where @keys say so."""
    objects = add_widget(pdf, LEADER, b'Lanh dao',
                         more=b'/V 22 0 R /AP << /N 21 0 R >> ' + field)
    objects[LEADER_LOOK] = form(100, 100, b'0 0 1 RG 10 10 m 90 90 l S')
    if b'/DocMDP' in keys:
        objects[CATALOGUE] = objects[CATALOGUE][:-2] + b'/Perms << /DocMDP 22 0 R >> >>'
    objects.update(keep or {})
    return pdf.sign(LEADER_SIGNATURE, DETACHED + keys, objects, signer, **options)


def docmdp(level):
    return (b' /Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type '
            b'/TransformParams /P %d /V /1.2 >> >>]' % level)


def field_lock(action):
    return (b' /Reference [<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << /Type '
            b'/TransformParams /V /1.2 %s >> >>]' % action)


def fill_number(pdf, value=b'79'):
    filled = pdf.objects[NUMBER].replace(b'/AP << /N 13 0 R >>',
                                         b'/V (%s) /Ff 1 /AP << /N 40 0 R >>' % value)
    return {NUMBER: filled, 40: form(31, 20, b'BT /Helv 13 Tf 2 5 Td (%s) Tj ET' % value)}


def issue(pdf, signer):
    """Number into its field, seal into its own."""
    objects = fill_number(pdf)
    objects[SEAL] = pdf.edit(SEAL, b'/F 4', b'/F 132 /V 42 0 R /AP << /N 41 0 R >>')
    objects[41] = form(105, 105, b'1 0 0 RG 52 52 40 40 re S')
    return pdf.sign(42, DETACHED, objects, signer)


def issue_without_fields(pdf, signer):
    """As GCC's tool does: number, day, month and seal each by a signature of its own."""
    boxes = ((b'115 716 146 736', b'79'), (b'406 718 430 736', b'15'), (b'458 718 482 736', b'08'),
             (b'331 87 581 192', b'Ky boi: UBND xa Thu Nghiem'))
    for i, (rect, words) in enumerate(boxes):
        field, look, signature = 50 + 3 * i, 51 + 3 * i, 52 + 3 * i
        left, bottom, right, top = map(int, rect.split())
        objects = add_widget(pdf, field, b'Signature%d' % (i + 2), rect=rect,
                             more=b'/V %d 0 R /AP << /N %d 0 R >>' % (signature, look))
        objects[look] = form(right - left, top - bottom, b'BT /F1 13 Tf 2 4 Td (%s) Tj ET' % words,
                             b'/Resources << /Font << /F1 7 0 R >> >>')
        objects[field] = objects[field].replace(b'/F 4', b'/F 132')
        pdf.sign(signature, DETACHED + b" /M (D:20261125203000+07'00')", objects, signer,
                 pss_parameters=True, local_time=True)
    return pdf


# What may be done: (name, function of the signed letter, kinds that are found)

def date_metadata(pdf):
    return pdf.append({INFO: pdf.edit(INFO, b'20260101', b'20260202')})


def add_proof_data(pdf):
    return pdf.append({CATALOGUE: pdf.objects[CATALOGUE][:-2] + b'/DSS 60 0 R >>',
                       60: b'<< /Type /DSS /Certs [61 0 R] /VRI << /AB << /Cert [61 0 R] >> >> >>',
                       61: stream(b'certificate')})


def rewrite_unchanged(pdf):
    return pdf.append({TEXT: pdf.objects[TEXT]})


ALLOWED = {
    'nothing': (lambda pdf: pdf, 'none', set()),
    'metadata-dated': (date_metadata, 'allowed', {'metadata_changed'}),
    'proof-data-added': (add_proof_data, 'allowed', {'validation_data_added'}),
    'object-written-again': (rewrite_unchanged, 'allowed', set()),
    'number-filled': (lambda pdf: pdf.append(fill_number(pdf)), 'allowed', {'field_filled'}),
    'number-filled-and-sealed': (lambda pdf: issue(pdf, None), 'allowed',
                                 {'field_filled', 'signature_added'}),
    'four-signatures-added': (lambda pdf: issue_without_fields(pdf, None), 'allowed',
                              {'signature_added'}),
}


# What may not

def replaced(number, old, new):
    return lambda pdf: pdf.append({number: pdf.edit(number, old, new)})


def lengthened(pdf, drawing):
    return pdf.append({TEXT: stream(drawing)})


def added_page(pdf):
    return pdf.append({PAGES: b'<< /Type /Pages /Kids [3 0 R 4 0 R 70 0 R] /Count 3 >>',
                       70: pdf.objects[BACK]})


def annotation(kind):
    def change(pdf):
        page = re.sub(rb'(/Annots \[[^\]]*)\]', rb'\1 70 0 R]', pdf.objects[PAGE])
        return pdf.append({PAGE: page, 71: form(200, 20, b'1 g 0 0 200 20 re f'),
                           70: b'<< /Type /Annot /Subtype /%s /Rect [90 690 400 715] /F 4 /P 3 0 R '
                               b'/Contents (x) /AP << /N 71 0 R >> >>' % kind})
    return change


def catalogue_entry(entry):
    return lambda pdf: pdf.append({CATALOGUE: pdf.objects[CATALOGUE][:-2] + entry + b' >>'})


def new_root(pdf):
    return pdf.append({70: pdf.objects[CATALOGUE].replace(b'/Pages 2', b'/Pages 71'),
                       71: b'<< /Type /Pages /Kids [72 0 R] /Count 1 >>',
                       72: pdf.objects[BACK].replace(b'/Parent 2', b'/Parent 71')},
                      trailer=b'/Root 70 0 R /Info 8 0 R')


def raw_end(data):
    def change(pdf):
        pdf.data += data
        return pdf
    return change


def object_without_table(pdf):
    """Incremental saving without a table: what a repairing reader shows."""
    pdf.data += b'5 0 obj\n%s\nendobj\n' % text(b'Cap kinh phi 90.000.000 dong.')
    return pdf


def object_beside_table(pdf):
    evil = b'5 0 obj\n%s\nendobj\n' % text(b'Cap kinh phi 90.000.000 dong.')
    return pdf.append({INFO: pdf.edit(INFO, b'20260101', b'20260202')}, raw=evil)


def object_twice(pdf):
    evil = b'8 0 obj\n<< /Title (Khac) >>\nendobj\n'
    return pdf.append({INFO: pdf.edit(INFO, b'20260101', b'20260202')}, raw=evil)


def hidden_shown(pdf):
    """Shadow attack, hide and replace: a table alone, pointing at what was signed unseen."""
    at = list(re.finditer(rb'\n3 0 obj', pdf.data))[1].start() + 1
    return pdf.append({}, places={PAGE: at})


def second_table(pdf):
    """A table for readers that know streams, beside one for those that do not."""
    at = len(pdf.data)
    evil = b'5 0 obj\n%s\nendobj\n' % text(b'Cap kinh phi 90.000.000 dong.')
    table = b'70 0 obj\n%s\nendobj\n' % stream(
        b'\1' + at.to_bytes(4, 'big') + b'\0',
        b'/Type /XRef /W [1 4 1] /Index [5 1] /Size 71 /Root 1 0 R')
    return pdf.append({}, raw=evil + table, more=b'/XRefStm %d' % (at + len(evil)))


def missing_supplied(pdf):
    return pdf.append({MISSING: stream(b'what nobody saw')})


def shared_look(pdf):
    """The empty appearance of a reserved field is drawn by the page too."""
    return pdf.append({NUMBER: pdf.edit(NUMBER, b'/AP', b'/V (79) /AP'),
                       NUMBER_LOOK: form(31, 20, b'1 g 0 0 31 20 re f')})


def filled_with(drawing, more=b''):
    """The reserved field, filled by more than text."""
    def change(pdf):
        return pdf.append({**fill_number(pdf), 40: form(31, 20, drawing, more)})
    return change


TYPE3 = (b'/Resources << /Font << /F << /Type /Font /Subtype /Type3 /FontBBox [0 0 1 1] /FontMatrix '
         b'[1 0 0 1 0 0] /CharProcs << >> /Encoding << /Differences [] >> /FirstChar 0 /LastChar 0 '
         b'/Widths [1] >> >> >>')


def appended_field(kind=b'Sig', rect=b'200 300 300 340', more=b'', look=b'1 g 0 0 99 99 re f'):
    def change(pdf):
        objects = add_widget(pdf, 70, b'Them', kind, rect, more + b' /AP << /N 71 0 R >>')
        objects[71] = form(100, 100, look)
        return pdf.append(objects)
    return change


def covering_signature(rect):
    def change(pdf):
        objects = add_widget(pdf, 70, b'Che', rect=rect, more=b'/V 72 0 R /AP << /N 71 0 R >>')
        objects[71] = form(100, 100, b'1 g 0 0 100 100 re f')
        return pdf.sign(72, DETACHED, objects, None)
    return change


def borrowed_signature(pdf):
    return pdf.append(add_widget(pdf, 70, b'Muon', more=b'/V 22 0 R'))


def signed_dictionary(change):
    """The leader's signature dictionary with something else in it, where it was or anew."""
    def apply(pdf):
        return pdf.append({LEADER_SIGNATURE: change(pdf.objects[LEADER_SIGNATURE])})
    return apply


def wrapped(pdf):
    """Signature wrapping: the signed end of the file is moved back, and another put in between."""
    body = pdf.objects[LEADER_SIGNATURE]
    a, b, c = map(int, re.search(rb'/ByteRange \[0 (\d+) (\d+) (\d+)', body).groups())
    moved = pdf.data[b:b + c]
    other = b'70 0 obj\n%s\nendobj\n' % text(b'Cap kinh phi 90.000.000 dong.')
    start = len(pdf.data) + len(other)
    pdf.data += other
    ranges = b'/ByteRange [0 %d %d %d' % (a, start, c)
    old = re.search(rb'/ByteRange \[[^\]]*\]', pdf.data)[0]
    pdf.data = pdf.data.replace(old, ranges.ljust(len(old) - 1) + b']') + moved
    return pdf


def range_set(value):
    def change(pdf):
        old = re.search(rb'/ByteRange \[[^\]]*\]', pdf.data)[0]
        pdf.data = pdf.data.replace(old, value.ljust(len(old)))
        return pdf
    return change


ATTACKS = {
    'content-replaced': (replaced(TEXT, b'10.000.000', b'90.000.000'), {'content_changed'}),
    'content-added': (replaced(PAGE, b'/Contents 5 0 R', b'/Contents [5 0 R 6 0 R]'),
                      {'content_changed'}),
    'font-replaced': (replaced(FONT, b'/Helvetica', b'/Symbol'), {'content_changed'}),
    'image-replaced': (replaced(IMAGE, b'0 0 1 rg', b'1 0 0 rg'), {'content_changed'}),
    'resources-replaced': (replaced(PAGE, b'/Logo 15 0 R', b'/Logo 9 0 R'), {'content_changed'}),
    'shadow-hide': (lambda pdf: pdf.append({}, free=(IMAGE,)), {'content_changed'}),
    'shadow-replace-overlay': (lambda pdf: pdf.append({OVERLAY: form(595, 842, b'1 g 0 0 9 9 re f')}),
                               {'content_changed'}),
    'shadow-replace-value': (replaced(VALUE, b'(Ve viec thu)', b'(Ve viec khac)'), {'field_changed'}),
    'shadow-hide-and-replace': (hidden_shown, {'hidden_data'}),
    'page-added': (added_page, {'pages_changed'}),
    'page-removed': (replaced(PAGES, b'[3 0 R 4 0 R] /Count 2', b'[3 0 R] /Count 1'),
                     {'pages_changed'}),
    'pages-swapped': (replaced(PAGES, b'3 0 R 4 0 R', b'4 0 R 3 0 R'), {'pages_changed'}),
    'page-rotated': (replaced(PAGE, b'/MediaBox', b'/Rotate 180 /MediaBox'), {'page_box_changed'}),
    'page-cropped': (replaced(PAGE, b'/MediaBox', b'/CropBox [0 0 300 300] /MediaBox'),
                     {'page_box_changed'}),
    'rotation-inherited': (replaced(PAGES, b'/Count', b'/Rotate 180 /Count'), {'pages_changed'}),
    'note-added': (annotation(b'FreeText'), {'annotation_changed'}),
    'stamp-added': (annotation(b'Stamp'), {'annotation_changed'}),
    'widget-of-no-field': (annotation(b'Widget'), {'annotation_changed'}),
    'action-on-opening': (catalogue_entry(b'/OpenAction << /S /JavaScript /JS (1) >>'),
                          {'catalogue_changed'}),
    'actions-of-document': (catalogue_entry(b'/AA << /WC << /S /JavaScript /JS (1) >> >>'),
                            {'catalogue_changed'}),
    'names-added': (catalogue_entry(b'/Names << /JavaScript << /Names [] >> >>'),
                    {'catalogue_changed'}),
    'layers-added': (catalogue_entry(b'/OCProperties << /OCGs [] /D << >> >>'),
                     {'catalogue_changed'}),
    'certified-later': (catalogue_entry(b'/Perms << /DocMDP 22 0 R >>'), {'catalogue_changed'}),
    'another-catalogue': (new_root, {'catalogue_changed'}),
    'title-changed': (replaced(INFO, b'(Quyet dinh)', b'(Thong bao)'), {'other_changed'}),
    'appearances-drawn-by-reader': (replaced(CATALOGUE, b'/SigFlags 3',
                                             b'/SigFlags 3 /NeedAppearances true'), {'form_changed'}),
    'form-font-replaced': (replaced(CATALOGUE, b'/Helv 7 0 R', b'/Helv 9 0 R'), {'form_changed'}),
    'field-removed': (replaced(CATALOGUE, b'11 0 R', b''), {'form_changed'}),
    'field-moved': (replaced(NUMBER, b'115 716 146 736', b'90 690 400 736'), {'field_changed'}),
    'appearance-without-value': (lambda pdf: pdf.append(
        {NUMBER_LOOK: form(31, 20, b'1 g 0 0 31 20 re f')}), {'field_changed'}),
    'appearance-shared-with-page': (shared_look, {'content_changed'}),
    'field-filled-with-box': (filled_with(b'0 g 0 0 31 20 re f BT (90) Tj ET'), {'field_covers'}),
    'field-filled-with-white': (filled_with(b'BT 1 1 1 rg (HHH) Tj 0 g (90) Tj ET'),
                                {'field_covers'}),
    'field-filled-with-image': (filled_with(b'/Im0 Do'), {'field_covers'}),
    'field-filled-with-drawn-font': (filled_with(b'BT /F 9 Tf (a) Tj ET', TYPE3), {'field_covers'}),
    'text-field-added': (appended_field(b'Tx', more=b'/V (90)'), {'form_changed'}),
    'drawn-field-never-signed': (appended_field(), {'form_changed'}),
    'field-with-action': (appended_field(more=b'/V 22 0 R /AA << >>'), {'form_changed'}),
    'signature-borrowed': (borrowed_signature, {'signature_changed'}),
    'signature-over-page': (covering_signature(b'0 0 595 842'), {'field_covers'}),
    'signature-over-signature': (covering_signature(b'380 75 490 185'), {'field_covers'}),
    'signed-image-replaced': (lambda pdf: pdf.append({LEADER_LOOK: form(100, 100, b'')}),
                              {'signature_changed'}),
    'signed-widget-moved': (replaced(LEADER, b'386 79 486 179', b'86 79 186 179'),
                            {'signature_changed'}),
    'signature-reason-changed': (signed_dictionary(lambda body: body[:-2] + b'/Reason (khac) >>'),
                                 {'signature_changed'}),
    'missing-object-supplied': (missing_supplied, {'content_changed'}),
    'junk-after-end': (raw_end(b'junk'), {'hidden_data'}),
    'comment-after-end': (raw_end(b'% page 3 follows\n'), {'hidden_data'}),
    'objects-after-end': (object_without_table, {'hidden_data'}),
    'object-in-no-table': (object_beside_table, {'hidden_data'}),
    'object-twice-in-revision': (object_twice, {'hidden_data'}),
    'second-table': (second_table, {'hidden_data'}),
    'signature-wrapped': (wrapped, {'gap_wrong'}),
    'range-removed': (range_set(b''), {'gap_wrong'}),
    'range-empty': (range_set(b'/ByteRange [0 0 0 0]'), None),
    'range-not-from-start': (range_set(b'/ByteRange [9 20 20000 9]'), {'gap_wrong'}),
    'range-negative': (range_set(b'/ByteRange [0 -1 20 9]'), {'gap_wrong'}),
}
