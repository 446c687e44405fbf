#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program can send wrong over the socket: each has its code, none harms anybody else."""

import contextlib
import json
import os
import resource
import socket

import office
import tap
from kyso_client import Closed, KysoError

LIMIT = 256 * 1024
SIGN = 'signatures.signDoc'

def nested(levels):
    """A request whose params make it `levels` deep."""
    inner = levels - 2
    return ('{"jsonrpc":"2.0","id":1,"method":"service.info","params":{"x":'
            + '[' * inner + ']' * inner + '}}').encode()


def padded(size):
    """A good request of so many bytes."""
    text = b'{"jsonrpc":"2.0","id":1,"method":"service.info"}'
    return text[:-1] + b' ' * (size - len(text)) + b'}'


class Case(office.Case):
    def count_descriptors(self, client):
        client.call('service.info')
        return len(os.listdir(f'/proc/{self.agent.pid}/fd'))

    @contextlib.contextmanager
    def no_descriptor_left(self):
        """What the agent closes, it may close a turn later than it answers others."""
        with self.agent.connect() as client:
            before = self.count_descriptors(client)
            yield
            for _ in range(1000):
                if self.count_descriptors(client) == before:
                    return
            self.fail(f'{self.count_descriptors(client)} descriptors, {before} before')

    def answer(self, data, fds=()):
        """The answer to one line of bytes, and whether the connection goes on."""
        with self.agent.connect() as client:
            client.send_bytes(data + b'\n', fds)
            message = client.receive()
            try:
                client.call('service.info')
            except (Closed, BrokenPipeError, ConnectionResetError):
                return message, False
            return message, True

    def refuse_line(self, code, what, data, fds=(), goes_on=True, request_id=None):
        records = self.journal()
        message, is_open = self.answer(data, fds)
        error = KysoError(message['error'])
        self.assertEqual(error.code, code, what)
        self.assertEqual(message['id'], request_id, what)
        self.assertEqual(is_open, goes_on, what)
        self.assert_told(error)
        self.assertEqual(self.journal(), records)
        self.note(code, what, None)


class Lines(Case):
    def test_what_is_not_json_is_refused(self):
        for data in (b'{"jsonrpc":', b'hello', b"{'jsonrpc': '2.0'}", b'{"id":1,}', b'',
                     b'{"id":NaN}', b'{"id":1} {"id":2}', b'{"id":1,"id":2}', b'{"a":"\x01"}'):
            with self.subTest(data):
                self.refuse_line('not_json', f'line {data.decode()!r}', data)

    def test_what_is_not_utf8_is_refused(self):
        for data in (b'{"method":"\xff\xfe"}', b'{"method":"\xc0\xaf"}', b'\xed\xa0\x80',
                     b'{"method":"\xe1\xba"}', b'\xf4\x90\x80\x80'):
            with self.subTest(data):
                self.refuse_line('not_utf8', f'line {data!r}', data)

    def test_what_is_nested_too_deep_is_refused(self):
        self.refuse_line('nested_too_deep', '33 levels', nested(33))
        self.refuse_line('nested_too_deep', '100,000 brackets', b'[' * 100_000)
        self.refuse_line('wrong_parameters', '32 levels, unknown parameter', nested(32),
                         request_id=1)

    def test_a_message_over_the_limit_closes_the_connection(self):
        self.refuse_line('message_too_large', 'one byte over 256 KiB', padded(LIMIT + 1),
                         goes_on=False)
        message, _ = self.answer(padded(LIMIT))
        self.assertEqual(message['result']['name'], 'kyso')

    def test_a_line_without_an_end_is_given_up_at_the_limit(self):
        with self.agent.connect() as client:
            try:
                for _ in range(64):
                    client.send_bytes(b'x' * LIMIT)
                self.fail('16 MiB without a newline were taken')
            except (BrokenPipeError, ConnectionResetError):
                pass
        self.note('message_too_large', 'a line that never ends', None)

    def test_what_is_no_request_is_refused(self):
        good = {'jsonrpc': '2.0', 'id': 1, 'method': 'service.info'}
        for what, value, request_id in (
            ('a number', 1, None),
            ('a batch', [good], None),
            ('no method', {'jsonrpc': '2.0', 'id': 1}, 1),
            ('method is a number', {**good, 'method': 5}, 1),
            ('JSON-RPC 1.0', {'id': 1, 'method': 'service.info'}, 1),
            ('id is an object', {**good, 'id': {}}, None),
            ('id is a fraction', {**good, 'id': 1.5}, None),
            ('params is a list', {**good, 'params': [1]}, 1),
        ):
            with self.subTest(what):
                self.refuse_line('not_a_request', what, json.dumps(value).encode(),
                                 request_id=request_id)

    def test_an_unknown_method_is_refused(self):
        for name in ('signatures.sign', 'service.Info', '', 'requests.progress', 'x' * 100_000):
            with self.subTest(name[:20]):
                line = json.dumps({'jsonrpc': '2.0', 'id': 'a', 'method': name}).encode()
                self.refuse_line('unknown_method', f'method "{name[:20]}"', line, request_id='a')

    def test_a_bad_notification_gets_no_answer(self):
        with self.agent.connect() as client:
            client.send({'jsonrpc': '2.0', 'method': 'no.such'})
            self.assertEqual(client.call('service.info')['name'], 'kyso')
            self.assertEqual(client._answers, {})


