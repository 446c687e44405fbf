# SPDX-License-Identifier: GPL-3.0-or-later
"""A Word document to sign, and what may be done to it once it is signed: each by its name, with the
verdict and the reason that kyso shall give."""

import re

import xml_documents
from xml_attacks import edit, put

PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006'
WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
MEDIA = 'application/vnd.openxmlformats-'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
SIGNATURE = '_xmlsignatures/sig1.xml'
TYPES = '[Content_Types].xml'
ROOT = '_rels/.rels'
RELATIONSHIPS = 'word/_rels/document.xml.rels'

PARTS = {
    'word/document.xml': 'officedocument.wordprocessingml.document.main+xml',
    'word/styles.xml': 'officedocument.wordprocessingml.styles+xml',
    'docProps/core.xml': 'package.core-properties+xml',
    'docProps/app.xml': 'officedocument.extended-properties+xml',
    'docProps/custom.xml': 'officedocument.custom-properties+xml',
}


def relationships(*items):
    """Of (Id, type, target[, "External"]), as Word writes them."""
    listed = ''.join(f'<Relationship Id="{item[0]}" Type="{item[1]}" Target="{item[2]}"'
                     + (f' TargetMode="{item[3]}"' if len(item) > 3 else '') + '/>' for item in items)
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'.encode()


def content_types(parts):
    overrides = ''.join(f'<Override PartName="/{name}" ContentType="{MEDIA}{kind}"/>'
                        for name, kind in parts.items())
    return (f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="png" ContentType="image/png"/>'
            f'<Default Extension="rels" ContentType="{MEDIA}package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>').encode()


def docx_files(*paragraphs):
    body = ''.join(f'<w:p><w:r><w:t>{text}</w:t></w:r></w:p>' for text in paragraphs)
    return {
        TYPES: content_types(PARTS),
        ROOT: relationships(
            ('rId4', f'{OFFICE}/relationships/custom-properties', 'docProps/custom.xml'),
            ('rId3', f'{OFFICE}/relationships/extended-properties', 'docProps/app.xml'),
            ('rId2', f'{PACKAGE}/relationships/metadata/core-properties', 'docProps/core.xml'),
            ('rId1', f'{OFFICE}/relationships/officeDocument', 'word/document.xml')),
        'word/document.xml': f'{HEAD}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'.encode(),
        RELATIONSHIPS: relationships(
            ('rId10', f'{OFFICE}/relationships/hyperlink', 'https://vi-du.test/a?b=1', 'External'),
            ('rId2', f'{OFFICE}/relationships/image', 'media/anh1.png'),
            ('rId1', f'{OFFICE}/relationships/styles', 'styles.xml')),
        'word/styles.xml': f'{HEAD}<w:styles xmlns:w="{WORD}"/>'.encode(),
        'word/media/anh1.png': xml_documents.PIXEL,
        'docProps/core.xml': f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties"/>'.encode(),
        'docProps/app.xml': f'{HEAD}<Properties xmlns="{OFFICE}/extended-properties"/>'.encode(),
        'docProps/custom.xml': f'{HEAD}<Properties xmlns="{OFFICE}/custom-properties"/>'.encode(),
    }


def write_docx(path, *paragraphs):
    return xml_documents.write_package(path, docx_files(*(paragraphs or ('Văn bản thử nghiệm.',))))


def small_files(main, kind, part, part_kind, text):
    """A main part without anything in it, and one with the text."""
    return {
        TYPES: content_types({main: f'officedocument.{kind}', part: f'officedocument.{part_kind}'}),
        ROOT: relationships(('rId1', f'{OFFICE}/relationships/officeDocument', main)),
        main: f'{HEAD}<a xmlns="urn:kyso:thu"/>'.encode(),
        part: f'{HEAD}{text}'.encode(),
    }


def xlsx_files(text):
    space = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
    return small_files('xl/workbook.xml', 'spreadsheetml.sheet.main+xml', 'xl/sharedStrings.xml',
                       'spreadsheetml.sharedStrings+xml', f'<sst xmlns="{space}"><si><t>{text}</t></si></sst>')


def pptx_files(text):
    space = 'http://schemas.openxmlformats.org/drawingml/2006/main'
    return small_files('ppt/presentation.xml', 'presentationml.presentation.main+xml', 'ppt/slides/slide1.xml',
                       'presentationml.slide+xml',
                       f'<s xmlns:a="{space}"><a:p><a:r><a:t>{text}</a:t></a:r></a:p></s>')


def add_relationship(name, item):
    one = relationships(item).decode()
    return edit(name, b'</Relationships>', re.search(r'<Relationship .*/>', one)[0].encode() + b'</Relationships>')


def both(*changes):
    def change(files):
        for one in changes:
            one(files)
    return change


def rename(files):
    files['word/Styles.xml'] = files.pop('word/styles.xml')


HYPERLINK = f'{OFFICE}/relationships/hyperlink'
CUSTOM = f'{OFFICE}/relationships/custom-properties'

