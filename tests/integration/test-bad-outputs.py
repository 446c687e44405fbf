#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the result or the journal cannot be written, nothing is handed over, and what stood there
before still stands."""

import contextlib
import fcntl
import os
import resource
import sqlite3
import subprocess
import sys

import kyso_kit
import office
import tap

SIGN = 'signatures.signDoc'


def needs_mounts(function):
    """Skipped where this process has no mounts of its own; see the end of this file."""

    def wrapped(self):
        if 'KYSO_OWN_MOUNTS' not in os.environ:
            self.skipTest('not root, or no mount namespace here')
        function(self)

    return wrapped


def mount(folder, *options):
    subprocess.run(['mount', '-t', 'tmpfs', '-o', ','.join(['mode=700', *options]), 'kyso', folder],
                   check=True)


class Case(office.Case):
    def mount(self, folder, *options):
        mount(folder, *options)
        self.addCleanup(subprocess.run, ['umount', '--lazy', folder])

    def params(self, target, **more):
        return self.approval(input={'path': str(self.letter.path)}, output={'path': str(target)},
                             **more)


class Places(Case):
    def refuse_place(self, what, target, outcome=None):
        with self.untouched(self.letter.path, outcome=outcome, code='output_not_writable'):
            with self.agent.connect() as client:
                error = self.assert_refused('output_not_writable', client.call, SIGN,
                                            self.params(target))
        self.assert_told(error)
        self.note('output_not_writable', f'output: {what}', outcome)

    def test_a_place_that_takes_no_file_is_refused_before_a_pin_is_asked(self):
        folder = self.out / 'folder'
        folder.mkdir()
        os.mkfifo(self.out / 'fifo')
        (self.out / 'link').symlink_to(self.letter.path)
        windows = len(self.home.pin_windows.lines)
        for what, target, outcome in (
            ('folder missing', self.out / 'nowhere' / 'result', 'failed'),
            ('a file for a folder', self.letter.path / 'result', None),
            ('a folder in its place', folder, None),
            ('a named pipe in its place', self.out / 'fifo', None),
            ('a link in its place', self.out / 'link', None),
            ('a device', '/dev/null', None),
        ):
            with self.subTest(what):
                self.refuse_place(what, target, outcome)
        self.assertEqual(self.home.pin_windows.lines[windows:], [])

    def test_a_descriptor_that_takes_nothing_is_refused(self):
        reader, writer = os.pipe()
        try:
            with open(self.letter.path, 'rb') as readable:
                for what, fd in (('not open for writing', readable.fileno()), ('a pipe', writer)):
                    self.refuse('output_not_writable', f'output: a descriptor {what}',
                                self.approval(output={'fd': 0}), outcome=None, fds=[fd])
        finally:
            os.close(reader)
            os.close(writer)

    @needs_mounts
    def test_a_read_only_file_system_is_refused(self):
        self.mount(self.out)
        (self.out / 'result').write_bytes(office.OLD)
        subprocess.run(['mount', '-o', 'remount,ro', self.out], check=True)
        self.refuse_place('a read-only file system', self.out / 'result', 'failed')
        self.refuse_place('a new file on a read-only file system', self.out / 'new', 'failed')


class FullDisk(Case):
    @needs_mounts
    def test_a_disk_that_gets_full_ends_a_batch(self):
        """Into descriptors, as only these need room after the consent. The first result fits."""
        size = self.letter.path.stat().st_size
        mount(self.out, f'size={2 * size}')
        self.addCleanup(subprocess.run, ['umount', '--lazy', self.out])
        documents, fds = [], []
        with contextlib.ExitStack() as stack:
            reader = self.letter.path
            for n in range(3):
                fds.append(stack.enter_context(open(reader, 'rb')).fileno())
                fds.append(stack.enter_context(open(self.out / f'{n}', 'wb')).fileno())
                documents.append({'input': {'fd': 2 * n}, 'output': {'fd': 2 * n + 1}})
            with self.agent.connect() as client:
                result = client.call(SIGN, self.approval(documents=documents), fds)
        self.assertEqual([told['status'] for told in result['documents']],
                         ['signed', 'failed', 'untouched'])
        self.assertEqual((result['documents'][1]['error']['code'], result['ended_by']['code']),
                         ('disk_full', 'disk_full'))
        self.assertEqual([(self.out / f'{n}').stat().st_size for n in range(3)],
                         [result['documents'][0]['output_size'], 0, 0])
        self.assertEqual([(record['outcome'], record['error_code']) for record in self.journal()],
                         [('signed', ''), ('signed', ''), ('failed', 'disk_full'),
                          ('failed', 'disk_full')])
        self.note('disk_full', 'the disk gets full within a batch', 'failed', 1)

    @needs_mounts
    def test_whenever_the_disk_is_full_the_old_file_stands(self):
        """From no room at all up to enough for the result, in steps of a page."""
        refused = 0
        for pages in range(1, 200, 3):
            folder = self.out / str(pages)
            folder.mkdir()
            mount(folder, f'size={4 * (pages + 1)}k')
            try:
                done = self.try_to_sign(folder / 'result')
            finally:
                subprocess.run(['umount', '--lazy', folder], check=True)
            if done:
                break
            refused += 1
        self.assertTrue(done)
        self.assertGreater(refused, 3)
        self.note('disk_full', f'output: {refused} sizes of a full disk', 'failed')

    def try_to_sign(self, target):
        target.write_bytes(office.OLD)
        records = len(self.journal())
        with self.agent.connect() as client:
            try:
                client.call(SIGN, self.params(target))
                return True
            except office.KysoError as error:
                self.assertEqual(error.code, 'disk_full')
                self.assert_told(error)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual(os.listdir(target.parent), [target.name])
        outcomes = [record['outcome'] for record in self.journal()[records:]]
        self.assertIn(outcomes, (['failed'], ['signed', 'failed']))
        return False

    @needs_mounts
    def test_a_full_disk_leaves_a_descriptor_empty(self):
        self.mount(self.out, 'size=8k')
        with self.agent.connect() as client, self.untouched(
                self.letter.path, logins=1) as expected:
            error = self.assert_refused('disk_full', client.sign_file, self.letter.path,
                                        self.out / 'result', **self.approval())
            self.assert_told(error)
            self.assertEqual((self.out / 'result').read_bytes(), b'')
            (self.out / 'result').unlink()
            expected += [('signed', ''), ('failed', 'disk_full')]
        self.note('disk_full', 'output: a descriptor on a full disk', 'signed, failed', 1)

    def test_a_limit_of_file_size_is_told_as_a_full_disk(self):
        scan = self.make_letter('scan.pdf', '--scans', '2')
        resource.prlimit(self.agent.pid, resource.RLIMIT_FSIZE, (10 ** 6, resource.RLIM_INFINITY))
        self.refuse('disk_full', 'output: limit of file size', self.approval(), source=scan.path,
                    outcome='failed')
        resource.prlimit(self.agent.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Journal(Case):
    @needs_mounts
    def test_without_a_record_no_signature_is_let_out(self):
        self.agent.stop()
        self.mount(self.home.state, 'size=1m')
        self.agent = self.start_agent()
        self.sign_well()
        self.announce('a failed attempt is not in the journal')
        filler = self.home.state / 'filler'
        with contextlib.suppress(OSError), open(filler, 'wb', buffering=0) as stream:
            while True:
                stream.write(bytes(4096))
        self.refuse('disk_full', 'journal: disk full', self.approval(), outcome=None, logins=1)
        filler.unlink()

    def test_a_journal_that_another_process_writes_is_told(self):
        with open(self.home.state / 'journal.lock', 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.refuse('journal_unavailable', 'journal: locked by another process',
                        self.approval(), outcome=None)

    def test_a_journal_that_was_altered_is_told_and_nothing_is_signed(self):
        self.sign_well()
        with contextlib.closing(sqlite3.connect(self.home.state / 'journal.db')) as db, db:
            db.execute('UPDATE head SET hash = ?', ['0' * 64])
        self.announce('a failed attempt is not in the journal')
        self.refuse_broken('altered while the agent runs', logins=1)
        self.restart_agent()
        self.refuse_broken('altered while no agent ran', logins=0)
        self.agent.stop()
        self.home.state.rename(self.home.path / 'aside')
        self.home.state.mkdir()
        self.agent = self.start_agent()

    def refuse_broken(self, what, logins):
        target, logins_before = self.out / 'result', self.home.logins()
        target.write_bytes(office.OLD)
        with self.agent.connect() as client:
            error = self.assert_refused('journal_broken', client.call, SIGN, self.params(target))
        self.assert_told(error)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual(os.listdir(self.out), ['result'])
        self.assertEqual(self.home.logins() - logins_before, logins)
        self.note('journal_broken', f'journal: {what}', None, logins)


class Configuration(Case):
    can_sign_afterwards = False

    def test_a_configuration_with_a_fault_starts_no_agent(self):
        self.agent.stop()
        good = (self.home.config / 'kyso.conf').read_text()
        for what, text, mode in (
            ('unknown key', '[sign]\nhahs=true\n', 0o600),
            ('a value of the wrong type', '[sign]\nhash=perhaps\n', 0o600),
            ('out of range', '[token]\nseconds=0\n', 0o600),
            ('no key file', 'hash=true', 0o600),
            ('a relative pinentry', '[prompt]\npinentry=pinentry\n', 0o600),
            ('a timestamp service that is no address', '[timestamp]\nurls=tsa.ca.gov.vn\n', 0o600),
            ('a timestamp policy that is no OID', '[timestamp]\npolicy=any\n', 0o600),
            ('too long for a timestamp', '[timestamp]\nseconds=601\n', 0o600),
            ('a proxy with a password', '[network]\nproxy=http://a:b@proxy:1\n', 0o600),
            ('writable by others', '', 0o666),
        ):
            with self.subTest(what):
                path = self.home.config / 'kyso.conf'
                path.write_text(good + text if text != 'hash=true' else text)
                path.chmod(mode)
                with self.assertRaisesRegex(AssertionError, 'kyso.conf'):
                    kyso_kit.Agent(self.home)
                self.note('configuration', f'kyso.conf: {what}', None)
        path.chmod(0o600)
        path.write_text(good)
        self.agent = self.start_agent()
        self.sign_well()


if __name__ == '__main__':
    if os.getuid() == 0 and 'KYSO_OWN_MOUNTS' not in os.environ:
        # Mounts of our own, for agents and clients alike; they end with this process.
        own = ['unshare', '--mount', '--propagation', 'private']
        if subprocess.run([*own, 'true'], capture_output=True).returncode == 0:
            os.environ['KYSO_OWN_MOUNTS'] = 'yes'
            os.execvp(own[0], [*own, sys.executable, *sys.argv])
    tap.main()
