#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""signatures.augment: what is signed gets its timestamp and its proofs later, each level verified
with the services dead; no earlier signature is hurt, nobody is asked for a PIN, and what is broken
is not raised."""

import json
import subprocess
import time

import kyso_kit
import office
import office_services
import tap

T, LT, LTA = 'AdES-B-T', 'AdES-B-LT', 'AdES-B-LTA'


class Case(office_services.Case):
    def augment(self, source, target, level, **more):
        with self.agent.connect() as client:
            return client.call('signatures.augment', {
                'input': {'path': str(source)}, 'output': {'path': str(target)},
                'conformance_level': level, **more})

    def verify(self, path, **more):
        with self.agent.connect() as client:
            return client.call('signatures.verify', {'input': {'path': str(path)}, **more})

    def verify_offline(self, path, **more):
        """With nothing but what the document carries."""
        self.home.services.set('dead')
        said = self.verify(path, **more)
        self.home.services.set('good')
        self.assertEqual(said['verdict'], 'valid')
        return said['signatures']

    def others_accept(self, path, n_signatures):
        """pdfsig's word on every signature that a person made."""
        said = subprocess.run(['pdfsig', '-nocert', path], capture_output=True, text=True).stdout
        self.assertEqual(said.count('Signature is Valid'), n_signatures, said)
        self.assertNotIn('Signature is Invalid', said)

    def issued(self):
        """A leader's signature and an agency's, without any timestamp."""
        approved, issued = self.out / 'approved.pdf', self.home.path / 'issued.pdf'
        self.approve(approved)
        _, seal = self.home.images()
        with self.agent.connect() as client:
            client.sign_file(approved, issued, **self.issue(image=seal))
        approved.unlink()
        return issued

    def refuse_augment(self, code, what, source, level=LT, *, outcome='refused', **more):
        target = self.out / 'result'
        target.write_bytes(office.OLD)
        with self.untouched(source, target=target, outcome=outcome, code=code):
            error = self.assert_refused(code, self.augment, source, target, level, **more)
        self.assert_told(error)
        self.note(code, what, outcome)
        target.unlink()