# Of a package that `docx_files` made and kyso signed.
TAMPERED = {
    'text': (edit('word/document.xml', 'nghiệm'.encode(), 'nghiem'.encode()), 'invalid', 'digest_mismatch'),
    'style': (edit('word/styles.xml', b'<w:styles', b'<w:styles w:x="1"'), 'invalid', 'digest_mismatch'),
    'picture': (put('word/media/anh1.png', b'x'), 'invalid', 'digest_mismatch'),
    'custom-properties': (put('docProps/custom.xml', b'<a/>'), 'invalid', 'digest_mismatch'),
    'media-type': (edit(TYPES, b'wordprocessingml.styles+xml', b'wordprocessingml.numbering+xml'), 'invalid',
                   'reference_unresolved'),
    'default-type': (edit(TYPES, b'image/png', b'image/gif'), 'invalid', 'reference_unresolved'),
    'link': (edit(RELATIONSHIPS, b'b=1', b'b=2'), 'invalid', 'digest_mismatch'),
    'link-mode': (edit(RELATIONSHIPS, b' TargetMode="External"', b''), 'invalid', 'digest_mismatch'),
    'link-removed': (edit(RELATIONSHIPS, b'rId10', b'rId11'), 'invalid', 'digest_mismatch'),
    'link-added': (add_relationship(RELATIONSHIPS, ('rId9', HYPERLINK, 'https://khac.test/', 'External')),
                   'undetermined', 'partial_coverage'),
    'properties-of-a-part': (add_relationship(RELATIONSHIPS, ('rId9', CUSTOM, '../docProps/custom.xml')),
                             'undetermined', 'partial_coverage'),
    'main-part': (edit(ROOT, b'Target="word/document.xml"', b'Target="word/styles.xml"'), 'invalid', None),
    'part-added': (put('word/footnotes.xml', b'<a/>'), 'undetermined', 'partial_coverage'),
    'part-called-a-preview': (both(
        put('word/media/anh2.png', xml_documents.PIXEL),
        add_relationship(ROOT, ('rId9', f'{PACKAGE}/relationships/metadata/thumbnail', 'word/media/anh2.png'))),
        'undetermined', 'partial_coverage'),
    'part-beside-the-signatures': (put('_xmlsignatures/sig2.xml', b'<a/>'), 'undetermined', 'partial_coverage'),
    'part-removed': (lambda files: files.pop('word/media/anh1.png'), 'invalid', 'reference_unresolved'),
    'part-renamed': (rename, 'invalid', 'reference_unresolved'),
    'manifest': (edit(SIGNATURE, b'URI="/word/styles.xml', b'URI="/word/media/anh1.png'), 'invalid', None),
    'time': (edit(SIGNATURE, b'YYYY-MM-DD', b'YYYY-DD-MM'), 'invalid', 'digest_mismatch'),
    'office-object': (edit(SIGNATURE, b'<Monitors>1<', b'<Monitors>2<'), 'invalid', 'digest_mismatch'),
    'signature-value': (edit(SIGNATURE, b'Signature-value">', b'Signature-value">AAAA'), 'invalid',
                        'signature_mismatch'),
    'signatures-cut-off': (edit(ROOT, b'digital-signature/origin', b'digital-signature/nothing'),
                           'unsigned', None),
}

# What may change: the document stays what it is.
ALLOWED = {
    'properties': put('docProps/core.xml', b'<a/>'),
    'properties-removed': lambda files: files.pop('docProps/app.xml'),
    'order-of-relationships': put(RELATIONSHIPS, relationships(
        ('rId1', f'{OFFICE}/relationships/styles', 'styles.xml', 'Internal'),
        ('rId2', f'{OFFICE}/relationships/image', 'media/anh1.png'),
        ('rId10', HYPERLINK, 'https://vi-du.test/a?b=1', 'External'))),
    'white-space-in-relationships': edit(RELATIONSHIPS, b'/><', b'/>\n  <!-- x --><'),
    'type-of-another-extension': edit(
        TYPES, b'<Default Extension="png"',
        b'<Default Extension="gif" ContentType="image/gif"/><Default Extension="png"'),
    'small-and-capital-letters-of-a-type': edit(TYPES, b'image/png', b'image/PNG'),
}

# What no reader is sure about.
UNSOUND = {
    'no relationships': lambda files: files.pop(ROOT),
    'relationships that are no XML': put(ROOT, b'<a'),
    'relationships of another kind': put(RELATIONSHIPS, b'<a/>'),
    'two relationships of one Id': put(RELATIONSHIPS, relationships(
        ('rId1', 'urn:x', 'a.xml'), ('rId1', 'urn:x', 'b.xml'))),
    'an element among the relationships': edit(RELATIONSHIPS, b'/><', b'/><x xmlns="urn:x"/><'),
    'an attribute of another kind': edit(RELATIONSHIPS, b'Id="rId1"', b'Id="rId1" xmlns:x="urn:x" x:y="1"'),
    'a mode that there is not': edit(RELATIONSHIPS, b'"External"', b'"Other"'),
    'two main parts': add_relationship(ROOT, ('rId9', f'{OFFICE}/relationships/officeDocument', 'word/document.xml')),
    'two origins of signatures': both(*(
        add_relationship(ROOT, (f'rId{number}', f'{PACKAGE}/relationships/digital-signature/origin', 'a.sigs'))
        for number in (8, 9))),
    'a main part that is a picture': edit(ROOT, b'word/document.xml', b'word/media/anh1.png'),
    'media types that are no XML': put(TYPES, b'<a'),
    'media types of another kind': put(TYPES, b'<a/>'),
    'a part with two media types': edit(TYPES, b'</Types>', b'<Override PartName="/WORD/styles.xml" '
                                                            b'ContentType="application/xml"/></Types>'),
    'a media type with quotes': edit(TYPES, b'image/png', b'image/png;a=&quot;'),
    'names that differ in capital letters': put('word/Document.xml', b'<a/>'),
    'an ODF in it': put('mimetype', b'application/vnd.oasis.opendocument.text'),
}
