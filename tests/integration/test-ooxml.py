#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""XAdES in documents of Word, Excel and PowerPoint (Office Open XML): what is signed, who may sign
after it, and what kyso says of those that were tampered with."""

import re

import ooxml_documents
import ooxml_signatures
import tap
import xml_documents
from ooxml_documents import ROOT, SIGNATURE, TYPES
from xml_office import SIGN, Case

ORIGIN = '_xmlsignatures/_rels/origin.sigs.rels'


class Ooxml(Case):
    def setUp(self):
        super().setUp()
        self.signed = self.out / 'signed.docx'

    def change(self, change, source=None):
        return xml_documents.change_package(source or self.signed, self.home.path / 'asked.docx', change)

    def test_every_other_part_stands_as_it_was(self):
        result = self.sign(self.docx, self.signed)
        self.assertEqual((result['signature']['verdict'], result['signature']['format']), ('valid', 'XAdES'))
        before, after = (xml_documents.read_package(path) for path in (self.docx, self.signed))
        for name in (TYPES, ROOT, ooxml_documents.RELATIONSHIPS):
            before.pop(name), after.pop(name)
        signature = after.pop(SIGNATURE).decode()
        self.assertEqual((after.pop('_xmlsignatures/origin.sigs'), b'sig1.xml' in after.pop(ORIGIN)), (b'', True))
        self.assertEqual(before, after)
        signed = re.findall(r'<ds:Reference URI="/([^?]*)[?]', signature)
        self.assertEqual(sorted(signed), sorted(
            name for name in ooxml_documents.docx_files()
            if name not in (TYPES, 'docProps/app.xml', 'docProps/core.xml')))

    def test_what_it_is_about_is_told(self):
        self.sign(self.docx, self.signed)
        self.assertIn('/word/document.xml', self.verify(self.signed)['signatures'][0]['covered'])

    def test_every_key_signs(self):
        for name in ('agency', 'p256', 'p384'):
            with self.subTest(name):
                self.sign(self.docx, self.signed, name)
                self.assertEqual(self.verify(self.signed)['verdict'], 'valid')

    def test_several_sign(self):
        second, third = self.out / 'second.docx', self.out / 'third.docx'
        self.sign(self.docx, self.signed)
        self.sign(self.signed, second, 'p256')
        self.sign(second, third, 'agency')
        answer = self.verify(third)
        self.assertEqual((answer['verdict'], answer['process'], len(answer['signatures'])),
                         ('valid', 'complete', 3))
        files = xml_documents.read_package(third)
        self.assertEqual([name for name in files if '/sig' in name],
                         [f'_xmlsignatures/sig{number}.xml' for number in (1, 2, 3)])
        self.assertEqual(files[SIGNATURE], xml_documents.read_package(self.signed)[SIGNATURE])

    def test_what_was_tampered_with_is_not_valid(self):
        self.sign(self.docx, self.signed)
        for name, (change, verdict, reason) in ooxml_documents.TAMPERED.items():
            with self.subTest(name):
                answer = self.verify(self.change(change))
                if reason is not None:
                    self.assert_verdict(answer, verdict, reason, name)
                self.assertEqual(answer['verdict'], verdict, name)

    def test_what_may_change(self):
        self.sign(self.docx, self.signed)
        for name, change in ooxml_documents.ALLOWED.items():
            with self.subTest(name):
                self.assert_verdict(self.verify(self.change(change)), 'valid', None, name)

    def test_a_secret_document_is_refused(self):
        secret = ooxml_documents.write_docx(self.home.path / 'secret.docx', 'TỐI MẬT', 'Nội dung.')
        self.assert_refused('secret_document', self.sign, secret, self.signed)

    def test_workbooks_and_slides(self):
        for kind, words in (('xlsx', ooxml_documents.xlsx_files), ('pptx', ooxml_documents.pptx_files)):
            with self.subTest(kind):
                source = xml_documents.write_package(self.home.path / f'letter.{kind}', words('Kế hoạch'))
                self.sign(source, self.out / source.name)
                self.assertEqual(self.verify(self.out / source.name)['verdict'], 'valid')
                secret = xml_documents.write_package(self.home.path / f'secret.{kind}', words('TỐI MẬT'))
                self.assert_refused('secret_document', self.sign, secret, self.out / secret.name)

    def test_names_of_all_kinds(self):
        files = ooxml_documents.docx_files('Tên tệp')
        for name in ('word/media/anh%20so%202.png', 'word/media/ảnh số 3.png', "word/media/a(1)'2'+3,4.png"):
            files[name] = xml_documents.PIXEL
        self.sign(xml_documents.write_package(self.home.path / 'names.docx', files), self.signed)
        self.assertEqual(self.verify(self.signed)['verdict'], 'valid')

    def test_a_part_without_a_media_type_is_refused(self):
        files = {**ooxml_documents.docx_files('Tệp'), 'word/khac.bin': b'x'}
        source = xml_documents.write_package(self.home.path / 'bin.docx', files)
        self.assert_refused('invalid_container', self.sign, source, self.signed)

    def test_what_others_have_signed(self):
        signer = self.signer('leader', 'rsa2048')
        for name, (sign, verdict, reason) in ooxml_signatures.SIGNATURES.items():
            with self.subTest(name):
                files = ooxml_documents.docx_files('Văn bản thử nghiệm.')
                path = xml_documents.write_package(
                    self.home.path / 'asked.docx', ooxml_signatures.put(files, sign(signer, dict(files))))
                self.assert_verdict(self.verify(path), verdict, reason, name)

    def test_a_signature_of_word_stays_good_beside_ours(self):
        files = ooxml_documents.docx_files('Văn bản thử nghiệm.')
        signature = ooxml_signatures.good(self.signer('leader', 'rsa2048'), dict(files))
        theirs = xml_documents.write_package(self.home.path / 'word.docx', ooxml_signatures.put(files, signature))
        self.sign(theirs, self.signed, 'agency')
        answer = self.verify(self.signed)
        self.assertEqual([(one['format'], one['verdict']) for one in answer['signatures']],
                         [('XML-DSig', 'valid'), ('XAdES', 'valid')])

    def test_an_unsigned_document(self):
        self.assertEqual(self.verify(self.docx)['verdict'], 'unsigned')

    def test_a_batch(self):
        documents = [{'input': {'path': str(path)}, 'output': {'path': str(self.out / path.name)}}
                     for path in (self.docx, self.odt, self.report)]
        self.client.call(SIGN, {'credentialID': self.home.credentials['leader'], 'purpose': 'xml',
                                'documents': documents})
        for path in (self.docx, self.odt, self.report):
            self.assertEqual(self.verify(self.out / path.name)['verdict'], 'valid', path.name)


if __name__ == '__main__':
    tap.main()
