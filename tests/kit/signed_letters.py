# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed letters for the commands of tests/show that verify: made by pdf_attacks with the keys of an
office's tokens, and asked of its agent."""

import contextlib

import kyso_kit
import office
import pdf_maker


class Office(office.Case):
    credential_names = ('expired', 'unknown-issuer')

    def runTest(self):
        """Nothing: this is no test, but has the means of one."""

    def signer(self, name, kind='rsa2048'):
        key = kyso_kit.BUILD / 'tests' / 'kit' / 'keys' / f'{name}-{kind}.key'
        return pdf_maker.Signer(key, self.home.path / 'token' / 'certificates' / f'{name}.pem')

    def verify(self, pdf):
        """The answer about @pdf, or the code of an error."""
        path = self.home.path / 'asked.pdf'
        path.write_bytes(pdf if isinstance(pdf, bytes) else pdf.data)
        with self.agent.connect() as client:
            try:
                return client.call('signatures.verify', {'input': {'path': str(path)}})
            except kyso_kit.KysoError as error:
                return {'verdict': error.code, 'process': '-', 'signatures': [],
                        'advice': {'accept': False, 'reason': error.data['cause']}}


@contextlib.contextmanager
def opened():
    place = Office()
    try:
        place.setUp()
        yield place
    finally:
        place.doCleanups()


def reason(answer):
    """Why the first signature that is not valid is not."""
    found = [one for one in answer['signatures'] if one['verdict'] != 'valid']
    return found[0]['reason'] or '-' if found else '-'
