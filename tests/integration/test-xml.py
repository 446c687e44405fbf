#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""XAdES in XML documents and ODF packages: what is signed, who may sign after it, and what kyso says
of those that were tampered with."""

import hashlib
import re
import subprocess
import zipfile

import kyso_kit
import office_services
import ooxml_documents
import tap
import xml_attacks
import xml_documents
from xml_office import SIGN, VERIFY, Case

PSS = '1.2.840.113549.1.1.10'


class Xml(Case):
    def test_every_key_signs(self):
        for name, more in (('leader', {}), ('leader', {'signAlgo': PSS}), ('agency', {}), ('p256', {}),
                           ('p384', {'signature_format': 'X', 'conformance_level': 'AdES-B-B'})):
            with self.subTest(name, **more):
                result = self.sign(self.report, self.out / 'result', name, **more)
                signature = result['signature']
                self.assertEqual((signature['verdict'], signature['format'], signature['field'], result['field']),
                                 ('valid', 'XAdES', '', None))
                data = (self.out / 'result').read_bytes()
                self.assertEqual(result['output_digest'], hashlib.sha256(data).hexdigest())
                answer = self.verify(self.out / 'result')
                self.assertEqual(answer['verdict'], 'valid')
                self.assertTrue(answer['signatures'][0]['covers_whole_document'])
                self.assertEqual(answer['signatures'][0]['warnings'], ['no_timestamp'])
                self.assertEqual(answer['signatures'][0]['covered'], [''])

    def test_the_document_stands_as_it_was(self):
        self.sign(self.report, self.out / 'result')
        text = (self.out / 'result').read_text(encoding='utf-8')
        signature = xml_documents.signature_in(self.out / 'result')
        self.assertEqual(text.replace(signature, ''), xml_documents.REPORT)
        self.assertTrue(text.index(signature) + len(signature) == text.index('</bc:BaoCao>'))

    def test_odd_documents(self):
        for name, text in (
            ('an empty root', '<a xmlns="urn:x" b="1"/>'),
            ('an empty root with a prefix', '<x:a xmlns:x="urn:x"/>\n<?sau?>\n'),
            ('a byte order mark', '\ufeff<a>chữ</a>'),
            ('no namespace', '<a><b>1</b></a>'),
            ('words like an end tag behind it', '<a>1</a><!-- </a> --><?x </a> ?>'),
            ('a root that is called Signature', '<Signature><Object/></Signature>'),
            ('xml:lang and xml:space', '<a xml:lang="vi" xml:space="preserve"> <b/> </a>'),
            ('line ends of DOS', '<?xml version="1.0"?>\r\n<a>\r\n<b/>\r\n</a>\r\n'),
        ):
            with self.subTest(name):
                source = self.home.path / 'odd.xml'
                source.write_bytes(text.encode())
                self.assertEqual(self.sign(source, self.out / 'odd')['signature']['verdict'], 'valid')
                self.assertEqual(self.verify(self.out / 'odd')['verdict'], 'valid')

    def test_a_large_text_is_signed(self):
        source = self.home.path / 'large.xml'
        source.write_bytes(b'<a><b>' + b'QUJD' * (5 * 1024 * 1024) + b'</b></a>')
        self.assertEqual(self.sign(source, self.out / 'large')['signature']['verdict'], 'valid')

    def test_what_was_tampered_with_is_not_valid(self):
        self.sign(self.report, self.out / 'result')
        text = (self.out / 'result').read_text(encoding='utf-8')
        for name, (change, verdict, reason) in xml_attacks.TAMPERED.items():
            with self.subTest(name):
                self.assert_verdict(self.verify_text(change(text)), verdict, reason, name)

    def test_what_others_have_signed(self):
        signer, other = self.signer('leader', 'rsa2048'), self.signer('agency', 'rsa3072')
        for name, (make, verdict, reason) in xml_attacks.FORGED.items():
            with self.subTest(name):
                self.assert_verdict(self.verify_text(make(signer, other)), verdict, reason, name)
        answer = self.verify_text(xml_attacks.piece(signer))
        self.assertEqual(answer['signatures'][0]['covered'], ['#chi'])

    def test_an_unsigned_document(self):
        for path in (self.report, self.odt):
            self.assertEqual(self.verify(path)['verdict'], 'unsigned')

    def test_several_sign_where_the_first_leaves_room(self):
        first, second = self.out / 'first.xml', self.out / 'second.xml'
        self.sign(self.report, first, several=True)
        self.sign(first, second, 'agency')
        answer = self.verify(second)
        self.assertEqual((answer['verdict'], answer['process'], len(answer['signatures'])),
                         ('valid', 'complete', 2))
        text = second.read_text(encoding='utf-8')
        self.assert_verdict(self.verify_text(text.replace('12 &lt; 15', '1')), 'invalid', 'digest_mismatch')
        smuggled = text.replace('</ds:Signature>', '<ds:Object><bc:Them/></ds:Object></ds:Signature>', 1)
        self.assert_verdict(self.verify_text(smuggled), 'undetermined', 'partial_coverage')

    def test_a_batch(self):
        documents = [{'input': {'path': str(path)}, 'output': {'path': str(self.out / path.name)}}
                     for path in (self.report, self.odt)]
        result = self.client.call(SIGN, {'credentialID': self.home.credentials['leader'], 'purpose': 'xml',
                                         'documents': documents})
        self.assertEqual([one['status'] for one in result['documents']], ['signed', 'signed'])
        for path in (self.report, self.odt):
            self.assertEqual(self.verify(self.out / path.name)['verdict'], 'valid')

    def test_the_command_line(self):
        for source in (self.report, self.odt):
            target = self.out / f'cli-{source.name}'
            run = self.kyso('sign', '--purpose', 'xml', '--credential', self.home.credentials['leader'],
                            source, target)
            self.assertEqual(run.returncode, 0, run.stderr)
            run = self.kyso('verify', target)
            self.assertEqual(run.returncode, 0, run.stdout)
            self.assertIn('Nguyễn Văn Thử', run.stdout)

    def kyso(self, *arguments):
        return subprocess.run([kyso_kit.program('ipc/cli/kyso'), '--socket', self.home.socket, *arguments],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)


class Odf(Case):
    def test_every_other_file_stands_as_it_was(self):
        result = self.sign(self.odt, self.out / 'result.odt')
        self.assertEqual((result['signature']['verdict'], result['signature']['format']), ('valid', 'XAdES'))
        before, after = (xml_documents.read_package(path) for path in (self.odt, self.out / 'result.odt'))
        signatures = after.pop(xml_documents.SIGNATURES).decode()
        self.assertEqual(before, after)
        with zipfile.ZipFile(self.out / 'result.odt') as package:
            first = package.infolist()[0]
            self.assertEqual((first.filename, first.compress_type), ('mimetype', zipfile.ZIP_STORED))
        self.assertEqual(len(re.findall('<ds:Reference ', signatures)), len(before) + 1)

    def test_several_sign(self):
        self.sign(self.odt, self.out / 'first.odt')
        self.sign(self.out / 'first.odt', self.out / 'second.odt', 'p256')
        self.sign(self.out / 'second.odt', self.out / 'third.odt', 'agency')
        answer = self.verify(self.out / 'third.odt')
        self.assertEqual((answer['verdict'], answer['process'], len(answer['signatures'])),
                         ('valid', 'complete', 3))
        with zipfile.ZipFile(self.out / 'third.odt') as package:
            self.assertEqual(package.namelist().count(xml_documents.SIGNATURES), 1)

    def test_names_of_all_kinds(self):
        files = xml_documents.odt_files('Tên tệp')
        for name in ('Pictures/ảnh số 1.png', 'a&b+c(1)=\'2\'.bin', 'không phải.xml', 'trống.xml', '50%25.txt'):
            files[name] = b'' if name == 'trống.xml' else b'<khong phai xml'
        path = xml_documents.write_package(self.home.path / 'names.odt', files)
        self.sign(path, self.out / 'names.odt')
        self.assertEqual(self.verify(self.out / 'names.odt')['verdict'], 'valid')

    def test_what_was_tampered_with_is_not_valid(self):
        self.sign(self.odt, self.out / 'result.odt')
        for name, (change, verdict, reason) in xml_attacks.PACKAGES.items():
            with self.subTest(name):
                path = xml_documents.change_package(self.out / 'result.odt', self.home.path / 'asked.odt', change)
                self.assert_verdict(self.verify(path), verdict, reason, name)


class Stamped(office_services.Case):
    def test_a_timestamp_counts(self):
        with self.agent.connect() as client:
            for source in (xml_documents.write_report(self.home.path / 'report.xml'),
                           xml_documents.write_odt(self.home.path / 'letter.odt'),
                           ooxml_documents.write_docx(self.home.path / 'letter.docx')):
                target = self.out / source.name
                result = client.call(SIGN, {
                    'credentialID': self.home.credentials['leader'], 'purpose': 'xml',
                    'conformance_level': 'AdES-B-T', 'input': {'path': str(source)},
                    'output': {'path': str(target)}})
                self.assertEqual(result['signature']['timestamp']['service'], 'Dấu thời gian thử nghiệm')
                answer = client.call(VERIFY, {'input': {'path': str(target)}})['signatures'][0]
                self.assertEqual((answer['verdict'], answer['warnings']), ('valid', []))
                self.assertEqual(answer['signed_at'], answer['timestamp']['time'])
        text = (self.out / 'report.xml').read_text(encoding='utf-8')
        token = re.search(r'EncapsulatedTimeStamp>(.*?)<', text)[1]
        with self.agent.connect() as client:
            for name, changed in (('cut', text.replace(token, token[:-8])), ('no base64', text.replace(token, '?'))):
                path = self.home.path / 'asked.xml'
                path.write_text(changed, encoding='utf-8')
                answer = client.call(VERIFY, {'input': {'path': str(path)}})
                self.assertEqual((answer['verdict'], answer['signatures'][0]['reason']),
                                 ('undetermined', 'timestamp'), name)

    def test_without_its_timestamp_nothing_is_handed_over(self):
        self.home.services.set('dead', 'tsa')
        source = xml_documents.write_report(self.home.path / 'report.xml')
        with self.agent.connect() as client:
            self.assert_refused('timestamp_unavailable', client.call, SIGN, {
                'credentialID': self.home.credentials['leader'], 'purpose': 'xml',
                'conformance_level': 'AdES-B-T', 'input': {'path': str(source)},
                'output': {'path': str(self.out / 'result')}})
        self.assertFalse((self.out / 'result').exists())


if __name__ == '__main__':
    tap.main()
