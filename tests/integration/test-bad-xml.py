#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML and packages that are broken, hostile or not what they seem."""

import zipfile

import kyso_kit
import office
import ooxml_documents
import tap
import xml_attacks
import xml_documents

BOMB = ('<!DOCTYPE a [<!ENTITY a "ha">' + ''.join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(12)) + ']><a>&m;</a>')
# Each small element brings the long name space of the root with it into the canonical form.
GREEDY = f'<r xmlns:p="urn:{"u" * 500_000}">' + '<p:a/>' * 2000 + '</r>'


def encrypted(data):
    """The flags of each entry say that it is."""
    data = bytearray(data)
    for mark, at in ((b'PK\x03\x04', 6), (b'PK\x01\x02', 8)):
        found = data.find(mark)
        while found >= 0:
            data[found + at] |= 1
            found = data.find(mark, found + 4)
    return bytes(data)


class Case(office.Case):
    def data_request(self, **more):
        return {'credentialID': self.home.credentials['leader'], 'purpose': 'xml', **more}

    def refuse_both(self, code, what, path, outcome='failed'):
        """Signing and verifying alike."""
        self.refuse(code, what, self.data_request(), source=path, outcome=outcome)
        with self.agent.connect() as client:
            self.assert_told(self.assert_refused(code, client.call, 'signatures.verify',
                                                 {'input': {'path': str(path)}}))

    def write(self, name, data):
        path = self.home.path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path


