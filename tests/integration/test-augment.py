#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""signatures.augment: what is signed gets its timestamp and its proofs later, each level verified
with the services dead; no earlier signature is hurt, nobody is asked for a PIN, and what is broken
is not raised."""

import hashlib
import re
import subprocess

import kyso_kit
import later_office
import odd_locked
import office
import tap
import xml_documents
from later_office import LT, LTA, T


class Case(later_office.Case):
    def others_accept(self, path, n_signatures, *options):
        """pdfsig's word on every signature that a person made."""
        said = subprocess.run(['pdfsig', '-nocert', *options, path],
                              capture_output=True, text=True).stdout
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

    def test_an_encrypted_pdf_is_raised_with_its_password(self):
        locked, signed = self.home.path / 'locked.pdf', self.home.path / 'signed.pdf'
        locked.write_bytes(odd_locked.qpdf('--encrypt', 'secret', 'owner', '256',
                                           data=self.letter.path.read_bytes()))
        with self.agent.connect() as client, odd_locked.secret('secret') as fds:
            client.call('signatures.signDoc', {
                **self.approval(), 'input': {'path': str(locked)}, 'output': {'path': str(signed)},
                'password': {'fd': 0}}, fds)
        for code, password in (('password_needed', None), ('password_wrong', 'wrong')):
            self.refuse_augment(code, f'augment: encrypted, {password}', signed, outcome='failed',
                                password=password)
        target = self.home.path / 'raised.pdf'
        result = self.augment(signed, target, LTA, 'secret')
        self.assertEqual((result['level_before'], result['verdict']), ('AdES-B-B', 'valid'))
        self.assertTrue(target.read_bytes().startswith(signed.read_bytes()))
        self.assertEqual(self.verify_offline(target, password='secret')[0]['revocation'], 'good')
        self.others_accept(target, 1, '-upw', 'secret')
        with odd_locked.secret('secret') as (fd,):
            again = self.home.path / 'again.pdf'
            done = subprocess.run(
                [kyso_kit.program('ipc/cli/kyso'), 'augment', '--level', 'B-LT', '--password-file',
                 f'/dev/fd/{fd}', signed, again], env=self.home.environment(), pass_fds=(fd,),
                capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.verify_offline(again, password='secret')), 2)

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

    def sign_data(self, source, target, name='leader', purpose='xml', **more):
        with self.agent.connect() as client:
            client.sign_file(source, target, **{'credentialID': self.home.credentials[name],
                                                'purpose': purpose, **more})

    def assert_stamped(self, source, target, n_signatures):
        """Raised from B-B to B-T, and no higher: each signature has a timestamp of its own."""
        result = self.augment(source, target, T)
        self.assertEqual((result['level_before'], result['conformance_level'], result['verdict']),
                         ('AdES-B-B', T, 'valid'))
        signatures = self.verify_offline(target)
        self.assertEqual([bool(entry['timestamp']) for entry in signatures], [True] * n_signatures)
        self.refuse_augment('not_supported', f'augment: {target.suffix} to {LT}', target,
                            outcome='failed')
        self.refuse_augment('level_reached', f'augment: {target.suffix} again', target, T)

    def test_each_signature_of_an_xml_document_is_raised(self):
        report = xml_documents.write_report(self.home.path / 'report.xml')
        once, twice, raised = (self.home.path / f'{name}.xml' for name in ('once', 'twice', 'raised'))
        self.sign_data(report, once, several=True)
        self.sign_data(once, twice, 'agency')
        self.assert_stamped(twice, raised, 2)
        text = raised.read_text(encoding='utf-8')
        added = re.findall('<xades:UnsignedProperties.*?</xades:UnsignedProperties>', text)
        self.assertEqual(len(added), 2)
        for part in added:
            text = text.replace(part, '')
        self.assertEqual(text, twice.read_text(encoding='utf-8'))
        stamped, both = self.home.path / 'stamped.xml', self.home.path / 'both.xml'
        self.sign_data(report, stamped, several=True, conformance_level=T)
        self.sign_data(stamped, twice, 'agency')
        self.assertEqual(self.augment(twice, both, T)['level_before'], 'AdES-B-B')
        self.assertEqual(both.read_text(encoding='utf-8').count('<xades:EncapsulatedTimeStamp>'), 2)

    def test_each_signature_of_an_odf_package_is_raised(self):
        odt = xml_documents.write_odt(self.home.path / 'letter.odt')
        once, twice, raised = (self.home.path / f'{name}.odt' for name in ('once', 'twice', 'raised'))
        self.sign_data(odt, once)
        self.sign_data(once, twice, 'agency')
        self.assert_stamped(twice, raised, 2)
        before, after = xml_documents.read_package(twice), xml_documents.read_package(raised)
        self.assertEqual(list(before), list(after))
        self.assertEqual({name for name in before if before[name] != after[name]},
                         {xml_documents.SIGNATURES})

    def test_a_signature_around_its_content_is_raised(self):
        source, content = self.home.path / 'signed.p7m', self.home.path / 'content'
        self.sign_data(self.letter.path, source, purpose='file', signed_envelope_property='Attached')
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        self.refuse_augment('not_supported', f'augment: CMS to {LTA}', source, LTA, outcome='failed')
        for old, level in (('AdES-B-B', T), (T, LT)):
            target = self.home.path / f'{level}.p7m'
            result = self.augment(source, target, level)
            self.assertEqual((result['level_before'], result['conformance_level']), (old, level))
            self.assertEqual(result['input_digest'], digest)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            self.assertEqual(result['output_digest'], digest)
            entry, = self.verify_offline(target, content={'path': str(content)})
            self.assertEqual(entry['revocation'], 'not_proven' if level == T else 'good')
            self.assertEqual(content.read_bytes(), self.letter.path.read_bytes())
            source = target

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
    def test_data_that_cannot_be_raised_is_told(self):
        jws = self.home.path / 'signed.jws'
        message = self.home.path / 'message.txt'
        message.write_text('Nội dung', encoding='utf-8')
        with self.agent.connect() as client:
            client.sign_file(message, jws, **self.detached(
                purpose='message', signature_format='J'))
        self.refuse_augment('not_supported', 'augment: a JWS', jws, T, outcome='failed')
        bare = self.home.path / 'signed.p7s'
        with self.agent.connect() as client:
            client.sign_file(message, bare, **self.detached())
        self.refuse_augment('signature_unreadable', 'augment: without its content', bare, T)
        report = xml_documents.write_report(self.home.path / 'report.xml')
        self.refuse_augment('not_signed', 'augment: XML not signed', report, T)

    def test_a_broken_xml_signature_is_not_raised(self):
        report = xml_documents.write_report(self.home.path / 'report.xml')
        signed = self.home.path / 'signed.xml'
        with self.agent.connect() as client:
            client.sign_file(report, signed, **self.detached(purpose='xml'))
        broken = xml_documents.change_text(signed, self.home.path / 'broken.xml', 'Thử Nghiệm', 'Khác')
        self.refuse_augment('earlier_signature_broken', 'augment: XML changed', broken, T)
        self.home.services.set('lying', 'tsa')
        self.refuse_augment('timestamp_wrong', 'augment: XML, tsa lying', signed, T, outcome='failed')
        self.home.services.set('good')

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
