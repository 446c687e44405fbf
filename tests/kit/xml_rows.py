# SPDX-License-Identifier: GPL-3.0-or-later
"""What xmlsec1, openssl and LibreOffice say of XAdES signatures in XML, ODF and OOXML: rows of
tests/show/other-formats."""

import base64
import json
import re
import shutil
import subprocess

import kyso_kit
import ooxml_documents
import xml_attacks
import xml_documents

PSS = '1.2.840.113549.1.1.10'
KEYS = (
    ('leader', 'RSA-2048', {}),
    ('leader', 'RSA-2048, SHA-384', {'signAlgo': '1.2.840.113549.1.1.12'}),
    ('leader', 'RSA-2048, SHA-512', {'signAlgo': '1.2.840.113549.1.1.13'}),
    ('agency', 'RSA-3072', {}),
    ('p256', 'ECDSA P-256', {}),
    ('p384', 'ECDSA P-384', {}),
    ('leader', 'level B-T', {'conformance_level': 'AdES-B-T'}),
)
REJECTED = ('text', 'attribute', 'element-added-last', 'signature-value', 'digest-value', 'signing-time')
BROKEN_OOXML = ('text', 'style', 'picture', 'link', 'link-removed', 'part-removed', 'office-object', 'time')
BROKEN = ('text', 'style', 'picture', 'manifest', 'file-removed', 'file-renamed')
STATES = {None: 'not opened', 0: 'none', 1: 'OK', 2: 'BROKEN', 3: 'INVALID', 4: 'certificate not trusted',
          5: 'partial', 6: 'partial, certificate not trusted'}
SECOND = '(//*[local-name()="Signature"])[2]'


def ask_xmlsec(place, path, *options):
    code, said = place.run_tool(
        'xmlsec1', '--verify', *options, '--id-attr:Id', f'{xml_documents.XADES}:SignedProperties',
        '--enabled-key-data', 'x509', '--trusted-pem', place.anchor, '--untrusted-pem', place.intermediate,
        path)
    found = re.search(r'References \(ok/all\): (\d+)/(\d+)', said)
    return code == 0 and found is not None and found[1] == found[2] and int(found[2]) == 2, said


def show_keys(place, table, report):
    for name, what, more in KEYS:
        target = place.out / 'signed.xml'
        place.sign(report, target, 'xml', name, **more)
        good, said = ask_xmlsec(place, target)
        table.row(f'XAdES, {what}', 'xmlsec1', 'OK' if good else said[-40:], holds=good)


def show_stamp(place, table, report):
    stamped, signed, raised = (place.out / f'{name}.xml' for name in ('stamped', 'signed', 'raised'))
    place.sign(report, stamped, 'xml', conformance_level='AdES-B-T')
    place.sign(report, signed, 'xml')
    place.raise_to('AdES-B-T', signed, raised)
    show_token(place, table, 'timestamp', stamped)
    show_token(place, table, 'timestamp later', raised)
    good, said = ask_xmlsec(place, raised)
    table.row('XAdES, raised to B-T', 'xmlsec1', 'OK' if good else said[-40:], holds=good)


def show_token(place, table, which, target):
    text = target.read_text(encoding='utf-8')
    value = re.search(r'<ds:SignatureValue.*?</ds:SignatureValue>', text)[0]
    token = base64.b64decode(re.search(r'EncapsulatedTimeStamp>(.*?)<', text)[1])
    for what, data, expected in ((which, value, True), (f'{which}, other value', value + ' ', False)):
        good = place.is_stamped(data.encode(), token)
        table.row(f'XAdES, {what}', 'openssl ts', 'OK' if good else 'refused', holds=good == expected)


def show_pss(place, table, report):
    """xmlsec1 1.2 does not know PSS. What is signed stands in the file in its canonical form."""
    target, folder = place.out / 'pss.xml', place.home.path
    place.sign(report, target, 'xml', signAlgo=PSS)
    text = target.read_text(encoding='utf-8')
    (folder / 'info').write_text(re.search(r'<ds:SignedInfo.*?</ds:SignedInfo>', text)[0])
    (folder / 'value').write_bytes(base64.b64decode(re.search(r'<ds:SignatureValue[^>]*>(.*?)<', text)[1]))
    _, key = place.run_tool('openssl', 'x509', '-in', place.home.certificate('leader'), '-pubkey', '-noout')
    (folder / 'key').write_text(key)
    _, said = place.run_tool('openssl', 'dgst', '-sha256', '-sigopt', 'rsa_padding_mode:pss', '-sigopt',
                             'rsa_pss_saltlen:digest', '-verify', folder / 'key', '-signature',
                             folder / 'value', folder / 'info')
    good = 'Verified OK' in said
    table.row('XAdES, RSA-2048 PSS: value', 'openssl dgst', 'OK' if good else said[-40:], holds=good)


