#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual cards and readers are what OpenSC and ykcs11 take for real ones, keep their counters as
real ones do, and fail as they are told to."""

import os
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

import card_office
import card_pool
import card_rig
import tap
from card_rig import GENERAL_AUTHENTICATE, PIN, PUK

GET_DATA = 0xCB
WRONG = '864209'
WRONG_PUK = '11112222'
NEW = '246813'
NOBODY = 65534
RIGS = 4
SECONDS = 60

# slot: mechanisms of pkcs11-tool, and how openssl checks what it makes
RSA_ALL = {
    'SHA256-RSA-PKCS': [],
    'SHA256-RSA-PKCS-PSS': ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'],
}
EC_ALL = {'ECDSA-SHA256': []}
MECHANISMS = {'9a': RSA_ALL, '9c': EC_ALL, '9d': RSA_ALL, '9e': EC_ALL}


def run(environment, *command, **options):
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, 'LC_ALL': 'C.UTF-8', **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        **options,
    )


class Case(unittest.TestCase):
    options = {}
    module = 'opensc'

    def setUp(self):
        options = {**card_office.MODULES[self.module][1], **self.options}
        try:
            self.module_path = card_office.find_module(self.module)
        except card_rig.Unavailable as error:
            self.skipTest(str(error))
        self.rig = self.enterContext(card_rig.available(self, **options))
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.message = self.folder / 'message'
        self.message.write_text('hồ sơ thử nghiệm')

    def tool(self, *arguments, pin=None):
        login = ['--login', '--pin', pin] if pin else []
        return run(self.rig.environment(), 'pkcs11-tool', '--module', self.module_path, *login,
                   *arguments)

    def sign(self, slot='9a', mechanism='SHA256-RSA-PKCS', pin=PIN, number=0):
        """The tool's run, and the file with the signature."""
        target = self.folder / 'signature'
        target.unlink(missing_ok=True)
        key_id = self.rig.reader(number).card.slots[slot]['key_id']
        ec = ['--signature-format', 'openssl'] if mechanism.startswith('ECDSA') else []
        return self.tool('--sign', '--id', key_id, '-m', mechanism, *ec, '-i', self.message, '-o',
                         target, pin=pin), target

    def assert_signs(self, slot='9a', mechanism='SHA256-RSA-PKCS', pin=PIN):
        done, signature = self.sign(slot, mechanism, pin)
        self.assertEqual(done.returncode, 0, done.stderr)
        public = self.folder / 'public.pem'
        certificate = self.rig.reader(0).card.slots[slot]['certificate']
        public.write_text(run({}, 'openssl', 'x509', '-in', certificate, '-noout', '-pubkey').stdout)
        checked = run({}, 'openssl', 'dgst', '-sha256', '-verify', public,
                      *MECHANISMS[slot][mechanism], '-signature', signature, self.message)
        self.assertEqual(checked.stdout.strip(), 'Verified OK', checked.stderr)

    def assert_signs_not(self, text, pin=PIN):
        done, _ = self.sign(pin=pin)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stderr)


class OpenSc(Case):
    def test_token_and_certificates_are_listed(self):
        self.assertIn('(empty)', self.tool('-L').stdout)
        card = self.rig.card_insert('leader')
        slots = self.tool('-L').stdout
        self.assertIn(self.rig.reader(0).name, slots)
        self.assertIn('Nguyễn Thị Thẻ', slots)
        objects = self.tool('-O', '--type', 'cert').stdout
        for values in card.slots.values():
            self.assertIn(f'ID:         {values["key_id"]}', objects)
        self.assertEqual(card.pins_sent(), [])

    def test_each_key_signs(self):
        self.rig.card_insert('leader')
        for slot, mechanisms in MECHANISMS.items():
            for mechanism in mechanisms:
                with self.subTest(slot=slot, mechanism=mechanism):
                    self.assert_signs(slot, mechanism)

    def test_cards_differ_and_keep_their_counters_over_a_swap(self):
        serials = set()
        for name in card_pool.PEOPLE:
            self.rig.card_insert(name)
            serials.add(next(line for line in self.tool('-L').stdout.splitlines() if 'serial' in line))
            self.rig.card_remove()
        self.assertEqual(len(serials), len(card_pool.PEOPLE))
        self.rig.card_insert('leader')
        self.assert_signs_not('CKR_PIN_INCORRECT', pin=WRONG)
        self.rig.card_remove()
        self.rig.card_insert('agency')
        self.assertEqual(self.rig.card_tries(), (3, 3))
        self.rig.card_remove()
        self.rig.card_insert('leader')
        self.assertEqual(self.rig.card_tries(), (2, 3))


