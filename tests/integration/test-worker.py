#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kyso-token with real modules on virtual cards: it sees one reader only, is confined, gives a PIN
once for each typing, and kyso-card-reset locks what it leaves open."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import card_office
import card_pool
import card_rig
import kyso_kit
import tap
import token_worker
from kyso_client import KysoError

DIGEST = hashlib.sha256(b'x').digest()
OTHER_PIN = '111111'
CARD_RESET = kyso_kit.program('pkcs11/pcsc/kyso-card-reset')
MODULES = ('opensc', 'ykcs11')
SELECT = 0xA4
SELECT_PIV = '00:A4:04:00:0B:A0:00:00:03:08:00:00:10:00:01:00'
VERIFY_STATUS = '00:20:00:80'


class Case(unittest.TestCase):
    def open_rig(self, module='opensc', **options):
        try:
            self.module = card_office.find_module(module)
            self.rig = card_rig.Rig(**options, **card_office.MODULES[module][1])
        except card_rig.Unavailable as error:
            self.skipTest(str(error))
        self.addCleanup(self.rig.close)

    def start(self, reader=None, **options):
        environment = {**os.environ, **self.rig.environment(), **options.pop('environment', {})}
        name = reader.name if reader is not None else None
        worker = token_worker.Worker(self.module, reader=name, environment=environment, **options)
        self.addCleanup(worker.kill)
        return worker

    def credential(self, card='leader', slot='9a'):
        return card_pool.read(card_rig.CACHE)[0][card][slot]['id']

    def assert_fails(self, code, function, *arguments):
        with self.assertRaises(KysoError) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception

    def verifies(self, slot, signature):
        """As OpenSSL sees it."""
        values = card_pool.read(card_rig.CACHE)[0]['leader'][slot]
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (('digest', DIGEST), ('signature', signature)):
                pathlib.Path(folder, name).write_bytes(data)
            return subprocess.run(
                ['openssl', 'pkeyutl', '-verify', '-certin', '-inkey', values['certificate'],
                 '-in', 'digest', '-sigfile', 'signature', '-pkeyopt', 'digest:sha256'],
                cwd=folder, capture_output=True).returncode == 0


class View(Case):
    def test_a_worker_sees_the_card_of_its_reader_only(self):
        for module in MODULES:
            with self.subTest(module):
                self.open_rig(module, readers=2)
                self.rig.card_insert('leader', 0)
                self.rig.card_insert('deputy', 1)
                seen = [token['reader'] for token in self.start().tokens()]
                self.assertEqual(seen, [reader.name for reader in self.rig.readers])
                for number, reader in enumerate(self.rig.readers):
                    worker = self.start(reader)
                    self.assertEqual([token['reader'] for token in worker.tokens()], [reader.name])
                    other = self.credential(('deputy', 'leader')[number])
                    with self.assertRaises(AssertionError):
                        worker.log_in(other, self.rig.pin)
                    worker.log_in(self.credential(('leader', 'deputy')[number]), self.rig.pin)

    def test_without_its_reader_there_is_no_token(self):
        for module in MODULES:
            with self.subTest(module):
                self.open_rig(module, readers=2)
                self.rig.card_insert('deputy', 1)
                self.assertEqual(self.start(self.rig.reader(0)).tokens(), [])

    def test_a_card_put_in_later_is_seen(self):
        for module in MODULES:
            with self.subTest(module):
                self.open_rig(module, readers=2)
                worker = self.start(self.rig.reader(1))
                self.assertEqual(worker.tokens(), [])
                self.rig.card_insert('deputy', 1)
                self.assertEqual(len(worker.tokens()), 1)

    def test_a_mute_card_in_another_reader_does_not_matter(self):
        self.open_rig(readers=2)
        mute = self.rig.card_insert('leader', 0)
        self.rig.card_insert('deputy', 1)
        mute.fault(SELECT, 'hang')
        mute.watch(SELECT)
        everything = self.start()
        everything.begin('token.list')
        mute.wait_event('apdu a4')  # from here on its reader is held

        self.assertEqual(len(self.start(self.rig.reader(1)).tokens()), 1)
        everything.socket.settimeout(0)
        with self.assertRaises(BlockingIOError):  # else the card was not mute
            everything.receive()
        self.rig.card_remove(0)

    def test_a_worker_without_the_view_loads_no_module(self):
        self.open_rig()
        self.rig.card_insert('leader')
        with tempfile.TemporaryDirectory() as build:  # one that lacks pkcs11/pcsc
            folder = pathlib.Path(build, 'pkcs11', 'worker')
            folder.mkdir(parents=True)
            pathlib.Path(build, 'kyso-config.h').touch()
            program = shutil.copy(token_worker.PROGRAM, folder)
            worker = self.start(self.rig.reader(), program=program)
            error = self.assert_fails('module_failed', worker.tokens)
            self.assertIn('cannot keep to one reader', str(error))
        self.assertEqual(self.rig.reader().apdu_log(), [])

    def test_a_module_that_goes_round_the_view_is_refused(self):
        real = next(pathlib.Path('/usr/lib').glob('*/libpcsclite.so.1'))
        self.open_rig(readers=2)
        self.rig.card_insert('leader', 0)
        self.rig.card_insert('deputy', 1)
        configuration = self.rig.folder / 'round.conf'
        configuration.write_text(
            f'app default {{\n  reader_driver pcsc {{\n    provider_library = {real};\n  }}\n}}\n')
        environment = {'OPENSC_CONF': str(configuration)}
        self.assertEqual(len(self.start(environment=environment).tokens()), 2)
        worker = self.start(self.rig.reader(0), environment=environment)
        self.assertIn('does not keep to its reader',
                      str(self.assert_fails('module_failed', worker.tokens)))
        self.assertEqual(self.rig.card('leader').pins_sent(), [])