class Parameters(Case):
    def test_a_wrong_parameter_is_named(self):
        place, good = self.letter.places['leader'], self.approval()
        files = {'input': {'path': str(self.letter.path)},
                 'output': {'path': str(self.out / 'result')}}
        for method, parameter, params in (
            (SIGN, 'credentialID', {**good, **files, 'credentialID': 5}),
            (SIGN, 'credentialID', {'purpose': 'approve', **files}),
            (SIGN, 'purpose', {**good, **files, 'purpose': None}),
            (SIGN, 'purpose', {**good, **files, 'purpose': 'sealing'}),
            (SIGN, 'input', {**good, 'output': files['output']}),
            (SIGN, 'input', {**good, **files, 'input': 'letter.pdf'}),
            (SIGN, 'input', {**good, **files, 'input': {'path': 'relative.pdf'}}),
            (SIGN, 'input', {**good, **files, 'input': {'path': 7}}),
            (SIGN, 'output', {**good, 'input': files['input']}),
            (SIGN, 'output', {**good, **files, 'output': []}),
            (SIGN, 'place', {**good, **files, 'place': None}),
            (SIGN, 'place', {**good, **files, 'place': {'page': 1}}),
            (SIGN, 'place', {**good, **files, 'place': {**place, 'page': '1'}}),
            (SIGN, 'place', {**good, **files, 'place': {**place, 'page': 0}}),
            (SIGN, 'place', {**good, **files, 'place': {**place, 'rect': [1, 2, 3]}}),
            (SIGN, 'place', {**good, **files, 'place': {**place, 'rect': [1, 2, 3, 'x']}}),
            (SIGN, 'place', {**good, **files, 'place': {**place, 'angle': 90}}),
            (SIGN, 'image', {**good, **files, 'image': True}),
            (SIGN, 'reserve', {**good, **files, 'reserve': []}),
            (SIGN, 'year', {**good, **files, 'reserve': {'year': place}}),
            (SIGN, 'fill', {**good, **files, 'fill': {'number': '79'}}),
            (SIGN, 'fill', {**self.issue(), **files, 'fill': {'number': 79}}),
            (SIGN, 'fill', {**self.issue(), **files, 'fill': {'number': ''}}),
            (SIGN, 'fill', {**self.issue(), **files, 'fill': {'number': '7' * 65}}),
            (SIGN, 'certify', {**good, **files, 'certify': 1}),
            (SIGN, 'metadata', {**good, **files, 'metadata': 'none'}),
            (SIGN, 'Secrecy', {**good, **files, 'metadata': {'Secrecy': 1}}),
            (SIGN, 'name', {**good, **files, 'name': 'x' * 256}),
            (SIGN, 'timeout_ms', {**good, **files, 'timeout_ms': 0}),
            (SIGN, 'timeout_ms', {**good, **files, 'timeout_ms': 3_600_001}),
            (SIGN, 'timeout_ms', {**good, **files, 'timeout_ms': 1.5}),
            (SIGN, 'signAlgo', {**good, **files, 'signAlgo': 1}),
            (SIGN, 'signed_envelope_property', {**good, **files, 'signed_envelope_property': 1}),
            (SIGN, 'pin', {**good, **files, 'pin': '123456'}),
            ('credentials.info', 'credentialID', {}),
            ('credentials.list', 'role', {'role': 1}),
            ('signatures.verify', 'input', {}),
            ('signatures.signHash', 'hash', {'credentialID': '0', 'hash': 'x',
                                             'hashAlgo': '2.16.840.1.101.3.4.2.1'}),
            ('requests.cancel', 'requestID', {}),
            ('service.info', 'verbose', {'verbose': True}),
        ):
            what = f'{method}: {parameter}'
            with self.subTest(what, params=params), self.untouched():
                with self.agent.connect() as client:
                    error = self.assert_refused('wrong_parameters', client.call, method, params)
                self.assert_told(error)
                self.assertIn(parameter, error.data['detail'])
                self.note('wrong_parameters', what, None)

    def test_what_this_release_cannot_do_is_said(self):
        for params in ({'conformance_level': 'AdES-B-X'}, {'signature_format': 'C'},
                       {'signature_format': 'X'}):
            self.refuse('not_supported', str(params), self.approval(**params), outcome=None)
        self.refuse('not_supported', 'level B-LTA beside a file',
                    self.detached(conformance_level='AdES-B-LTA'), outcome=None)
        self.refuse('not_supported', 'PAdES for a file', self.detached(signature_format='P'),
                    outcome=None)


