# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole documents through the agent, everything included: reading, the person's consent and PIN
(typed by bench-pinentry), the token, our own check of the result, the journal on disk."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

import bench_peers
import bench_rig as rig
import kyso_kit
from bench_peers import MUTOOL, PDFSIG, PODOFO, memory_watched
from bench_table import Goal, figure, run_rounds

MB = 1000 * 1000
MIB = 1024 * 1024
KYSO, COMMAND, FLOOR = 'kyso', 'kyso(1)', 'sha256 + copy'
OPENSSL = 'openssl cms'
NO_PIN_STAGES = ('show', 'sign')


def ask(agent, paths, **params):
    """Seconds until the answer of signatures.signDoc, and those of each stage."""
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(agent.connect())
        modes = ('rb', 'wb', 'rb')
        fds = [stack.enter_context(open(path, mode)).fileno()
               for path, mode in zip(paths, modes)]
        names = ('input', 'output', 'image')
        params |= {name: {'fd': i} for i, name in enumerate(names[:len(fds)])}
        begun = time.monotonic()
        number = client.begin('signatures.signDoc', params, fds)
        stages, stage, since = {}, 'accept', begun
        while True:
            message = client.receive()
            now = time.monotonic()
            stages[stage] = stages.get(stage, 0) + now - since
            since = now
            if 'method' in message:
                stage = message['params']['stage']
            elif message['id'] == number:
                break
        if 'error' in message:
            raise kyso_kit.KysoError(message['error'])
        return now - begun, stages