class Pins(Case):
    def test_wrong_pins_count_lock_and_the_puk_unblocks(self):
        card = self.rig.card_insert('leader')
        self.assert_signs_not('CKR_PIN_INCORRECT', pin=WRONG)
        self.assertEqual(card.tries(), (2, 3))
        self.assert_signs()
        self.assertEqual(card.tries(), (3, 3))
        for left in (2, 1, 0):
            self.sign(pin=WRONG)
            self.assertEqual(card.tries(), (left, 3))
        self.assertEqual([command.sw for command in card.pins_sent()],
                         [0x63C2, 0x9000, 0x63C2, 0x63C1, 0x6983])
        self.assertIn('user PIN locked', self.tool('-L').stdout)
        self.assert_signs_not('CKR_PIN_LOCKED')
        unblock = ('pkcs15-tool', '--unblock-pin', '--auth-id', '01', '--new-pin', NEW, '--puk')
        self.assertNotEqual(run(self.rig.environment(), *unblock, WRONG_PUK).returncode, 0)
        self.assertEqual(card.tries(), (0, 2))
        done = run(self.rig.environment(), *unblock, PUK)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(card.tries(), (3, 3))
        self.assert_signs(pin=NEW)

    def test_the_last_try_is_flagged_and_the_pin_can_be_changed(self):
        card = self.rig.card_insert('leader')
        card.set_tries(1)
        self.assertIn('final user PIN try', self.tool('-L').stdout)
        changed = self.tool('--change-pin', '--new-pin', NEW, pin=PIN)
        self.assertEqual(changed.returncode, 0, changed.stderr)
        self.assertEqual(card.tries(), (3, 3))
        self.assert_signs(pin=NEW)

    def test_a_signature_key_wants_the_pin_each_time(self):
        card = self.rig.card_insert('leader')
        self.assert_signs('9c', 'ECDSA-SHA256')
        signed = [command.ins for command in card.apdu_log()
                  if command.ins == GENERAL_AUTHENTICATE or
                  (command.ins == card_rig.VERIFY and command.size)]
        self.assertEqual(signed, [card_rig.VERIFY] * 2 + [GENERAL_AUTHENTICATE])

    def test_no_log_holds_a_pin(self):
        card = self.rig.card_insert('leader')
        self.sign(pin=WRONG)
        self.assert_signs()
        text = card.log.read_text() + self.rig.pcscd_log()
        for pin in (PIN, WRONG):
            self.assertNotIn(pin, text)
            self.assertNotIn(pin.encode().hex(), text)
        self.assertEqual({command.data for command in card.pins_sent()}, {'****'})