class Descriptors(Case):
    def test_descriptors_must_match_those_named(self):
        request = {'jsonrpc': '2.0', 'id': 1, 'method': SIGN, 'params': self.approval()}
        with (open(self.letter.path, 'rb') as source, open(self.out / 'x', 'wb') as target,
              self.no_descriptor_left()):
            both = [source.fileno(), target.fileno()]
            for what, files, fds in (
                ('too few', {'input': {'fd': 0}, 'output': {'fd': 1}}, both[:1]),
                ('too many', {'input': {'fd': 0}, 'output': {'fd': 1}}, [*both, both[0]]),
                ('none named', {'input': {'path': '/x'}, 'output': {'path': '/y'}}, both),
                ('none sent', {'input': {'fd': 0}, 'output': {'fd': 1}}, []),
                ('one named twice', {'input': {'fd': 0}, 'output': {'fd': 0}}, both),
                ('beyond the last', {'input': {'fd': 0}, 'output': {'fd': 2}}, both),
                ('negative', {'input': {'fd': -1}, 'output': {'fd': 0}}, both),
            ):
                with self.subTest(what):
                    line = json.dumps({**request, 'params': {**request['params'], **files}})
                    self.refuse_line('wrong_descriptors', f'descriptors: {what}', line.encode(),
                                     fds, request_id=1)
            line = json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': 'service.info'}).encode()
            self.refuse_line('wrong_descriptors', 'descriptors: 17 in a set', line, [both[0]] * 17,
                             goes_on=False)

    def test_descriptors_inside_a_message_are_refused(self):
        with open(self.letter.path, 'rb') as source, self.no_descriptor_left():
            with self.agent.connect() as client:
                client.send_bytes(b'{"jsonrpc":')
                client.send_bytes(b'"2.0","id":1,"method":"service.info"}\n', [source.fileno()])
                error = KysoError(client.receive()['error'])
            self.assertEqual(error.code, 'wrong_descriptors')
        self.note('wrong_descriptors', 'descriptors in mid message', None)


