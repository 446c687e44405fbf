# SPDX-License-Identifier: GPL-3.0-or-later
"""The office of the tests of XAdES: what it signs, and what kyso says of that."""

import kyso_kit
import office
import ooxml_documents
import xml_attacks
import xml_documents

SIGN, VERIFY = 'signatures.signDoc', 'signatures.verify'


class Case(office.Case):
    credential_names = ('p256', 'p384')

    def setUp(self):
        super().setUp()
        self.client = self.agent.connect()
        self.addCleanup(self.client.close)
        self.report = xml_documents.write_report(self.home.path / 'report.xml')
        self.odt = xml_documents.write_odt(self.home.path / 'letter.odt')
        self.docx = ooxml_documents.write_docx(self.home.path / 'letter.docx')

    def sign(self, source, target, name='leader', **more):
        return self.client.call(SIGN, {
            'credentialID': self.home.credentials[name], 'purpose': 'xml',
            'input': {'path': str(source)}, 'output': {'path': str(target)}, **more})

    def verify(self, path):
        return self.client.call(VERIFY, {'input': {'path': str(path)}})

    def verify_text(self, text):
        path = self.home.path / 'asked.xml'
        path.write_text(text, encoding='utf-8')
        return self.verify(path)

    def assert_verdict(self, answer, verdict, reason, name=''):
        found = next((one for one in answer['signatures'] if one['verdict'] != 'valid'), {'reason': None})
        self.assertEqual((answer['verdict'], found['reason']), (verdict, reason), name)

    def signer(self, name, kind):
        return xml_attacks.Signer(kyso_kit.BUILD / 'tests' / 'kit' / 'keys' / f'{name}-{kind}.key',
                                  self.home.path / 'token' / 'certificates' / f'{name}.pem')