class Desk:
    """One agent, its letters, and a folder on the disk for them and what comes of them."""

    def __init__(self, stack):
        self.agent = rig.start_agent(stack)
        self.home = self.agent.home
        self.folder = pathlib.Path(stack.enter_context(
            tempfile.TemporaryDirectory(prefix='kyso-bench-', dir=kyso_kit.BUILD)))
        self.signature, _ = self.home.images()
        self.leader = self.home.credentials['leader']
        self.output = self.folder / 'output'

    def approve(self, letter, with_image=True):
        """As a leader does: an image, and the fields that the clerk will fill."""
        if not with_image:
            return ask(self.agent, (letter.path, self.output), credentialID=self.leader,
                       purpose='approve', place=letter.places['leader'])
        return ask(self.agent, (letter.path, self.output, self.signature),
                   credentialID=self.leader, purpose='approve', place=letter.places['leader'],
                   reserve=letter.reserve())

    def issue(self, path):
        """As a clerk does, without an image of the seal."""
        return ask(self.agent, (path, self.output), credentialID=self.home.credentials['agency'],
                   purpose='issue', fill={'number': '79', 'day': '05', 'month': '02'})

    def sign_file(self, path):
        return ask(self.agent, (path, self.output), credentialID=self.leader, purpose='file')

    def sign_by_command(self, path):
        """The whole process of kyso(1)."""
        begun = time.monotonic()
        subprocess.run(
            [kyso_kit.program('ipc/cli/kyso'), '--socket', self.home.socket, 'sign', '--purpose',
             'file', '--credential', self.leader, path, self.output],
            env=self.home.environment(), stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return {'s': time.monotonic() - begun}

    def floor(self, path):
        return rig.run_tool([rig.tool('file-floor'), path, self.folder / 'copy'], self.home)


def timed(seconds, stages):
    return {'s': seconds, 'token and PIN': sum(stages.get(name, 0) for name in NO_PIN_STAGES),
            **stages}


def pdf_rows(table, rounds, is_short):
    """Goals 25 to 27, and 13."""
    with contextlib.ExitStack() as stack:
        desk = Desk(stack)
        peers = bench_peers.all_of(desk)
        table.head('A PDF approved, by the agent, everything')
        for name, letter in pdf_letters(desk, is_short):
            pdf_cell(table, desk, peers, name, letter, rounds)
        growth_rows(table, desk, peers)
        table.note('The peers sign with a software key, ask nobody, verify nothing, keep no journal '
                   'and do not wait for the disk; kyso does all of it.')
        table.note('mutool signs a field that was there before, over SHA-1.')


def pdf_letters(desk, is_short):
    """(name, letter), one after the other, as they are large."""
    sizes = (1, 10) if is_short else (1, 10, 100)
    kinds = [(f'{size} MB scan', ['--scans', str(size)]) for size in sizes]
    kinds += [(f'{size} MB, many objects', ['--objects', str(5850 * size)]) for size in sizes]
    for name, options in kinds:
        letter = kyso_kit.make_letter(desk.folder / 'letter.pdf', *options)
        yield name, letter
        letter.path.unlink()


def pdf_cell(table, desk, peers, name, letter, rounds):
    for peer in peers:
        peer.prepare(letter)
    samples = run_rounds(rounds, {
        KYSO: lambda: timed(*desk.approve(letter)),
        **{peer.name: peer.sign for peer in peers},
        FLOOR: lambda: desk.floor(letter.path),
    })
    ours = samples.median(KYSO, 's')
    is_scan = 'scan' in name
    for peer in peers:
        goal = {PDFSIG: Goal(25 if is_scan else 26, '<=', 1),
                PODOFO: Goal(25, '<=', 1) if is_scan else None,
                MUTOOL: None if is_scan else Goal(26, '<=', 2)}[peer.name]
        table.add(name, f'{figure(ours)} s', peer.name,
                  f'{figure(samples.median(peer.name, "s"))} s',
                  samples.ratio(KYSO, peer.name, 's'), goal)
    if is_scan:
        floor_row(table, samples, name, ours)
    stages_note(table, samples, ours)

    peaks = {}
    with memory_watched(desk.agent.pid, peaks):
        desk.approve(letter)
    memory_rows(table, f'{name}: peak memory', peaks,
                {peer.name: peer.memory(peer.sign_command()) for peer in peers},
                None if is_scan else Goal(26, '<=', 1))


def floor_row(table, samples, name, ours):
    floor = [sum(one.values()) / 1000 for one in samples.figures[FLOOR]]
    ratios = [mine / least for mine, least in zip(samples.values(KYSO, 's'), floor)]
    middle = sorted(ratios)[len(ratios) // 2]
    table.add(name, f'{figure(ours)} s', FLOOR, f'{figure(sorted(floor)[len(floor) // 2])} s',
              figure(middle), Goal(25, '<=', 3) if name.startswith('100') else None, middle)


def memory_rows(table, what, peaks, others, goal):
    """@peaks: kB of each of our programs, which count together. @others: kB of each peer."""
    ours = sum(peaks.values())
    for name, theirs in others.items():
        table.add(what, f'{ours / 1024:.0f} MB', name, f'{theirs / 1024:.0f} MB',
                  figure(ours / theirs), goal, ours / theirs)
    parts = ', '.join(f'{program} {kb // 1024}' for program, kb in sorted(peaks.items()))
    table.note(f'  MB: {parts}')


def stages_note(table, samples, ours):
    stages = [key for key in samples.figures[KYSO][0] if key not in ('s', 'token and PIN')]
    parts = ', '.join(f'{key} {samples.median(KYSO, key) * 1000:.0f}' for key in stages)
    share = samples.median(KYSO, 'token and PIN') / ours
    table.note(f'  ms: {parts}; of it "show" and "sign" (PIN window, login, token): {share:.0%}')


def growth_rows(table, desk, peers):
    letter = kyso_kit.make_letter(desk.folder / 'growth.pdf')
    size = letter.path.stat().st_size
    pdfsig = next(peer for peer in peers if peer.name == PDFSIG)
    pdfsig.prepare(letter)
    pdfsig.sign()
    theirs = pdfsig.growth()
    desk.approve(letter, with_image=False)
    ours = desk.output.stat().st_size - size
    table.add('growth of the file, no image', f'{ours / 1000:.1f} kB', PDFSIG,
              f'{theirs / 1000:.1f} kB', figure(ours / theirs), Goal(27, '<=', 40, ' kB'),
              ours / 1000)

    desk.approve(letter)
    approved = desk.output.rename(desk.folder / 'approved.pdf')
    ours = approved.stat().st_size - size
    table.add('growth, image and reserved fields', f'{ours / 1024:.1f} KiB', PDFSIG,
              f'{theirs / 1024:.1f} KiB', figure(ours / theirs), Goal('size', '<=', 64, ' KiB'),
              ours / 1024)
    desk.issue(approved)
    ours = desk.output.stat().st_size - approved.stat().st_size
    table.add('growth, number and date as text, no seal', f'{ours / 1024:.1f} KiB', PDFSIG,
              f'{theirs / 1024:.1f} KiB', figure(ours / theirs), Goal('size', '<=', 64, ' KiB'),
              ours / 1024)


class OpenSsl:
    """openssl cms with engine_pkcs11 and the leader's key on a token of its own."""

    def __init__(self, stack, folder):
        self.home = rig.Home()
        stack.callback(self.home.remove)
        self.folder = folder
        self.key = self.home.keys['RSA-2048']
        self.config = folder / 'openssl.cnf'
        self.config.write_text(
            'openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\n'
            f'engine_id = pkcs11\nMODULE_PATH = {rig.SOFTHSM}\nPIN = {kyso_kit.PIN}\ninit = 0\n')

    def sign(self, path):
        uri = f'pkcs11:serial={self.key["serial"]};id=%{self.key["key_id"]};type=private'
        begun = time.monotonic()
        done = subprocess.run(
            ['openssl', 'cms', '-sign', '-cades', '-binary', '-in', path, '-outform', 'DER',
             '-out', self.folder / 'openssl.p7s', '-signer', self.key['certificate'], '-inkey', uri,
             '-keyform', 'engine', '-engine', 'pkcs11'],
            env=self.home.environment(OPENSSL_CONF=str(self.config)), stdin=subprocess.DEVNULL,
            capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f'openssl cms: {done.stderr.strip()[:300]}')
        return {'s': time.monotonic() - begun}


def file_rows(table, rounds):
    """Goals 8, 12, 14 and 15."""
    with contextlib.ExitStack() as stack:
        desk = Desk(stack)
        openssl = OpenSsl(stack, desk.folder)
        table.head('A file signed apart (CAdES, detached)')
        agent_peaks = {}
        for name, size in (('1 KiB', 1024), ('100 MiB', 100 * MIB)):
            path = desk.folder / 'file'
            path.write_bytes(os.urandom(1024) * (size // 1024))
            file_cell(table, desk, openssl, name, path, rounds)
            peaks = {}
            with memory_watched(desk.agent.pid, peaks):
                desk.sign_file(path)
            agent_peaks[name] = peaks['kyso-agent']
        more = (agent_peaks['100 MiB'] - agent_peaks['1 KiB']) / 1024
        table.add('peak memory of kyso-agent, 100 MiB', f'{agent_peaks["100 MiB"] / 1024:.1f} MB',
                  '1 KiB', f'{agent_peaks["1 KiB"] / 1024:.1f} MB', f'+{more:.2f} MB',
                  Goal(15, '<=', 1, ' MB'), more)


def file_cell(table, desk, openssl, name, path, rounds):
    samples = run_rounds(rounds, {
        KYSO: lambda: timed(*desk.sign_file(path)),
        COMMAND: lambda: desk.sign_by_command(path),
        OPENSSL: lambda: openssl.sign(path),
        FLOOR: lambda: desk.floor(path),
    })
    ours = samples.median(KYSO, 's')
    table.add(name, f'{figure(ours * 1000)} ms', f'{OPENSSL}, engine_pkcs11',
              f'{figure(samples.median(OPENSSL, "s") * 1000)} ms',
              samples.ratio(KYSO, OPENSSL, 's'), Goal(14, '<=', 0.08) if name == '1 KiB' else None)
    if name == '1 KiB':
        table.add(f'{name}, by kyso(1)', f'{figure(samples.median(COMMAND, "s") * 1000)} ms',
                  f'{OPENSSL}, engine_pkcs11', f'{figure(samples.median(OPENSSL, "s") * 1000)} ms',
                  samples.ratio(COMMAND, OPENSSL, 's'), Goal(8, '<=', 0.22))
    else:
        hash_ms = samples.median(FLOOR, 'sha256')
        ratios = [1000 * mine / least for mine, least in zip(
            samples.values(KYSO, 's'), samples.values(FLOOR, 'sha256'))]
        middle = sorted(ratios)[len(ratios) // 2]
        table.add(name, f'{figure(ours * 1000)} ms', 'SHA-256 in memory', f'{figure(hash_ms)} ms',
                  figure(middle), Goal(12, '<=', 1.10), middle)
    stages_note(table, samples, ours)