class Clients(Case):
    def read_as(self, uid):
        """All that the agent says to this user before it hangs up."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setresuid(uid, uid, uid)
                client = socket.socket(socket.AF_UNIX)
                client.connect(str(self.home.socket))
                while data := client.recv(65536):
                    os.write(writer, data)
            finally:
                os._exit(0)
        os.close(writer)
        with open(reader, 'rb') as stream:
            said = stream.read()
        os.waitpid(pid, 0)
        return said

    def test_a_foreign_user_is_told_so_and_nothing_else(self):
        if os.getuid() != 0:
            self.skipTest('not root, and only root can be somebody else')
        for folder in (self.home.path, self.home.runtime, self.home.socket.parent):
            folder.chmod(0o755)
        self.home.socket.chmod(0o666)
        message, *more = self.read_as(65534).splitlines()
        self.assertEqual(more, [])
        error = KysoError(json.loads(message)['error'])
        self.assertEqual(error.code, 'foreign_user')
        self.assert_told(error)
        self.note('foreign_user', 'uid 65534 connects', None)

    def test_one_client_too_many_is_told_so(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 2048:
            self.skipTest(f'only {hard} descriptors are allowed here')
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with self.agent.connect() as client:
            limit = client.call('service.info')['limits']['connections']
        clients = [self.agent.connect() for _ in range(limit)]
        for client in clients:
            self.addCleanup(client.close)
        self.assertEqual(clients[-1].call('service.info')['name'], 'kyso')
        with self.agent.connect() as client:
            error = KysoError(client.receive()['error'])
            self.assertRaises(Closed, client.receive)
        self.assertEqual(error.code, 'too_many_clients')
        self.assert_told(error)
        self.note('too_many_clients', f'client {limit + 1}', None)
        for client in clients:
            client.close()
        self.wait_for_place()

    def wait_for_place(self):
        """The agent hears of each that has gone, but not before the next one may come."""
        for _ in range(100_000):
            with self.agent.connect() as client, contextlib.suppress(Closed, BrokenPipeError):
                client.call('service.info')
                return
        self.fail('no client finds a place any more')

    def test_a_full_queue_is_told_and_empties(self):
        self.home.script_pinentry('hang')
        params = self.detached(input={'path': str(self.letter.path)},
                               output={'path': str(self.out / 'result')})
        with self.agent.connect() as client:
            started = [client.begin(SIGN, params) for _ in range(64)]
            with self.untouched():
                error = self.assert_refused('queue_full', client.call, SIGN, params)
            self.assert_told(error)
            self.note('queue_full', 'signing request 65', None)
            for request_id in started:
                client.call('requests.cancel', {'id': request_id})
            for request_id in started:
                self.assert_refused('cancelled', client.finish, request_id)
        self.assertEqual([record['error_code'] for record in self.journal()], ['cancelled'] * 64)

    def test_an_unknown_request_cannot_be_cancelled(self):
        with self.agent.connect() as client:
            for params in ({'requestID': '00000000-0000-0000-0000-000000000000'}, {'id': 12345}):
                error = self.assert_refused('unknown_request', client.call, 'requests.cancel', params)
                self.assert_told(error)
                self.note('unknown_request', f'cancel {params}', None)

    def test_nobody_cancels_the_request_of_another_by_its_number(self):
        self.home.script_pinentry('hang')
        with self.agent.connect() as client, self.agent.connect() as other:
            params = self.detached(input={'path': str(self.letter.path)},
                                   output={'path': str(self.out / 'result')})
            request_id = client.begin(SIGN, params)
            client.wait_notification('requests.progress', lambda note: note['stage'] == 'show')
            self.assert_refused('unknown_request', other.call, 'requests.cancel',
                                {'id': request_id})
            client.call('requests.cancel', {'id': request_id})
            self.assert_refused('cancelled', client.finish, request_id)


class Leaving(Case):
    """A client that goes, cancels or waits too long: at the stage at which a person is asked."""

    def begin(self, client, **more):
        self.home.script_pinentry('hang')
        target = self.out / 'result'
        target.write_bytes(office.OLD)
        seen = len(self.home.pin_windows.lines)
        request_id = client.begin(SIGN, self.approval(
            input={'path': str(self.letter.path)}, output={'path': str(target)}, **more))
        self.home.wait_pin_window(seen)
        return request_id, target

    def test_a_client_that_goes_gets_nothing_signed(self):
        with self.agent.connect() as client:
            _, target = self.begin(client)
        self.wait_recorded(1)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual(self.journal()[-1]['error_code'], 'client_gone')
        self.assertEqual(self.journal()[-1]['outcome'], 'failed')
        self.assertEqual(self.home.logins(), 0)
        self.note('client_gone', 'client closes while the PIN is asked', 'failed')

    def wait_recorded(self, count):
        """The record of a client that has gone comes without an answer: ask until it is there."""
        with self.agent.connect() as client:
            for _ in range(10_000):
                if len(self.journal()) >= count:
                    return
                client.call('requests.list')
        self.fail('no record came')

    def test_a_client_that_stops_writing_gets_nothing_signed(self):
        with self.agent.connect() as client:
            _, target = self.begin(client)
            client.socket.shutdown(socket.SHUT_WR)
            self.wait_recorded(1)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual(self.journal()[-1]['error_code'], 'client_gone')
        self.note('client_gone', 'client shuts its writing side down', 'failed')

    def test_a_cancelled_request_signs_nothing(self):
        with self.agent.connect() as client:
            request_id, target = self.begin(client)
            self.assertEqual(client.call('requests.cancel', {'id': request_id}), {'cancelled': True})
            error = self.assert_refused('cancelled', client.finish, request_id)
        self.assert_told(error)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual(self.journal()[-1]['outcome'], 'cancelled')
        self.note('cancelled', 'requests.cancel while the PIN is asked', 'cancelled')

    def test_a_request_past_its_deadline_signs_nothing(self):
        with self.agent.connect() as client:
            request_id, target = self.begin(client, timeout_ms=1500)
            error = self.assert_refused('deadline_exceeded', client.finish, request_id)
        self.assert_told(error)
        self.assertEqual(target.read_bytes(), office.OLD)
        self.assertEqual(self.journal()[-1]['error_code'], 'deadline_exceeded')
        self.assertEqual(self.home.logins(), 0)
        self.note('deadline_exceeded', 'nobody types the PIN before the deadline', 'failed')


if __name__ == '__main__':
    tap.main()
