# SPDX-License-Identifier: GPL-3.0-or-later
"""kyso-token on its own, as the agent starts it: for what a test wants to see without an agent."""

import base64
import hashlib
import os
import socket
import subprocess

import kyso_client
import kyso_kit

PROGRAM = kyso_kit.program('pkcs11/worker/kyso-token')


class Worker(kyso_client.Client):
    """`environment`: all of it. `calls` raise kyso_client.KysoError; Closed where it has ended."""

    def __init__(self, module, *options, environment, reader=None, program=PROGRAM):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.notifications = []
        self._buffer, self._answers, self._last_id = b'', {}, 0
        if reader is not None:
            options = ('--reader', reader, *options)
        with theirs:
            # The shell puts the socket into its place; the program takes the shell's.
            self.process = subprocess.Popen(
                ['/bin/sh', '-c', 'exec "$@" 3<&0 0</dev/null', 'sh', program, '--module', module,
                 *options],
                env=environment, stdin=theirs,
            )

    def close(self):
        """Orderly. Returns the exit code."""
        super().close()
        return self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.close()

    def tokens(self):
        return self.call('token.list')['tokens']

    def with_pin(self, method, params, pin):
        """`pin` None: without any; '' is an empty pipe."""
        if pin is None:
            return self.call(method, params)
        ours, theirs = os.pipe()
        try:
            os.write(theirs, pin.encode())
            os.close(theirs)
            return self.call(method, {**params, 'pin': {'fd': 0}}, [ours])
        finally:
            os.close(ours)

    def log_in(self, credential, pin):
        """`credential`: SHA-256 of a certificate. Returns the description of its key."""
        for token in self.tokens():
            for certificate in token['certificates']:
                der = base64.b64decode(certificate['der'])
                if hashlib.sha256(der).hexdigest() == credential:
                    params = {'certificate': credential, 'serial': token['serial']}
                    answer = self.with_pin('token.login', params, pin)
                    self.login = answer['login']
                    return answer['key']
        raise AssertionError(f'{credential} is on no token')

    def sign(self, algorithm, digest, pin=None):
        """`digest` of SHA-256. The signature."""
        params = {'login': self.login, 'algorithm': algorithm, 'hash': 'SHA256',
                  'digest': base64.b64encode(digest).decode()}
        return base64.b64decode(self.with_pin('token.sign', params, pin)['signature'])
