#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kyso trust: CAs come to this machine by a signed bundle only; what is wrong with one has its code
and leaves all as it was; and a set counts only where kyso.conf names it."""

import base64
import hashlib
import json
import subprocess

import kit_ca
import kyso_kit
import office
import tap

KYSO = 'ipc/cli/kyso'


def der_of(pem):
    return subprocess.run(['openssl', 'x509', '-in', pem, '-outform', 'DER'],
                          check=True, capture_output=True).stdout


def entry(pem, kind='anchor', **more):
    der = der_of(pem)
    return {'kind': kind, 'sha256': hashlib.sha256(der).hexdigest(),
            'certificate': base64.b64encode(der).decode(), **more}


class Case(office.Case):
    def setUp(self):
        super().setUp()
        self.trust = self.home.config / 'trust'
        self.work = self.home.path / 'bundles'
        self.work.mkdir()
        (self.trust / 'bundle-signers').mkdir()
        self.root = self.trust / 'anchors' / 'root.pem'
        self.issuing = self.trust / 'intermediates' / 'issuing.pem'
        self.make_signer('office')
        (self.trust / 'bundle-signers' / 'office.pem').write_bytes(
            (self.work / 'office.pem').read_bytes())

    def openssl(self, *words):
        subprocess.run(['openssl', *words], cwd=self.work, check=True, capture_output=True)

    def make_signer(self, name, kind=('ec', 'ec_paramgen_curve:P-256')):
        self.openssl('req', '-x509', '-newkey', kind[0], '-pkeyopt', kind[1], '-nodes', '-days', '30',
                     '-subj', f'/CN={name}', '-keyout', f'{name}.key', '-out', f'{name}.pem')

    def make_expired_signer(self, name):
        self.make_signer(name)
        authority = kit_ca.Authority(self.work / 'ca', kit_ca.Keys(self.work / 'keys'))
        made = authority.sign(name, self.work / f'{name}.key', f'/CN={name}', 'person', (-900, -30))
        (self.work / f'{name}.pem').write_bytes(made.read_bytes())

    def content(self, serial=1, sets=None, **more):
        usual = {'neac': [entry(self.root), entry(self.issuing, 'intermediate')]}
        return {'format': 'kyso-trust-1', 'serial': serial, 'issued': '2026-11-26',
                'sets': usual if sets is None else sets, **more}

    def bundle(self, content=None, *options, signers=('office',)):
        """The file, signed by openssl as the README says."""
        data = self.content() if content is None else content
        text = data if isinstance(data, str) else json.dumps(data)
        (self.work / 'sets.json').write_text(text)
        names = [word for name in signers for word in ('-signer', f'{name}.pem', '-inkey', f'{name}.key')]
        self.openssl('cms', '-sign', '-binary', '-nodetach', '-md', 'sha256', '-outform', 'DER', *names,
                     *options, '-in', 'sets.json', '-out', 'bundle.p7m')
        return self.work / 'bundle.p7m'

    def kyso(self, *words):
        return subprocess.run(
            [kyso_kit.program(KYSO), '--json', 'trust', '--config', self.home.config, *words],
            env=self.home.environment(), capture_output=True, text=True)

    def result(self, *words):
        done = self.kyso(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def files(self):
        return {path: path.read_bytes() for path in self.trust.rglob('*') if path.is_file()}

    def refuse(self, code, what, file):
        before = self.files()
        done = self.kyso('update', file)
        self.assertNotEqual(done.returncode, 0, what)
        self.assertEqual(json.loads(done.stdout)['code'], code, what)
        self.assertEqual(self.files(), before, what)
        self.note(code, f'trust: {what}', None)

    def restart(self):
        self.agent.stop()
        self.agent = self.start_agent()

    def verdict(self, path):
        with self.agent.connect() as client:
            said = client.call('signatures.verify', {'input': {'path': str(path)}})
        return said['signatures'][0]['verdict'], said['signatures'][0]['certificate']


class Taken(Case):
    def test_a_set_counts_only_where_it_is_named(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        bundle = self.bundle()
        done = self.result('update', bundle)
        self.assertTrue(done['installed'])
        self.assertEqual([(item['set'], item['folder']) for item in done['added']],
                         [('neac', 'anchors'), ('neac', 'intermediates')])
        self.root.rename(self.home.path / 'root.pem')  # no addition of the administrator's any more
        self.issuing.rename(self.home.path / 'issuing.pem')
        self.restart()
        self.assertEqual(self.verdict(signed), ('undetermined', 'certificate_unknown_issuer'))
        self.home.configure('trust', 'sets=gcc;neac')
        self.restart()
        self.assertEqual(self.verdict(signed), ('valid', 'valid'))
        named = {item['name']: item['trusted'] for item in self.result('list')['sets']}
        self.assertEqual(named, {'gcc': True, 'neac': True})

    def test_a_newer_one_replaces_it_and_an_older_one_does_not(self):
        self.assertIsNone(self.result('list')['bundle'])
        self.result('update', self.bundle())
        self.assertFalse(self.result('update', self.work / 'bundle.p7m')['installed'])
        newer = self.bundle(self.content(3, {'neac': [entry(self.root)]}))
        done = self.result('update', newer)
        self.assertEqual((done['before']['serial'], done['bundle']['serial']), (1, 3))
        self.assertEqual([item['folder'] for item in done['removed']], ['intermediates'])
        for serial in (2, 3):
            self.refuse('bundle_outdated', f'serial {serial} after 3', self.bundle(self.content(serial)))
        self.assertEqual(self.result('list')['bundle']['serial'], 3)

    def test_people_read_it(self):
        self.result('update', self.bundle())
        done = subprocess.run(
            [kyso_kit.program(KYSO), 'trust', '--config', self.home.config, 'list'],
            env=self.home.environment(), capture_output=True, text=True)
        self.assertIn('Kyso Test Root CA', done.stdout)
        self.assertIn('26', done.stdout)
        for words in ((), ('update',), ('list', 'x'), ('other',)):
            self.assertEqual(self.kyso(*words).returncode, 2)

    def test_a_signer_that_is_pinned_no_more_takes_its_bundle_along(self):
        self.result('update', self.bundle())
        self.home.configure('trust', 'sets=neac')
        pinned = self.trust / 'bundle-signers' / 'office.pem'
        pinned.rename(self.home.path / 'office.pem')
        self.restart()
        self.assert_refused('bundle_signer_unknown', self.approve, self.out / 'signed.pdf')
        (self.out / 'signed.pdf').unlink()
        self.make_signer('next')
        (self.trust / 'bundle-signers' / 'next.pem').write_bytes((self.work / 'next.pem').read_bytes())
        self.result('update', self.bundle(signers=['next']))
        self.restart()
        self.approve(self.home.path / 'signed.pdf')


class Refused(Case):
    can_sign_afterwards = False

    def test_what_is_no_bundle(self):
        good = self.bundle().read_bytes()
        bad = self.work / 'bad.p7m'
        for what, data in (('no CMS', b'hello'), ('empty', b''), ('cut', good[:-40]),
                           ('more behind it', good + b'x'), ('too large', bytes(9 << 20))):
            bad.write_bytes(data)
            self.refuse('bundle_malformed', what, bad)
        detached = self.work / 'detached.p7m'
        self.openssl('cms', '-sign', '-binary', '-md', 'sha256', '-outform', 'DER', '-signer', 'office.pem',
                     '-inkey', 'office.key', '-in', 'sets.json', '-out', 'detached.p7m')
        self.refuse('bundle_malformed', 'without its content', detached)

    def test_what_is_wrong_in_it(self):
        root = entry(self.root)
        leaf = entry(self.home.path / 'token' / 'certificates' / 'leader.pem')
        for what, content in (
            ('no JSON', 'hello'), ('another format', self.content(format='kyso-trust-2')),
            ('unknown member', self.content(more=1)), ('no serial', self.content(serial=0)),
            ('no day', self.content(issued='today')), ('no sets', self.content(sets={})),
            ('a set without certificates', self.content(sets={'neac': []})),
            ('a name like a path', self.content(sets={'../x': [root]})),
            ('twice', self.content(sets={'neac': [root, root]})),
            ('no CA', self.content(sets={'neac': [leaf]})),
            ('another SHA-256', self.content(sets={'neac': [{**root, 'sha256': '0' * 64}]})),
            ('unknown kind', self.content(sets={'neac': [{**root, 'kind': 'leaf'}]})),
            ('unknown member of a certificate', self.content(sets={'neac': [{**root, 'x': 1}]})),
            ('no certificate', self.content(sets={'neac': [{**root, 'certificate': 'AAAA'}]})),
        ):
            self.refuse('bundle_malformed', what, self.bundle(content))

    def test_who_signed_it(self):
        self.make_signer('stranger')
        self.refuse('bundle_signer_unknown', 'a stranger', self.bundle(signers=['stranger']))
        self.refuse('bundle_signer_unknown', 'two signers', self.bundle(signers=['office', 'stranger']))
        self.make_signer('weak', ('rsa', 'rsa_keygen_bits:1024'))
        self.make_expired_signer('late')
        for name in ('weak', 'late'):
            (self.trust / 'bundle-signers' / f'{name}.pem').write_bytes(
                (self.work / f'{name}.pem').read_bytes())
        self.refuse('bundle_signature_invalid', 'a weak key', self.bundle(signers=['weak']))
        self.refuse('certificate_expired', 'an expired signer', self.bundle(signers=['late']))
        self.refuse('bundle_signature_invalid', 'SHA-1', self.bundle(None, '-md', 'sha1'))

    def test_a_changed_byte(self):
        data = bytearray(self.bundle().read_bytes())
        data[data.index(b'2026-11-26') + 9] = ord('7')
        (self.work / 'changed.p7m').write_bytes(data)
        self.refuse('bundle_signature_invalid', 'a changed byte', self.work / 'changed.p7m')

    def test_a_set_that_is_not_there(self):
        self.home.configure('trust', 'sets=gcc;neac')
        self.restart()
        self.assert_refused('trust_set_unknown', self.approve, self.out / 'signed.pdf')
        self.note('trust_set_unknown', 'kyso.conf: a set that no bundle has', None)
        done = self.kyso('list')
        self.assertEqual(json.loads(done.stdout)['code'], 'trust_set_unknown')

    def test_nowhere_to_write(self):
        bundle = self.bundle()
        before = self.files()
        target = self.trust / 'bundle.p7m'
        target.mkdir()
        done = self.kyso('update', bundle)
        self.assertNotEqual(done.returncode, 0)
        target.rmdir()
        self.assertEqual(self.files(), before)


if __name__ == '__main__':
    tap.main()