class Reset(Case):
    def reset(self, name):
        run = subprocess.run([CARD_RESET, name], capture_output=True, text=True, timeout=60,
                             env={**os.environ, **self.rig.environment()})
        return run.returncode, run.stderr

    def log_in_and_die(self):
        worker = self.start(self.rig.reader())
        worker.log_in(self.credential(), self.rig.pin)
        worker.kill()

    def pin_status(self):
        """Of the card, as a program of another session sees it."""
        run = subprocess.run(
            ['opensc-tool', '--reader', self.rig.reader().name, '--send-apdu', SELECT_PIV,
             '--send-apdu', VERIFY_STATUS],
            env={**os.environ, **self.rig.environment()}, capture_output=True, text=True)
        words = [line for line in run.stdout.splitlines() if line.startswith('Received')]
        self.assertEqual(len(words), 2, run.stdout + run.stderr)
        return words[1].replace('Received (SW1=0x', '').replace(', SW2=0x', '').replace(')', '')

    def test_a_killed_worker_leaves_the_card_open_and_a_reset_locks_it(self):
        self.open_rig()
        card = self.rig.card_insert('leader')
        self.log_in_and_die()
        self.assertTrue(card.is_verified())  # or the rest would show nothing
        self.assertEqual(self.reset(self.rig.reader().name), (0, ''))
        self.assertFalse(card.is_verified())
        self.assertEqual(card.tries(), (3, 3))

    def test_other_programs_see_it_locked(self):
        if shutil.which('opensc-tool') is None:
            self.skipTest('opensc-tool is not there (Debian package opensc)')
        self.open_rig()
        self.rig.card_insert('leader')
        self.log_in_and_die()
        self.assertEqual(self.pin_status()[:4], '9000')
        self.reset(self.rig.reader().name)
        self.assertEqual(self.pin_status()[:4], '63C3')

    def test_it_says_where_there_is_nothing_to_lock(self):
        self.open_rig()
        self.assertEqual(self.reset(self.rig.reader().name), (3, ''))
        self.assertEqual(self.reset('No Such Reader 00 00'), (3, ''))

    def test_it_says_where_it_could_not(self):
        self.open_rig()
        name = self.rig.reader().name
        self.rig.pcscd_kill()
        code, said = self.reset(name)
        self.assertEqual(code, 1)
        self.assertIn('SCardEstablishContext', said)


