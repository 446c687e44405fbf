# SPDX-License-Identifier: GPL-3.0-or-later
"""A commune's office, as the tests of a whole signature need it: a leader and an agency whose token
fails on request, a letter, the journal as a stranger reads it, and what a refusal must leave as it
was.
"""

import contextlib
import functools
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import tempfile
import threading

import kyso_kit
from kyso_kit import PIN, ROOT, KysoError  # noqa: F401 (for the tests)

WAIT_SECONDS = 60

AGENT = 'agent/core/kyso-agent'
PROGRAMS = (
    AGENT,
    'agent/core/kyso-signer.so',
    'agent/dialog/kyso-prompt',
    'agent/document/kyso-document',
    'agent/document/kyso-document-inspect',
    'agent/document/kyso-document-pages',
    'agent/document/kyso-document-xml',
    'pkcs11/worker/kyso-token',
)

# A file that stands where the result shall go.
OLD = b'an older file of the same name\n'

FIELDS = (
    'sequence outcome caller_uid caller_pid request_id time purpose method caller_executable '
    'caller_unit caller_origin credential_id signer role token_serial document_digest '
    'result_digest signature_digest metadata error_code detail'
).split()


def record_hash(previous, values):
    texts = ['kyso-record-1', previous, *map(str, values)]
    return hashlib.sha256(
        b''.join(struct.pack('>I', len(text.encode())) + text.encode() for text in texts)
    ).hexdigest()


def read_journal(folder):
    """All records, as dictionaries, after the chain was walked as agent/journal/README.md says. On
    a copy: what a killed agent left behind is for the next agent to mend, not for us."""
    if not (folder / 'journal.db').exists():
        return []
    with tempfile.TemporaryDirectory(prefix='kyso-journal-') as temporary:
        for path in folder.glob('journal.db*'):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(path, temporary)
        with contextlib.closing(sqlite3.connect(pathlib.Path(temporary, 'journal.db'))) as db:
            tables = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'head'")
            if tables.fetchone() == (0,):
                return []
            rows = db.execute(f'SELECT {",".join(FIELDS)}, hash FROM records ORDER BY sequence')
            records, previous = [], '0' * 64
            for *values, stored in rows:
                previous = record_hash(previous, values)
                if values[0] != len(records) + 1 or stored != previous:
                    raise AssertionError(f'journal: record {len(records) + 1} is not as it was')
                records.append(dict(zip(FIELDS, values)))
            head = db.execute('SELECT count, hash FROM head').fetchall()
            if head != [(len(records), previous)]:
                raise AssertionError(f'journal: {len(records)} records, but its head is {head}')
            return records


@functools.cache
def promised_errors():
    """{code: (number, layer, cause, next step)} of ipc/PROTOCOL.md."""
    errors = {}
    for line in (ROOT / 'ipc' / 'PROTOCOL.md').read_text().splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 5 and cells[0].isdigit():
            number, code, layer, cause, step = cells
            errors[code.strip('`')] = (int(number), layer, cause, step)
    return errors


JSONRPC_NUMBERS = {
    'not_json': -32700,
    'not_utf8': -32700,
    'nested_too_deep': -32700,
    'not_a_request': -32600,
    'unknown_method': -32601,
    'wrong_parameters': -32602,
}


class Events:
    """The lines that other processes write into a named pipe, as they come."""

    MARK = '-- mark '

    def __init__(self, path):
        self.path = path
        self._lines = []
        self._marks = self._marks_seen = 0
        self._changed = threading.Condition()
        os.mkfifo(path, 0o600)
        # Open for writing too, so that it never ends.
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._stop = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        rest = b''
        while not self._stop:
            *lines, rest = (rest + os.read(self._fd, 65536)).split(b'\n')
            with self._changed:
                for line in lines:
                    if line.startswith(self.MARK.encode()):
                        self._marks_seen += 1
                    else:
                        self._lines.append(line.decode(errors='replace'))
                self._changed.notify_all()

    @property
    def lines(self):
        """All that was written before this call."""
        with self._changed:
            self._marks += 1
            mark = self._marks
        os.write(self._fd, f'{self.MARK}{mark}\n'.encode())
        with self._changed:
            if not self._changed.wait_for(lambda: self._marks_seen >= mark, WAIT_SECONDS):
                raise AssertionError(f'{self.path.name}: nobody reads it')
            return list(self._lines)

    def wait(self, matches, since=0):
        """The first line from number `since` on that matches(line)."""

        def found():
            return next((line for line in self._lines[since:] if matches(line)), None)

        with self._changed:
            if not self._changed.wait_for(lambda: found() is not None, WAIT_SECONDS):
                raise AssertionError(f'{self.path.name}: waited in vain; {self._lines[since:]}')
            return found()

    def close(self):
        self._stop = True
        os.write(self._fd, b'\n')
        self._thread.join()
        os.close(self._fd)


