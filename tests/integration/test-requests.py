#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many requests at once: they are told apart, queued, listed, cancelled, and each is answered."""

import contextlib
import datetime
import hashlib
import os
import select
import socket
import subprocess
import sys
import threading

import kyso_kit
import office
import tap
from kyso_client import Client

SIGN = 'signatures.signDoc'
STAGES = ['read', 'inspect', 'prepare', 'show', 'sign', 'check', 'record', 'deliver']

# As a service manager starts a service whose socket it holds: descriptor 3, and its own pid named.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3, inheritable=True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Case(office.Case):
    def params(self, name='result', **more):
        return self.detached(input={'path': str(self.letter.path)},
                             output={'path': str(self.out / name)}, **more)

    def stages(self, client, request):
        return [note['params']['stage'] for note in client.notifications
                if note['params']['id'] == request]


class Listing(Case):
    def test_a_request_under_way_is_listed_with_who_asked(self):
        self.home.script_pinentry('hang')
        with self.agent.connect() as client, self.agent.connect() as other:
            request = client.begin(SIGN, self.params(name='a', timeout_ms=60_000) | {'name': 'Tờ trình'})
            told = client.wait_notification('requests.progress', lambda note: note['stage'] == 'show')
            listed, = other.call('requests.list')['requests']
            self.assertEqual(listed['requestID'], told['requestID'])
            for name, value in {'method': SIGN, 'purpose': 'file', 'name': 'Tờ trình',
                                'stage': 'show'}.items():
                self.assertEqual(listed[name], value)
            self.assertEqual(listed['client']['pid'], os.getpid())
            self.assertEqual(listed['client']['executable'], os.path.realpath('/proc/self/exe'))
            since, deadline = (datetime.datetime.fromisoformat(listed[name])
                               for name in ('since', 'deadline'))
            self.assertAlmostEqual((deadline - since).total_seconds(), 60, delta=2)
            self.assertEqual(other.call('requests.cancel', {'requestID': listed['requestID']}),
                             {'cancelled': True})
            self.assert_refused('cancelled', client.finish, request)
            self.assertEqual(other.call('requests.list'), {'requests': []})

    def test_progress_is_told_in_order_to_the_one_who_asked(self):
        with self.agent.connect() as client, self.agent.connect() as other:
            request = client.begin(SIGN, self.approval(
                input={'path': str(self.letter.path)}, output={'path': str(self.out / 'a')}))
            client.finish(request)
            self.assertEqual(self.stages(client, request), STAGES)
            other.call('service.info')
            self.assertEqual(other.notifications, [])

    def test_a_request_handed_over_can_not_be_cancelled(self):
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.params())
            client.finish(request)
            self.assert_refused('unknown_request', client.call, 'requests.cancel', {'id': request})


class Stopping(Case):
    """A request stopped at each of its stages ends at once, and is recorded once."""

    def setUp(self):
        super().setUp()
        self.target = self.out / 'result'

    def begin_to(self, client, stage):
        self.target.write_bytes(office.OLD)
        request = client.begin(SIGN, self.approval(
            input={'path': str(self.letter.path)}, output={'path': str(self.target)},
            reserve=self.letter.reserve()))
        client.wait_notification('requests.progress', lambda note: (
            note['id'], note['stage']) == (request, stage))
        return request

    def assert_stopped(self, code, records):
        """Either it was stopped, or it was too late and the result is whole."""
        record, = self.journal()[records:]
        if record['outcome'] == 'signed':
            self.assertEqual(hashlib.sha256(self.target.read_bytes()).hexdigest(),
                             record['result_digest'])
        else:
            self.assertEqual(record['error_code'], code)
            self.assertEqual(self.target.read_bytes(), office.OLD)
        self.assertEqual(os.listdir(self.out), ['result'])
        return record['outcome']

    def test_cancelled_at_each_stage(self):
        outcomes = {}
        with self.agent.connect() as client:
            for stage in STAGES:
                with self.subTest(stage):
                    records = len(self.journal())
                    request = self.begin_to(client, stage)
                    cancelling = client.begin('requests.cancel', {'id': request})
                    for one in (cancelling, request):
                        with contextlib.suppress(office.KysoError):
                            client.finish(one)
                    outcomes[stage] = self.assert_stopped('cancelled', records)
        self.assertEqual([outcomes[stage] for stage in STAGES[:4]], ['cancelled'] * 4)
        self.assertEqual(outcomes['deliver'], 'signed')

    def test_a_login_under_way_is_let_finish(self):
        """Killed within C_Login, a token may have counted a try that nobody hears of."""
        self.home.break_token('C_Login:delay=200')
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.params())
            worker = self.home.wait_token_call('C_Login', 'delay')
            client.call('requests.cancel', {'id': request})
            self.assert_refused('cancelled', client.finish, request)
        self.home.wait_token_call('C_Logout', 'call')
        self.assertIn(f'{worker} C_Login call 0x0', self.home.token_calls.lines)
        self.assertNotIn('C_Sign', '\n'.join(self.home.token_calls.lines))

    def test_left_by_the_client_at_each_stage(self):
        for stage in STAGES:
            with self.subTest(stage):
                records = len(self.journal())
                with self.agent.connect() as client:
                    self.begin_to(client, stage)
                self.wait_idle(records + 1)
                self.assert_stopped('client_gone', records)

    def test_past_its_deadline_at_any_moment(self):
        with self.agent.connect() as client:
            for ms in (1, 2, 5, 10, 20, 40, 60, 80, 100, 150, 200):
                with self.subTest(ms=ms):
                    records = len(self.journal())
                    self.target.write_bytes(office.OLD)
                    with contextlib.suppress(office.KysoError):
                        client.call(SIGN, self.approval(
                            input={'path': str(self.letter.path)}, timeout_ms=ms,
                            output={'path': str(self.target)}))
                    self.assert_stopped('deadline_exceeded', records)

    def wait_idle(self, records):
        """Nobody is told when the request of a client that has gone is over: its record, and the
        end of its hand-over, are asked for."""
        with self.agent.connect() as client:
            for _ in range(100_000):
                if not client.call('requests.list')['requests'] and len(self.journal()) >= records:
                    return
        self.fail('the request goes on without its client')