class Xml(Case):
    def test_what_is_no_sound_xml_is_refused(self):
        for what, data in (
            ('cut off', '<a><b>1</b>'),
            ('two roots', '<a/><b/>'),
            ('a prefix of no name space', '<a><x:b/></a>'),
            ('an attribute twice', '<a b="1" b="2"/>'),
            ('bytes that are not UTF-8', b'<a>\xff\xfe</a>'),
            ('a DOCTYPE', '<!DOCTYPE a><a/>'),
            ('a file from outside', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'),
            ('a thousand million laughs', BOMB),
            ('an entity that is not declared', '<a>&x;</a>'),
            ('nested too deep', '<a>' * 300 + '</a>' * 300),
        ):
            with self.subTest(what):
                self.refuse_both('invalid_xml', f'XML: {what}', self.write('bad.xml', data))

    def test_letters_of_two_bytes_are_refused(self):
        path = self.write('bad.xml', '<?xml version="1.0" encoding="UTF-16"?><a/>'.encode('utf-16'))
        self.refuse('invalid_xml', 'XML: UTF-16', self.data_request(), source=path, outcome='failed')

    def test_what_is_no_xml_at_all_is_refused(self):
        for what, path, code in (('a PDF', self.letter.path, 'invalid_xml'),
                                 ('0 bytes', self.write('empty', b''), 'document_empty')):
            self.refuse(code, f'xml: {what}', self.data_request(), source=path, outcome='failed')

    def test_a_canonical_form_without_end_is_refused(self):
        path = self.write('greedy.xml', GREEDY)
        self.refuse('document_too_large', 'XML: a name space for each element', self.data_request(),
                    source=path, outcome='failed')

    def test_a_mark_of_secrecy_counts(self):
        path = self.write('secret.xml', '<a><dau>TỐI MẬT</dau></a>')
        self.refuse('secret_document', 'XML: a mark in its text', self.data_request(), source=path,
                    outcome='refused')
        odt = xml_documents.write_odt(self.home.path / 'secret.odt', 'TUYỆT <text:span>MẬT</text:span>')
        self.refuse('secret_document', 'ODF: a mark in its text', self.data_request(), source=odt,
                    outcome='refused')

    def test_parameters_that_do_not_go_together(self):
        path = xml_documents.write_report(self.home.path / 'report.xml')
        for what, more, code in (
            ('place', {'place': self.letter.places['leader']}, 'wrong_parameters'),
            ('PAdES', {'signature_format': 'P'}, 'not_supported'),
            ('B-LT', {'conformance_level': 'AdES-B-LT'}, 'not_supported'),
        ):
            self.refuse(code, f'xml with {what}', self.data_request(**more), source=path, outcome=None)
        self.refuse('wrong_parameters', 'several without xml', self.detached(several=True), outcome=None)


class Signed(Case):
    def setUp(self):
        super().setUp()
        self.signed = self.home.path / 'signed.xml'
        with self.agent.connect() as client:
            client.call('signatures.signDoc', self.data_request(
                input={'path': str(xml_documents.write_report(self.home.path / 'report.xml'))},
                output={'path': str(self.signed)}))

    def test_a_second_signature_that_would_break_the_first_is_refused(self):
        for more in ({}, {'several': True}):
            self.refuse('signature_would_break', f'XML signed as a whole, {more or "once more"}',
                        self.data_request(**more), source=self.signed, outcome='refused')

    def test_nothing_is_added_to_a_broken_signature(self):
        change, _, _ = xml_attacks.TAMPERED['text']
        path = self.write('broken.xml', change(self.signed.read_text(encoding='utf-8')))
        self.refuse('earlier_signature_broken', 'XML: over a signature with a changed text',
                    self.data_request(), source=path, outcome='refused')


class Packages(Case):
    def package(self, change=lambda files: None):
        files = xml_documents.odt_files('Tệp')
        change(files)
        return xml_documents.write_package(self.home.path / 'bad.odt', files)

    def test_what_is_no_sound_package_is_refused(self):
        sound = self.package().read_bytes()
        content = sound.index(b'content.xml') + len('content.xml')
        self.write('plain.zip', b'')
        with zipfile.ZipFile(self.home.path / 'plain.zip', 'w') as package:
            package.writestr('a.txt', 'a')
        for what, data in (
            ('only the head', b'PK\x03\x04' + bytes(1000)),
            ('cut off', sound[:len(sound) // 2]),
            ('a zip of something else', (self.home.path / 'plain.zip').read_bytes()),
            ('its kind not first', xml_documents.write_package(
                self.home.path / 'order.odt',
                dict(reversed(xml_documents.odt_files('Tệp').items()))).read_bytes()),
            ('no ODF by its kind', self.package(xml_attacks.put('mimetype', b'text/plain')).read_bytes()),
            ('packed bytes changed', sound[:content] + bytes(8) + sound[content + 8:]),
        ):
            with self.subTest(what):
                self.refuse('invalid_container', f'ODF: {what}', self.data_request(),
                            source=self.write('bad.odt', data), outcome='failed')

    def test_a_name_twice_is_refused(self):
        path = self.package()
        with zipfile.ZipFile(path, 'a') as package, self.assertWarns(UserWarning):
            package.writestr('content.xml', '<a/>')
        self.refuse_both('invalid_container', 'ODF: two files of one name', path)

    def test_what_is_no_sound_office_open_xml_is_refused(self):
        for what, change in ooxml_documents.UNSOUND.items():
            files = ooxml_documents.docx_files('Tệp')
            change(files)
            self.refuse('invalid_container', f'OOXML: {what}', self.data_request(), outcome='failed',
                        source=xml_documents.write_package(self.home.path / 'bad.docx', files))

    def test_other_office_formats_are_refused(self):
        files = ooxml_documents.docx_files('Tệp')
        files[ooxml_documents.ROOT] = ooxml_documents.relationships()
        for what, path in (
            ('no document in it', xml_documents.write_package(self.home.path / 'drawing.vsdx', files)),
            ('of the old kind, or encrypted', self.write('old.doc', b'\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' + bytes(504))),
        ):
            self.refuse_both('office_format_unsupported', f'Office: {what}', path)

    def test_an_encrypted_package_is_refused(self):
        path = self.package()
        path.write_bytes(encrypted(path.read_bytes()))
        self.refuse_both('document_encrypted', 'ODF: its entries encrypted', path)

    def test_a_bomb_is_refused(self):
        path = self.package(xml_attacks.put('Pictures/bomb.png', bytes(256 * 1024 * 1024)))
        self.refuse_both('document_too_large', 'ODF: 256 MiB out of 256 KiB', path)

    def test_a_forged_list_of_signatures_is_refused(self):
        for what, data in (('no XML', b'<a'), ('another root', b'<a/>'), ('a DOCTYPE', b'<!DOCTYPE a><a/>')):
            path = self.package(xml_attacks.put(xml_documents.SIGNATURES, data))
            code = 'invalid_container' if what == 'another root' else 'invalid_xml'
            self.refuse_both(code, f'ODF: file of signatures: {what}', path)


class Readers(Case):
    """kyso-document-xml itself fails."""

    can_sign_afterwards = False

    def test_a_reader_that_fails_or_lies_is_told(self):
        real = kyso_kit.program('agent/document/kyso-document-xml')
        lying = kyso_kit.KIT / 'lying-document'
        report = xml_documents.write_report(self.home.path / 'report.xml')
        for what, code, line in (
            ('crashes', 'document_worker_crashed', 'kill -SEGV $$'),
            ('has another document signed', 'result_invalid', f'exec {lying} {real} swap'),
            ('hands another document back', 'result_invalid', f'exec {lying} {real} replace'),
            ('hides our signature', 'result_invalid', f'exec {lying} {real} forget'),
        ):
            with self.subTest(what):
                self.restart_agent(executable=self.home.replace_programs(
                    {'agent/document/kyso-document-xml': f'#!/bin/sh\n{line}\n'}))
                self.refuse(code, f'the reader of XML {what}', self.data_request(), source=report,
                            outcome='failed', logins=1 if code == 'result_invalid' else 0)

    def test_a_reader_that_hangs_is_stopped(self):
        self.home.configure('document', 'seconds=1')
        self.restart_agent(executable=self.home.replace_programs(
            {'agent/document/kyso-document-xml': '#!/bin/sh\nexec sleep 1000\n'}))
        report = xml_documents.write_report(self.home.path / 'report.xml')
        self.refuse('document_worker_hung', 'the reader of XML hangs', self.data_request(),
                    source=report, outcome='failed')


if __name__ == '__main__':
    tap.main()
