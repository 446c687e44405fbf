# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd forms and annotations, and earlier signatures. See odd_pdfs."""

import pdf_attacks
from odd_pdfs import SIGNS, odd
from odd_writer import simple, stream, update, whole

TEXT = b'<< /Type /Annot /Subtype /Widget /FT /Tx /T (%s) /Rect [90 600 300 620] /P 3 0 R /F 4 %s >>'
SIGNATURE = (b'<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /Rect [300 100 420 170] /P 3 0 R '
             b'/F 4 %s >>')


def form(fields, entry, widgets, page=b'/Annots [10 0 R]'):
    """A letter with a form: @entry stands in its dictionary."""
    return whole(simple(b'/AcroForm << /Fields %s %s >>' % (fields, entry), page, widgets))


@odd(SIGNS)
def form_direct():
    return form(b'[10 0 R]', b'/SigFlags 3', {10: TEXT % (b'So', b'')})


@odd(SIGNS)
def form_indirect():
    return whole(simple(b'/AcroForm 6 0 R', b'/Annots 8 0 R', {
        6: b'<< /Fields 7 0 R >>', 7: b'[10 0 R]', 8: b'[10 0 R]', 10: TEXT % (b'So', b'')}))


@odd(SIGNS)
def form_without_fields():
    return whole(simple(b'/AcroForm << /DA (/Helv 0 Tf) >>'))


@odd(SIGNS)
def form_null():
    return whole(simple(b'/AcroForm null'))


@odd(SIGNS)
def form_with_need_appearances():
    return form(b'[10 0 R]', b'/NeedAppearances true', {10: TEXT % (b'So', b'/V (12)')})


@odd(SIGNS)
def form_with_odd_flags():
    return form(b'[10 0 R]', b'/SigFlags 4294967295', {10: TEXT % (b'So', b'')})


@odd(SIGNS)
def form_flags_are_no_number():
    return form(b'[10 0 R]', b'/SigFlags (three)', {10: TEXT % (b'So', b'')})


@odd('dynamic_form')
def form_of_xfa():
    """What is shown, other readers draw out of XML that this signature's look is no part of."""
    return form(b'[10 0 R]', b'/XFA 11 0 R', {10: TEXT % (b'So', b''), 11: stream(b'<xdp/>')})


@odd(SIGNS)
def fields_loop():
    return form(b'[10 0 R]', b'', {10: b'<< /T (a) /Kids [11 0 R] >>',
                                   11: b'<< /T (b) /Parent 10 0 R /Kids [10 0 R] >>'}, b'')


@odd(SIGNS)
def fields_tree_deep():
    more = {100 + i: b'<< /T (a) /Kids [%d 0 R] >>' % (101 + i) for i in range(200)}
    return form(b'[100 0 R]', b'', {**more, 300: TEXT % (b'end', b'')}, b'')


@odd(SIGNS)
def fields_of_one_name():
    return form(b'[10 0 R 11 0 R]', b'', {10: TEXT % (b'Approval1', b''), 11: TEXT % (b'Approval1', b'')},
                b'/Annots [10 0 R 11 0 R]')


@odd(SIGNS)
def field_listed_twice():
    return form(b'[10 0 R 10 0 R]', b'', {10: TEXT % (b'So', b'')})


@odd(SIGNS)
def field_named_as_kyso_would():
    return form(b'[10 0 R]', b'', {10: SIGNATURE % (b'Approval1', b'')})


@odd(SIGNS)
def field_name_in_utf_16():
    return form(b'[10 0 R]', b'', {10: TEXT % (b'\xfe\xff\x00S\x1e\xd1', b'')})


@odd(SIGNS)
def field_without_name():
    return form(b'[10 0 R]', b'', {10: TEXT.replace(b'/T (%s)', b'') % b''})


@odd(SIGNS)
def signature_field_empty():
    return form(b'[10 0 R]', b'/SigFlags 1', {10: SIGNATURE % (b'Truong phong', b'')})


@odd(SIGNS)
def annotations_indirect():
    return whole(simple(page=b'/Annots 6 0 R', more={6: b'[7 0 R]', 7: (
        b'<< /Type /Annot /Subtype /Text /Rect [10 10 20 20] /Contents (note) >>')}))


@odd(SIGNS)
def annotations_direct():
    return whole(simple(page=b'/Annots [<< /Type /Annot /Subtype /Text /Rect [10 10 20 20] >>]'))


@odd(SIGNS)
def annotations_null():
    return whole(simple(page=b'/Annots [null 99 0 R]'))


@odd('document_damaged')
def annotations_no_array():
    return whole(simple(page=b'/Annots << /A 1 >>'))


@odd(SIGNS)
def annotations_shared_by_two_pages():
    objects = simple(page=b'/Annots 6 0 R', more={6: b'[]'})
    return whole({**objects, 2: b'<< /Type /Pages /Kids [3 0 R 7 0 R] /Count 2 >>', 7: objects[3]})


# Earlier signatures

@odd('changes_forbidden', reserves=False)
def certified_without_changes(signer):
    return pdf_attacks.approve(pdf_attacks.letter(), signer, keys=pdf_attacks.docmdp(1)).data


@odd(SIGNS, reserves=False)
def certified_with_filling(signer):
    return pdf_attacks.approve(pdf_attacks.letter(), signer, keys=pdf_attacks.docmdp(2)).data


@odd('changes_forbidden')
def certified_with_filling_and_new_fields(signer):
    return certified_with_filling(signer)


@odd(SIGNS, reserves=False)
def fields_locked(signer):
    lock = pdf_attacks.field_lock(b'/Action /Include /Fields [(Trich yeu)]')
    return pdf_attacks.approve(pdf_attacks.letter(), signer, keys=lock).data


@odd('earlier_signature_broken')
def signature_broken(signer):
    data = pdf_attacks.approve(pdf_attacks.letter(), signer).data
    return data.replace(b'10.000.000', b'90.000.000', 1)


@odd('changed_after_signature')
def signature_with_page_changed(signer):
    data = pdf_attacks.approve(pdf_attacks.letter(), signer).data
    return update(data, {5: stream(b'BT /F1 13 Tf 90 700 Td (other) Tj ET')})


@odd('signed_and_damaged')
def signature_and_damage(signer):
    """Rewriting it would destroy the signature."""
    data = pdf_attacks.approve(pdf_attacks.letter(), signer).data
    return data[:data.rindex(b'startxref')] + b'startxref\n11\n%%EOF\n'


@odd('signed_and_damaged')
def usage_rights():
    """Reader extensions (UR3) are a signature that no field has; beside damage."""
    value = (b'<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange '
             b'[0 10 20 30] /Contents <00> >>')
    return whole(simple(b'/Perms << /UR3 6 0 R >>', more={6: value})).replace(b'startxref\n', b'startxref\n9')


@odd(SIGNS)
def permissions_of_nobody():
    return whole(simple(b'/Perms << /Kit 6 0 R >>', more={6: b'<< >>'}))