class Faults(Case):
    def test_a_status_word_comes_as_told(self):
        card = self.rig.card_insert('leader')
        card.fault(GENERAL_AUTHENTICATE, 'sw', 0x6581)
        self.assert_signs_not('CKR_DEVICE_ERROR')
        card.clear()
        self.assert_signs()

    def test_a_truncated_answer_is_an_error(self):
        card = self.rig.card_insert('leader')
        card.fault(GENERAL_AUTHENTICATE, 'truncate')
        self.assert_signs_not('CKR_')

    def test_a_late_answer_comes(self):
        card = self.rig.card_insert('leader')
        card.fault(GENERAL_AUTHENTICATE, 'delay', 300, times=1)
        before = time.monotonic()
        self.assert_signs()
        self.assertGreater(time.monotonic() - before, 0.3)

    def test_a_card_that_is_pulled_out_under_way_is_gone(self):
        card = self.rig.card_insert('leader')
        card.fault(GENERAL_AUTHENTICATE, 'drop', times=1)
        self.assert_signs_not('CKR_DEVICE_REMOVED')
        self.assertIn('(empty)', self.tool('-L').stdout)
        self.rig.card_remove()
        self.rig.card_insert('leader')
        self.assert_signs()

    def begin(self):
        return subprocess.Popen(
            ['pkcs11-tool', '--module', self.module_path, '--login', '--pin', PIN, '--sign', '--id',
             '01', '-m', 'SHA256-RSA-PKCS', '-i', self.message, '-o', self.folder / 'signature'],
            env={**os.environ, **self.rig.environment()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process):
        return process.communicate(timeout=SECONDS)[1]

    def test_a_card_that_hangs_is_freed_by_pulling_it_out(self):
        card = self.rig.card_insert('leader')
        card.fault(GENERAL_AUTHENTICATE, 'hang', times=1)
        process = self.begin()
        card.wait_event('fault 87 hang')
        self.assertIsNone(process.poll())
        self.rig.card_remove()
        self.assertIn('CKR_', self.end(process))
        self.assertNotEqual(process.returncode, 0)
        self.assertIsNone(card.apdu_log()[-1].sw)
        self.rig.card_insert('leader')
        self.assert_signs()

    def test_a_mute_card_is_there_and_says_nothing(self):
        self.rig.card('leader').fault(None, 'mute')
        self.rig.card_insert('leader')
        self.assertNotIn('token label', self.tool('-L').stdout)
        self.rig.card_remove()
        self.rig.card('leader').clear()
        self.rig.card_insert('leader')
        self.assert_signs()


class Timeout(Case):
    options = {'timeout_ms': 300}

    def test_the_reader_gives_up_a_card_that_hangs(self):
        card = self.rig.card_insert('leader')
        card.fault(GET_DATA, 'hang', times=1)
        done = self.tool('-L')
        card.wait_event('lost')
        self.rig.wait_reader(self.rig.reader(0), 'present')  # it goes in again by itself
        self.assertEqual(done.returncode, 0)
        self.assert_signs()


class Ykcs11(Case):
    module = 'ykcs11'
    # ykcs11 of Debian 12 lists an RSA-3072 key, and fails to sign with it.
    SLOTS = ('9a', '9c', '9e')

    def test_each_key_signs(self):
        self.rig.card_insert('leader')
        self.assertIn('7300101', self.tool('-L').stdout)
        for slot in self.SLOTS:
            for mechanism in MECHANISMS[slot]:
                with self.subTest(slot=slot, mechanism=mechanism):
                    self.assert_signs(slot, mechanism)

    def test_wrong_pins_lock(self):
        card = self.rig.card_insert('leader')
        for left in (2, 1, 0):
            self.sign(pin=WRONG)
            self.assertEqual(card.tries(), (left, 3))
        self.assert_signs_not('CKR_PIN_LOCKED')


class Service(Case):
    options = {'readers': 2}

    def test_a_killed_pcscd_finds_its_cards_again(self):
        self.rig.card_insert('leader', 1)
        self.rig.pcscd_kill()
        self.assertNotIn('Slot', self.tool('-L').stdout)
        self.rig.pcscd_start()
        self.assertIn('Nguyễn Thị Thẻ', self.tool('-L').stdout)

    def test_a_swap_is_seen_however_fast(self):
        """By pcscd, which powers the next card up, while the one before is in use or not."""
        names = ['leader', 'agency']
        self.rig.card_insert(names[0])
        for round_ in range(20):
            self.rig.reader(0).swap(names[(round_ + 1) % 2])
            if round_ % 2:
                self.tool('-L')

    def test_a_card_goes_in_while_there_is_no_pcscd(self):
        self.rig.pcscd_kill()
        self.rig.card_insert('leader')
        self.rig.pcscd_start()
        self.assert_signs()


class Hotplug(Case):
    options = {'readers': 2, 'hotplug': True, 'plugged': 1}

    def readers(self):
        return [line.split(': ', 1)[1] for line in self.tool('-L').stdout.splitlines()
                if line.startswith('Slot ')]

    def test_readers_come_and_go_with_their_cards(self):
        first, second = (self.rig.reader(number).name for number in (0, 1))
        self.assertEqual(self.readers(), [first])
        self.rig.reader(1).insert('agency')
        self.rig.reader_add(1)
        self.assertEqual(self.readers(), [first, second])
        self.assertIn('token label', self.tool('-L').stdout)
        self.rig.reader_remove(0)
        self.assertEqual(self.readers(), [second])
        self.rig.reader_remove(1)
        self.assertEqual(self.readers(), [])
        self.rig.reader_add(0)
        self.rig.reader_add(1)
        self.assertEqual(sorted(self.readers()), [first, second])

    def test_a_reader_pulled_out_ends_what_hangs_in_it(self):
        card = self.rig.card_insert('leader')
        card.fault(GENERAL_AUTHENTICATE, 'hang', times=1)
        process = Faults.begin(self)
        card.wait_event('fault 87 hang')
        self.rig.reader_remove()
        Faults.end(self, process)
        self.assertNotEqual(process.returncode, 0)  # OpenSC 0.23 crashes
        self.assertIsNone(card.apdu_log()[-1].sw)
        self.rig.reader_add()
        self.assert_signs()


class Many(unittest.TestCase):
    def test_start_takes_well_under_a_second(self):
        seconds = []
        card_pool.read(card_rig.CACHE)  # keys are made once in a build tree
        for _ in range(5):
            before = time.monotonic()
            with card_rig.available(self, readers=2) as rig:
                rig.card_insert('leader')
                seconds.append(time.monotonic() - before)
        print(f'# pcscd, two readers and a card: {statistics.median(seconds) * 1000:.0f} ms, '
              f'at most {max(seconds) * 1000:.0f} ms', flush=True)
        self.assertLess(statistics.median(seconds), 1)

    def again(self, *prefix, environment=(), python=sys.executable):
        """One other process with a rig, that runs the cases of OpenSC."""
        return subprocess.Popen(
            [*prefix, python, __file__, 'OpenSc.test_each'],
            env={**os.environ, **dict(environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd='/',
        )

    def assert_passed(self, process):
        output, _ = process.communicate(timeout=SECONDS)
        self.assertEqual(process.returncode, 0, output)
        self.assertIn('ok 1 ', output)
        self.assertNotIn('SKIP', output)

    def test_several_run_side_by_side(self):
        with card_rig.available(self):
            for process in [self.again() for _ in range(RIGS)]:
                self.assert_passed(process)

    def test_it_needs_no_privileges(self):
        with card_rig.available(self):
            pass
        if os.getuid() != 0:
            self.skipTest('all of it runs without privileges already')
        nobody = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups',
                  '--no-new-privs', '--bounding-set=-all']

        def can_read(path):
            return run({}, *nobody, 'test', '-r', path).returncode == 0

        for needed in (__file__, card_rig.PROGRAMS / 'piv-card'):
            if not can_read(needed):
                self.skipTest(f'uid {NOBODY} may not read {needed}')
        pythons = [path for path in (sys.executable, '/usr/bin/python3') if can_read(path)]
        if not pythons:
            self.skipTest(f'uid {NOBODY} may not read {sys.executable}')
        folder = tempfile.mkdtemp(prefix='kyso-nobody-')
        self.addCleanup(shutil.rmtree, folder)
        os.chown(folder, NOBODY, NOBODY)
        self.assert_passed(self.again(*nobody, python=pythons[0], environment={
            'HOME': folder, 'TMPDIR': folder, 'KYSO_KEY_CACHE': f'{folder}/keys',
            'KYSO_BUILD': card_rig.BUILD,
        }))

    def test_the_children_die_with_their_maker(self):
        script = ('import card_rig, os, sys\nrig = card_rig.Rig()\nrig.card_insert("leader")\n'
                  'print(rig.pcscd.pid, rig.card("leader").process.pid, flush=True)\n'
                  'os.kill(os.getpid(), 9)\n')
        with card_rig.available(self):
            pass
        maker = run({'TMPDIR': self.enterContext(tempfile.TemporaryDirectory())}, sys.executable,
                    '-c', script, cwd=card_rig.ROOT / 'tests' / 'kit')
        for pid in map(int, maker.stdout.split()):
            try:
                pidfd = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            self.addCleanup(os.close, pidfd)
            ended, _, _ = select.select([pidfd], [], [], SECONDS)
            self.assertTrue(ended, f'{pid} lives on')


if __name__ == '__main__':
    tap.main()
