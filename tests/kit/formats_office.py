# SPDX-License-Identifier: GPL-3.0-or-later
"""The office of tests/show/other-formats: keys of RSA and EC, a timestamp service, and the commands
that judge its signatures."""

import contextlib
import subprocess

import office_services


class Place(office_services.Case):
    credential_names = ('p256', 'p384')

    def runTest(self):
        """Nothing: this is no test, but has the means of one."""

    @property
    def anchor(self):
        return self.home.config / 'trust' / 'anchors' / 'root.pem'

    @property
    def intermediate(self):
        return self.home.config / 'trust' / 'intermediates' / 'issuing.pem'

    def sign(self, source, target, purpose, name='leader', **more):
        with self.agent.connect() as client:
            return client.call('signatures.signDoc', {
                'credentialID': self.home.credentials[name], 'purpose': purpose,
                'input': {'path': str(source)}, 'output': {'path': str(target)}, **more})

    def raise_to(self, level, source, target):
        with self.agent.connect() as client:
            return client.call('signatures.augment', {
                'input': {'path': str(source)}, 'output': {'path': str(target)},
                'conformance_level': level})

    def run_tool(self, *command, **options):
        """(exit code, what it said)."""
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, **options)
        return done.returncode, done.stdout + done.stderr

    def is_stamped(self, data, token):
        """openssl's word on a token over @data."""
        (self.home.path / 'stamped-data').write_bytes(data)
        (self.home.path / 'stamp').write_bytes(token)
        code, said = self.run_tool(
            'openssl', 'ts', '-verify', '-data', self.home.path / 'stamped-data', '-token_in', '-in',
            self.home.path / 'stamp', '-CAfile', self.anchor, '-untrusted', self.intermediate)
        return code == 0 and 'Verification: OK' in said


@contextlib.contextmanager
def opened():
    place = Place()
    try:
        place.setUp()
        yield place
    finally:
        place.doCleanups()
