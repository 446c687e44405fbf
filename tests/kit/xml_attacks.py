# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be done to signed XML and ODF, or signed as it must not be: each by its name, with the
verdict and the reason that kyso shall give.

The signatures of this module are written by hand, so that they can be wrong in one way each."""

import base64
import hashlib
import re
import subprocess

import xml_documents
from xml_documents import DSIG, XADES

EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
ENVELOPED = f'{DSIG}enveloped-signature'
XPATH = 'http://www.w3.org/TR/1999/REC-xpath-19991116'
RSA = {'sha1': f'{DSIG}rsa-sha1', 'sha256': 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'}
HASH = {'sha1': f'{DSIG}sha1', 'sha256': 'http://www.w3.org/2001/04/xmlenc#sha256',
        'md5': 'http://www.w3.org/2001/04/xmldsig-more#md5'}
PROPERTIES = 'http://uri.etsi.org/01903#SignedProperties'

# In canonical form as it stands.
HEAD = '<bc:BaoCao xmlns:bc="urn:kyso:thu" Id="goc">'
PIECE = '<bc:Chi Id="chi">10.000.000</bc:Chi>'
TAIL = '</bc:BaoCao>'


def digest(text, name='sha256'):
    return base64.b64encode(hashlib.new(name, text.encode()).digest()).decode()


def transform(algorithm, inside=''):
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def reference(uri, content, transforms=(EXCLUSIVE,), name='sha256', kind=''):
    listed = ''.join(one if one.startswith('<') else transform(one) for one in transforms)
    typed = f' Type="{kind}"' if kind else ''
    return (f'<ds:Reference{typed} URI="{uri}"><ds:Transforms>{listed}</ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{HASH[name]}"></ds:DigestMethod>'
            f'<ds:DigestValue>{digest(content, name)}</ds:DigestValue></ds:Reference>')


class Signer:
    def __init__(self, key, certificate):
        self.key = key
        pem = certificate.read_text()
        self.certificate = ''.join(pem.split('-----BEGIN CERTIFICATE-----')[1].split('-----END')[0].split())

    def sign(self, *references, name='sha256', method=None, objects='', certificate=None):
        """A ds:Signature over @references; `objects` follow its KeyInfo."""
        info = (f'<ds:SignedInfo xmlns:ds="{DSIG}"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}">'
                f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{method or RSA[name]}">'
                f'</ds:SignatureMethod>{"".join(references)}</ds:SignedInfo>')
        value = subprocess.run(['openssl', 'dgst', f'-{name}', '-sign', self.key], input=info.encode(),
                               capture_output=True, check=True).stdout
        return (f'<ds:Signature xmlns:ds="{DSIG}" Id="tay">{info}<ds:SignatureValue>'
                f'{base64.b64encode(value).decode()}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>'
                f'<ds:X509Certificate>{certificate or self.certificate}</ds:X509Certificate></ds:X509Data>'
                f'</ds:KeyInfo>{objects}</ds:Signature>')


def whole(signer, content=PIECE, **options):
    """A good one, over all of the document."""
    document = reference('', HEAD + content + TAIL, (ENVELOPED, EXCLUSIVE), options.get('name', 'sha256'))
    return HEAD + content + signer.sign(document, **options) + TAIL


def by_root_id(signer):
    return HEAD + PIECE + signer.sign(reference('#goc', HEAD + PIECE + TAIL, (ENVELOPED, EXCLUSIVE))) + TAIL


def piece(signer, tampered=None):
    """Over one element by its Id, as many office programs do it."""
    alone = PIECE.replace('<bc:Chi ', '<bc:Chi xmlns:bc="urn:kyso:thu" ')
    return HEAD + (tampered or PIECE) + signer.sign(reference('#chi', alone)) + TAIL


def wrapped(signer):
    """The signed element goes on living in a corner; what a reader takes is another."""
    return piece(signer, tampered=f'<bc:Chi>99.000.000</bc:Chi><bc:Goc>{PIECE}</bc:Goc>')


def wrapped_in_object(signer):
    """The same, with the signed element inside of the signature."""
    text = piece(signer, tampered='<bc:Chi>99.000.000</bc:Chi>')
    return text.replace('</ds:Signature>', f'<ds:Object>{PIECE}</ds:Object></ds:Signature>')


def two_ids(signer):
    return piece(signer, tampered=f'{PIECE.replace("10.", "99.")}{PIECE}')


def two_ids_first(signer):
    return piece(signer, tampered=f'{PIECE}{PIECE.replace("10.", "99.")}')


def whole_by_wrapped_root(signer):
    """The signed root becomes a child of the attacker's."""
    return f'<bc:BaoCao xmlns:bc="urn:kyso:thu"><bc:Chi>99.000.000</bc:Chi>{by_root_id(signer)}</bc:BaoCao>'


