#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CA's services do wrong is told, each with its own code, and nothing is signed at a lower
level than the one asked for."""

import ca_services
import office
import office_services
import tap

STAMPED = {'conformance_level': 'AdES-B-T'}
CODES = {'dead': 'unavailable', 'slow': 'service_too_slow', 'lying': 'wrong',
         'oversized': 'service_answer_too_large'}


def code_of(mode, layer):
    code = CODES[mode]
    return code if code.startswith('service_') else f'{layer}_{code}'


class Timestamps(office_services.Case):
    def test_a_failed_timestamp_service_has_its_code(self):
        for mode in ca_services.MODES:
            with self.subTest(mode):
                self.home.services.set(mode, 'tsa')
                code = code_of(mode, 'timestamp')
                self.refuse(code, f'timestamp service {mode}', self.approval(**STAMPED),
                            outcome='failed', logins=1)
                self.refuse(code, f'timestamp service {mode}, detached', self.detached(**STAMPED),
                            outcome='failed', logins=1)

    def test_a_batch_ends_where_the_service_fails_and_signs_where_it_does_not(self):
        documents = [{'input': {'path': str(self.letter.path)},
                      'output': {'path': str(self.out / f'{number}.p7s')}} for number in range(3)]
        params = {'credentialID': self.home.credentials['leader'], 'purpose': 'file',
                  'documents': documents, **STAMPED}
        with self.agent.connect() as client:
            result = client.call('signatures.signDoc', params)
            self.assertEqual((result['signed'], result['ended_by']), (3, None))
            for document in result['documents']:
                self.assertEqual(document['signature']['timestamp']['policy'], '2.16.704.1.1.1.2')
            self.home.services.set('lying', 'tsa')
            result = client.call('signatures.signDoc', params)
        self.assertEqual((result['signed'], result['untouched']), (0, 3))
        self.assertEqual(result['ended_by']['code'], 'timestamp_wrong')

    def test_a_signature_without_timestamp_does_not_need_the_service(self):
        self.home.services.set('dead', 'tsa')
        self.sign_well()


class NoService(office.Case):
    def test_without_a_service_there_is_no_such_level(self):
        self.refuse('timestamp_unavailable', 'kyso.conf names no timestamp service',
                    self.approval(**STAMPED), outcome=None)
        with self.agent.connect() as client:
            self.assertEqual(client.call('service.info')['conformance_levels'], ['AdES-B-B'])


class Loopback(office_services.Case):
    can_sign_afterwards = False

    def make_home(self):
        home = office_services.Home()
        home.configure('network', 'proxy=none')
        home.configure('revocation', 'check=true')
        return home

    def test_an_address_in_a_certificate_does_not_reach_this_machine(self):
        error = self.refuse('revocation_unavailable', 'services on the loopback, not allowed',
                            self.approval(), outcome='failed')
        self.assertIn('this machine itself', error.data['detail'])
        self.assertEqual(sum(self.home.services.requests.values()), 0)


class Revocation(office_services.Case):
    def test_failed_services_have_their_codes_and_nobody_is_asked_for_a_pin(self):
        for mode in ca_services.MODES:
            with self.subTest(mode):
                self.home.services.set(mode, 'ocsp', 'crl')
                self.home.forget_answers()
                self.refuse(code_of(mode, 'revocation'), f'OCSP and CRL {mode}', self.approval(),
                            outcome='failed')

    def test_where_one_fails_the_other_tells(self):
        for mode in ca_services.MODES:
            with self.subTest(mode):
                self.home.services.set('good')
                self.home.services.set(mode, 'ocsp')
                self.home.forget_answers()
                self.sign_well_now()

    def sign_well_now(self):
        target = self.home.path / 'good.pdf'
        self.assertEqual(self.approve(target)['signature']['verdict'], 'valid')
        target.unlink()

    def test_answers_are_kept_while_they_hold(self):
        self.sign_well_now()
        before = dict(self.home.services.requests)
        self.home.services.set('dead')
        self.sign_well_now()
        self.assertEqual(self.home.services.requests, before)
        for kept in (self.home.state / 'proofs').iterdir():
            kept.write_bytes(b'junk')
        self.refuse('revocation_unavailable', 'kept answers are junk, services dead',
                    self.approval(), outcome='failed')


class Revoked(office_services.Case):
    can_sign_afterwards = False

    def test_a_revoked_certificate_signs_nothing(self):
        self.home.services.revoke(self.home.certificate('leader'))
        for alone in ('ocsp', 'crl'):
            with self.subTest(alone):
                self.home.services.set('dead')
                self.home.services.set('good', alone, 'crl')
                self.home.forget_answers()
                self.refuse('certificate_revoked', f'revoked, says {alone}', self.approval(),
                            outcome='refused')


if __name__ == '__main__':
    tap.main()