class Levels(Case):
    def test_a_pdf_is_raised_step_by_step_and_renewed(self):
        source = self.issued()
        before = source.read_bytes()
        logins = self.home.logins()
        steps = [('AdES-B-B', T), (T, LT), (LT, LTA), (LTA, LTA)]
        for number, (old, level) in enumerate(steps):
            with self.subTest(level):
                target = self.home.path / f'step{number}.pdf'
                result = self.augment(source, target, level)
                self.assertEqual((result['level_before'], result['conformance_level']), (old, level))
                self.assertEqual(result['timestamp'] is None, level == LT)
                self.assertTrue(target.read_bytes().startswith(before))
                signatures = self.verify_offline(target)
                signers = [entry for entry in signatures if entry['signer']]
                stamps = [entry for entry in signatures if not entry['signer']]
                self.assertEqual([entry['verdict'] for entry in signatures],
                                 ['valid'] * len(signatures))
                self.assertEqual((len(signers), len(stamps)), (2, (1, 1, 2, 3)[number]))
                for entry in signers:
                    self.assertEqual(entry['timestamp'], stamps[0]['timestamp'])
                    self.assertEqual(entry['signed_at'], stamps[0]['timestamp']['time'])
                    self.assertEqual(entry['revocation'], 'not_proven' if level == T else 'good')
                if level == LTA:  # all but the newest, which the next renewal proves
                    self.assertEqual({entry['revocation'] for entry in stamps[:-1]}, {'good'})
                self.others_accept(target, 2)
                record = self.journal()[-1]
                self.assertEqual((record['sequence'], record['outcome'], record['purpose']),
                                 (result['journal'], 'signed', 'augment'))
                self.assertEqual((record['document_digest'], record['result_digest']),
                                 (result['input_digest'], result['output_digest']))
                source, before = target, target.read_bytes()
        self.assertEqual(self.home.logins(), logins)

    def test_a_pdf_is_raised_at_once(self):
        for signed_at, level in (('AdES-B-B', LTA), (T, LT), (LT, LTA)):
            with self.subTest(f'{signed_at} {level}'):
                signed, target = self.home.path / 'signed.pdf', self.home.path / 'raised.pdf'
                self.approve(signed, conformance_level=signed_at)
                result = self.augment(signed, target, level)
                self.assertEqual((result['level_before'], result['verdict']), (signed_at, 'valid'))
                self.assertEqual(self.verify_offline(target)[0]['revocation'], 'good')
                self.others_accept(target, 1)

    def test_a_signature_beside_a_file_is_raised(self):
        signed = self.home.path / 'signed.p7s'
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, signed, **self.detached())
        for old, level in (('AdES-B-B', T), (T, LT)):
            target = self.home.path / f'{level}.p7s'
            result = self.augment(self.letter.path, target, level, signature={'path': str(signed)})
            self.assertEqual((result['level_before'], result['conformance_level']), (old, level))
            entry, = self.verify_offline(self.letter.path, signature={'path': str(target)})
            self.assertEqual(entry['revocation'], 'not_proven' if level == T else 'good')
            self.assertTrue(entry['timestamp'])
            done = subprocess.run(
                ['openssl', 'cms', '-verify', '-cades', '-inform', 'DER', '-binary', '-in', target,
                 '-content', self.letter.path, '-purpose', 'any', '-out', '/dev/null', '-CAfile',
                 self.home.config / 'trust' / 'anchors' / 'root.pem'], capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            signed = target

    def test_an_agency_can_sign_after_a_leader_was_raised(self):
        approved, raised = self.home.path / 'approved.pdf', self.home.path / 'raised.pdf'
        issued = self.home.path / 'issued.pdf'
        self.approve(approved)
        self.augment(approved, raised, LTA)
        _, seal = self.home.images()
        with self.agent.connect() as client:
            client.sign_file(raised, issued, **self.issue(image=seal))
        self.assertEqual(self.verify(issued)['process'], 'complete')
        self.others_accept(issued, 2)

    def test_the_command_does_it(self):
        signed, target = self.home.path / 'signed.pdf', self.home.path / 'raised.pdf'
        self.approve(signed)
        done = subprocess.run(
            [kyso_kit.program('ipc/cli/kyso'), 'augment', '--level', 'B-LTA', signed, target],
            env=self.home.environment(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('AdES-B-LTA', done.stdout)
        self.verify_offline(target)


class Refused(Case):
    def test_what_is_not_valid_is_not_raised(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        data = signed.read_bytes()
        self.refuse_augment('not_signed', 'augment: not signed', self.letter.path)
        bad = self.home.path / 'bad.pdf'
        bad.write_bytes(data.replace(b'/Title', b'/Titel', 1) if b'/Title' in data
                        else data[:200] + bytes([data[200] ^ 1]) + data[201:])
        self.refuse_augment('earlier_signature_broken', 'augment: content changed', bad)
        signature = self.home.path / 'signed.p7s'
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, signature, **self.detached())
        self.refuse_augment('earlier_signature_broken', 'augment: beside another file', bad,
                            signature={'path': str(signature)})

    def test_a_level_that_is_there_is_told(self):
        signed = self.home.path / 'signed.pdf'
        for level in (T, LT):
            self.approve(signed, conformance_level=level)
            self.refuse_augment('level_reached', f'augment: {level} again', signed, level)

    def test_failed_services_raise_nothing(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        for mode, kinds, code in (('dead', ['tsa'], 'timestamp_unavailable'),
                                  ('lying', ['tsa'], 'timestamp_wrong'),
                                  ('dead', ['ocsp', 'crl'], 'revocation_unavailable')):
            with self.subTest(f'{kinds} {mode}'):
                self.home.forget_answers()
                self.home.services.set(mode, *kinds)
                self.refuse_augment(code, f'augment: {"+".join(kinds)} {mode}', signed,
                                    outcome='failed')
                self.home.services.set('good')

    def test_levels_that_there_are_not(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        for level, more in (('AdES-B-B', {}), ('AdES-B-X', {}),
                            (LTA, {'signature': {'path': str(signed)}})):
            self.refuse_augment('not_supported', f'augment to {level}', signed, level, outcome=None,
                                **more)


class SignedOffline(Case):
    """timestamp_later: only where nobody answers, the caller says so, and the rules here let it."""

    settings = (('timestamp', 'later=true'),)

    def sign(self, target, level=T, **more):
        with self.agent.connect() as client:
            return client.sign_file(self.letter.path, target,
                                    **self.detached(conformance_level=level, timestamp_later=True),
                                    **more)

    def approve_later(self, target, level=T):
        return self.approve(target, conformance_level=level, timestamp_later=True)

    def test_what_nobody_stamps_is_signed_and_raised_later(self):
        for mode, code in (('dead', 'timestamp_unavailable'), ('slow', 'service_too_slow')):
            with self.subTest(mode):
                signed, raised = (self.home.path / f'{name}-{mode}.pdf'
                                  for name in ('signed', 'raised'))
                self.home.services.set(mode, 'tsa')
                result = self.approve_later(signed, LTA)
                self.assertEqual(result['conformance_level'], 'AdES-B-B')
                self.assertEqual(result['timestamp_later']['reason'], code)
                self.assertIn('kyso augment', result['timestamp_later']['warning']['vi'])
                self.assertIn('kyso augment', result['timestamp_later']['warning']['en'])
                self.assertIsNone(result['signature']['timestamp'])
                record = self.journal()[-1]
                self.assertEqual((record['sequence'], record['outcome']),
                                 (result['journal'], 'signed'))
                self.assertEqual(json.loads(record['metadata'])['timestamp_later'], code)
                entry, = self.verify(signed)['signatures']
                self.assertIn('no_timestamp', entry['warnings'])
                self.home.services.set('good')
                self.assertEqual(self.augment(signed, raised, LTA)['level_before'], 'AdES-B-B')
                self.verify_offline(raised)

    def test_the_level_asked_for_is_given_where_it_can_be(self):
        for level in (T, LT):
            target = self.home.path / f'{level}.pdf'
            result = self.approve_later(target, level)
            self.assertEqual((result['conformance_level'], result['timestamp_later']), (level, None))
            self.assertTrue(result['signature']['timestamp'])
            self.assertNotIn('timestamp_later', self.journal()[-1]['metadata'])

    def test_proofs_are_waited_for_only_with_their_timestamp(self):
        """Nothing answers: B-LT falls to B-B, too. But with a timestamp, the proofs are due."""
        self.configure_check(False)
        target = self.home.path / 'signed.p7s'
        self.home.services.set('dead')
        result = self.sign(target, LT)
        self.assertEqual(result['conformance_level'], 'AdES-B-B')
        self.home.services.set('good', 'tsa')
        self.home.forget_answers()
        self.refuse('revocation_unavailable', 'timestamp_later: proofs cannot be had',
                    self.detached(conformance_level=LT, timestamp_later=True), outcome='failed',
                    logins=1)

    def configure_check(self, value):
        path = self.home.config / 'kyso.conf'
        path.write_text(path.read_text().replace('check=true', f'check={str(value).lower()}'))
        self.restart_agent()

    def test_the_rule_to_ask_for_the_status_stays(self):
        self.home.services.set('dead')
        self.home.forget_answers()
        self.refuse('revocation_unavailable', 'timestamp_later: status cannot be had',
                    self.approval(conformance_level=T, timestamp_later=True), outcome='failed')

    def test_a_lie_is_no_reason_to_go_without(self):
        for mode, code in (('lying', 'timestamp_wrong'), ('oversized', 'service_answer_too_large')):
            self.home.services.set(mode, 'tsa')
            self.refuse(code, f'timestamp_later: tsa {mode}',
                        self.detached(conformance_level=T, timestamp_later=True), outcome='failed',
                        logins=1)

    def test_a_batch_asks_once(self):
        self.home.services.set('slow', 'tsa')
        self.home.script_pinentry('yes', f'pin {kyso_kit.PIN}')
        documents = [{'input': {'path': str(self.letter.path)},
                      'output': {'path': str(self.home.path / f'{number}.p7s')}}
                     for number in range(4)]
        started = time.monotonic()
        with self.agent.connect() as client:
            result = client.call('signatures.signDoc', self.detached(
                documents=documents, conformance_level=T, timestamp_later=True))
        self.assertEqual({one['timestamp_later']['reason'] for one in result['documents']},
                         {'service_too_slow'})
        self.assertEqual({one['conformance_level'] for one in result['documents']}, {'AdES-B-B'})
        self.assertLess(time.monotonic() - started, 3 * office_services.SECONDS)
        codes = [json.loads(record['metadata'])['timestamp_later']
                 for record in self.journal()[-4:]]
        self.assertEqual(codes, ['service_too_slow'] * 4)

    def test_the_command_says_it_loudly(self):
        self.home.services.set('dead', 'tsa')
        done = subprocess.run(
            [kyso_kit.program('ipc/cli/kyso'), 'sign', '--purpose', 'file', '--level', 'B-T',
             '--timestamp-later', '--credential', self.home.credentials['leader'],
             self.letter.path, self.home.path / 'signed.p7s'],
            env=self.home.environment(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('kyso augment', done.stdout)

    def test_it_goes_with_a_level_that_has_a_timestamp(self):
        self.refuse('wrong_parameters', 'timestamp_later at B-B',
                    self.detached(timestamp_later=True), outcome=None)


class LaterOff(Case):
    def test_the_rules_here_may_not_let_it(self):
        self.home.services.set('dead', 'tsa')
        self.refuse('timestamp_later_off', 'timestamp_later where it is off',
                    self.detached(conformance_level=T, timestamp_later=True), outcome=None)

    def test_without_the_word_nothing_is_signed(self):
        self.home.configure('timestamp', 'later=true')
        self.restart_agent()
        self.home.services.set('dead', 'tsa')
        self.refuse('timestamp_unavailable', 'no timestamp_later, tsa dead',
                    self.detached(conformance_level=T), outcome='failed', logins=1)


class Revoked(Case):
    can_sign_afterwards = False

    def test_a_certificate_revoked_before_its_timestamp_is_told(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        self.home.services.revoke(self.home.certificate('leader'))
        self.home.forget_answers()
        self.refuse_augment('certificate_revoked', 'augment: revoked meanwhile', signed)


if __name__ == '__main__':
    tap.main()