def filtered(signer):
    """A transform that leaves the sum out of what is signed."""
    path = transform(XPATH, '<ds:XPath>not(ancestor-or-self::bc:Chi)</ds:XPath>')
    return HEAD + PIECE + signer.sign(reference('', HEAD + TAIL, (ENVELOPED, path, EXCLUSIVE))) + TAIL


def signed_properties(signer, certificate=None):
    der = base64.b64decode(certificate or signer.certificate)
    value = base64.b64encode(hashlib.sha256(der).digest()).decode()
    return (f'<xades:SignedProperties xmlns:xades="{XADES}" Id="tinh-chat"><xades:SignedSignatureProperties>'
            '<xades:SigningTime>2026-11-01T08:00:00Z</xades:SigningTime><xades:SigningCertificateV2>'
            f'<xades:Cert><xades:CertDigest><ds:DigestMethod xmlns:ds="{DSIG}" Algorithm="{HASH["sha256"]}">'
            f'</ds:DigestMethod><ds:DigestValue xmlns:ds="{DSIG}">{value}</ds:DigestValue>'
            '</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>'
            '</xades:SignedProperties>')


def with_properties(signer, is_signed, certificate=None, kind=PROPERTIES):
    properties = signed_properties(signer, certificate)
    objects = (f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#tay">{properties}'
               '</xades:QualifyingProperties></ds:Object>')
    references = [reference('', HEAD + PIECE + TAIL, (ENVELOPED, EXCLUSIVE))]
    if is_signed:
        references.append(reference('#tinh-chat', properties, kind=kind))
    return HEAD + PIECE + signer.sign(*references, objects=objects) + TAIL


# name -> (make(signer, another signer), verdict, reason)
FORGED = {
    'over-the-root-by-its-id': (lambda s, _: by_root_id(s), 'valid', None),
    'over-the-document': (lambda s, _: whole(s), 'valid', None),
    'properties-signed': (lambda s, _: with_properties(s, True), 'valid', None),
    'over-one-element': (lambda s, _: piece(s), 'undetermined', 'partial_coverage'),
    'wrapped-in-a-corner': (lambda s, _: wrapped(s), 'undetermined', 'partial_coverage'),
    'wrapped-in-its-object': (lambda s, _: wrapped_in_object(s), 'undetermined', 'partial_coverage'),
    'wrapped-root': (lambda s, _: whole_by_wrapped_root(s), 'undetermined', 'partial_coverage'),
    'id-twice-evil-first': (lambda s, _: two_ids(s), 'invalid', 'reference_unresolved'),
    'id-twice-evil-last': (lambda s, _: two_ids_first(s), 'invalid', 'reference_unresolved'),
    'filtered-by-xpath': (lambda s, _: filtered(s), 'invalid', 'reference_unresolved'),
    'file-outside': (lambda s, _: HEAD + PIECE + s.sign(reference('file:///etc/hostname', '')) + TAIL,
                     'invalid', 'reference_unresolved'),
    'no-reference': (lambda s, _: HEAD + PIECE + s.sign() + TAIL, 'invalid', 'reference_unresolved'),
    'weak-hash-sha1': (lambda s, _: whole(s, name='sha1'), 'undetermined', 'weak_hash'),
    'weak-digest-md5': (lambda s, _: HEAD + PIECE + s.sign(
        reference('', HEAD + PIECE + TAIL, (ENVELOPED, EXCLUSIVE), 'md5')) + TAIL,
        'undetermined', 'hash_unsupported'),
    'hmac-with-the-certificate': (lambda s, _: whole(s, method=f'{DSIG}hmac-sha1'),
                                  'undetermined', 'hash_unsupported'),
    'another-certificate': (lambda s, other: whole(s, certificate=other.certificate),
                            'invalid', 'signature_mismatch'),
    'properties-not-signed': (lambda s, _: with_properties(s, False), 'invalid', 'properties_unsigned'),
    'properties-of-no-type': (lambda s, _: with_properties(s, True, kind=''), 'invalid',
                              'properties_unsigned'),
    'properties-name-another': (lambda s, other: with_properties(s, True, other.certificate),
                                'invalid', 'signing_certificate_mismatch'),
}


def replace(old, new):
    def change(text):
        if old not in text:
            raise AssertionError(f'no {old!r}')
        return text.replace(old, new, 1)
    return change