class Gate:
    """What PIN windows with 'gate ...' in their script wait for."""

    def __init__(self, path):
        self._path = path
        path.unlink(missing_ok=True)  # with what an earlier window has not read
        os.mkfifo(path, 0o600)
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def open(self):
        """For one window. It may have gone."""
        os.write(self._fd, b'go\n')


class Home(kyso_kit.Home):
    """A home whose tokens fail on request, and tell what is asked of them."""

    def __init__(self, names=()):
        super().__init__(names)
        module = self.config / 'modules.d' / 'softhsm.module'
        module.write_text(f'module: {kyso_kit.program("tests/kit/p11fault.so")}\n'
                          f'kyso-writes: softhsm, {self.path / "p11fault.log"}\n')
        self.token_calls = Events(self.path / 'p11fault.log')
        self.pin_windows = Events(self.pinentry.with_name('pinentry.log'))
        self._rules = self.path / 'p11fault.rules'

    def environment(self, **more):
        return super().environment(
            P11FAULT_FILE=str(self._rules), P11FAULT_LOG=str(self.token_calls.path), **more
        )

    def break_token(self, *rules):
        """The rules of p11fault.c from the next call on; none: a sound token."""
        new = self._rules.with_suffix('.new')
        new.write_text(''.join(f'{rule}\n' for rule in rules))
        new.rename(self._rules)

    def logins(self):
        """How often a PIN went to a token, with whatever outcome."""
        return sum(' C_Login ' in line and ' delay ' not in line for line in self.token_calls.lines)

    def wait_token_call(self, function, what, since=0):
        """Until the module says that `function` was called, with `what`: call, fault, hang, ..."""
        line = self.token_calls.wait(lambda line: line.split()[1:3] == [function, what], since)
        return int(line.split()[0])

    def wait_pin_window(self, since=0):
        """Until a PIN window asks."""
        self.pin_windows.wait(lambda line: line.startswith('GETPIN'), since)

    def gate(self):
        """A new gate, closed; with it as a context."""
        return Gate(self.pinentry.with_name('pinentry.gate'))

    def pinentry_log(self):
        return '\n'.join(self.pin_windows.lines)

    def replace_programs(self, replaced):
        """The path of a kyso-agent that starts other programs: {path in the build tree: script}."""
        tree = self.path / 'programs'
        shutil.rmtree(tree, ignore_errors=True)
        for name in PROGRAMS:
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name in replaced:
                path.write_text(replaced[name])
                path.chmod(0o755)
            elif name == AGENT:
                shutil.copy(kyso_kit.program(name), path)  # it finds the others from its own path
            else:
                path.symlink_to(kyso_kit.program(name))
        (tree / 'kyso-config.h').touch()
        return str(tree / AGENT)

    def remove(self):
        self.token_calls.close()
        self.pin_windows.close()
        super().remove()


@functools.cache
def letter_template():
    folder = tempfile.TemporaryDirectory(prefix='kyso-letter-')
    letter = kyso_kit.make_letter(pathlib.Path(folder.name, 'letter.pdf'))
    letter.folder = folder
    return letter


