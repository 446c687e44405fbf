# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs that sign and verify PDFs, each as a process of its own, with the leader's key as a
software key."""

import contextlib
import json
import subprocess
import time

import bench_rig as rig
import kyso_kit

PDFSIG, PODOFO, MUTOOL = 'pdfsig', 'podofosign', 'mutool sign'
KEY_NAME, PASSWORD = 'leader', 'kyso'


@contextlib.contextmanager
def memory_watched(pid, peaks):
    """Fills @peaks with the highest memory, in kB, of each program under @pid."""
    with subprocess.Popen([rig.tool('memory-peak'), str(pid)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as watcher:
        watcher.stdout.readline()
        yield
        text, _ = watcher.communicate()
        peaks.update(json.loads(text))


class Peer:
    """`name`, and the commands. prepare() tells it what to sign."""

    name = ''

    def __init__(self, desk):
        self.desk = desk
        self.input = None
        self.output = desk.folder / f'{self.name.split()[0]}.pdf'
        self.key = kyso_kit.BUILD / 'tests' / 'kit' / 'keys' / 'leader-rsa2048.key'
        self.certificate = desk.home.path / 'token' / 'certificates' / 'leader.pem'

    def prepare(self, letter):
        self.input = letter.path

    def sign_command(self):
        raise NotImplementedError

    def verify_command(self, path):
        raise NotImplementedError

    def run(self, *command):
        done = subprocess.run([str(part) for part in command], env=self.desk.home.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'{command[0]}: {(done.stderr or done.stdout).strip()[:300]}')
        return done.stdout

    def sign(self):
        self.output.unlink(missing_ok=True)
        begun = time.monotonic()
        self.run(*self.sign_command())
        seconds = time.monotonic() - begun
        if self.growth() <= 0:
            raise RuntimeError(f'{self.name} has not signed')
        return {'s': seconds}

    def verify(self, path, count):
        """@count: how many signatures it must find right."""
        begun = time.monotonic()
        text = self.run(*self.verify_command(path))
        seconds = time.monotonic() - begun
        found = sum(text.count(word) for word in self.good)
        if found != count:
            raise RuntimeError(f'{self.name} finds {found} of {count} signatures right')
        return {'s': seconds}

    def growth(self):
        return self.output.stat().st_size - self.input.stat().st_size

    def memory(self, command):
        """The highest, in kB, of @command."""
        peaks = {}
        self.output.unlink(missing_ok=True)
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              env=self.desk.home.environment()) as process:
            with memory_watched(process.pid, peaks):
                process.wait()
        return peaks[str(command[0])]


class Pdfsig(Peer):
    """poppler, with a certificate store of NSS."""

    name = PDFSIG
    good = ('Signature is Valid',)

    def __init__(self, desk):
        super().__init__(desk)
        self.store = desk.folder / 'nss'
        self.store.mkdir()
        chest = desk.folder / 'leader.p12'
        trust = desk.home.config / 'trust'
        self.run('certutil', '-N', '-d', f'sql:{self.store}', '--empty-password')
        self.run('openssl', 'pkcs12', '-export', '-passout', 'pass:', '-name', KEY_NAME, '-inkey',
                 self.key, '-in', self.certificate, '-out', chest)
        self.run('pk12util', '-i', chest, '-d', f'sql:{self.store}', '-W', '', '-K', '')
        for folder, flags in (('anchors', 'CT,C,C'), ('intermediates', ',,')):
            for path in sorted((trust / folder).iterdir()):
                self.run('certutil', '-d', f'sql:{self.store}', '-A', '-n', path.stem, '-t', flags,
                         '-i', path)

    def sign_command(self):
        return ['pdfsig', '-nssdir', self.store, '-nss-pwd', '', '-nick', KEY_NAME,
                '-add-signature', self.input, self.output]

    def verify_command(self, path):
        return ['pdfsig', '-nssdir', self.store, path]


class Podofo(Peer):
    """It does not verify."""

    name = PODOFO

    def sign_command(self):
        return ['podofosign', '-in', self.input, '-out', self.output, '-cert', self.certificate,
                '-pkey', self.key]


class Mutool(Peer):
    """mupdf. It makes no field, so it gets one that kyso has reserved for the seal."""

    name = MUTOOL
    good = ('The document is unchanged since signing', 'there have been edits since signing')

    def __init__(self, desk):
        super().__init__(desk)
        self.chest = desk.folder / 'mutool.p12'
        self.number = None
        self.run('openssl', 'pkcs12', '-export', '-passout', f'pass:{PASSWORD}', '-inkey',
                 self.key, '-in', self.certificate, '-out', self.chest)

    def prepare(self, letter):
        self.input = self.desk.folder / 'prepared.pdf'
        self.desk.approve(letter)
        self.desk.output.rename(self.input)
        fields = self.run('mutool', 'show', self.input, 'trailer/Root/AcroForm/Fields')
        numbers = [part.split()[-1] for part in fields.strip(' []\n').split(' 0 R') if part.strip()]
        self.number = next(number for number in numbers if self._is_empty_signature(number))

    def _is_empty_signature(self, number):
        field = self.run('mutool', 'show', '-g', self.input, number)
        return '/FT/Sig' in field and '/V ' not in field

    def sign_command(self):
        return ['mutool', 'sign', '-s', self.chest, '-P', PASSWORD, '-o', self.output, self.input,
                self.number]

    def verify_command(self, path):
        return ['mutool', 'sign', '-v', path]


def all_of(desk):
    return [Pdfsig(desk), Podofo(desk), Mutool(desk)]
