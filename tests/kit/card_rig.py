# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers and cards without hardware: a private pcscd, readers that hold virtual PIV cards, faults.

    with card_rig.Rig(readers=2, hotplug=True) as rig:
        rig.card_insert('leader')                     # into reader 0
        rig.reader(1).insert('agency')
        subprocess.run([...], env={**os.environ, **rig.environment()})
        rig.reader(0).fault(0x87, 'hang')             # card-faults.h
        rig.card_remove()
        rig.reader(0).unplug()                        # as a USB token: reader and card
        rig.pcscd_kill(); rig.pcscd_start()

Any user may run any number of rigs at once. A verb returns when pcscd tells its clients what has
become so; nothing sleeps or polls. All processes are children of the one that made the rig, and die
with the thread that did.
"""

import contextlib
import fcntl
import functools
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from typing import NamedTuple

import card_pool

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RIG_SOURCES = ROOT / 'tests' / 'kit' / 'rig'
BUILD = pathlib.Path(os.environ.get('KYSO_BUILD', ROOT / 'build')).resolve()
PROGRAMS = BUILD / 'tests' / 'kit' / 'rig'
CACHE = pathlib.Path(os.environ.get('KYSO_KEY_CACHE', BUILD / 'tests' / 'kit' / 'keys'))

PIN = '735914'
PUK = '48151623'
PCSCD = '/usr/sbin/pcscd'
WAIT_SECONDS = 20
FIRST_FD = 16

VERIFY = 0x20
GENERAL_AUTHENTICATE = 0x87

# OpenSC as it comes, but for its cache of certificates below HOME, which outlives a card.
OPENSC_CONF = 'app default {\n  framework pkcs15 {\n    use_file_caching = no;\n  }\n}\n'


class Unavailable(Exception):
    """This machine lacks what the rig needs; the text says what. For skipTest."""


class Command(NamedTuple):
    """One command that a card got: a line of card-log.h. `sw` None: it was never answered."""

    ms: float
    ins: int
    p1: int
    p2: int
    size: int
    data: str
    sw: int


@functools.cache
def hotplug_pcscd():
    """The path of a pcscd whose readers can be pulled out. Unavailable where it cannot be built."""
    build = subprocess.run([RIG_SOURCES / 'build-pcscd'], capture_output=True, text=True)
    if build.returncode != 0:
        raise Unavailable((build.stderr.strip().splitlines() or ['build-pcscd failed'])[-1])
    return build.stdout.strip()


class Card:
    """One virtual card: a process of its own, so that its PIN counter outlives its insertions.

    `slots` {'9a': {'id': credential, 'certificate': PEM file, 'kind': ..., ...}, ...}"""

    def __init__(self, folder, name, pin=PIN, puk=PUK, yubico=False):
        pool, _ = card_pool.read(CACHE)
        self.name, self.pin, self.puk, self.slots = name, pin, puk, pool[name]
        self.reader = None
        self.log = folder / f'{name}.apdus'
        self.log.touch()
        self._events = []
        self._rest = b''
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self.process = subprocess.Popen(
                [
                    PROGRAMS / 'piv-card',
                    f'--serial={self.slots["9a"]["serial"]}',
                    f'--log={self.log}',
                    *(['--yubico'] if yubico else []),
                    *(f'--key={slot}:{values["key"]}:{values["certificate"]}'
                      for slot, values in self.slots.items()),
                ],
                stdin=theirs,
            )
        self._answer()
        self.call(f'pin {pin}')
        self.call(f'puk {puk}')

    def _line(self, seconds=WAIT_SECONDS):
        while b'\n' not in self._rest:
            ready, _, _ = select.select([self._socket], [], [], seconds)
            data = self._socket.recv(65536) if ready else None
            if not data:
                raise AssertionError(f'{self.name}: ' + ('no answer' if data is None else 'it died'))
            self._rest += data
        line, _, self._rest = self._rest.partition(b'\n')
        return line.decode()

    def _answer(self):
        while True:
            word, _, text = self._line().partition(' ')
            if word == 'event':
                self._events.append(text)
            elif word == 'ok':
                return text
            else:
                raise AssertionError(f'{self.name}: {text}')

    def call(self, line):
        """A line of card-control.h; what comes after "ok"."""
        self._socket.sendall(f'{line}\n'.encode())
        return self._answer()

    def wait_event(self, text, seconds=WAIT_SECONDS):
        """The first event of card-slot.h that starts so, come already or still to come. Those
        before it are forgotten."""
        end = time.monotonic() + seconds
        while True:
            event = self._events.pop(0) if self._events else None
            if event is None:
                word, _, event = self._line(max(0, end - time.monotonic())).partition(' ')
                assert word == 'event', event
            if event.startswith(text):
                return event

    def forget_events(self):
        """Those that have come already."""
        self.call('status')
        self._events.clear()

    def fault(self, ins, kind, value=0, times=0):
        """`ins` None: at any command. `times` 0: until clear()."""
        value = f'{value:x}' if kind == 'sw' else int(value)
        self.call(f'fault {"*" if ins is None else f"{ins:02x}"} {kind} {value} {times}')

    def clear(self):
        """No faults any more. A card that hangs stays so until it is pulled out."""
        self.call('clear')

    def watch(self, ins):
        """Tells of the next such command: wait_event('apdu 87')."""
        self.call(f'watch {ins:02x}')

    def tries(self):
        """(of the PIN, of the PUK) that are left."""
        pin, puk = self.call('tries').split()
        return int(pin), int(puk)

    def set_tries(self, pin, puk=3):
        self.call(f'set-tries {pin} {puk}')

    def is_verified(self):
        """TRUE: it would sign now for whoever asks."""
        return self.call('status').endswith(' verified')

    def apdu_log(self):
        """All commands so far, of all insertions."""
        commands = []
        for line in self.log.read_text().splitlines():
            ms, ins, p1, p2, size, data, sw = line.split()
            commands.append(Command(float(ms), int(ins, 16), int(p1, 16), int(p2, 16), int(size), data,
                                    None if sw == '-' else int(sw, 16)))
        return commands

    def pins_sent(self):
        """The VERIFY commands that carried a PIN."""
        return [command for command in self.apdu_log() if command.ins == VERIFY and command.size > 0]

    def end(self):
        self._socket.close()
        self.process.wait()


class Reader:
    def __init__(self, rig, number, friendly_name):
        self.rig = rig
        self.friendly_name = friendly_name
        self.name = f'{friendly_name} 00 00'  # with pcscd's numbers
        self.card = None
        self.is_plugged = True
        self.path = rig.folder / f'reader{number}'
        shutil.copy(PROGRAMS / 'ifd-rig.so', self.path.with_suffix('.so'))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(self.path))
            listener.listen(4)
            self.listener = self._above(listener.fileno())
        eventfd = os.eventfd(0, os.EFD_NONBLOCK)
        self.unplugged = self._above(eventfd)
        os.close(eventfd)

    @staticmethod
    def _above(fd):
        """The same descriptor, out of the way of those that pcscd-launch puts in place."""
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST_FD)

    def configuration(self, number):
        device = f'reader:{self.listener}:{self.unplugged}:{self.rig.timeout_ms}'
        return (f'FRIENDLYNAME "{self.friendly_name}"\nDEVICENAME {device}\n'
                f'LIBPATH {self.path.with_suffix(".so")}\nCHANNELID {number}\n\n')

    def insert(self, card, wait=True):
        """`card`: a Card, or the name of one of the pool. Returns the Card."""
        card = self.rig.card(card) if isinstance(card, str) else card
        if self.card is not None or card.reader is not None:
            raise AssertionError(f'{card.name}: the reader has a card, or the card a reader')
        card.call(f'insert {self.path}')
        self.card, card.reader = card, self
        if wait:
            self._wait('present')
        return card

    def remove(self, wait=True):
        card, self.card = self.card, None
        card.reader = None
        card.call('remove')
        if wait:
            try:
                self._wait('empty')
            except AssertionError:
                if 'Error resetting card' not in self.rig.pcscd_log():
                    raise
                self._pull_again(card)
        return card

    def _pull_again(self, card):
        """pcscd 1.9.9 loses a removal that falls into its reset of the card, which then fails: it notes
        "present" over what its other thread has just seen, and hears of the reader again with the next
        card only."""
        card.forget_events()
        card.call(f'insert {self.path}')
        card.wait_event('power-on')
        card.call('remove')
        self._wait('empty')

    def swap(self, card, wait=True):
        """Another card, that is in as soon as the one before it is out."""
        card = self.rig.card(card) if isinstance(card, str) else card
        if card.reader is not None:
            raise AssertionError(f'{card.name} is in a reader')
        card.forget_events()
        card.call(f'insert {self.path}')
        self.remove(wait=False)
        self.card, card.reader = card, self
        if wait:
            card.wait_event('power-on')
            self._wait('present')
        return card

    def unplug(self, wait=True):
        """Pulls the reader out, with the card in it if there is one. What runs in it fails at
        once."""
        self._signal()
        os.eventfd_write(self.unplugged, 1)
        self.is_plugged = False
        self.rig.pcscd.send_signal(signal.SIGUSR1)
        if wait:
            self._wait('unplugged')

    def plug(self, wait=True):
        self._signal()
        os.eventfd_read(self.unplugged)
        self.is_plugged = True
        self.rig.pcscd.send_signal(signal.SIGUSR1)
        if wait:
            self._wait('present' if self.card else 'plugged')

    def _signal(self):
        if not self.rig.hotplug:
            raise AssertionError('the rig was made without hotplug=True')
        if self.rig.pcscd is None:
            raise AssertionError('pcscd does not run')

    def _wait(self, state):
        if self.rig.pcscd is not None and (self.is_plugged or state == 'unplugged'):
            self.rig.wait_reader(self, state)

    # Of the card in it.

    def fault(self, ins, kind, value=0, times=0):
        self.card.fault(ins, kind, value, times)

    def clear(self):
        self.card.clear()

    def tries(self):
        return self.card.tries()

    def apdu_log(self):
        return self.card.apdu_log()

    def close(self):
        os.close(self.listener)
        os.close(self.unplugged)


class Rig:
    """`readers` of them, called "Rig Reader 0", ... or as `names` says, all plugged in at first or
    the first `plugged`; `hotplug`: they can be pulled out; `timeout_ms` after which a reader gives up
    a card that does not answer, 0: never; `yubico`: readers and cards as ykcs11 wants them;
    `pin`, `puk` of all cards."""

    def __init__(self, readers=1, hotplug=False, names=None, plugged=None, timeout_ms=0,
                 yubico=False, pin=PIN, puk=PUK, pcscd_options=()):
        if not pathlib.Path(PCSCD).exists():
            raise Unavailable(f'{PCSCD} is not installed')
        self.hotplug, self.timeout_ms, self.yubico = hotplug, timeout_ms, yubico
        self.pin, self.puk = pin, puk
        self.pcscd = None
        self._pcscd_path = hotplug_pcscd() if hotplug else PCSCD
        self._pcscd_options = list(pcscd_options)
        self._cards = {}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='kyso-rig-'))
        self.socket = self.folder / 'pcscd.comm'
        prefix = 'Yubico YubiKey' if yubico else 'Rig Reader'
        names = names or [f'{prefix} {number}' for number in range(readers)]
        self.readers = [Reader(self, number, name) for number, name in enumerate(names)]
        for reader in self.readers[len(names) if plugged is None else plugged:]:
            os.eventfd_write(reader.unplugged, 1)
            reader.is_plugged = False
        (self.folder / 'opensc.conf').write_text(OPENSC_CONF)
        (self.folder / 'reader.conf.d').mkdir()
        (self.folder / 'reader.conf.d' / 'readers').write_text(
            ''.join(reader.configuration(number) for number, reader in enumerate(self.readers))
        )
        try:
            self.pcscd_start()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.pcscd_kill()
        for card in self._cards.values():
            card.end()
        for reader in self.readers:
            reader.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self):
        """For what shall see these readers, and no others."""
        return {
            'PCSCLITE_CSOCK_NAME': str(self.socket),
            'OPENSC_CONF': str(self.folder / 'opensc.conf'),
        }

    def reader(self, number=0):
        return self.readers[number]

    def card(self, name):
        """The card of that name in the pool; made at its first use, in no reader then."""
        if name not in self._cards:
            self._cards[name] = Card(self.folder, name, self.pin, self.puk, self.yubico)
        return self._cards[name]

    def state(self):
        """("running" or "absent", {reader: has a card}) as PC/SC clients see it sooner or later."""
        if self.pcscd is None:
            return 'absent', {}
        return 'running', {reader.name: reader.card is not None for reader in self.readers
                           if reader.is_plugged}

    def wait_reader(self, reader, state, seconds=WAIT_SECONDS):
        """Until pcscd says that it is "present", "empty", "plugged" or "unplugged"."""
        wait = subprocess.run(
            [PROGRAMS / 'reader-wait', reader.name, state, str(seconds)],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
        )
        if wait.returncode != 0:
            raise AssertionError(f'{wait.stderr.strip()}\n{self.pcscd_log()}')

    def pcscd_log(self):
        log = self.folder / 'pcscd.log'
        return log.read_text(errors='replace') if log.exists() else ''

    def pcscd_start(self):
        """Returns when it answers. Cards that are in readers are powered up."""
        self.socket.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, \
                open(self.folder / 'pcscd.log', 'ab') as log:
            listener.bind(str(self.socket))
            listener.listen(16)
            self.pcscd = subprocess.Popen(
                [PROGRAMS / 'pcscd-launch', PROGRAMS / 'run-shim.so', self._pcscd_path,
                 '--foreground', '--config', self.folder / 'reader.conf.d', *self._pcscd_options],
                stdin=listener,
                stdout=log,
                stderr=log,
                pass_fds=[fd for reader in self.readers
                          for fd in (reader.listener, reader.unplugged)],
                start_new_session=True,
            )
        for reader in self.readers:
            if reader.is_plugged:
                reader._wait('present' if reader.card else 'plugged')

    def pcscd_kill(self):
        """As if it had crashed, or was never there: clients find no service."""
        if self.pcscd is not None:
            self.pcscd.kill()
            self.pcscd.wait()
            self.pcscd = None
        self.socket.unlink(missing_ok=True)

    # The verbs by reader number.

    def reader_add(self, number=0):
        self.reader(number).plug()

    def reader_remove(self, number=0):
        self.reader(number).unplug()

    def card_insert(self, card, number=0):
        return self.reader(number).insert(card)

    def card_remove(self, number=0):
        return self.reader(number).remove()

    def card_fault(self, ins, kind, value=0, times=0, number=0):
        self.reader(number).fault(ins, kind, value, times)

    def card_tries(self, number=0):
        return self.reader(number).tries()


@contextlib.contextmanager
def available(case, **options):
    """A rig for a unittest case, which is skipped by name where the machine cannot have it."""
    try:
        rig = Rig(**options)
    except Unavailable as error:
        case.skipTest(str(error))
    with rig:
        yield rig
