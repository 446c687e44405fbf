#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of every kind that a key can make, each verified by tools that are not ours, and where
the result goes."""

import hashlib
import json
import os
import subprocess

import office
import tap

SIGN = 'signatures.signDoc'
RSA = {'sha256': '1.2.840.113549.1.1.11', 'sha384': '1.2.840.113549.1.1.12',
       'sha512': '1.2.840.113549.1.1.13'}
PSS = '1.2.840.113549.1.1.10'
ECDSA = {'sha256': '1.2.840.10045.4.3.2', 'sha384': '1.2.840.10045.4.3.3'}
HASHES = {'sha256': '2.16.840.1.101.3.4.2.1', 'sha384': '2.16.840.1.101.3.4.2.2',
          'sha512': '2.16.840.1.101.3.4.2.3'}

# credential, name of the algorithm, signAlgo (None: kyso chooses), what the result names
KINDS = (
    ('leader', 'RSA-2048', None, ('RSA', 'SHA256')),
    ('leader', 'RSA-2048 with SHA-384', RSA['sha384'], ('RSA', 'SHA384')),
    ('leader', 'RSA-2048 with SHA-512', RSA['sha512'], ('RSA', 'SHA512')),
    ('leader', 'RSA-2048 PSS', PSS, ('RSA-PSS', 'SHA256')),
    ('agency', 'RSA-3072', RSA['sha256'], ('RSA', 'SHA256')),
    ('rsa4096', 'RSA-4096', None, ('RSA', 'SHA256')),
    ('rsa4096', 'RSA-4096 PSS', PSS, ('RSA-PSS', 'SHA256')),
    ('p256', 'ECDSA P-256', None, ('ECDSA', 'SHA256')),
    ('p384', 'ECDSA P-384', None, ('ECDSA', 'SHA384')),
    ('p256', 'ECDSA P-256, named', ECDSA['sha256'], ('ECDSA', 'SHA256')),
)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


class Case(office.Case):
    credential_names = ('rsa4096', 'p256', 'p384', 'always')

    def setUp(self):
        super().setUp()
        self.client = self.agent.connect()
        self.addCleanup(self.client.close)

    def sign(self, params, source=None, target=None):
        """By path."""
        target = target or self.out / 'result'
        return self.client.call(SIGN, {'input': {'path': str(source or self.letter.path)},
                                       'output': {'path': str(target)}, **params})

    def assert_openssl_verifies(self, source, signature):
        trust = self.home.config / 'trust'
        done = run('openssl', 'cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', signature,
                   '-content', source, '-CAfile', trust / 'anchors' / 'root.pem',
                   '-certfile', trust / 'intermediates' / 'issuing.pem', '-purpose', 'any',
                   '-out', '/dev/null')
        self.assertEqual(done.returncode, 0, done.stderr)

    def public_key(self, name):
        path = self.home.path / f'{name}.pub'
        certificate = self.home.path / 'token' / 'certificates' / f'{name}.pem'
        path.write_text(run('openssl', 'x509', '-in', certificate, '-pubkey', '-noout').stdout)
        return path


class Kinds(Case):
    def test_a_detached_signature_of_every_kind_verifies_with_openssl(self):
        for name, what, algorithm, _ in KINDS:
            with self.subTest(what):
                params = self.detached(credentialID=self.home.credentials[name])
                if algorithm:
                    params['signAlgo'] = algorithm
                result = self.sign(params)
                self.assertEqual(result['signature']['verdict'], 'valid')
                self.assertEqual(result['signature']['format'], 'CAdES')
                self.assert_openssl_verifies(self.letter.path, self.out / 'result')

    def test_a_pdf_signed_by_every_kind_verifies_with_pdfsig(self):
        for name, what, algorithm, (_, digest) in KINDS:
            if name == 'agency':
                continue
            with self.subTest(what):
                params = self.approval(credentialID=self.home.credentials[name])
                if algorithm:
                    params['signAlgo'] = algorithm
                result = self.sign(params)
                self.assertEqual(result['signature']['hash'], digest)
                output = run('pdfsig', '-nocert', self.out / 'result').stdout
                self.assertIn('Signature is Valid', output)
                self.assertIn('- Total document signed', output)

    def test_a_key_that_wants_the_pin_each_time_signs_with_one_question(self):
        seen = len(self.home.pin_windows.lines)
        result = self.sign(self.detached(credentialID=self.home.credentials['always']))
        self.assertEqual(result['signature']['verdict'], 'valid')
        asked = [line for line in self.home.pin_windows.lines[seen:] if line.startswith('GETPIN')]
        self.assertEqual(len(asked), 1)


class Results(Case):
    def test_a_result_tells_what_was_signed(self):
        result = self.sign(self.approval())
        data = (self.out / 'result').read_bytes()
        self.assertEqual(result['output_digest'], hashlib.sha256(data).hexdigest())
        self.assertEqual(result['output_size'], len(data))
        self.assertEqual(result['input_digest'],
                         hashlib.sha256(self.letter.path.read_bytes()).hexdigest())
        self.assertEqual(result['signature']['field'], result['field'])
        self.assertEqual(result['signature']['signer']['credentialID'], result['credentialID'])

    def test_the_journal_keeps_who_asked_for_what(self):
        metadata = {'CodeNumber': '79', 'CodeNotation': 'UBND-VHTT', 'OrganName': 'UBND xã Thử Nghiệm',
                    'Subject': 'V/v tăng cường ký số', 'SignerInfo': {'Position': 'Phó Chủ tịch'}}
        result = self.sign(self.approval(metadata=metadata))
        record, = self.journal()
        self.assertEqual(json.loads(record['metadata']), metadata)
        for name, value in {
            'sequence': result['journal'], 'outcome': 'signed', 'error_code': '',
            'request_id': result['requestID'], 'purpose': 'approve', 'method': SIGN,
            'caller_uid': os.getuid(), 'caller_pid': os.getpid(),
            'caller_executable': os.path.realpath('/proc/self/exe'), 'role': 'personal',
            'credential_id': self.home.credentials['leader'],
            'document_digest': result['input_digest'], 'result_digest': result['output_digest'],
        }.items():
            self.assertEqual(record[name], value, name)
        self.assertIn('Nguyễn Văn Thử', record['signer'])

    def test_by_path_and_by_descriptor_the_result_is_the_same_kind_of_file(self):
        self.sign(self.approval(), target=self.out / 'by-path')
        self.client.sign_file(self.letter.path, self.out / 'by-descriptor', **self.approval())
        for name in ('by-path', 'by-descriptor'):
            with self.subTest(name):
                self.assertEqual(run('qpdf', '--check', self.out / name).returncode, 0)
                output = run('pdfsig', '-nocert', self.out / name).stdout
                self.assertEqual(output.count('Signature is Valid'), 1)
        self.assertEqual(sorted(os.listdir(self.out)), ['by-descriptor', 'by-path'])

    def test_a_replaced_file_keeps_its_mode_and_a_new_one_is_the_callers(self):
        old = self.out / 'old'
        old.write_bytes(office.OLD)
        old.chmod(0o640)
        self.sign(self.detached(), target=old)
        self.sign(self.detached(), target=self.out / 'new')
        self.assertEqual(old.stat().st_mode & 0o777, 0o640)
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual((self.out / 'new').stat().st_mode & 0o777, 0o666 & ~mask)

    def test_a_longer_file_behind_a_descriptor_is_replaced_whole(self):
        target = self.out / 'result'
        target.write_bytes(bytes(10 ** 6))
        with open(self.letter.path, 'rb') as source, open(target, 'r+b') as output:
            output.seek(1000)
            result = self.client.call(SIGN, self.approval(input={'fd': 0}, output={'fd': 1}),
                                      [source.fileno(), output.fileno()])
        self.assertEqual(target.stat().st_size, result['output_size'])
        self.assertTrue(target.read_bytes().startswith(self.letter.path.read_bytes()))

    def test_a_document_can_replace_itself(self):
        letter = self.make_letter('itself.pdf')
        original = letter.path.read_bytes()
        self.sign(self.approval(), source=letter.path, target=letter.path)
        self.assertTrue(letter.path.read_bytes().startswith(original))
        self.assertIn('Signature is Valid', run('pdfsig', '-nocert', letter.path).stdout)

    def test_a_file_changed_while_the_pin_is_asked_is_signed_as_it_was_shown(self):
        letter = self.make_letter('changing.pdf')
        original = letter.path.read_bytes()
        self.home.script_pinentry(f'slow 0.3 pin {office.PIN}')
        request = self.client.begin(SIGN, self.approval(
            input={'path': str(letter.path)}, output={'path': str(self.out / 'result')}))
        self.home.wait_pin_window()
        with open(letter.path, 'r+b') as stream:
            stream.write(b'%PDF-0.0 another document')
        result = self.client.finish(request)
        self.assertTrue((self.out / 'result').read_bytes().startswith(original))
        self.assertEqual(result['input_digest'], hashlib.sha256(original).hexdigest())

    def test_three_leaders_sign_one_after_another(self):
        source, target = self.letter.path, None
        for n, name in enumerate(('leader', 'p256', 'rsa4096')):
            target = self.out / f'{n}.pdf'
            place = {'page': 1, 'rect': [60 + 120 * n, 60, 160 + 120 * n, 110]}
            self.sign(self.approval(credentialID=self.home.credentials[name], place=place), source,
                      target)
            source = target
        found = self.client.call('signatures.verify', {'input': {'path': str(target)}})
        self.assertEqual([one['verdict'] for one in found['signatures']], ['valid'] * 3)
        self.assertEqual((found['verdict'], found['process']), ('valid', 'approved'))
        output = run('pdfsig', '-nocert', target).stdout
        self.assertEqual(output.count('Signature is Valid'), 3)

    def test_the_algorithm_is_named_as_verified(self):
        for name, what, algorithm, (family, digest) in KINDS:
            with self.subTest(what):
                params = self.detached(credentialID=self.home.credentials[name])
                if algorithm:
                    params['signAlgo'] = algorithm
                self.sign(params)
                found = self.client.call('signatures.verify', {
                    'input': {'path': str(self.letter.path)},
                    'signature': {'path': str(self.out / 'result')}})
                one, = found['signatures']
                self.assertEqual((one['verdict'], one['hash']), ('valid', digest))
                self.assertTrue(one['algorithm'].startswith(family.split('-')[0]), one['algorithm'])


class Hashes(Case):
    settings = (('sign', 'hash=true'), ('sign', 'session-seconds=600'))

    def setUp(self):
        super().setUp()
        self.data = self.home.path / 'data'
        self.data.write_bytes('Nội dung cần ký'.encode())

    def params(self, name='leader', digest='sha256', count=1, **more):
        value = run('openssl', 'dgst', f'-{digest}', '-binary', '-out', self.home.path / 'digest',
                    self.data)
        self.assertEqual(value.returncode, 0)
        encoded = run('openssl', 'base64', '-A', '-in', self.home.path / 'digest').stdout
        return {'credentialID': self.home.credentials[name], 'hash': [encoded] * count,
                'hashAlgo': HASHES[digest], **more}

    def assert_verifies(self, name, digest, signature, *options):
        encoded, decoded = self.home.path / 'signature.b64', self.home.path / 'signature'
        encoded.write_text(signature)
        run('openssl', 'base64', '-d', '-A', '-in', encoded, '-out', decoded)
        done = run('openssl', 'dgst', f'-{digest}', '-verify', self.public_key(name), '-signature',
                   decoded, *options, self.data)
        self.assertEqual(done.stdout.strip(), 'Verified OK', done.stderr)

    def test_a_digest_is_signed_for_each_kind_of_key(self):
        pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest']
        for name, digest, algorithm, options in (
            ('leader', 'sha256', None, []),
            ('leader', 'sha512', RSA['sha512'], []),
            ('leader', 'sha256', PSS, pss),
            ('rsa4096', 'sha384', PSS, pss),
            ('p256', 'sha256', None, []),
            ('p384', 'sha384', None, []),
        ):
            with self.subTest(name, digest=digest, algorithm=algorithm):
                more = {'signAlgo': algorithm} if algorithm else {}
                result = self.client.call('signatures.signHash', self.params(name, digest, **more))
                self.assert_verifies(name, digest, result['signatures'][0], *options)
                self.assertEqual(self.journal()[-1]['sequence'], result['journal'])

    def test_a_list_is_signed_with_one_question_and_one_record(self):
        seen = len(self.home.pin_windows.lines)
        result = self.client.call('signatures.signHash', self.params(count=20))
        self.assertEqual(len(result['signatures']), 20)
        for signature in {*result['signatures']}:  # of one digest, as PKCS#1 v1.5 has no salt
            self.assert_verifies('leader', 'sha256', signature)
        asked = [line for line in self.home.pin_windows.lines[seen:] if line.startswith('GETPIN')]
        self.assertEqual((len(asked), self.home.logins(), len(self.journal())), (1, 1, 1))

    def test_an_authorization_signs_its_declared_number_and_no_more(self):
        given = self.client.call('credentials.authorize', {
            'credentialID': self.home.credentials['leader'], 'numSignatures': 3,
            'description': 'Lô thử nghiệm'})
        self.assertEqual(given['expiresIn'], 600)
        self.assertIn('Lô thử nghiệm', self.home.pinentry_log())
        params = self.params(SAD=given['SAD'])
        self.assert_verifies('leader', 'sha256',
                             self.client.call('signatures.signHash', params)['signatures'][0])
        self.client.call('signatures.signHash', self.params(SAD=given['SAD'], count=2))
        self.refuse_sad('used up', self.client, params)
        self.assertEqual(self.home.logins(), 1)
        self.assertEqual([record['outcome'] for record in self.journal()],
                         ['authorized', 'signed', 'signed', 'refused'])

    def refuse_sad(self, what, client, params):
        error = self.assert_refused('authorization_invalid', client.call, 'signatures.signHash',
                                    params)
        self.assert_told(error)
        self.note('authorization_invalid', f'SAD {what}', 'refused')

    def test_an_authorization_is_good_for_its_key_and_its_connection_only(self):
        given = self.client.call('credentials.authorize', {
            'credentialID': self.home.credentials['leader'], 'numSignatures': 100})
        self.refuse_sad('made up', self.client, self.params(SAD='0' * 32))
        self.refuse_sad('of another credential', self.client,
                        self.params('p256', SAD=given['SAD']))
        self.refuse_sad('for fewer', self.client, self.params(SAD=given['SAD'], count=101))
        with self.agent.connect() as other:
            self.refuse_sad('of another connection', other, self.params(SAD=given['SAD']))
        self.client.close()
        self.client = self.agent.connect()
        self.addCleanup(self.client.close)
        self.refuse_sad('of a connection that has gone', self.client,
                        self.params(SAD=given['SAD']))

    def test_an_authorization_ends_with_its_token(self):
        given = self.client.call('credentials.authorize', {
            'credentialID': self.home.credentials['leader'], 'numSignatures': 100})
        params = self.params(SAD=given['SAD'])
        self.home.break_token('C_Sign:post-rv=0x32')
        self.assert_refused('token_removed', self.client.call, 'signatures.signHash', params)
        self.home.break_token()
        self.refuse_sad('of a token that was pulled', self.client, params)


class HashesOff(Case):
    def test_bare_digests_are_not_signed_unless_it_was_switched_on(self):
        digest = 'A' * 43 + '='
        with self.agent.connect() as client:
            self.assertFalse(client.call('service.info')['hash_signing'])
            for method, params in (
                ('signatures.signHash', {'hash': [digest], 'hashAlgo': HASHES['sha256']}),
                ('credentials.authorize', {'numSignatures': 1}),
            ):
                with self.untouched(outcome='refused', code='hash_signing_off'):
                    error = self.assert_refused(
                        'hash_signing_off', client.call, method,
                        {'credentialID': self.home.credentials['leader'], **params})
                self.assert_told(error)
                self.note('hash_signing_off', method, 'refused')


class Expiry(Case):
    settings = (('sign', 'hash=true'), ('sign', 'session-seconds=1'))

    def test_an_authorization_ends_in_time(self):
        given = self.client.call('credentials.authorize', {
            'credentialID': self.home.credentials['leader'], 'numSignatures': 1_000_000})
        params = {'credentialID': self.home.credentials['leader'], 'hash': ['A' * 43 + '='],
                  'hashAlgo': HASHES['sha256'], 'SAD': given['SAD']}
        with self.assertRaises(office.KysoError) as caught:
            for _ in range(100_000):
                self.client.call('signatures.signHash', params)
        self.assertEqual(caught.exception.code, 'authorization_invalid')
        self.note('authorization_invalid', 'SAD past its time', 'refused')


if __name__ == '__main__':
    tap.main()
