#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between kyso and a card that is in order: the service is not there, another program has
the card. No try is wasted, and once it has gone away the next request works."""

import contextlib
import os
import subprocess

import card_rig
import fault_cards
import kyso_kit
import office
import tap


class CardCase(office.Case):
    rig_options = {}

    def make_home(self):
        try:
            return fault_cards.Home(**self.rig_options)
        except card_rig.Unavailable as why:
            self.skipTest(str(why))

    def setUp(self):
        super().setUp()
        self.rig = self.home.rig
        self.card = self.rig.card_insert(fault_cards.OWN)

    def refuse_before_pin(self, code, what):
        """The card has not even seen a PIN, and nobody was asked for one."""
        windows = len(self.home.pin_windows.lines)
        error = self.refuse(code, what, self.detached(wait_for_token=False), outcome='failed')
        self.assertEqual(self.home.pin_windows.lines[windows:], [])
        self.assertEqual((self.card.pins_sent(), self.card.tries()), ([], (3, 3)))
        return error

    @contextlib.contextmanager
    def held(self):
        """Another program has the card for itself alone."""
        holder = subprocess.Popen(
            [kyso_kit.KIT / 'hold-card', self.rig.reader(0).name],
            env={**os.environ, **self.rig.environment()}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with holder:
            self.assertEqual(holder.stdout.readline(), 'held\n')
            yield holder.pid
            holder.stdin.close()
            self.assertEqual(holder.wait(), 0)


class Cards(CardCase):
    def test_without_pcscd_no_card_is_found_and_the_reason_is_told(self):
        self.rig.pcscd_kill()
        self.refuse_before_pin('pcsc_unavailable', 'pcscd does not run')
        self.rig.pcscd_start()

    def test_a_card_that_another_program_holds_is_told(self):
        with self.held() as pid:
            error = self.refuse_before_pin('reader_busy', 'another program holds the card')
            self.assertIn(self.rig.reader(0).name, error.data['detail'])
            self.assertEqual(error.data['reader'], self.rig.reader(0).name)
            self.assertEqual([program['pid'] for program in error.data['programs']], [pid])
            self.assertIn(f'({pid})', error.data['detail'])
            with self.agent.connect() as client:
                faults = client.call('tokens.list')['faults']
            # What the driver makes of it may follow.
            self.assertEqual(faults[0]['error']['code'], 'reader_busy')
            self.assertEqual(faults[0]['module'], self.rig.reader(0).name)


class SlowCards(CardCase):
    rig_options = {'timeout_ms': 500}

    def test_a_card_that_times_out_once_wedges_nothing(self):
        """OpenSC 0.23 waits for itself for ever at the second signature after such an answer."""
        self.card.fault(card_rig.GENERAL_AUTHENTICATE, 'hang', times=1)
        with self.agent.connect() as client, self.assertRaises(kyso_kit.KysoError) as caught:
            client.call('signatures.signDoc', self.detached(
                input={'path': str(self.letter.path)},
                output={'path': str(self.out / 'result')}))
        # The reader gives the card up then: whether that or the driver's fault comes first.
        self.assertIn(caught.exception.code, ('token_failed', 'token_removed'))
        for _ in range(2):
            self.sign_well()
        self.assertEqual(self.card.tries(), (3, 3))


if __name__ == '__main__':
    tap.main()