class Swap(Case):
    def test_a_card_swapped_while_the_pin_is_typed_gets_none(self):
        for module in MODULES:
            with self.subTest(module):
                self.open_rig(module)
                leader = self.rig.card_insert('leader')
                worker = self.start(self.rig.reader())
                ours, theirs = os.pipe()
                self.addCleanup(os.close, ours)
                serial = worker.tokens()[0]['serial']
                login = worker.begin('token.login', {'certificate': self.credential(),
                                                     'serial': serial, 'pin': {'fd': 0}}, [ours])
                self.rig.card_remove()
                deputy = self.rig.card_insert('deputy')
                os.write(theirs, self.rig.pin.encode())
                os.close(theirs)
                with self.assertRaises(KysoError) as caught:
                    worker.finish(login)
                self.assertIn(caught.exception.code, ('token_changed', 'token_removed'))
                self.assertEqual(leader.pins_sent() + deputy.pins_sent(), [])


class Each(Case):
    """A key that wants the PIN for each signature (PIV 9C)."""

    def open_key(self, module):
        self.open_rig(module)
        self.card = self.rig.card_insert('leader')
        worker = self.start(self.rig.reader())
        key = worker.log_in(self.credential(slot='9c'), self.rig.pin)
        self.assertEqual(key, {'type': 'EC', 'bits': 256, 'curve': 'P-256', 'pin_each_time': True})
        return worker

    def sign(self, worker, pin=None):
        self.assertTrue(self.verifies('9c', worker.sign('ECDSA', DIGEST, pin)))

    def test_each_signature_takes_a_pin_of_its_own(self):
        for module in MODULES:
            with self.subTest(module):
                worker = self.open_key(module)
                self.sign(worker)  # with the one of the login
                before = len(self.card.pins_sent())
                self.assert_fails('not_supported', worker.sign, 'ECDSA', DIGEST)
                self.assertEqual(len(self.card.pins_sent()), before)
                for _ in range(3):
                    self.sign(worker, self.rig.pin)
                self.assertEqual(worker.close(), 0)

    def test_a_cancelled_pin_spoils_nothing_and_is_no_try(self):
        for module in MODULES:
            with self.subTest(module):
                worker = self.open_key(module)
                self.sign(worker)
                before = len(self.card.pins_sent())
                for _ in range(2):
                    self.assert_fails('pin_cancelled', worker.sign, 'ECDSA', DIGEST, '')
                self.assertEqual(len(self.card.pins_sent()), before)
                self.sign(worker, self.rig.pin)

    def test_a_wrong_pin_spoils_nothing_but_a_try(self):
        for module in MODULES:
            with self.subTest(module):
                worker = self.open_key(module)
                self.sign(worker)
                self.assert_fails('pin_incorrect', worker.sign, 'ECDSA', DIGEST, OTHER_PIN)
                self.assertEqual(self.card.tries()[0], 2)
                error = self.assert_fails('pin_incorrect', worker.sign, 'ECDSA', DIGEST, OTHER_PIN)
                self.assertIn('tries_left', error.data)
                self.assertEqual(self.card.tries()[0], 1)
                self.sign(worker, self.rig.pin)
                self.assertEqual(self.card.tries()[0], 3)

    def test_a_token_that_locks_ends_the_login(self):
        worker = self.open_key('opensc')
        self.sign(worker)
        for code in ('pin_incorrect', 'pin_incorrect', 'pin_locked'):
            self.assert_fails(code, worker.sign, 'ECDSA', DIGEST, OTHER_PIN)
        before = len(self.card.pins_sent())
        self.assert_fails('pin_locked', worker.sign, 'ECDSA', DIGEST, self.rig.pin)
        self.assertEqual(len(self.card.pins_sent()), before)

    def test_a_key_that_wants_none_gets_none(self):
        self.open_rig()
        card = self.rig.card_insert('leader')
        worker = self.start(self.rig.reader())
        key = worker.log_in(self.credential(), self.rig.pin)
        self.assertFalse(key['pin_each_time'])
        before = len(card.pins_sent())
        self.assert_fails('wrong_parameters', worker.sign, 'RSA-PKCS1', DIGEST, self.rig.pin)
        self.assertEqual(len(card.pins_sent()), before)
        for algorithm in ('RSA-PKCS1', 'RSA-PSS'):
            worker.sign(algorithm, DIGEST)


if __name__ == '__main__':
    tap.main()
