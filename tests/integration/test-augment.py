#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""signatures.augment: what is signed gets its timestamp and its proofs later, each level verified
with the services dead; no earlier signature is hurt, nobody is asked for a PIN, and what is broken
is not raised."""

import subprocess

import kyso_kit
import later_office
import office
import tap
from later_office import LT, LTA, T


class Case(later_office.Case):
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
