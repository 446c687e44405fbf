#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job over the socket: a leader approves, the agency issues, a stranger verifies."""

import re
import subprocess

import kyso_kit
import tap


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


class MainJob(kyso_kit.Case):
    def setUp(self):
        super().setUp()
        self.agent = self.start_agent()
        self.client = self.agent.connect()
        self.addCleanup(self.client.close)
        self.letter = self.make_letter()
        self.approved = self.home.path / 'approved.pdf'
        self.issued = self.home.path / 'issued.pdf'

    def approve(self, source=None, target=None, **params):
        params = {
            'credentialID': self.home.credentials['leader'],
            'purpose': 'approve',
            'place': self.letter.places['leader'],
            'image': self.home.images()[0],
            'reserve': self.letter.reserve(),
            **params,
        }
        return self.client.sign_file(source or self.letter.path, target or self.approved, **params)

    def issue(self, **params):
        params = {
            'credentialID': self.home.credentials['agency'],
            'purpose': 'issue',
            'image': self.home.images()[1],
            'fill': {'number': '79', 'day': '15', 'month': '8'},
            **params,
        }
        return self.client.sign_file(self.approved, self.issued, **params)

    def verify(self, path):
        with open(path, 'rb') as stream:
            return self.client.call('signatures.verify', {'input': {'fd': 0}}, [stream.fileno()])

    def test_a_letter_is_approved_and_issued(self):
        first, second = self.approve(), self.issue()
        self.assertEqual((first['journal'], second['journal']), (1, 2))
        found = self.verify(self.issued)
        self.assertEqual((found['verdict'], found['process']), ('valid', 'complete'))
        self.assertEqual([one['purpose'] for one in found['signatures']], ['approve', 'issue'])
        self.assertTrue(found['signatures'][1]['covers_whole_document'])

    def test_number_and_date_stand_in_their_blanks(self):
        self.approve()
        self.issue()
        text = run('pdftotext', '-layout', self.issued, '-').stdout
        self.assertRegex(text, r'Số: +79 +/UBND-VHTT')
        self.assertRegex(text, r'ngày +15 +tháng +8 +năm 2026')

    def test_every_byte_of_the_earlier_document_stays(self):
        self.approve()
        self.issue()
        original = self.letter.path.read_bytes()
        approved, issued = self.approved.read_bytes(), self.issued.read_bytes()
        self.assertTrue(approved.startswith(original) and issued.startswith(approved))

    def test_tools_that_are_not_ours_find_both_signatures_valid(self):
        for certify in (False, True):
            with self.subTest(certify=certify):
                self.approve(certify=certify)
                self.issue()
                output = run('pdfsig', '-nocert', self.issued).stdout
                self.assertEqual(output.count('Signature is Valid'), 2, output)
                self.assertRegex(output.split('Signature #2')[1], r'- Total document signed')
                self.assertEqual(run('qpdf', '--check', self.issued).returncode, 0)

    def test_one_changed_byte_is_found(self):
        self.approve()
        self.issue()
        changed = bytearray(self.issued.read_bytes())
        changed[self.letter.path.stat().st_size // 2] ^= 1
        self.issued.write_bytes(changed)
        self.assertEqual(self.verify(self.issued)['verdict'], 'invalid')

    def test_the_person_is_told_what_will_be_signed(self):
        self.approve(name='Công văn 79.pdf', metadata={'Subject': 'V/v tăng cường ký số'})
        shown = self.home.pinentry_log()
        for wanted in ('Công văn 79.pdf', 'V/v tăng cường ký số', 'Nguyễn Văn Thử', 'python3'):
            self.assertIn(wanted, shown)

    def test_progress_is_told_in_order(self):
        self.approve()
        stages = [
            note['params']['stage']
            for note in self.client.notifications
            if note['method'] == 'requests.progress'
        ]
        self.assertEqual(
            stages, ['read', 'inspect', 'prepare', 'show', 'sign', 'check', 'record', 'deliver']
        )

    def test_a_file_gets_a_detached_signature_that_openssl_verifies(self):
        source, target = self.home.path / 'data.bin', self.home.path / 'data.p7s'
        source.write_bytes(bytes(range(256)) * 4096)
        self.client.sign_file(
            source, target, credentialID=self.home.credentials['leader'], purpose='file'
        )
        trust = self.home.config / 'trust'
        done = run(
            'openssl', 'cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', target,
            '-content', source, '-CAfile', trust / 'anchors' / 'root.pem',
            '-certfile', trust / 'intermediates' / 'issuing.pem', '-purpose', 'any', '-out', '/dev/null',
        )
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_wrong_pin_costs_one_try_and_leaves_nothing(self):
        self.home.script_pinentry('pin 000000', f'pin {kyso_kit.PIN}')
        self.assert_refused('pin_incorrect', self.approve)
        self.assertEqual(self.approved.read_bytes(), b'')
        self.assertEqual(len(re.findall('^GETPIN', self.home.pinentry_log(), re.M)), 1)
        self.assertEqual(self.approve()['journal'], 2)

    def test_issue_before_approve_is_refused(self):
        self.approved.write_bytes(self.letter.path.read_bytes())
        self.assert_refused('approve_missing', self.issue)


if __name__ == '__main__':
    tap.main()
