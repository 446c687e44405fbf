# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of Word documents as others make them, or as nobody may: written by hand, each with the
verdict and the reason that kyso shall give."""

import base64
import hashlib

import ooxml_documents
from ooxml_documents import MEDIA, OFFICE, PACKAGE, RELATIONSHIPS, ROOT, SIGNATURE, TYPES
from xml_attacks import HASH, transform
from xml_documents import DSIG

INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
MDSSI = f'{PACKAGE}/digital-signature'
LINKS = {'rId1': ('styles', 'styles.xml', 'Internal'), 'rId2': ('image', 'media/anh1.png', 'Internal'),
         'rId10': ('hyperlink', 'https://vi-du.test/a?b=1', 'External')}
PARTS = {'word/document.xml': MEDIA + ooxml_documents.PARTS['word/document.xml'],
         'word/styles.xml': MEDIA + ooxml_documents.PARTS['word/styles.xml'],
         'word/media/anh1.png': 'image/png'}
RELS = f'{MEDIA}package.relationships+xml'


def reference(uri, data, transforms=''):
    listed = f'<ds:Transforms>{transforms}</ds:Transforms>' if transforms else ''
    value = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return (f'<ds:Reference URI="{uri}">{listed}<ds:DigestMethod Algorithm="{HASH["sha256"]}"></ds:DigestMethod>'
            f'<ds:DigestValue>{value}</ds:DigestValue></ds:Reference>')


def part(files, name, kind):
    return reference(f'/{name}?ContentType={kind}', files[name])


def canonical(links):
    """After the Relationships Transform; @links {Id: (type, target, mode)}."""
    listed = ''.join(f'<Relationship Id="{name}" Target="{target}" TargetMode="{mode}" '
                     f'Type="{OFFICE}/relationships/{kind}"></Relationship>'
                     for name, (kind, target, mode) in sorted(links.items()))
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'.encode()


def selected(name, links, selectors):
    """@selectors: attributes of RelationshipReference, or of the group's where they begin so."""
    names = ('RelationshipsGroupReference' if one.startswith('SourceType') else 'RelationshipReference'
             for one in selectors)
    inside = ''.join(f'<mdssi:{name} xmlns:mdssi="{MDSSI}" {one}></mdssi:{name}>'
                     for name, one in zip(names, selectors))
    return reference(f'/{name}?ContentType={RELS}', canonical(links),
                     transform(f'{PACKAGE}/RelationshipTransform', inside) + transform(INCLUSIVE))


def root():
    return selected(ROOT, {'rId1': ('officeDocument', 'word/document.xml', 'Internal')}, ['SourceId="rId1"'])


def links(names=tuple(LINKS)):
    return selected(RELATIONSHIPS, {name: LINKS[name] for name in names},
                    [f'SourceId="{name}"' for name in names])


def parts(files):
    return ''.join(part(files, name, kind) for name, kind in PARTS.items())


def manifest(references, name='idPackageObject'):
    return f'<ds:Object xmlns:ds="{DSIG}" Id="{name}"><ds:Manifest>{references}</ds:Manifest></ds:Object>'


def over(signer, content, others=''):
    """A signature over this object, as Word makes it: no transform, canonical XML 1.0."""
    return signer.sign(reference('#idPackageObject', content.encode()), objects=content + others)


def good(signer, files):
    return over(signer, manifest(root() + links() + parts(files)))


def by_type(signer, files):
    kinds = [f'SourceType="{OFFICE}/relationships/{kind}"' for kind, _, _ in LINKS.values()]
    return over(signer, manifest(root() + selected(RELATIONSHIPS, LINKS, kinds) + parts(files)))


def byte_for_byte(signer, files):
    return over(signer, manifest(root() + part(files, RELATIONSHIPS, RELS) + parts(files)))


def without_a_link(signer, files):
    return over(signer, manifest(root() + links(('rId1', 'rId2')) + parts(files)))


def without_a_part(signer, files):
    return over(signer, manifest(root() + links() + part(files, 'word/document.xml', PARTS['word/document.xml'])))


def without_type(signer, files):
    return over(signer, manifest(root() + links() + reference('/word/document.xml', files['word/document.xml'])))


def unsigned_manifest(signer, files):
    """What is listed is right; what is signed is another object."""
    return over(signer, f'<ds:Object xmlns:ds="{DSIG}" Id="idPackageObject">x</ds:Object>',
                manifest(root() + links() + parts(files), 'khac'))


def two_of_one_id(signer, files):
    return over(signer, manifest(root()), manifest(links() + parts(files)))


def manifest_within(signer, files):
    """Below the object that is signed, but not its own: readers would differ."""
    inner = manifest(root() + links() + parts(files), 'trong').replace(f' xmlns:ds="{DSIG}"', '')
    return over(signer, f'<ds:Object xmlns:ds="{DSIG}" Id="idPackageObject">{inner}</ds:Object>')


def object_within(signer, files):
    """The other way round: the object is not the signature's own, but within another one."""
    content = manifest(root() + links() + parts(files))
    return signer.sign(reference('#idPackageObject', content.encode()),
                       objects=f'<ds:Object xmlns:ds="{DSIG}">{content}</ds:Object>')


def unknown_selection(signer, files):
    return over(signer, manifest(root() + selected(RELATIONSHIPS, LINKS, ['Khac="1"'])
                                 + parts(files)))


def foreign(signer, files):
    return over(signer, manifest(root() + links() + parts(files)),
                f'<ds:Object xmlns:ds="{DSIG}"><w:t xmlns:w="{ooxml_documents.WORD}">Lời khác</w:t></ds:Object>')


SIGNATURES = {
    'as-word': (good, 'valid', None),
    'by-types-of-relationships': (by_type, 'valid', None),
    'relationships-byte-for-byte': (byte_for_byte, 'valid', None),
    'a-link-left-out': (without_a_link, 'undetermined', 'partial_coverage'),
    'parts-left-out': (without_a_part, 'undetermined', 'partial_coverage'),
    'no-media-type': (without_type, 'invalid', 'reference_unresolved'),
    'manifest-that-nobody-signs': (unsigned_manifest, 'undetermined', 'partial_coverage'),
    'two-objects-of-one-id': (two_of_one_id, 'invalid', 'reference_unresolved'),
    'manifest-within': (manifest_within, 'undetermined', 'partial_coverage'),
    'object-within': (object_within, 'undetermined', 'partial_coverage'),
    'unknown-selection': (unknown_selection, 'invalid', 'reference_unresolved'),
    'foreign-content': (foreign, 'undetermined', 'partial_coverage'),
}


def put(files, signature):
    """Into the package, as Office does."""
    origin = f'{PACKAGE}/relationships/digital-signature'
    ooxml_documents.add_relationship(ROOT, ('rId5', f'{origin}/origin', '_xmlsignatures/origin.sigs'))(files)
    files[TYPES] = files[TYPES].replace(
        b'</Types>', f'<Default Extension="sigs" ContentType="{MEDIA}package.digital-signature-origin"/>'
        f'<Override PartName="/{SIGNATURE}" ContentType="{MEDIA}package.digital-signature-xmlsignature+xml"/>'
        '</Types>'.encode())
    files['_xmlsignatures/origin.sigs'] = b''
    files['_xmlsignatures/_rels/origin.sigs.rels'] = ooxml_documents.relationships(
        ('rId1', f'{origin}/signature', 'sig1.xml'))
    files[SIGNATURE] = signature.encode()
    return files
