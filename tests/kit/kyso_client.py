# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of the agent's socket for tests: JSON-RPC 2.0 lines with descriptors, and the means to
break every rule of them. Python's standard library only."""

import array
import json
import socket


class KysoError(Exception):
    """An error answer: `code` is the stable name, `data` all that came with it."""

    def __init__(self, error):
        self.number = error.get('code')
        self.message = error.get('message')
        self.data = error.get('data') or {}
        self.code = self.data.get('code')
        super().__init__(f'{self.code} ({self.number}): {self.data.get("detail") or self.message}')


class Closed(Exception):
    """The agent closed the connection."""


class Client:
    def __init__(self, path, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))  # waits where many come at once; with a timeout it would not
        self.socket.settimeout(timeout)
        self.notifications = []
        self._buffer = b''
        self._answers = {}
        self._last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send_bytes(self, data, fds=()):
        """`fds` go with the first byte, as the protocol wants it. They stay the caller's."""
        while fds or data:
            ancillary = (
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
            )
            sent = self.socket.sendmsg([data], ancillary)
            data, fds = data[sent:], ()

    def send(self, message, fds=()):
        self.send_bytes(json.dumps(message, ensure_ascii=False).encode() + b'\n', fds)

    def receive(self):
        """The next message, whatever it is. Closed where the agent has hung up."""
        while b'\n' not in self._buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b''
            if not data:
                raise Closed
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b'\n')
        return json.loads(line)

    def begin(self, method, params=None, fds=()):
        """Sends a request and returns its id at once; see finish."""
        self._last_id += 1
        self.send(
            {'jsonrpc': '2.0', 'id': self._last_id, 'method': method, 'params': params or {}}, fds
        )
        return self._last_id

    def finish(self, request_id):
        """The result of the request; what comes before its answer is kept."""
        while request_id not in self._answers:
            self._keep(self.receive())
        answer = self._answers.pop(request_id)
        if 'error' in answer:
            raise KysoError(answer['error'])
        return answer['result']

    def call(self, method, params=None, fds=()):
        return self.finish(self.begin(method, params, fds))

    def wait_notification(self, method, matches=lambda params: True):
        """The params of the first such notification, kept or still to come."""
        seen = 0
        while True:
            for note in self.notifications[seen:]:
                if note['method'] == method and matches(note.get('params', {})):
                    return note['params']
            seen = len(self.notifications)
            self._keep(self.receive())

    def _keep(self, message):
        if 'method' in message:
            self.notifications.append(message)
        else:
            self._answers[message.get('id')] = message

    def sign_file(self, source, target, **params):
        """signatures.signDoc with the paths opened here and sent as descriptors, the image too."""
        with open(source, 'rb') as reader, open(target, 'wb') as writer:
            fds = [reader.fileno(), writer.fileno()]
            params = {'input': {'fd': 0}, 'output': {'fd': 1}, **params}
            image = params.get('image')
            if not isinstance(image, (str, bytes)) and not hasattr(image, '__fspath__'):
                return self.call('signatures.signDoc', params, fds)
            with open(image, 'rb') as picture:
                params['image'] = {'fd': 2}
                return self.call('signatures.signDoc', params, [*fds, picture.fileno()])
