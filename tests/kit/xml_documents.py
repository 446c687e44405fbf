# SPDX-License-Identifier: GPL-3.0-or-later
"""XML documents and ODF packages to sign, ways to tamper with them, and the tools that are not ours
which say what they think of the result."""

import base64
import pathlib
import re
import subprocess
import zipfile

DSIG = 'http://www.w3.org/2000/09/xmldsig#'
XADES = 'http://uri.etsi.org/01903/v1.3.2#'
SIGNATURES = 'META-INF/documentsignatures.xml'

REPORT = '''<?xml version="1.0" encoding="UTF-8"?>
<!-- số liệu giả định -->
<bc:BaoCao xmlns:bc="urn:kyso:thu" xmlns="urn:kyso:khac" ky="2026-11" Id='goc'>
  <bc:DonVi ma="H01.02"   ten='UBND xã Thử Nghiệm'/>
  <bc:ChiTieu ma="01">12 &lt; 15 &amp; "đúng"</bc:ChiTieu>
  <ghichu><![CDATA[<không phải thẻ>]]></ghichu>
</bc:BaoCao>
<!-- hết -->
'''

OFFICE = 'urn:oasis:names:tc:opendocument:xmlns:office:1.0'
TEXT = 'urn:oasis:names:tc:opendocument:xmlns:text:1.0'
ODT = 'application/vnd.oasis.opendocument.text'
PIXEL = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')


def write_report(path, text=REPORT):
    path = pathlib.Path(path)
    path.write_text(text, encoding='utf-8')
    return path


def odt_files(*paragraphs):
    body = ''.join(f'<text:p>{paragraph}</text:p>' for paragraph in paragraphs)
    names = {'content.xml': 'text/xml', 'styles.xml': 'text/xml', 'meta.xml': 'text/xml',
             'Pictures/anh 1.png': 'image/png'}
    entries = ''.join(f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
                      for name, kind in names.items())
    head = f'xmlns:office="{OFFICE}" xmlns:text="{TEXT}" office:version="1.2"'
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return {
        'mimetype': ODT.encode(),
        'content.xml': f'{declaration}<office:document-content {head}><office:body><office:text>{body}'
                       '</office:text></office:body></office:document-content>'.encode(),
        'styles.xml': f'{declaration}<office:document-styles {head}/>'.encode(),
        'meta.xml': f'{declaration}<office:document-meta {head}><office:meta/></office:document-meta>'.encode(),
        'Pictures/anh 1.png': PIXEL,
        'META-INF/manifest.xml': f'{declaration}<manifest:manifest xmlns:manifest='
                                 '"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
                                 f'<manifest:file-entry manifest:full-path="/" manifest:version="1.2" '
                                 f'manifest:media-type="{ODT}"/>{entries}</manifest:manifest>'.encode(),
    }


def write_package(path, files):
    """`files` {name: bytes} in their order; the first is not packed."""
    with zipfile.ZipFile(path, 'w') as package:
        for i, (name, data) in enumerate(files.items()):
            kind = zipfile.ZIP_DEFLATED if i else zipfile.ZIP_STORED
            package.writestr(zipfile.ZipInfo(name), data, compress_type=kind)
    return pathlib.Path(path)


def read_package(path):
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def write_odt(path, *paragraphs):
    return write_package(path, odt_files(*(paragraphs or ('Văn bản thử nghiệm.',))))


def change_package(source, target, change):
    """`change` works on {name: bytes}."""
    files = read_package(source)
    change(files)
    return write_package(target, files)


def change_text(source, target, old, new):
    text = pathlib.Path(source).read_text(encoding='utf-8')
    if old not in text:
        raise AssertionError(f'{source} has no {old!r}')
    pathlib.Path(target).write_text(text.replace(old, new), encoding='utf-8')
    return pathlib.Path(target)


def signature_in(path):
    """The text of the first signature of an XML document."""
    text = pathlib.Path(path).read_text(encoding='utf-8')
    return re.search(r'<ds:Signature .*?</ds:Signature>', text, re.DOTALL)[0]


# Tools

def xmlsec_verifies(path, anchor, *intermediates):
    """Does xmlsec1 take the signature, and the certificate, for good?"""
    command = ['xmlsec1', '--verify', '--id-attr:Id', f'{XADES}:SignedProperties', '--id-attr:Id',
               'urn:kyso:thu:BaoCao', '--enabled-key-data', 'x509', '--trusted-pem', str(anchor)]
    for path_of in intermediates:
        command += ['--untrusted-pem', str(path_of)]
    done = subprocess.run([*command, str(path)], capture_output=True, text=True)
    return done.returncode == 0, done.stderr
