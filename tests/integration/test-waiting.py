#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request may be made before the token is plugged in: it waits, the person is told, and the right
token lets it go on by itself."""

import hashlib
import os

import card_office
import office
import tap
from kyso_kit import PIN

SIGN = 'signatures.signDoc'
NOTICE = 'CONFIRM --one-button'


def wait_stage(client, request, stage):
    client.wait_notification(
        'requests.progress', lambda note: (note['id'], note['stage']) == (request, stage))


class Absent(office.Case):
    """On a token in software; what makes the agent look again is a listing that a client asks for."""

    def setUp(self):
        super().setUp()
        self.home.break_token('TOKEN:absent')

    def params(self, name='result', **more):
        return self.detached(**{'input': {'path': str(self.letter.path)},
                                'output': {'path': str(self.out / name)}, **more})

    def notices(self, since=0):
        return [line for line in self.home.pin_windows.lines[since:] if line.startswith(NOTICE)]

    def wait_notice(self, text):
        """Until the window that asks for the token is told so."""
        self.home.pin_windows.wait(lambda line: line.startswith('SETDESC') and text in line)
        self.home.pin_windows.wait(lambda line: line.startswith(NOTICE))

    def begin(self, client, **more):
        request = client.begin(SIGN, self.params(**more))
        wait_stage(client, request, 'wait')
        return request

    def plug_in(self):
        self.home.break_token()
        with self.agent.connect() as client:
            self.assertEqual(len(client.call('credentials.list')['credentialIDs']), 2)

    def test_the_request_goes_on_when_the_token_comes(self):
        with self.agent.connect() as client:
            request = self.begin(client)
            self.wait_notice('Hãy cắm thiết bị ký số.')
            listed, = client.call('requests.list')['requests']
            self.assertEqual(listed['stage'], 'wait')
            self.assertNotIn('GETPIN', self.home.pinentry_log())
            self.plug_in()
            result = client.finish(request)
        self.assertEqual(result['signature']['verdict'], 'valid')
        self.assertEqual(self.home.logins(), 1)
        stages = [note['params']['stage'] for note in client.notifications]
        self.assertEqual(stages, ['read', 'wait', 'prepare', 'show', 'sign', 'check', 'record',
                                  'deliver'])

    def test_the_window_says_whose_token_for_what_and_who_asks(self):
        with self.agent.connect() as client:
            self.begin(client)
            self.wait_notice('Thiết bị của: “')
        window, = [line for line in self.home.pin_windows.lines if 'Hãy cắm' in line]
        for text in ('Mục đích: ký tệp, “letter.pdf”', 'Chương trình yêu cầu: “', f'(PID {os.getpid()})'):
            self.assertIn(text, window)
        self.assertIn('SETOK _Hủy yêu cầu', self.home.pin_windows.lines)

    def test_a_batch_waits_and_what_it_was_then_is_signed(self):
        documents = []
        for n in range(6):
            source = self.home.path / f'in-{n}'
            source.write_bytes(b'as it was %d\n' % n)
            documents.append({'input': {'path': str(source)},
                              'output': {'path': str(self.out / f'{n}')}})
        self.home.script_pinentry('yes', f'pin {PIN}')
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.detached(documents=documents))
            wait_stage(client, request, 'wait')
            self.wait_notice('số tài liệu khác: 5')
            listed, = client.call('requests.list')['requests']
            self.assertEqual((listed['stage'], listed['documents']), ('wait', 6))
            self.wait_parked()
            for n in range(6):
                (self.home.path / f'in-{n}').write_bytes(b'changed\n')
            self.plug_in()
            result = client.finish(request)
        self.assertEqual(result['signed'], 6)
        for n, told in enumerate(result['documents']):
            self.assertEqual(told['input_digest'],
                             hashlib.sha256(b'as it was %d\n' % n).hexdigest())

    def test_a_file_that_changes_while_it_waits_is_not_signed_as_another(self):
        """With a hash other than SHA-256 it is read again, once the key says which."""
        source = self.home.path / 'plan.txt'
        source.write_bytes(b'as it was\n')
        with self.agent.connect() as client, self.untouched(
                outcome='failed', code='input_unreadable'):
            request = self.begin(client, input={'path': str(source)},
                                 signAlgo='1.2.840.113549.1.1.12')
            self.wait_parked()
            source.write_bytes(b'as it is!\n')
            self.plug_in()
            self.assert_refused('input_unreadable', client.finish, request)
        self.assertEqual(self.journal()[-1]['document_digest'],
                         hashlib.sha256(b'as it was\n').hexdigest())
        self.assertEqual(self.notices_of_pin(), [])

    def notices_of_pin(self):
        return [line for line in self.home.pin_windows.lines if line.startswith('GETPIN')]

    def test_a_secret_document_waits_for_no_token(self):
        self.refuse('secret_document', 'a secret document, and no token',
                    self.detached(metadata={'Secrecy': 'mat'}), outcome='refused')
        self.assertEqual(self.notices(), [])

    def wait_parked(self):
        """The documents are read by threads, of which nobody is told: two turns of the agent's loop
        and a document that is read behind them."""
        with self.agent.connect() as client:
            for _ in range(20):
                client.call('signatures.verify', {'input': {'path': str(self.letter.path)}})

    def test_what_is_wrong_with_the_document_is_told_without_the_token(self):
        bad = self.home.path / 'bad.pdf'
        bad.write_bytes(b'no PDF')
        self.refuse('document_not_pdf', 'no PDF, and no token', self.approval(), source=bad,
                    outcome='failed')

    def test_who_does_not_want_to_wait_is_told_at_once(self):
        self.refuse('no_token', 'no token, wait_for_token false',
                    self.detached(wait_for_token=False), outcome='failed')
        self.assertEqual(self.notices(), [])

    def test_nobody_waits_for_a_certificate_that_is_not_configured(self):
        self.refuse('no_token', 'no token, certificate not configured',
                    self.detached(credentialID='0' * 64), outcome='failed')

    def test_cancelled_while_it_waits(self):
        with self.agent.connect() as client, self.untouched(outcome='cancelled', code='cancelled'):
            request = self.begin(client)
            self.wait_notice('Hãy cắm')
            client.call('requests.cancel', {'id': request})
            self.assert_refused('cancelled', client.finish, request)
            self.assertEqual(client.call('requests.list'), {'requests': []})
        self.wait_no_prompt()

    def test_past_its_deadline_while_it_waits(self):
        with self.agent.connect() as client, self.untouched(
                outcome='failed', code='deadline_exceeded'):
            request = client.begin(SIGN, self.params(timeout_ms=600))
            error = self.assert_refused('deadline_exceeded', client.finish, request)
        self.assertIn('the token was not plugged in', error.data['detail'])

    def test_left_by_the_client_while_it_waits(self):
        with self.agent.connect() as client:
            self.begin(client)
        self.wait_no_prompt()
        self.wait_until(self.journal)
        self.assertEqual([record['error_code'] for record in self.journal()], ['client_gone'])

    def wait_until(self, holds):
        """Nobody is told when the request of a client that has gone is over."""
        with self.agent.connect() as client:
            for _ in range(100_000):
                client.call('service.info')
                if holds():
                    return
        self.fail('it never became so')

    def wait_no_prompt(self):
        """The window goes with the request."""
        self.wait_until(lambda: 'kyso-prompt' not in self.agent.children().values())

    def test_the_cancel_button_cancels_all_that_the_window_names(self):
        with self.agent.connect() as client:
            first = self.begin(client)
            self.wait_notice('Hãy cắm')
            self.home.pinentry.with_name('pinentry.notice').write_text('yes\n')
            second = client.begin(SIGN, self.params('second'))
            for request in (first, second):
                self.assert_refused('pin_cancelled', client.finish, request)
        self.assertEqual([record['outcome'] for record in self.journal()], ['cancelled'] * 2)
        self.assertEqual(self.home.logins(), 0)

    def test_several_requests_share_one_window(self):
        with self.agent.connect() as client:
            requests = [client.begin(SIGN, self.params(f'{n}')) for n in range(5)]
            for request in requests:
                wait_stage(client, request, 'wait')
            self.wait_notice('số yêu cầu khác: 3')
            listed = client.call('requests.list')['requests']
            self.assertEqual([entry['stage'] for entry in listed], ['wait'] * 5)
            # One that was replaced takes a moment to go.
            self.wait_until(
                lambda: list(self.agent.children().values()).count('kyso-prompt') == 1)
            self.plug_in()
            for request in requests:
                self.assertEqual(client.finish(request)['signature']['verdict'], 'valid')
        self.assertEqual(self.home.logins(), 5)

    def test_without_a_screen_it_waits_all_the_same(self):
        self.home.pinentry.with_name('pinentry.notice').write_text('notty\n')
        with self.agent.connect() as client:
            request = self.begin(client)
            self.wait_notice('Hãy cắm')
            self.plug_in()
            client.finish(request)

    def test_a_program_that_has_digests_signed_may_wait_too(self):
        self.home.configure('sign', 'hash=true')
        self.restart_agent()
        leader = self.home.credentials['leader']
        digests = {'credentialID': leader, 'hash': ['A' * 43 + '='],
                   'hashAlgo': '2.16.840.1.101.3.4.2.1'}
        with self.agent.connect() as client:
            for method, params in (
                ('credentials.authorize', {'credentialID': leader, 'numSignatures': 1}),
                ('signatures.signHash', digests),
            ):
                self.home.break_token('TOKEN:absent')
                self.assert_refused('no_token', client.call, method,
                                    {**params, 'wait_for_token': False})
                request = client.begin(method, params)
                with self.agent.connect() as other:
                    while [entry['stage'] for entry in other.call('requests.list')['requests']] != ['wait']:
                        pass
                self.plug_in()
                result = client.finish(request)
                if 'SAD' in result:
                    client.call('signatures.signHash', {**digests, 'SAD': result['SAD']})


class Plugged(card_office.Case):
    """On a card that a person puts in."""

    rig_options = {'readers': 2}

    def setUp(self):
        super().setUp()
        self.letter = self.make_letter()
        self.agent = self.start_agent()

    def begin(self, client, name, **more):
        return client.begin(SIGN, {
            'credentialID': self.home.credentials[name], 'purpose': 'file',
            'input': {'path': str(self.letter.path)},
            'output': {'path': str(self.home.path / f'{name}.p7s')}, **more})

    def test_putting_the_card_in_continues_the_request(self):
        with self.agent.connect() as client:
            request = self.begin(client, 'leader')
            wait_stage(client, request, 'wait')
            self.rig.card_insert('leader')
            self.assertEqual(client.finish(request)['signature']['verdict'], 'valid')

    def test_another_card_does_not(self):
        with self.agent.connect() as client, self.agent.connect() as other:
            waiting = self.begin(client, 'leader')
            wait_stage(client, waiting, 'wait')
            agency = self.rig.card_insert('agency', 1)
            self.assertEqual(other.finish(self.begin(other, 'agency'))['signature']['verdict'], 'valid')
            listed, = other.call('requests.list')['requests']
            self.assertEqual(listed['stage'], 'wait')
            self.assertEqual(len(agency.pins_sent()), 1)
            leader = self.rig.card_insert('leader', 0)
            self.assertEqual(client.finish(waiting)['signature']['verdict'], 'valid')
            self.assertEqual((len(agency.pins_sent()), len(leader.pins_sent())), (1, 1))

    def test_it_waits_for_pcscd_too(self):
        self.rig.pcscd_kill()
        with self.agent.connect() as client:
            self.assert_refused('pcsc_unavailable', client.finish,
                                self.begin(client, 'leader', wait_for_token=False))
            request = self.begin(client, 'leader')
            wait_stage(client, request, 'wait')
            self.rig.pcscd_start()
            self.rig.card_insert('leader')
            self.assertEqual(client.finish(request)['signature']['verdict'], 'valid')


if __name__ == '__main__':
    tap.main()
