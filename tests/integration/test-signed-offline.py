#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""timestamp_later of signatures.signDoc: where no timestamp service answers, a document is signed at
B-B and says so, if the caller wants it and the rules here let it; then it is raised by
signatures.augment. Never without either of them, and never because of a lie."""

import json
import subprocess
import time

import kyso_kit
import later_office
import office_services
import tap
from later_office import LT, LTA, T


class SignedOffline(later_office.Case):
    settings = (('timestamp', 'later=true'),)

    def sign(self, target, level):
        return self.call('signatures.signDoc', self.detached(
            input={'path': str(self.letter.path)}, output={'path': str(target)},
            conformance_level=level, timestamp_later=True))

    def approve_later(self, target, level=T):
        return self.approve(target, conformance_level=level, timestamp_later=True)

    def test_what_nobody_stamps_is_signed_and_raised_later(self):
        code = 'timestamp_unavailable'
        signed, raised = (self.home.path / f'{name}.pdf' for name in ('signed', 'raised'))
        self.home.services.set('dead', 'tsa')
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
        configuration = self.home.config / 'kyso.conf'
        configuration.write_text(configuration.read_text().replace('check=true', 'check=false'))
        self.restart_agent()
        target = self.home.path / 'signed.p7s'
        self.home.services.set('dead')
        result = self.sign(target, LT)
        self.assertEqual(result['conformance_level'], 'AdES-B-B')
        self.home.services.set('good', 'tsa')
        self.home.forget_answers()
        self.refuse('revocation_unavailable', 'timestamp_later: proofs cannot be had',
                    self.detached(conformance_level=LT, timestamp_later=True), outcome='failed',
                    logins=1)

    def test_nothing_else_is_a_reason_to_go_without(self):
        for mode, code in (('lying', 'timestamp_wrong'), ('oversized', 'service_answer_too_large')):
            self.home.services.set(mode, 'tsa')
            self.refuse(code, f'timestamp_later: tsa {mode}',
                        self.detached(conformance_level=T, timestamp_later=True), outcome='failed',
                        logins=1)
        self.home.services.set('dead')
        self.home.forget_answers()
        self.refuse('revocation_unavailable', 'timestamp_later: status cannot be had',
                    self.detached(conformance_level=T, timestamp_later=True), outcome='failed')

    def test_a_batch_asks_once(self):
        self.home.services.set('slow', 'tsa')
        self.home.script_pinentry('yes', f'pin {kyso_kit.PIN}')
        documents = [{'input': {'path': str(self.letter.path)},
                      'output': {'path': str(self.home.path / f'{number}.p7s')}}
                     for number in range(4)]
        started = time.monotonic()
        result = self.call('signatures.signDoc', self.detached(
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


class LaterOff(later_office.Case):
    def test_the_rules_here_may_not_let_it(self):
        self.refuse('wrong_parameters', 'timestamp_later at B-B',
                    self.detached(timestamp_later=True), outcome=None)
        self.home.services.set('dead', 'tsa')
        self.refuse('timestamp_later_off', 'timestamp_later where it is off',
                    self.detached(conformance_level=T, timestamp_later=True), outcome=None)

    def test_without_the_word_nothing_is_signed(self):
        self.home.configure('timestamp', 'later=true')
        self.restart_agent()
        self.home.services.set('dead', 'tsa')
        self.refuse('timestamp_unavailable', 'no timestamp_later, tsa dead',
                    self.detached(conformance_level=T), outcome='failed', logins=1)


if __name__ == '__main__':
    tap.main()
