#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody signs with a certificate that is not good for it, out of turn, or a secret document."""

import office
import tap

BAD = ('expired', 'not-yet-valid', 'wrong-usage', 'unknown-issuer', 'weak', 'no-key')


class Certificates(office.Case):
    credential_names = BAD

    def test_a_bad_certificate_signs_nothing(self):
        for name, code in (
            ('expired', 'certificate_expired'),
            ('not-yet-valid', 'certificate_not_yet_valid'),
            ('wrong-usage', 'certificate_wrong_usage'),
            ('unknown-issuer', 'certificate_unknown_issuer'),
            ('weak', 'certificate_weak'),
        ):
            with self.subTest(name):
                identity = self.home.credentials[name]
                self.refuse(code, f'certificate {name}', self.approval(credentialID=identity),
                            outcome='refused')
                self.refuse(code, f'certificate {name}, detached',
                            self.detached(credentialID=identity), outcome='refused')

    def test_a_certificate_without_its_key_signs_nothing(self):
        identity = self.home.credentials['no-key']
        self.refuse('key_missing', 'certificate without key on the token',
                    self.approval(credentialID=identity), outcome='failed', logins=1)

    def test_a_bad_certificate_is_told_before_anybody_asks_for_a_signature(self):
        with self.agent.connect() as client:
            found = {
                credential['credentialID']: credential['status']
                for credential in client.call('credentials.list')['credentials']
            }
        expected = {
            'leader': 'valid',
            'expired': 'certificate_expired',
            'not-yet-valid': 'certificate_not_yet_valid',
            'wrong-usage': 'certificate_wrong_usage',
            'unknown-issuer': 'certificate_unknown_issuer',
            'weak': 'certificate_weak',
        }
        for name, status in expected.items():
            self.assertEqual(found[self.home.credentials[name]], status, name)


class Credentials(office.Case):
    def test_an_unknown_credential_signs_nothing(self):
        for identity in ('0' * 64, 'not even a digest', ''):
            with self.subTest(identity):
                self.refuse('unknown_credential', f'credential "{identity[:18]}"',
                            self.approval(credentialID=identity), outcome='failed')
        with self.agent.connect() as client:
            self.assert_told(self.assert_refused('unknown_credential', client.call,
                                                 'credentials.info', {'credentialID': '0' * 64}))

    def test_a_credential_without_a_role_signs_nothing(self):
        for path in (self.home.config / 'credentials.d').iterdir():
            path.rename(path.with_suffix('.off'))
        self.restart_agent()
        self.refuse('role_unknown', 'role of the certificate not configured', self.approval(),
                    outcome='refused')
        for path in (self.home.config / 'credentials.d').iterdir():
            path.rename(path.with_suffix('.conf'))
        self.restart_agent()


class Order(office.Case):
    def test_a_leader_does_not_issue_and_an_agency_does_not_approve(self):
        approved = self.home.path / 'approved.pdf'
        self.approve(approved)
        self.refuse('role_wrong', 'issue with a personal certificate',
                    self.issue(credentialID=self.home.credentials['leader']),
                    source=approved, outcome='refused')
        self.refuse('role_wrong', 'approve with the agency\'s certificate',
                    self.approval(credentialID=self.home.credentials['agency']),
                    outcome='refused')

    def test_nothing_is_issued_before_it_is_approved(self):
        self.refuse('approve_missing', 'issue before approve',
                    self.issue(fill={}, place=self.letter.places['seal']), outcome='refused')

    def test_a_document_is_issued_once(self):
        approved, issued = self.home.path / 'approved.pdf', self.home.path / 'issued.pdf'
        self.approve(approved)
        with self.agent.connect() as client:
            client.sign_file(approved, issued, **self.issue())
        self.refuse('already_issued', 'issue twice',
                    self.issue(fill={}, place=self.letter.places['seal']), source=issued,
                    outcome='refused')

    def test_an_approved_document_is_not_initialled(self):
        approved = self.home.path / 'approved.pdf'
        self.approve(approved)
        self.refuse('already_approved', 'initial after approve',
                    self.approval(purpose='initial'), source=approved,
                    outcome='refused')


class Secrecy(office.Case):
    def test_a_secret_document_is_not_signed(self):
        for level in ('mat', 'toi_mat', 'tuyet_mat', 'Mật', 'Tối mật', 'Tuyệt mật', 'MẬT', 'TỐI MẬT',
                      'TUYỆT MẬT', 'toi-mat', ' Tuyệt  Mật '):
            for params in (self.approval(), self.detached()):
                with self.subTest(level, purpose=params['purpose']):
                    self.refuse('secret_document', f'{params["purpose"]}, secrecy "{level}"',
                                {**params, 'metadata': {'Secrecy': level}}, outcome='refused')

    def test_what_is_no_known_level_is_not_taken_for_none(self):
        self.refuse('wrong_parameters', 'secrecy of an unknown level',
                    self.approval(metadata={'Secrecy': 'hơi mật'}), outcome=None)


if __name__ == '__main__':
    tap.main()
