#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data and files whose signature carries them: CAdES around its content, and JWS. Signed with every
kind of key, verified by kyso and by openssl, and not believed where they were tampered with.
tests/show/other-formats has the verifiers that are not ours."""

import hashlib
import json
import os
import subprocess

import office
import signed_data
import tap

SIGN, VERIFY = 'signatures.signDoc', 'signatures.verify'
MIB = 1024 * 1024


class Case(office.Case):
    credential_names = ('p256', 'p384')

    def setUp(self):
        super().setUp()
        self.client = self.agent.connect()
        self.addCleanup(self.client.close)
        self.json = self.write('data.json', signed_data.JSON)
        self.text = self.write('message.txt', signed_data.TEXT)

    def write(self, name, data):
        path = self.home.path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def sign(self, source, purpose, name='leader', target=None, **more):
        target = target or self.out / 'result'
        result = self.client.call(SIGN, {
            'credentialID': self.home.credentials[name], 'purpose': purpose,
            'input': {'path': str(source)}, 'output': {'path': str(target)}, **more})
        self.assertEqual(result['signature']['verdict'], 'valid')
        self.assertEqual(result['output_size'], target.stat().st_size)
        self.assertEqual(result['output_digest'], hashlib.sha256(target.read_bytes()).hexdigest())
        self.assertEqual(result['input_digest'], hashlib.sha256(source.read_bytes()).hexdigest())
        return target, result

    def verify(self, path, signature=None):
        params = {'input': {'path': str(path)}}
        if signature:
            params['signature'] = {'path': str(signature)}
        return self.client.call(VERIFY, params)

    def assert_verdict(self, verdict, reason, path, signature=None):
        found = self.verify(path, signature)
        one, = found['signatures']
        self.assertEqual((found['verdict'], one['reason']), (verdict, reason))
        return one

    def assert_unreadable(self, path, signature=None):
        error = self.assert_refused('signature_unreadable', self.verify, path, signature)
        self.assert_told(error)


class Json(Case):
    def test_each_algorithm_is_signed_and_verified(self):
        for what, (name, algorithm, alg) in signed_data.ALGORITHMS.items():
            with self.subTest(what):
                more = {'signAlgo': algorithm} if algorithm else {}
                target, result = self.sign(self.json, 'json', name, **more)
                header, payload, _ = signed_data.parts_of(target)
                self.assertEqual(header['alg'], alg)
                self.assertEqual(sorted(header), ['alg', 'cty', 'iat', 'typ', 'x5c', 'x5t#S256'])
                self.assertEqual(payload, self.json.read_bytes())
                self.assertEqual(result['signature']['format'], 'JWS')
                one = self.assert_verdict('valid', None, target)
                self.assertTrue(self.verify(target)['advice']['accept'])
                self.assertEqual(one['signer']['credentialID'], self.home.credentials[name])
                self.assertIsNotNone(one['signed_at'])

    def test_p384_signs_es384_and_nothing_that_has_no_name(self):
        target, _ = self.sign(self.json, 'json', 'p384')
        self.assertEqual(signed_data.parts_of(target)[0]['alg'], 'ES384')
        self.refuse('mechanism_unsupported', 'JWS by P-384 with SHA-256', {
            'credentialID': self.home.credentials['p384'], 'purpose': 'json',
            'signAlgo': '1.2.840.10045.4.3.2'}, outcome='failed', source=self.json)

    def test_a_detached_payload_is_verified_beside_its_signature(self):
        target, _ = self.sign(self.json, 'json', signed_envelope_property='Detached')
        self.assertIn('..', target.read_text())
        self.assert_verdict('valid', None, self.json, target)
        self.assert_verdict('invalid', 'signature_mismatch', self.text, target)
        self.assert_verdict('undetermined', 'content_missing', target)
        whole, _ = self.sign(self.json, 'json', target=self.out / 'whole')
        self.assert_verdict('invalid', 'content_present', self.json, whole)

    def test_the_journal_and_the_pin_window_have_what_was_signed(self):
        self.sign(self.json, 'json')
        record = self.journal()[-1]
        self.assertEqual((record['purpose'], record['outcome']), ('json', 'signed'))
        log = self.home.pinentry_log()
        digest = hashlib.sha256(self.json.read_bytes()).hexdigest()
        self.assertIn('79/UBND-VHTT', log)
        self.assertIn(digest[:16], log)

    def test_what_was_tampered_with_is_not_believed(self):
        good, _ = self.sign(self.json, 'json')
        other, _ = self.sign(self.json, 'json', 'p256', target=self.out / 'other')
        bad = self.out / 'bad'
        header, _, _ = signed_data.parts_of(good)
        of_other, _, _ = signed_data.parts_of(other)
        for what, members, reason in (
            ('alg none', {'alg': 'none'}, 'algorithm_forbidden'),
            ('HMAC with the public key', {'alg': 'HS256'}, 'algorithm_forbidden'),
            ('ES256 of an RSA key', {'alg': 'ES256'}, 'algorithm_forbidden'),
            ('PS256 of RS256', {'alg': 'PS256'}, 'signature_mismatch'),
            ('another certificate', {'x5c': of_other['x5c']}, 'algorithm_forbidden'),
            ('another thumbprint', {'x5t#S256': of_other['x5t#S256']}, 'signature_mismatch'),
            ('no certificate', {'x5c': None}, 'signer_certificate_missing'),
            ('critical', {'crit': ['exp'], 'exp': 1}, 'critical_unknown'),
            ('another time', {'iat': header['iat'] + 1}, 'signature_mismatch'),
        ):
            with self.subTest(what):
                signed_data.change_header(good, bad, **members)
                self.assert_verdict('invalid', reason, bad)
        text = good.read_text()
        head, payload, signature = text.split('.')
        changed = signed_data.encode(self.json.read_bytes().replace(b'79', b'80'))
        bad.write_text('.'.join([head, changed, signature]))
        self.assert_verdict('invalid', 'signature_mismatch', bad)
        for what, forged in (('garbage behind', text + '\nx'), ('padding', text + '='),
                             ('two parts', f'{head}.{payload}'), ('four parts', text + '.AA'),
                             ('no signature', f'{head}.{payload}.!')):
            with self.subTest(what):
                bad.write_text(forged)
                self.assert_unreadable(bad)

    def test_a_stranger_leaves_the_verdict_open(self):
        target, _ = self.sign(self.json, 'json')
        self.client.close()
        os.rename(self.home.config / 'trust' / 'anchors' / 'root.pem', self.home.path / 'root.pem')
        self.restart_agent()
        self.client = self.agent.connect()
        one = self.assert_verdict('undetermined', 'certificate', target)
        self.assertEqual(one['certificate'], 'certificate_unknown_issuer')
        os.rename(self.home.path / 'root.pem', self.home.config / 'trust' / 'anchors' / 'root.pem')
        self.client.close()
        self.restart_agent()
        self.client = self.agent.connect()


class Refused(Case):
    def refuse_data(self, code, what, data, purpose='json', outcome='refused', **more):
        self.refuse(code, what, {'credentialID': self.home.credentials['leader'],
                                 'purpose': purpose, **more},
                    outcome=outcome, source=self.write('refused', data))

    def test_what_is_no_json_is_not_signed_as_such(self):
        for what, data in (('text', signed_data.TEXT), ('cut off', signed_data.JSON[:40]),
                           ('no UTF-8', b'"\xff"'), ('a name twice', '{"a":1,"a":2}'),
                           ('40 levels', '[' * 40 + ']' * 40), ('two values', '{}{}')):
            with self.subTest(what):
                self.refuse_data('data_not_json', f'JSON: {what}', data)

    def test_sizes_are_bounded(self):
        self.refuse_data('data_too_large', 'a message over 4 MiB', b'x' * (4 * MIB + 1), 'message')
        self.refuse_data('data_too_large', 'JSON of 400,000 values', '[' + '0,' * 400_000 + '0]')
        self.refuse_data('document_empty', 'an empty message', b'', 'message', 'failed')

    def test_secret_text_is_refused(self):
        self.refuse_data('secret_document', 'a message marked MẬT', 'TỐI MẬT\nNội dung\n',
                         'message')

    def test_pairings_that_are_not_there(self):
        for more in ({'signature_format': 'C'}, {'conformance_level': 'AdES-B-T'},
                     {'signed_envelope_property': 'Parallel'}):
            with self.subTest(str(more)):
                self.refuse_data('not_supported', f'json with {more}', signed_data.JSON,
                                 outcome=None, **more)
        self.refuse_data('not_supported', 'a PDF around its signature', b'', 'approve', None,
                         signed_envelope_property='Attached')
        self.refuse_data('wrong_parameters', 'an image on JSON', signed_data.JSON, outcome=None,
                         place={'page': 1, 'rect': [0, 0, 10, 10]})


class Around(Case):
    """CAdES with its content in it."""

    def trust(self):
        return self.home.config / 'trust'

    def test_a_message_is_carried_and_shown(self):
        seen = len(self.home.pin_windows.lines)
        target, result = self.sign(self.text, 'message')
        self.assertEqual(result['signature']['format'], 'CAdES')
        self.assert_verdict('valid', None, target)
        taken = self.out / 'taken'
        self.assertTrue(signed_data.openssl_verifies(self.trust(), target, taken=taken))
        self.assertEqual(taken.read_bytes(), self.text.read_bytes())
        self.assertIn('gửi báo cáo trước ngày 15', '\n'.join(self.home.pin_windows.lines[seen:]))

    def test_binary_data_are_shown_by_their_digest(self):
        data = self.write('data.bin', b'\x00\xff' * 100)
        target, _ = self.sign(data, 'message')
        self.assert_verdict('valid', None, target)
        self.assertIn(hashlib.sha256(data.read_bytes()).hexdigest()[:16], self.home.pinentry_log())

    def test_a_message_may_be_a_jws_or_detached(self):
        target, _ = self.sign(self.text, 'message', signature_format='J')
        self.assertEqual(signed_data.parts_of(target)[0]['cty'], 'text/plain')
        self.assert_verdict('valid', None, target)
        target, _ = self.sign(self.text, 'message', signed_envelope_property='Detached')
        self.assertTrue(signed_data.openssl_verifies(self.trust(), target, self.text))
        self.assert_verdict('valid', None, self.text, target)

    def test_files_of_every_size_are_carried_by_every_kind_of_key(self):
        for size in (0, 1, 127, 128, 255, 256, 65535, 65536, 3 * MIB + 1):
            for name in ('leader', 'p384'):
                with self.subTest(size=size, key=name):
                    source = self.write('file', os.urandom(size))
                    target, _ = self.sign(source, 'file', name, signed_envelope_property='Attached')
                    taken = self.out / 'taken'
                    self.assertTrue(signed_data.openssl_verifies(self.trust(), target, taken=taken))
                    self.assertEqual(taken.read_bytes(), source.read_bytes())
                    self.assert_verdict('valid', None, target)
                    self.assertLess(target.stat().st_size, size + 8192)

    def test_by_descriptor_and_in_a_batch(self):
        with open(self.text, 'rb') as source, open(self.out / 'fd', 'w+b') as output:
            self.client.call(SIGN, self.detached(
                purpose='message', input={'fd': 0}, output={'fd': 1}),
                [source.fileno(), output.fileno()])
        self.assert_verdict('valid', None, self.out / 'fd')
        documents = [{'input': {'path': str(path)}, 'output': {'path': str(self.out / str(i))}}
                     for i, path in enumerate((self.text, self.json, self.text))]
        result = self.client.call(SIGN, self.detached(purpose='message', documents=documents))
        self.assertEqual(result['signed'], 3)
        for i in range(3):
            self.assert_verdict('valid', None, self.out / str(i))

    def test_streams_of_other_signers_are_read(self):
        """BER with the content in parts, as openssl writes it; here by a key of nobody we know."""
        key, certificate = self.home.path / 'k.pem', self.home.path / 'c.pem'
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=X', '-addext',
                        'basicConstraints=critical,CA:FALSE', '-addext',
                        'keyUsage=critical,digitalSignature,nonRepudiation', '-keyout', key,
                        '-out', certificate], check=True, capture_output=True)
        source = self.write('large', os.urandom(300_000))
        for options in (['-stream'], []):
            target = self.out / 'other'
            subprocess.run(['openssl', 'cms', '-sign', '-binary', '-nodetach', '-cades', '-outform',
                            'DER', '-in', source, '-signer', certificate, '-inkey', key, '-out',
                            target, *options], check=True)
            with self.subTest(str(options)):
                one = self.assert_verdict('undetermined', 'certificate', target)
                self.assertTrue(one['integrity'])
                bad = signed_data.flip(target, self.out / 'bad', source.read_bytes()[200_000:200_020])
                self.assert_verdict('invalid', 'digest_mismatch', bad)

    def test_what_was_tampered_with_is_not_believed(self):
        good, _ = self.sign(self.text, 'message')
        bad = self.out / 'bad'
        self.assert_verdict('invalid', 'digest_mismatch',
                            signed_data.flip(good, bad, self.text.read_bytes()))
        data = good.read_bytes()
        for what, forged in (('garbage behind', data + b'x'), ('zeros behind', data + bytes(8)),
                             ('cut off', data[:-1]),
                             ('lengths that lie', data[:2] + b'\xff\xff' + data[4:])):
            with self.subTest(what):
                bad.write_bytes(forged)
                self.assert_unreadable(bad)
        bad.write_text('0 apples, which is no CMS although it begins with its byte')
        self.assert_refused('document_not_pdf', self.verify, bad)
        detached, _ = self.sign(self.text, 'file', target=self.out / 'detached')
        self.assert_verdict('undetermined', 'content_missing', detached)
        advice = self.verify(detached)['advice']
        self.assertFalse(advice['accept'])
        self.assertIn('cùng với tệp đã ký', advice['reason']['vi'])
        self.assert_verdict('invalid', 'content_present', self.text, good)


class Content(Case):
    def take(self, path, target=None):
        target = target or self.out / 'content'
        found = self.client.call(VERIFY, {'input': {'path': str(path)},
                                          'content': {'path': str(target)}})
        return found['content'], target

    def test_what_was_signed_is_handed_over_again(self):
        for source, purpose, more in (
            (self.text, 'message', {}), (self.json, 'json', {}),
            (self.text, 'message', {'signature_format': 'J'}),
            (self.write('large', os.urandom(3 * MIB + 1)), 'file',
             {'signed_envelope_property': 'Attached'}),
        ):
            with self.subTest(purpose, more=more):
                signed, _ = self.sign(source, purpose, **more)
                told, target = self.take(signed)
                data = source.read_bytes()
                self.assertEqual(target.read_bytes(), data)
                self.assertEqual(told, {'size': len(data), 'digest': hashlib.sha256(data).hexdigest()})

    def test_by_descriptor(self):
        signed, _ = self.sign(self.text, 'message')
        with open(signed, 'rb') as source, open(self.out / 'fd', 'w+b') as output:
            self.client.call(VERIFY, {'input': {'fd': 0}, 'content': {'fd': 1}},
                             [source.fileno(), output.fileno()])
        self.assertEqual((self.out / 'fd').read_bytes(), self.text.read_bytes())

    def test_what_is_not_intact_leaves_the_older_file(self):
        signed, _ = self.sign(self.text, 'message')
        data, _ = self.sign(self.json, 'json', target=self.out / 'data.jws')
        apart, _ = self.sign(self.text, 'file', target=self.out / 'apart')
        bad = signed_data.flip(signed, self.out / 'bad', self.text.read_bytes())
        forged = signed_data.change_header(data, self.out / 'forged', alg='none')
        old = self.out / 'old'
        old.write_bytes(office.OLD)
        for path in (bad, forged, apart, self.letter.path):
            with self.subTest(path.name):
                self.assertEqual(self.take(path, old), (None, old))
                self.assertEqual(old.read_bytes(), office.OLD)

    def test_a_place_that_cannot_be_written_is_told(self):
        signed, _ = self.sign(self.text, 'message')
        error = self.assert_refused('output_not_writable', self.take, signed,
                                    self.out / 'missing' / 'content')
        self.assert_told(error)


class Large(Case):
    def test_the_agent_does_not_hold_a_large_file(self):
        source = self.home.path / 'large'
        with open(source, 'wb') as stream:
            stream.truncate(100 * MIB)
        self.sign(self.text, 'message')
        status = f'/proc/{self.agent.pid}/status'

        def peak():
            with open(status, encoding='ascii') as stream:
                return next(int(line.split()[1]) for line in stream if line.startswith('VmHWM:'))
        before = peak()
        target, _ = self.sign(source, 'file', signed_envelope_property='Attached')
        self.assert_verdict('valid', None, target)
        self.assertLess(peak() - before, 20 * 1024, 'KiB more')


if __name__ == '__main__':
    tap.main()