class Case(kyso_kit.Case):
    """An office with one agent. Each case ends with a good signature by the same agent, unless it
    says that there can be none."""

    settings = ()  # (group, line) of kyso.conf
    can_sign_afterwards = True

    def setUp(self):
        self.home = self.make_home()
        self.addCleanup(self.home.remove)
        for group, line in self.settings:
            self.home.configure(group, line)
        self.letter = letter_template()
        self.out = self.home.path / 'out'
        self.out.mkdir()
        self.rows = []
        self.announced = []
        self.agent = self.start_agent()

    def make_home(self):
        return Home(self.credential_names)

    def tearDown(self):
        if self.can_sign_afterwards:
            self.sign_well()
        table = os.environ.get('KYSO_FAULT_TABLE')
        if table and self._outcome.success:
            with open(table, 'a', encoding='utf-8') as stream:
                for row in self.rows:
                    stream.write(json.dumps(row, ensure_ascii=False) + '\n')

    def restart_agent(self, **options):
        self.agent.stop()
        self.agent = self.start_agent(**options)

    def start_agent(self, **options):
        agent = super().start_agent(**options)
        for pattern in self.announced:
            agent.announce(pattern)
        return agent

    def announce(self, pattern):
        """Warnings that match belong to the test, by this agent and those after it."""
        self.announced.append(pattern)
        self.agent.announce(pattern)

    def journal(self):
        return read_journal(self.home.state)

    # Requests

    def approval(self, **more):
        return {
            'credentialID': self.home.credentials['leader'],
            'purpose': 'approve',
            'place': self.letter.places['leader'],
            **more,
        }

    def issue(self, **more):
        return {
            'credentialID': self.home.credentials['agency'],
            'purpose': 'issue',
            'fill': {'number': '79', 'day': '15', 'month': '8'},
            **more,
        }

    def detached(self, **more):
        return {'credentialID': self.home.credentials['leader'], 'purpose': 'file', **more}

    def approve(self, target, source=None, **more):
        """A leader's signature with its image, and all that the agency needs reserved."""
        signature, _ = self.home.images()
        with self.agent.connect() as client:
            return client.sign_file(
                source or self.letter.path,
                target,
                **self.approval(image=signature, reserve=self.letter.reserve(), **more),
            )

    def sign_well(self):
        """The agent still answers, and signs: detached, as that needs the least."""
        self.home.break_token()
        self.home.script_pinentry(f'pin {PIN}')
        target = self.home.path / 'good.p7s'
        with self.agent.connect() as client:
            self.assertEqual(client.call('service.info')['name'], 'kyso')
            result = client.call(
                'signatures.signDoc',
                self.detached(
                    input={'path': str(self.letter.path)}, output={'path': str(target)}
                ),
            )
        self.assertEqual(result['signature']['verdict'], 'valid')
        record = self.journal()[-1]
        self.assertEqual((record['sequence'], record['outcome']), (result['journal'], 'signed'))
        target.unlink()

    # What must hold of a refusal

    def assert_told(self, error):
        """The error is the one that ipc/PROTOCOL.md promises, in both languages."""
        number, layer, cause, step = promised_errors()[error.code]
        data = error.data
        self.assertEqual(error.number, JSONRPC_NUMBERS.get(error.code, number))
        self.assertEqual(data['layer'], layer)
        self.assertEqual((data['cause']['en'], data['next']['en']), (cause, step))
        self.assertEqual(error.message, cause)
        for text in (data['cause'], data['next']):
            self.assertTrue(text['vi'].strip())
            self.assertNotEqual(text['vi'], text['en'])
        self.assertTrue(data['detail'])

    @contextlib.contextmanager
    def untouched(self, *sources, outcome=None, code='', logins=0, target=None):
        """Within, one attempt fails: input and output stay as they were, the journal has one record
        of it (outcome None: none), and so many PINs went to the token. Other records are expected
        where they are put into what is yielded."""
        paths = [*sources, *([target] if target else [])]
        before = {path: path.read_bytes() for path in paths if path.is_file()}
        names, records = sorted(os.listdir(self.out)), self.journal()
        logins += self.home.logins()
        expected = [(outcome, code)] if outcome else []
        yield expected
        for path, data in before.items():
            self.assertTrue(path.read_bytes() == data, f'{path} was changed')
        self.assertEqual(sorted(os.listdir(self.out)), names)
        self.assertEqual(self.home.logins(), logins, 'PINs that went to the token')
        new = [(record['outcome'], record['error_code']) for record in self.journal()]
        self.assertEqual(new[len(records):], expected)

    def note(self, code, what, outcome, logins=0):
        self.rows.append([code, what, outcome or '-', logins])

    def refuse(self, code, what, params, *, outcome, source=None, logins=0, fds=()):
        """signatures.signDoc fails as told, over an older file. Returns the error."""
        source = pathlib.Path(source or self.letter.path)
        target = self.out / 'result'
        target.write_bytes(OLD)
        request = {
            'input': {'path': str(source)},
            'output': {'path': str(target)},
            **params,
        }
        with self.untouched(source, target=target, outcome=outcome, code=code, logins=logins):
            with self.agent.connect() as client:
                error = self.assert_refused(
                    code, client.call, 'signatures.signDoc', request, fds
                )
        self.assert_told(error)
        self.note(code, what, outcome, logins)
        target.unlink()
        return error
