# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards that are pulled or swapped at the worst moments, for tests/show/fault-matrix: OpenSC, behind
p11fault.c where a moment has to be held, over a pcscd and virtual cards of its own."""

import dataclasses
import os
import signal
import time

import card_office
import card_rig
import kyso_kit
import office

HELD_MS = 8000  # how long a driver or a card waits where it is held
SHORT_MS = 1500  # enough for a swap
DEADLINE_SECONDS = 4  # an event counts at once: nobody waits for what is held, or for a time-out

OWN, OTHER = 'leader', 'deputy'


class CardHome(card_office.Home):
    def __init__(self, modules):
        super().__init__(modules, **self.rig_options)


class Home(office.Home, CardHome):
    """An office whose tokens are virtual cards, and whose driver stops where it is told to."""

    def __init__(self, **rig_options):
        self.rig_options = rig_options
        super().__init__(('opensc',))
        for path in (self.config / 'modules.d').iterdir():
            path.unlink()
        module = self.config / 'modules.d' / 'held-opensc.module'
        module.write_text(f'module: {kyso_kit.program("tests/kit/p11fault.so")}\n'
                          f'kyso-readers: each\nkyso-writes: {self.path}\n')

    def environment(self, **more):
        return super().environment(P11FAULT_MODULE=self.modules['opensc'], **more)


class Bench(office.Case):
    """One office with one reader, and the leader's card in it. `hotplug`: the reader can be pulled out
    with the card in it, as a USB token."""

    settings = (('token', 'seconds=20'),)
    can_sign_afterwards = False

    def __init__(self, hotplug):
        super().__init__()
        self.hotplug = hotplug

    def runTest(self):
        """Nothing: this is no test, but has the means of one."""

    def make_home(self):
        return Home(hotplug=self.hotplug)

    def setUp(self):
        super().setUp()
        self.rig = self.home.rig
        self.own, self.other = self.rig.card(OWN), self.rig.card(OTHER)
        self.reader = self.rig.reader(0)
        self.reader.insert(self.own)

    # What happens to the token; to be undone by `restore`.

    def pull_card(self):
        self.reader.remove()

    def pull_token(self):
        self.reader.unplug()

    def swap_card(self):
        self.reader.remove()
        self.reader.insert(self.other)

    def swap_card_fast(self):
        """Before anybody can have looked."""
        self.reader.remove(wait=False)
        self.reader.insert(self.other)

    def swap_token(self):
        """Another USB token, whose reader has the same name."""
        self.reader.unplug()
        self.reader.remove()
        self.reader.insert(self.other)
        self.reader.plug()

    def swap_token_asleep(self):
        """While the agent cannot see it, and until the driver has done what it was about to do."""
        os.kill(self.agent.pid, signal.SIGSTOP)
        try:
            self.swap_token()
            done = {'C_SignInit': 'C_Sign'}.get(self.held, self.held)
            self.home.token_calls.wait(
                lambda line: line.split()[1] == done and line.split()[2] != 'delay', self.seen)
        finally:
            os.kill(self.agent.pid, signal.SIGCONT)

    def restore(self):
        self.own.clear()
        if not self.reader.is_plugged:
            self.reader.plug()
        if self.reader.card is self.other:
            self.reader.remove()
        if self.reader.card is None:
            self.reader.insert(self.own)

    # When it happens: each returns once that moment has come.

    def at_window(self):
        """While the PIN is asked for."""

    def at_rule(self, function, held_ms=HELD_MS):
        """When the driver is about to do this, after the PIN was typed."""
        self.held, self.seen = function, len(self.home.token_calls.lines)
        self.home.break_token(f'{function}:delay={held_ms}')
        self.gate.open()
        self.home.wait_token_call(function, 'delay', self.seen)
        self.home.break_token()

    def in_command(self, ins):
        """When the card is at work on this command."""
        self.own.fault(ins, 'delay', HELD_MS)
        self.own.watch(ins)
        self.gate.open()
        self.own.wait_event(f'apdu {ins:02x}')

    def run_case(self, case):
        """(code, seconds, PINs at the own card); raises AssertionError where the promise is broken."""
        pid = self.agent.pid
        target = self.out / 'result'
        target.write_bytes(office.OLD)
        sent, others = len(self.own.pins_sent()), len(self.other.pins_sent())
        records = len(self.journal())
        with self.home.gate() as self.gate:
            code, seconds = self.ask(case, target)
        sent = len(self.own.pins_sent()) - sent
        other_commands = [command for command in self.other.apdu_log()
                          if command.ins == card_rig.GENERAL_AUTHENTICATE]

        self.assertIn(code, case.codes, f'{case}: code')
        self.assertLess(seconds, DEADLINE_SECONDS, f'{case}: seconds')
        self.assertLessEqual(sent, case.pins, f'{case}: PINs at the own card')
        self.assertEqual(len(self.other.pins_sent()), others, f"{case}: the other card got a PIN")
        self.assertEqual(other_commands, [], f'{case}: the other card signed')
        self.assertEqual(target.read_bytes(), office.OLD, f'{case}: output')
        target.unlink()
        record, = self.journal()[records:]
        self.assertEqual(record['error_code'], code, f'{case}: journal')
        self.restore()
        for card in (self.own, self.other):
            self.assertEqual(card.tries(), (3, 3), f'{case}: tries left of {card.name}')
        self.sign_well()
        self.assertEqual((self.agent.pid, self.agent.process.poll()), (pid, None))
        return code, seconds, sent

    def ask(self, case, target):
        self.home.break_token()
        self.home.script_pinentry(f'gate pin {office.PIN}')
        seen = len(self.home.pin_windows.lines)
        with self.agent.connect() as client:
            request = client.begin('signatures.signDoc', self.detached(
                input={'path': str(self.letter.path)}, output={'path': str(target)},
                wait_for_token=False))
            self.home.wait_pin_window(seen)
            moment, *arguments = case.moment
            getattr(self, moment)(*arguments)
            start = time.monotonic()
            getattr(self, case.event)()
            self.gate.open()
            try:
                client.finish(request)
                return 'signed', time.monotonic() - start
            except office.KysoError as error:
                self.assert_told(error)
                return error.code, time.monotonic() - start


@dataclasses.dataclass(frozen=True)
class Case:
    what: str
    when: str
    event: str
    moment: tuple
    codes: tuple
    pins: int  # at most, at the own card
    hotplug: bool

    def __str__(self):
        return f'{self.what}, {self.when}'


WINDOW = ('the PIN is asked for', ('at_window',), 0)
LOGIN = ('before C_Login, PIN typed', ('at_rule', 'C_Login'), 0)
AFTER = ('between login and signature', ('at_rule', 'C_SignInit'), 1)
SHORTLY = (('before C_Login, PIN typed', ('at_rule', 'C_Login', SHORT_MS), 0),
           ('between login and signature', ('at_rule', 'C_SignInit', SHORT_MS), 1))
IN_VERIFY = ('inside VERIFY', ('in_command', card_rig.VERIFY), 1)
IN_SIGNING = ('inside GENERAL AUTHENTICATE', ('in_command', card_rig.GENERAL_AUTHENTICATE), 1)


def cases_of(what, event, moments, hotplug=False):
    # While the PIN is asked for nothing was begun with the token: the window closes when it leaves,
    # or where another one is there before that is seen, the change is told.
    return [
        Case(what, when, event, moment,
             ('token_changed', 'token_removed') if 'swap' in event and moment == WINDOW[1]
             else ('token_removed',), pins,
             hotplug)
        for when, moment, pins in moments
    ]


CASES = (
    *cases_of('card pulled', 'pull_card', (WINDOW, LOGIN, AFTER, IN_VERIFY, IN_SIGNING)),
    *cases_of('card swapped', 'swap_card', (WINDOW, LOGIN, AFTER, IN_SIGNING)),
    *cases_of('card swapped in a blink', 'swap_card_fast', (WINDOW, LOGIN, AFTER)),
    *cases_of('token pulled', 'pull_token', (WINDOW, LOGIN, AFTER, IN_SIGNING), True),
    *cases_of('token swapped', 'swap_token', (WINDOW, LOGIN, AFTER, IN_SIGNING), True),
    *cases_of('same, the agent asleep', 'swap_token_asleep', SHORTLY, True),
)
