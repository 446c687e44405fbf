# SPDX-License-Identifier: GPL-3.0-or-later
"""What an integration test needs: a home of its own, an agent in it, a letter to sign.

    class Approve(kyso_kit.Case):
        def test_...(self):
            agent = self.start_agent()
            with agent.connect() as client: ...

Nothing sleeps: the agent says when it is ready (sd_notify), processes are waited for by pidfd.
"""

import atexit
import configparser
import contextlib
import functools
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from kyso_client import Client, Closed, KysoError  # noqa: F401 (for the tests)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KIT = ROOT / 'tests' / 'kit'
BUILD = pathlib.Path(os.environ.get('KYSO_BUILD', ROOT / 'build')).resolve()

PIN = '735914'

START_SECONDS = 60
STOP_SECONDS = 30

# GLib's log levels, and what the sanitizers print.
WARNING = re.compile(
    r'-(WARNING|CRITICAL|ERROR) \*\*|runtime error:|(Address|Leak|UndefinedBehavior)Sanitizer'
)


def program(name):
    """A program of the build tree, by its path there: 'agent/core/kyso-agent'."""
    path = BUILD / name
    if not path.exists():
        raise AssertionError(f'{name} is not built')
    return str(path)


def wait_exit(process, seconds):
    """The exit code, or None where the process still runs after `seconds`."""
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


class Letter:
    """A PDF made by make-letter: `path`, `pages`, and the places of number, day, ..."""

    def __init__(self, path, described):
        self.path = pathlib.Path(path)
        self.pages = described['pages']
        self.places = described['places']

    def reserve(self):
        """The `reserve` of signatures.signDoc."""
        return {name: self.places[name] for name in ('number', 'day', 'month', 'seal')}


def make_letter(path, *options):
    run = subprocess.run(
        [program('tests/kit/make-letter'), '--output', str(path), *options],
        check=True,
        capture_output=True,
        text=True,
    )
    return Letter(path, json.loads(run.stdout))