def swap_base64(element):
    """Another first character of the value of an element."""
    def change(text):
        found = re.search(f'<{element}[^>]*>(.)', text)
        other = 'B' if found[1] == 'A' else 'A'
        return text[:found.start(1)] + other + text[found.end(1):]
    return change


# What may be done to xml_documents.REPORT as kyso signs it: name -> (change, verdict, reason)
TAMPERED = {
    'text': (replace('12 &lt; 15', '12 &lt; 16'), 'invalid', 'digest_mismatch'),
    'attribute': (replace('ma="01"', 'ma="02"'), 'invalid', 'digest_mismatch'),
    'element-added-first': (replace('<bc:DonVi', '<bc:Them/><bc:DonVi'), 'invalid', 'digest_mismatch'),
    'element-added-last': (replace('</bc:BaoCao>', '<bc:Them/></bc:BaoCao>'), 'invalid', 'digest_mismatch'),
    'element-removed': (lambda text: re.sub(r'<bc:ChiTieu.*?</bc:ChiTieu>', '', text), 'invalid',
                        'digest_mismatch'),
    'namespace': (replace('urn:kyso:thu', 'urn:kyso:gia'), 'invalid', 'digest_mismatch'),
    'instruction-before': (replace('<bc:BaoCao', '<?xml-stylesheet href="gia.xsl"?><bc:BaoCao'), 'invalid',
                           'digest_mismatch'),
    'signature-value': (swap_base64('ds:SignatureValue'), 'invalid', 'signature_mismatch'),
    'digest-value': (swap_base64('ds:DigestValue'), 'invalid', 'signature_mismatch'),
    'signing-time': (lambda text: re.sub(r'SigningTime>20\d\d', 'SigningTime>2019', text), 'invalid',
                     'digest_mismatch'),
    'properties-twice': (lambda text: re.sub(r'(<ds:Object>.*?</ds:Object>)', r'\1\1', text), 'invalid',
                         'reference_unresolved'),
    'signed-info-twice': (lambda text: re.sub(r'(<ds:SignedInfo.*?</ds:SignedInfo>)', r'\1\1', text),
                          'invalid', 'signature_unreadable'),
    'content-in-signature': (replace('</ds:Object>', '<bc:ChiTieu>99</bc:ChiTieu></ds:Object>'),
                             'undetermined', 'partial_coverage'),
    'signature-without-value': (lambda text: re.sub(r'<ds:SignatureValue.*?</ds:SignatureValue>', '', text),
                                'invalid', 'signature_unreadable'),
    'reference-removed': (lambda text: re.sub(r'<ds:Reference Type.*?</ds:Reference>', '', text), 'invalid',
                          'signature_mismatch'),
    'comment': (replace('giả định', 'khác'), 'valid', None),  # canonical XML has no comments
}


def put(name, data):
    return lambda files: files.update({name: data})


def edit(name, old, new):
    def change(files):
        if old not in files[name]:
            raise AssertionError(f'{name} has no {old!r}')
        files[name] = files[name].replace(old, new)
    return change


def rename(files):
    files['Pictures/khac.png'] = files.pop('Pictures/anh 1.png')


# The same for a package: name -> (change of {name: bytes}, verdict, reason)
PACKAGES = {
    'text': (edit('content.xml', 'nghiệm'.encode(), 'nghiem'.encode()), 'invalid', 'digest_mismatch'),
    'style': (edit('styles.xml', b'office:version="1.2"', b'office:version="1.3"'), 'invalid',
              'digest_mismatch'),
    'picture': (put('Pictures/anh 1.png', b'x'), 'invalid', 'digest_mismatch'),
    'manifest': (edit('META-INF/manifest.xml', b'image/png', b'image/gif'), 'invalid', 'digest_mismatch'),
    'kind': (edit('mimetype', b'text', b'text-template'), 'invalid', 'digest_mismatch'),
    'file-added': (put('Basic/Standard/Module1.xml', b'<m/>'), 'undetermined', 'partial_coverage'),
    'signature-file-added': (put('META-INF/macrosignatures.xml', b'<m/>'), 'undetermined',
                             'partial_coverage'),
    'file-removed': (lambda files: files.pop('Pictures/anh 1.png'), 'invalid', 'reference_unresolved'),
    'file-renamed': (rename, 'invalid', 'reference_unresolved'),
    'xml-no-more': (put('content.xml', b'<a'), 'invalid', 'reference_unresolved'),
    'signatures-emptied': (put(xml_documents.SIGNATURES,
                               b'<document-signatures xmlns="urn:oasis:names:tc:opendocument:xmlns:'
                               b'digitalsignature:1.0"/>'), 'unsigned', None),
}