class Crowd(Case):
    def test_twenty_requests_are_all_answered_one_question_after_the_other(self):
        seen = len(self.home.pin_windows.lines)
        with self.agent.connect() as client:
            started = [client.begin(SIGN, self.params(f'{n}')) for n in range(20)]
            numbers = [client.finish(request)['journal'] for request in started]
        self.assertEqual(sorted(numbers), list(range(1, 21)))
        self.assertEqual(len(os.listdir(self.out)), 20)
        windows = [line for line in self.home.pin_windows.lines[seen:]
                   if line.startswith(('GETPIN', 'start '))]
        self.assertEqual([line.split()[0] for line in windows], ['start', 'GETPIN'] * 20)
        self.assertEqual(self.home.logins(), 20)

    def test_two_clients_sign_pdfs_at_once_and_each_gets_its_own(self):
        results = {}

        def work(name, pages):
            letter = self.make_letter(f'{name}.pdf', '--pages', str(pages))
            place = {'page': 1, 'rect': [60, 60, 160, 110]}
            with self.agent.connect() as client:
                for n in range(4):
                    target = self.out / f'{name}-{n}'
                    client.call(SIGN, self.approval(place=place, input={'path': str(letter.path)},
                                                    output={'path': str(target)}))
                    results[target] = letter.path.read_bytes()

        workers = [threading.Thread(target=work, args=(name, n + 1))
                   for n, name in enumerate(('one', 'two'))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(len(results), 8)
        for target, original in results.items():
            self.assertTrue(target.read_bytes().startswith(original), target)
        self.assertEqual([record['outcome'] for record in self.journal()], ['signed'] * 8)

    def test_a_waiting_request_can_be_cancelled_without_the_one_before_it(self):
        self.home.script_pinentry('hang')
        with self.agent.connect() as client:
            first, second = (client.begin(SIGN, self.params(name)) for name in ('a', 'b'))
            for request in (first, second):
                client.wait_notification('requests.progress', lambda note, request=request: (
                    note['id'], note['stage']) == (request, 'show'))
            client.call('requests.cancel', {'id': second})
            self.assert_refused('cancelled', client.finish, second)
            listed, = client.call('requests.list')['requests']
            client.call('requests.cancel', {'requestID': listed['requestID']})
            self.assert_refused('cancelled', client.finish, first)

    def test_others_are_served_while_a_person_is_asked(self):
        self.home.script_pinentry('hang')
        with self.agent.connect() as client, self.agent.connect() as other:
            request = client.begin(SIGN, self.params())
            self.home.wait_pin_window()
            self.assertEqual(other.call('service.info')['name'], 'kyso')
            self.assertEqual(len(other.call('credentials.list')['credentialIDs']), 2)
            found = other.call('signatures.verify', {'input': {'path': str(self.letter.path)}})
            self.assertEqual(found['verdict'], 'unsigned')
            client.call('requests.cancel', {'id': request})
            self.assert_refused('cancelled', client.finish, request)

    def test_answers_come_as_they_are_ready(self):
        self.home.script_pinentry(f'slow 0.3 pin {kyso_kit.PIN}')
        with self.agent.connect() as client:
            slow = client.begin(SIGN, self.params())
            quick = client.begin('service.info')
            client.finish(quick)
            self.assertNotIn(slow, client._answers)
            client.finish(slow)


class Inventory(Case):
    def test_tokens_and_credentials_are_listed_without_a_pin(self):
        with self.agent.connect() as client:
            tokens = [token for token in client.call('tokens.list')['tokens'] if token['initialized']]
            credentials = client.call('credentials.list')
            person = client.call('credentials.list', {'role': 'personal'})
        self.assertEqual(sorted(token['label'] for token in tokens),
                         ['Con dấu xã Thử Nghiệm', 'Lãnh đạo xã Thử Nghiệm'])
        expected = self.home.credentials
        self.assertEqual(sorted(credentials['credentialIDs']), sorted(expected.values()))
        self.assertEqual(person['credentialIDs'], [expected['leader']])
        one = person['credentials'][0]
        self.assertEqual((one['role'], one['status'], one['key']),
                         ('personal', 'valid', {'algo': 'RSA', 'len': 2048}))
        self.assertEqual((self.home.logins(), self.home.pin_windows.lines), (0, []))


class Activation(Case):
    def test_the_socket_of_a_service_manager_is_taken(self):
        self.agent.stop()
        path = self.home.path / 'activated.sock'
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            # The client waits before anybody serves the socket, as with a service manager.
            with Client(path) as client:
                request = client.begin('service.info')
                os.set_inheritable(listener.fileno(), True)
                run = subprocess.Popen(
                    [sys.executable, '-c', ACTIVATE, str(listener.fileno()),
                     kyso_kit.program('agent/core/kyso-agent'), f'--config={self.home.config}',
                     f'--state={self.home.state}'],
                    env=self.home.environment(), close_fds=False, stdin=subprocess.DEVNULL)
                self.addCleanup(run.wait)
                self.addCleanup(run.terminate)
                self.assertEqual(client.finish(request)['name'], 'kyso')
                result = client.call(SIGN, self.params())
                self.assertEqual(result['signature']['verdict'], 'valid')
        run.terminate()
        self.assertEqual(run.wait(timeout=30), 0)
        self.agent = self.start_agent()

    def test_a_second_agent_on_the_same_socket_does_not_start(self):
        with self.assertRaisesRegex(AssertionError, 'an agent serves it already'):
            kyso_kit.Agent(self.home)

    def test_the_socket_of_a_dead_agent_is_taken_over(self):
        self.agent.kill()
        self.assertTrue(self.home.socket.exists())
        self.agent = self.start_agent()

    def test_the_socket_is_for_its_user_only(self):
        self.assertEqual(self.home.socket.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.home.socket.parent.stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.home.state / 'journal.lock').exists(), False)

    def test_an_agent_that_is_told_to_end_ends_what_is_under_way(self):
        self.home.script_pinentry('hang')
        target = self.out / 'result'
        target.write_bytes(office.OLD)
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.params())
            self.home.wait_pin_window()
            children = {os.pidfd_open(pid): name for pid, name in self.agent.children().items()}
            self.agent.stop()
            self.assert_refused('cancelled', client.finish, request)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual([record['error_code'] for record in self.journal()], ['cancelled'])
        for pidfd, name in children.items():
            self.assertEqual(select.select([pidfd], [], [], 30)[0], [pidfd], name)
            os.close(pidfd)
        self.agent = self.start_agent()

    def test_an_agent_that_is_told_to_end_hands_over_what_is_recorded(self):
        source = self.make_letter('large.pdf', '--scans', '20').path
        with open(source, 'rb') as reader, open(self.out / 'result', 'wb') as writer:
            with self.agent.connect() as client:
                request = client.begin(SIGN, self.approval(input={'fd': 0}, output={'fd': 1}),
                                       [reader.fileno(), writer.fileno()])
                client.wait_notification('requests.progress', lambda note: note['stage'] == 'record')
                self.agent.stop()
                result = client.finish(request)
        self.assertEqual((self.out / 'result').stat().st_size, result['output_size'])
        self.assertEqual([record['outcome'] for record in self.journal()], ['signed'])
        self.agent = self.start_agent()


if __name__ == '__main__':
    tap.main()
