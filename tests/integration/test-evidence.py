#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence: what standards §6.3 wants is kept of each document before it is handed over, can be
checked by openssl alone, and goes with its document without touching others."""

import base64
import hashlib
import json
import sqlite3
import subprocess

import kyso_kit
import later_office
import office
import tap
from later_office import LTA, T


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Case(later_office.Case):
    def evidence(self, path):
        return self.call('evidence.list', {'input': {'path': str(path)}})['evidence']

    def restart(self):
        self.agent.stop()
        self.agent = self.start_agent()

    def only(self, path):
        entry, = self.evidence(path)
        return entry

    def export(self, entry):
        """All of it, as the file that evidence.get writes; each item is what its digest says."""
        target = self.home.path / 'evidence.json'
        self.call('evidence.get', {'evidenceID': entry['evidenceID'], 'output': {'path': str(target)}})
        whole = json.loads(target.read_text())
        for digest, item in whole['items'].items():
            item['der'] = base64.b64decode(item['der'], validate=True)
            self.assertEqual(hashlib.sha256(item['der']).hexdigest(), digest)
        return whole

    def openssl(self, *command, **files):
        """Its words about `files`, each written under its name."""
        folder = self.home.path / 'openssl'
        folder.mkdir(exist_ok=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        done = subprocess.run(['openssl', *command], cwd=folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def items(self, whole, kind):
        return [item['der'] for item in whole['items'].values() if item['type'] == kind]

    def delete(self, path):
        return self.call('evidence.delete', {'input': {'path': str(path)}})

    def count(self, table):
        database = self.home.state / 'evidence.db'
        with sqlite3.connect(f'file:{database}?mode=ro', uri=True) as db:
            return db.execute(f'SELECT count(*) FROM {table}').fetchone()[0]


class Signed(Case):
    def test_all_that_the_rules_want_is_kept(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed, conformance_level=T, metadata={
            'CodeNumber': '07', 'SignerInfo': {'Position': 'Chủ tịch'}})
        entry = self.only(signed)
        record = self.journal()[-1]
        self.assertEqual(
            (entry['digest'], entry['kind'], entry['purpose'], entry['journal'], entry['beside']),
            (digest_of(signed), 'signed', 'approve', record['sequence'], None))
        self.assertEqual(entry['metadata']['SignerInfo'], {'Position': 'Chủ tịch'})
        self.assertEqual((entry['size'], entry['verdict']), (signed.stat().st_size, 'valid'))
        self.assertIn('Nguyễn Văn Thử', entry['signers'][0])

        whole = self.export(entry)
        signature, = whole['signatures']
        self.assertEqual(signature['role'], 'personal')
        self.assertEqual(signature['policies'],
                         [{'oid': '2.16.704.1.1.1.1', 'cps': ['http://ca.example/cps']}])
        self.assertEqual(signature['revocation'], {'status': 'good', 'source': 'asked'})
        self.assertIsNone(whole['asked']['error'])
        self.assertEqual(whole['report']['signatures'][0]['verdict'], 'valid')
        self.assertEqual(len(signature['path']), 3)

    def test_openssl_can_check_it_without_us(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed, conformance_level=T)
        whole = self.export(self.only(signed))
        signature, = whole['signatures']
        leaf, issuing, root = (whole['items'][digest]['der'] for digest in signature['path'])
        self.openssl('x509', '-inform', 'DER', '-in', 'root', '-out', 'root.pem', root=root)
        self.openssl('x509', '-inform', 'DER', '-in', 'issuing', '-out', 'issuing.pem', issuing=issuing)
        self.openssl('verify', '-CAfile', 'root.pem', '-untrusted', 'issuing.pem', 'leaf', leaf=leaf)
        answers = [self.openssl('ocsp', '-respin', 'answer', '-resp_text', '-noverify', answer=answer)
                   for answer in self.items(whole, 'ocsp')]
        self.assertTrue(any('Cert Status: good' in text for text in answers), answers)
        self.assertIn('CN = Kyso Test Root CA', ''.join(
            self.openssl('crl', '-inform', 'DER', '-in', 'list', '-text', '-noout', list=data)
            for data in self.items(whole, 'crl')))
        token = whole['items'][signature['timestamp']['token']]['der']
        self.assertIn('Time stamp:', self.openssl(
            'ts', '-reply', '-token_in', '-in', 'token', '-text', token=token))

    def test_nothing_asked_is_told_as_such(self):
        self.home.configure('revocation', 'check=false')
        self.restart()
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        whole = self.export(self.only(signed))
        self.assertIsNone(whole['asked'])
        self.assertEqual(whole['signatures'][0]['revocation'], {'status': 'not_proven', 'source': None})
        self.assertEqual(self.items(whole, 'crl') + self.items(whole, 'ocsp'), [])

    def test_the_signature_beside_a_file_is_found_by_both(self):
        signature = self.home.path / 'letter.p7s'
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, signature, **self.detached())
        entry = self.only(signature)
        self.assertEqual((entry['digest'], entry['beside']),
                         (digest_of(signature), digest_of(self.letter.path)))
        self.assertEqual(self.only(self.letter.path), entry)

    def test_what_is_raised_has_its_own(self):
        signed, raised = self.home.path / 'signed.pdf', self.home.path / 'raised.pdf'
        self.approve(signed)
        result = self.augment(signed, raised, LTA)
        entry = self.only(raised)
        self.assertEqual((entry['kind'], entry['evidenceID'], entry['input_digest']),
                         ('augmented', result['evidence'], digest_of(signed)))
        self.assertEqual(self.export(entry)['signatures'][0]['revocation'],
                         {'status': 'good', 'source': 'document'})
        self.assertEqual(self.only(signed)['kind'], 'signed')

    def test_none_is_kept_where_the_administrator_wants_none(self):
        self.home.configure('evidence', 'keep=false')
        self.restart()
        signed = self.home.path / 'signed.pdf'
        self.assertIsNone(self.approve(signed)['evidence'])
        self.assertEqual(self.evidence(signed), [])


class Received(Case):
    can_sign_afterwards = False

    def received(self, path, **more):
        return self.verify(path, keep_evidence=True, **more)

    def test_the_office_keeps_what_comes_in(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        self.delete(signed)
        self.home.forget_answers()
        said = self.received(signed)
        self.assertEqual((said['verdict'], said['evidence']['status_error'],
                          said['evidence']['reception_error']), ('valid', None, None))
        whole = self.export(self.only(signed))
        self.assertEqual((whole['kind'], whole['evidenceID'], whole['journal']),
                         ('received', said['evidence']['evidenceID'], 0))
        self.assertEqual(whole['signatures'][0]['revocation'], {'status': 'good', 'source': 'asked'})
        self.assertTrue(self.items(whole, 'crl') or self.items(whole, 'ocsp'))
        token = whole['items'][whole['reception']['token']]['der']
        self.openssl('ts', '-verify', '-digest', digest_of(signed), '-token_in', '-in', 'token',
                     '-CAfile', self.home.config / 'trust' / 'anchors' / 'root.pem', token=token)

    def test_a_certificate_revoked_by_then_is_told(self):
        plain, stamped = self.home.path / 'plain.pdf', self.home.path / 'stamped.pdf'
        self.approve(plain)
        self.approve(stamped, conformance_level=T)
        self.home.services.revoke(self.home.certificate('leader'))
        for path, verdict in ((plain, 'invalid'), (stamped, 'valid')):
            with self.subTest(verdict):
                self.home.forget_answers()
                said = self.received(path)
                self.assertEqual(said['evidence']['status_error']['code'], 'certificate_revoked')
                # openssl tells revocations by the second: within one, the earlier counts for us.
                self.assertIn(said['verdict'], {verdict, 'invalid'})
                received = [entry for entry in self.evidence(path) if entry['kind'] == 'received']
                whole = self.export(received[0])
                self.assertEqual(whole['signatures'][0]['revocation']['status'], 'revoked')
                self.assertEqual(whole['verdict'], said['verdict'])

    def test_dead_services_are_told_and_do_not_end_it(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed)
        self.delete(signed)
        self.home.forget_answers()
        self.home.services.set('dead')
        said = self.received(signed)
        self.home.services.set('good')
        self.assertEqual(
            (said['verdict'], said['evidence']['status_error']['code'],
             said['evidence']['reception_error']['code']),
            ('valid', 'revocation_unavailable', 'timestamp_unavailable'))
        whole = self.export(self.only(signed))
        self.assertEqual((whole['asked']['error'], whole['reception']),
                         ('revocation_unavailable', {'error': 'timestamp_unavailable'}))
        self.assertEqual(whole['signatures'][0]['revocation'], {'status': 'not_proven', 'source': None})

    def test_a_document_without_a_signature_leaves_none(self):
        said = self.received(self.letter.path)
        self.assertEqual((said['verdict'], said['evidence']), ('unsigned', None))
        self.assertEqual(self.evidence(self.letter.path), [])

    def test_a_signature_beside_a_file(self):
        signature = self.home.path / 'letter.p7s'
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, signature, **self.detached())
        self.delete(signature)
        self.received(self.letter.path, signature={'path': str(signature)})
        entry = self.only(self.letter.path)
        self.assertEqual((entry['digest'], entry['size']),
                         (digest_of(signature), signature.stat().st_size))

    def test_it_does_not_go_with_content(self):
        self.assert_refused('wrong_parameters', self.received, self.letter.path,
                            content={'path': str(self.out / 'content')})


class Deleted(Case):
    def test_it_goes_with_its_document_and_touches_no_other(self):
        first, second = self.home.path / 'first.pdf', self.home.path / 'second.pdf'
        self.approve(first)
        items = self.count('items')
        self.approve(second, conformance_level=T)
        kept = self.export(self.only(second))
        result = self.delete(first)
        self.assertEqual((result['digest'], result['deleted']), (digest_of(first), 1))
        self.assertEqual(self.evidence(first), [])
        self.assertEqual(self.export(self.only(second)), kept)
        record = self.journal()[-1]
        self.assertEqual((record['sequence'], record['outcome'], record['method'], record['document_digest']),
                         (result['journal'], 'deleted', 'evidence.delete', digest_of(first)))
        self.delete(second)
        self.assertGreater(items, 0)
        self.assertEqual([self.count(table) for table in ('evidence', 'items', 'uses')], [0, 0, 0])

    def test_nothing_of_it_stays_in_the_file(self):
        signed = self.home.path / 'signed.pdf'
        self.approve(signed, metadata={'Subject': 'dau-vet-can-xoa'})
        held = lambda: any(b'dau-vet-can-xoa' in path.read_bytes()  # noqa: E731
                           for path in self.home.state.glob('evidence.db*'))
        self.assertTrue(held())
        self.delete(signed)
        self.assertFalse(held())

    def test_numbers_are_not_given_twice(self):
        signed = self.home.path / 'signed.pdf'
        old = self.approve(signed)['evidence']
        self.delete(signed)
        signed.unlink()
        self.assertGreater(self.approve(signed)['evidence'], old)
        self.assert_refused('evidence_not_found', self.call, 'evidence.get', {'evidenceID': old})

    def test_what_is_not_there_cannot_be_deleted(self):
        before = len(self.journal())
        self.assert_refused('evidence_not_found', self.delete, self.letter.path)
        self.note('evidence_not_found', 'evidence: of a document that has none', None)
        for params in ({}, {'digest': 'A' * 64}, {'digest': 'a' * 63},
                       {'digest': 'a' * 64, 'input': {'path': str(self.letter.path)}}):
            self.assert_refused('wrong_parameters', self.call, 'evidence.delete', params)
        self.assertEqual(len(self.journal()), before)

    def test_lists_have_pages(self):
        for number in range(3):
            self.approve(self.home.path / f'{number}.pdf')
        newest = self.call('evidence.list', {'limit': 2})['evidence']
        rest = self.call('evidence.list', {'before': newest[-1]['evidenceID']})['evidence']
        self.assertEqual([entry['digest'] for entry in newest + rest],
                         [digest_of(self.home.path / f'{number}.pdf') for number in (2, 1, 0)])


class Held(Case):
    """No evidence, no document."""

    def sign(self, target):
        return self.call('signatures.signDoc', {
            'input': {'path': str(self.letter.path)}, 'output': {'path': str(target)},
            **self.detached()})

    def test_a_store_that_cannot_be_used_stops_before_the_pin(self):
        logins = self.home.logins()
        (self.home.state / 'evidence.db').write_bytes(b'this is no database' * 500)
        self.restart()
        target = self.out / 'signed.pdf'
        self.assert_refused('evidence_unavailable', self.sign, target)
        self.assertFalse(target.exists())
        self.assertEqual(self.home.logins(), logins)
        self.note('evidence_unavailable', 'evidence: the file is no database', None)
        for path in self.home.state.glob('evidence.db*'):
            path.unlink()

    def test_a_store_that_fails_while_signing_hands_nothing_over(self):
        signed, target = self.home.path / 'signed.pdf', self.out / 'target.pdf'
        self.approve(signed)
        target.write_bytes(office.OLD)
        with sqlite3.connect(self.home.state / 'evidence.db') as db:
            db.execute('ALTER TABLE uses RENAME TO elsewhere')
        self.assert_refused('evidence_unavailable', self.sign, target)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual([record['outcome'] for record in self.journal()[-2:]],
                         ['signed', 'failed'])  # the token did sign
        self.note('evidence_unavailable', 'evidence: its file was altered', 'failed', 1)
        with sqlite3.connect(self.home.state / 'evidence.db') as db:
            db.execute('ALTER TABLE elsewhere RENAME TO uses')
        self.assertEqual(self.count('evidence'), 1)

    def test_what_could_not_be_handed_over_leaves_none(self):
        folder = self.home.path / 'gone'
        folder.mkdir()
        self.approve(self.home.path / 'first.pdf')
        before = self.count('evidence')
        (folder / 'target.pdf').mkdir()  # a folder stands where the file shall be
        self.assert_refused('output_not_writable', self.sign, folder / 'target.pdf')
        self.assertEqual(self.count('evidence'), before)


class Commands(Case):
    def run_kyso(self, *words, code=0):
        done = subprocess.run(
            [kyso_kit.program('ipc/cli/kyso'), *words], env=self.home.environment(),
            cwd=self.home.path, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def test_a_clerk_sees_saves_and_deletes_it(self):
        signed = self.home.path / 'signed.pdf'
        number = self.approve(signed)['evidence']
        self.assertIn('Nguyễn Văn Thử', self.run_kyso('evidence', 'list', signed))
        self.assertIn('Nguyễn Văn Thử', self.run_kyso('evidence', 'list'))
        self.run_kyso('evidence', 'save', str(number), 'saved.json')
        saved = json.loads((self.home.path / 'saved.json').read_text())
        self.assertEqual((saved['format'], saved['digest']), ('kyso-evidence-1', digest_of(signed)))
        self.assertIn('Chứng cứ số', self.run_kyso('verify', '--keep-evidence', signed))
        self.assertEqual(len(self.evidence(signed)), 2)
        said = self.run_kyso('evidence', 'delete', signed)
        self.assertIn('2', said)
        self.assertIn('Không lưu chứng cứ nào', self.run_kyso('evidence', 'list', signed))
        self.run_kyso('evidence', 'delete', signed, code=27)
        for words in (['list', 'a', 'b'], ['save', 'x', 'y'], ['save', '1'], ['delete'], ['other'], []):
            self.run_kyso('evidence', *words, code=2)

    def test_the_file_is_for_its_user_alone(self):
        self.approve(self.home.path / 'signed.pdf')
        for path in self.home.state.glob('evidence.db*'):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)


if __name__ == '__main__':
    tap.main()