def show_several(place, table, report):
    first, second = place.out / 'first.xml', place.out / 'second.xml'
    place.sign(report, first, 'xml', several=True)
    place.sign(first, second, 'xml', 'agency')
    raised = place.out / 'raised.xml'
    place.raise_to('AdES-B-T', second, raised)
    for what, options in (('first of two', ()), ('second of two', ('--node-xpath', SECOND))):
        for path, later in ((second, ''), (raised, ', raised to B-T')):
            good, said = ask_xmlsec(place, path, *options)
            table.row(f'XAdES, {what}{later}', 'xmlsec1', 'OK' if good else said[-40:], holds=good)


def show_xml(place, table):
    report = xml_documents.write_report(place.home.path / 'report.xml')
    show_keys(place, table, report)
    show_stamp(place, table, report)
    show_pss(place, table, report)
    show_several(place, table, report)
    place.sign(report, place.out / 'signed.xml', 'xml')
    text = (place.out / 'signed.xml').read_text(encoding='utf-8')
    for name in REJECTED:
        change, _, _ = xml_attacks.TAMPERED[name]
        path = place.home.path / 'tampered.xml'
        path.write_text(change(text), encoding='utf-8')
        good, _ = ask_xmlsec(place, path)
        table.row(f'XAdES, tampered with: {name}', 'xmlsec1', 'OK' if good else 'refused', holds=not good)


def make_by_office(place, kind):
    """By LibreOffice itself."""
    folder = place.home.path / f'made-{kind}'
    folder.mkdir()
    source = folder / 'letter.txt'
    source.write_text('Công văn thử nghiệm.\nNội dung.\n', encoding='utf-8')
    subprocess.run(['soffice', f'-env:UserInstallation={(folder / "user").as_uri()}', '--headless',
                    '--convert-to', kind, '--outdir', folder, source],
                   check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return source.with_suffix(f'.{kind}')


def sign_packages(place, ours, made):
    """{what: signed package}."""
    signed, kind = {}, ours.suffix
    for name, what, more in KEYS:
        signed[what] = place.out / f'{len(signed)}{kind}'
        place.sign(ours, signed[what], 'xml', name, **more)
    signed['made by LibreOffice'] = place.out / f'made{kind}'
    place.sign(made, signed['made by LibreOffice'], 'xml')
    signed['two signatures'] = place.out / f'two{kind}'
    place.sign(signed['RSA-2048'], signed['two signatures'], 'xml', 'agency')
    signed['two signatures, raised to B-T'] = place.out / f'two-raised{kind}'
    place.raise_to('AdES-B-T', signed['two signatures'], signed['two signatures, raised to B-T'])
    return signed


def show_office(place, table, asked):
    """@asked {what: (package, what LibreOffice shall say)}."""
    run = subprocess.run(
        [kyso_kit.KIT / 'libreoffice-signatures', place.home.path / 'office', place.anchor, '--',
         *(path for path, _ in asked.values())], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    states = json.loads(run.stdout) if run.returncode == 0 else {}
    for what, (path, expected) in asked.items():
        said = STATES[states.get(str(path))]
        refused = expected == 'BROKEN' and said == 'not opened'
        table.row(what, 'LibreOffice', said, holds=said == expected or refused)
    if run.returncode != 0:
        table.row('all', 'LibreOffice', run.stderr[-60:], holds=False)
    shutil.rmtree(place.home.path / 'office')


def show_packages(place, table, kind, ours, best, changes):
    """@best is what LibreOffice says of a good one; `changes` {name: what breaks it}."""
    signed = sign_packages(place, ours, make_by_office(place, ours.suffix[1:]))
    asked = {f'{kind}, {what}': (path, best) for what, path in signed.items()}
    asked[f'{kind}, not signed'] = (ours, 'none')
    for name, change in changes.items():
        path = xml_documents.change_package(signed['RSA-2048'], place.home.path / f'{name}{ours.suffix}', change)
        asked[f'{kind}, tampered with: {name}'] = (path, 'BROKEN')
    show_office(place, table, asked)


def show_odf(place, table):
    ours = xml_documents.write_odt(place.home.path / 'letter.odt')
    show_packages(place, table, 'ODF', ours, 'OK', {name: xml_attacks.PACKAGES[name][0] for name in BROKEN})


def show_ooxml(place, table):
    """Of these LibreOffice says "partial" at best: it never takes a signature for one of all of the
    package, as the list of media types cannot be signed."""
    ours = ooxml_documents.write_docx(place.home.path / 'letter.docx')
    show_packages(place, table, 'OOXML', ours, 'partial',
                  {name: ooxml_documents.TAMPERED[name][0] for name in BROKEN_OOXML})
