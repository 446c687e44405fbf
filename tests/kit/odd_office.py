# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of each odd PDF in an office: the leader approves it, the agency issues it, and
strangers look at the result."""

import pathlib
import re
import subprocess
import tempfile

import odd_pdfs
import signed_letters
from kyso_kit import PIN, KysoError

DAMAGED = ('document_damaged', 'document_truncated', 'document_not_pdf')

ROOM = 64 * 1024  # what a signature may add, without proof data and seal image


class Outcome:
    """`code`: '' where it was signed, else the error's. `faults`: what should not be."""

    def __init__(self, code='', rewritten=False):
        self.code, self.rewritten, self.faults = code, rewritten, []
        self.added = 0  # bytes, the most that one signature has added
        self.signatures = 0  # that were made

    def __str__(self):
        if self.faults:
            return '; '.join(self.faults)
        return self.code or (odd_pdfs.REPAIRED if self.rewritten else odd_pdfs.SIGNS)


def reserve(place):
    """The four fields of the agency, beside the leader's @place."""
    x, y = place[:2]
    return {name: {'page': 1, 'rect': [x + dx, y + dy, x + dx + w, y + dy + h]}
            for name, (dx, dy, w, h) in (('number', (0, 80, 40, 20)), ('day', (45, 80, 25, 20)),
                                         ('month', (75, 80, 25, 20)), ('seal', (-70, 0, 105, 105)))}


def above(place):
    """As large, and beside it: a field over another one is no change that is allowed later."""
    left, bottom, right, top = place
    return [left, top + 30, right, 2 * top - bottom + 30]


def qpdf_status(path, password=''):
    """0: sound; 3: qpdf warns; 2: it cannot read it."""
    return subprocess.run(['qpdf', f'--password={password}', '--check', path], capture_output=True).returncode


def pdfsig_valid(path, password=''):
    """How many signatures pdfsig calls valid; None where another one is not."""
    options = ['-upw', password, '-opw', password] if password else []
    text = subprocess.run(['pdfsig', '-nocert', *options, path], capture_output=True, text=True).stdout
    found = re.findall(r'Signature Validation: (.*)', text)
    return len(found) if all(line == 'Signature is Valid.' for line in found) else None


class OddOffice(signed_letters.Office):
    def setUp(self):
        super().setUp()
        self.home.script_pinentry(f'pin {PIN}')
        self.folder = self.home.path / 'odd'
        self.folder.mkdir()

    def write(self, odd):
        path = self.folder / f'{odd.name}.pdf'
        path.write_bytes(odd.make(self.signer('leader')) if odd.needs_signer else odd.make())
        return path

    def peak_memory(self):
        """KiB that the agent has had at most."""
        status = pathlib.Path(f'/proc/{self.agent.pid}/status').read_text()
        return int(re.search(r'VmHWM:\s+(\d+)', status)[1])

    def ask(self, purpose, source, target, **params):
        who = 'agency' if purpose == 'issue' else 'leader'
        return self.call('signatures.signDoc', {
            'credentialID': self.home.credentials[who], 'purpose': purpose,
            'input': {'path': str(source)}, 'output': {'path': str(target)}, **params})

    def call(self, method, params):
        """With "password", a text: it goes as a descriptor."""
        password = params.pop('password', '')
        with self.agent.connect() as client:
            if not password:
                return client.call(method, params)
            with tempfile.TemporaryFile() as file:
                file.write(password.encode())
                file.flush()
                return client.call(method, {**params, 'password': {'fd': 0}}, [file.fileno()])

    def approve_odd(self, odd, source, target, **params):
        if odd.reserves:
            params['reserve'] = reserve(odd.place)
        return self.ask('approve', source, target, place={'page': 1, 'rect': odd.place},
                        password=odd.password, **params)

    def issue_odd(self, odd, source, target):
        if odd.reserves:
            return self.ask('issue', source, target, password=odd.password,
                            fill={'number': '79', 'day': '15', 'month': '08'})
        return self.ask('issue', source, target, password=odd.password,
                        place={'page': 1, 'rect': above(odd.place)})

    def approve_or_repair(self, odd, source, target):
        """What was refused as damaged, is asked for once more with "repair"."""
        try:
            return self.approve_odd(odd, source, target)
        except KysoError as error:
            if error.code not in DAMAGED:
                raise
        return self.approve_odd(odd, source, target, repair=True)

    def outcome(self, odd):
        """Approved, issued, and looked at."""
        source, once, twice = self.write(odd), self.out / f'{odd.name}.1', self.out / f'{odd.name}.2'
        try:
            result = self.approve_or_repair(odd, source, once)
        except KysoError as error:
            outcome = Outcome(error.code)
            if once.exists():
                outcome.faults.append(f'{error.code}, and there is an output')
            return outcome
        outcome = Outcome(rewritten=result['rewritten'] is not None)
        outcome.signatures = 1
        self.check_bytes(outcome, source, once, result)
        try:
            self.issue_odd(odd, once, twice)
        except KysoError as error:
            outcome.faults.append(f'issue: {error.code}')
            return outcome
        outcome.signatures = 2
        outcome.added = max(outcome.added, twice.stat().st_size - once.stat().st_size)
        self.check_strangers(outcome, source, twice, odd.password)
        for path in (source, once, twice):
            path.unlink()
        return outcome

    def check_bytes(self, outcome, source, result, answer):
        before, after = source.read_bytes(), result.read_bytes()
        outcome.added = len(after) - len(before)
        if not outcome.rewritten and not after.startswith(before):
            outcome.faults.append('the original bytes are not at its beginning')

    def check_strangers(self, outcome, source, path, password):
        answer = self.call('signatures.verify', {'input': {'path': str(path)}, 'password': password})
        n = len(answer['signatures'])
        if answer['verdict'] != 'valid':
            outcome.faults.append(f'kyso: {answer["verdict"]}')
        if pdfsig_valid(path, password) != n:
            outcome.faults.append(f'pdfsig: {pdfsig_valid(path, password)} of {n} valid')
        status = qpdf_status(path, password)
        if status > (0 if outcome.rewritten else qpdf_status(source, password)):
            outcome.faults.append(f'qpdf --check: {status}')
        if outcome.added > ROOM:
            outcome.faults.append(f'{outcome.added} bytes more')
