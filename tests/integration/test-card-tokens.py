#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that come and go while they are asked for: PC/SC says what is there, a request on a token that
leaves ends at once, and a token that does not answer delays no other."""

import base64
import hashlib
import os
import signal

import card_office
import tap

SIGN = 'signatures.signHash'
SHA256 = '2.16.840.1.101.3.4.2.1'


class Case(card_office.Case):
    def setUp(self):
        super().setUp()
        self.home.configure('sign', 'hash=true')
        self.agent = self.start_agent()

    def request(self, name):
        digest = hashlib.sha256(b'token').digest()
        return {
            'credentialID': self.home.credentials[name],
            'hash': [base64.b64encode(digest).decode()],
            'hashAlgo': SHA256,
            'wait_for_token': False,
        }

    def sign(self, name, **more):
        with self.agent.connect() as client:
            return client.call(SIGN, {**self.request(name), **more})['signatures'][0]

    def tokens(self):
        """{reader: (label, ...)} of tokens.list, and the codes of its faults."""
        with self.agent.connect() as client:
            listed = client.call('tokens.list')
        return (
            {token['reader']: token['label'] for token in listed['tokens']},
            [fault['error']['code'] for fault in listed['faults']],
        )


class One(Case):
    rig_options = {'readers': 1}

    def test_a_card_is_seen_as_long_as_it_is_there(self):
        self.assertEqual(self.tokens(), ({}, []))
        self.card_insert('leader')
        self.assertTrue(self.sign('leader', wait_for_token=True))
        tokens, faults = self.tokens()
        self.assertEqual((len(tokens), faults), (1, []))
        self.card_remove()
        self.assertEqual(self.tokens(), ({}, []))
        self.card_insert('leader')
        self.assertTrue(self.sign('leader', wait_for_token=True))


    def test_the_card_is_locked_again_after_a_signature(self):
        card = self.card_insert('leader')
        self.assertTrue(self.sign('leader', wait_for_token=True))
        self.assertEqual(len(card.pins_sent()), 1)
        self.tokens()  # waits for its turn behind the end of the login
        self.assertFalse(card.is_verified())

    def test_the_card_is_locked_again_after_its_worker_was_killed(self):
        card = self.card_insert('leader')
        card.watch(0x87)
        card.fault(0x87, 'delay', 300)
        with self.agent.connect() as client:
            request = client.begin(SIGN, {**self.request('leader'), 'wait_for_token': True})
            card.wait_event('apdu 87')
            self.assertTrue(card.is_verified())
            for pid, name in self.agent.children().items():
                if name == 'kyso-token':
                    os.kill(pid, signal.SIGKILL)
            self.assert_refused('token_crashed', client.finish, request)
        self.tokens()  # waits for its turn behind the end of the login
        self.assertFalse(card.is_verified())
        card.clear()
        self.assertTrue(self.sign('leader'))

    def test_a_token_that_leaves_ends_what_was_asked_of_it(self):
        card = self.card_insert('leader')
        card.watch(0x87)
        card.fault(0x87, 'delay', 600000)
        with self.agent.connect() as client:
            request = client.begin(SIGN, {**self.request('leader'), 'wait_for_token': True})
            card.wait_event('apdu 87')
            self.card_remove()
            self.assert_refused('token_removed', client.finish, request)
        card.clear()
        self.card_insert('leader')
        self.assertTrue(self.sign('leader', wait_for_token=True))

    def test_without_pcscd_it_is_told_and_comes_back(self):
        self.card_insert('leader')
        self.assertTrue(self.sign('leader', wait_for_token=True))
        self.pcscd_kill()
        self.assert_refused('pcsc_unavailable', self.sign, 'leader')
        tokens, faults = self.tokens()
        self.assertEqual((tokens, faults), ({}, ['pcsc_unavailable']))
        self.pcscd_start()
        self.assertTrue(self.sign('leader', wait_for_token=True))


class Two(Case):
    rig_options = {'readers': 2}

    def test_a_mute_card_delays_no_other(self):
        mute = self.card_insert('leader', 0)
        self.card_insert('agency', 1)
        mute.fault(None, 'hang')
        self.assertTrue(self.sign('agency', wait_for_token=True))
        tokens, faults = self.tokens()
        self.assertEqual(faults, ['token_hung'])
        self.assertEqual(len(tokens), 1)
        self.card_remove(0)
        self.assertEqual(self.tokens()[1], [])
        self.assertTrue(self.sign('agency', wait_for_token=True))

    def test_a_token_put_in_while_another_is_silent_is_found(self):
        mute = self.rig.card_insert('leader', 0)
        mute.fault(None, 'hang')
        mute.watch(0xA4)
        with self.agent.connect() as client:
            request = client.begin(SIGN, {**self.request('agency'), 'wait_for_token': True})
            mute.wait_event('apdu a4')
            self.rig.card_insert('agency', 1)
            self.assertEqual(len(client.finish(request)['signatures']), 1)

    def test_two_tokens_sign_side_by_side(self):
        slow = self.card_insert('leader', 0)
        self.card_insert('agency', 1)
        slow.watch(0x87)
        slow.fault(0x87, 'delay', 600000)
        with self.agent.connect() as client:
            request = client.begin(SIGN, {**self.request('leader'), 'wait_for_token': True})
            slow.wait_event('apdu 87')
            self.assertTrue(self.sign('agency', wait_for_token=True))
            self.card_remove(0)
            self.assert_refused('token_removed', client.finish, request)


if __name__ == '__main__':
    tap.main()