@functools.cache
def token_template(names):
    """Tokens and configuration with these credentials, made once in this process."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='kyso-template-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(
        [KIT / 'softhsm', folder / 'token', '--with', ','.join(names), '--pin', PIN]
        + ['--cache', BUILD / 'tests' / 'kit' / 'keys'],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return folder / 'token'


def copy_tokens(names, target):
    """A copy of the template, whose files name their own folder."""
    template = token_template(names)
    shutil.copytree(template, target)
    for name in ('softhsm2.conf', 'credentials.ini', 'env', 'config/modules.d/softhsm.module'):
        path = target / name
        path.write_text(path.read_text().replace(str(template), str(target)))


class Home:
    """A throw-away home: software tokens and configuration as tests/kit/softhsm makes them, and a
    pinentry that follows a script.

    `credentials` {name: id}: "leader" and "agency", and `names` of those that softhsm knows."""

    def __init__(self, names=()):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='kyso-'))
        self.config = self.path / 'token' / 'config'
        self.state = self.path / 'state'
        self.runtime = self.path / 'run'
        self.socket = self.runtime / 'kyso' / 'agent.sock'
        for folder in (self.state, self.runtime):
            folder.mkdir(mode=0o700)
        self.credentials = self.make_tokens(tuple(names))
        self.pinentry = self.path / 'pinentry' / 'pinentry'
        self.pinentry.parent.mkdir(mode=0o700)
        shutil.copy(KIT / 'fake-pinentry', self.pinentry)
        self.configure('prompt', f'pinentry={self.pinentry}')
        self.script_pinentry(f'pin {PIN}')

    def make_tokens(self, names):
        """Fills `config`; the credentials that it has."""
        copy_tokens(names, self.path / 'token')
        described = configparser.ConfigParser()
        described.read(self.path / 'token' / 'credentials.ini')
        return {name: described[name]['id'] for name in described.sections()}

    def configure(self, group, line):
        """Adds a line to kyso.conf; agents started from now on see it."""
        with open(self.config / 'kyso.conf', 'a', encoding='utf-8') as stream:
            stream.write(f'[{group}]\n{line}\n')

    def remove_tokens(self):
        """Leaves the configuration, but no module that has a token."""
        (self.config / 'modules.d' / 'softhsm.module').unlink()

    def environment(self, **more):
        kept = ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS')
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            'HOME': str(self.path),
            'XDG_RUNTIME_DIR': str(self.runtime),
            'XDG_STATE_HOME': str(self.state),
            'LC_ALL': 'C.UTF-8',
            'SOFTHSM2_CONF': str(self.path / 'token' / 'softhsm2.conf'),
            **more,
        }

    def script_pinentry(self, *actions):
        """What the coming PIN windows do, one action each, the last one for all that follow; see
        fake-pinentry: 'pin 735914', 'cancel', 'timeout', 'hang', ..."""
        self.pinentry.with_name('pinentry.script').write_text('\n'.join(actions) + '\n')
        self.pinentry.with_name('pinentry.count').unlink(missing_ok=True)

    def pinentry_log(self):
        """What the PIN windows were told."""
        log = self.pinentry.with_name('pinentry.log')
        return log.read_text() if log.exists() else ''

    def images(self):
        """(signature, seal) as PNG files."""
        signature, seal = self.path / 'signature.png', self.path / 'seal.png'
        if not seal.exists():
            subprocess.run(
                [program('tests/kit/make-letter'), '--signature', signature, '--seal', seal],
                check=True,
            )
        return signature, seal

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Agent:
    """A running kyso-agent of `home`."""

    def __init__(self, home, environment=None, wrapper=(), executable=None):
        self.home = home
        self._announced = []
        self._log = open(home.path / 'agent.log', 'a+b')
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        notify_path = home.path / 'notify'
        notify_path.unlink(missing_ok=True)
        notify.bind(str(notify_path))
        with notify:
            self.process = subprocess.Popen(
                [
                    *wrapper,
                    executable or program('agent/core/kyso-agent'),
                    f'--config={home.config}',
                    f'--socket={home.socket}',
                    f'--state={home.state}',
                ],
                env=home.environment(NOTIFY_SOCKET=str(notify_path), **(environment or {})),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            self._wait_ready(notify)

    @property
    def pid(self):
        return self.process.pid

    def _wait_ready(self, notify):
        pidfd = os.pidfd_open(self.pid)
        try:
            while True:
                ready, _, _ = select.select([notify, pidfd], [], [], START_SECONDS)
                if notify in ready and b'READY=1' in notify.recv(4096).split(b'\n'):
                    return
                if pidfd in ready or not ready:
                    self.kill()
                    raise AssertionError(f'the agent did not get ready:\n{self.log()}')
        finally:
            os.close(pidfd)

    def log(self):
        return (self.home.path / 'agent.log').read_text(errors='replace')

    def connect(self, **options):
        return Client(self.home.socket, **options)

    def announce(self, pattern):
        """A warning that matches `pattern` belongs to the test."""
        self._announced.append(re.compile(pattern))

    def children(self):
        """{pid: program name} of the agent's helper processes."""
        found = {}
        for task in pathlib.Path(f'/proc/{self.pid}/task').iterdir():
            # A thread or a child may end while we read.
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for pid in (task / 'children').read_text().split():
                    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                        found[int(pid)] = pathlib.Path(f'/proc/{pid}/comm').read_text().strip()
        return found

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._log.close()

    def stop(self):
        """Ends the agent in order. Fails on an exit code, on a hang, on a warning not announced."""
        if self._log.closed:
            return
        self.process.send_signal(signal.SIGTERM)
        status = wait_exit(self.process, STOP_SECONDS)
        if status is None:
            self.kill()
            raise AssertionError(f'the agent did not stop within {STOP_SECONDS} s:\n{self.log()}')
        self._log.close()
        if status != 0:
            raise AssertionError(f'the agent ended with {status}:\n{self.log()}')
        strange = [
            line
            for line in self.log().splitlines()
            if WARNING.search(line) and not any(known.search(line) for known in self._announced)
        ]
        if strange:
            raise AssertionError('warnings nobody announced:\n' + '\n'.join(strange))


class Case(unittest.TestCase):
    """A test with a home of its own; its agents are stopped, and checked, at the end."""

    credential_names = ()

    def setUp(self):
        self.home = Home(self.credential_names)
        self.addCleanup(self.home.remove)

    def start_agent(self, **options):
        agent = Agent(self.home, **options)
        self.addCleanup(agent.stop)
        return agent

    def make_letter(self, name='letter.pdf', *options):
        return make_letter(self.home.path / name, *options)

    def assert_refused(self, code, call, *arguments, **parameters):
        with self.assertRaises(KysoError) as caught:
            call(*arguments, **parameters)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return caught.exception
