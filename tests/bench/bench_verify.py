# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed PDFs verified: by the agent, who looks at every object of what changed, and by others."""

import contextlib
import json
import subprocess
import time

import bench_documents as documents
import bench_peers
import kyso_kit
from bench_documents import COMMAND, KYSO
from bench_peers import PDFSIG, memory_watched
from bench_table import Goal, figure, run_rounds

N_SIGNATURES = 5
GAP = 40  # points between places


def call(desk, path, count):
    """The time of one signatures.verify, connection included."""
    begun = time.monotonic()
    with desk.agent.connect() as client, open(path, 'rb') as stream:
        answer = client.call('signatures.verify', {'input': {'fd': 0}}, [stream.fileno()])
    seconds = time.monotonic() - begun
    check(answer, count)
    return {'s': seconds}


def check(answer, count):
    good = [one for one in answer['signatures'] if one['verdict'] == 'valid']
    if answer['verdict'] != 'valid' or len(good) != count:
        raise RuntimeError(f'kyso finds {len(good)} of {count} signatures valid')


def command(desk, path, count):
    """The whole process of kyso(1)."""
    begun = time.monotonic()
    done = subprocess.run(
        [kyso_kit.program('ipc/cli/kyso'), '--socket', desk.home.socket, 'verify', '--json', path],
        env=desk.home.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    seconds = time.monotonic() - begun
    check(json.loads(done.stdout), count)
    return {'s': seconds}


def verify_rows(table, rounds, is_short):
    """Goal 29, and what has no goal."""
    with contextlib.ExitStack() as stack:
        desk = documents.Desk(stack)
        peers = [peer for peer in bench_peers.all_of(desk) if hasattr(peer, 'good')]
        table.head('A signed PDF verified')
        for name, letter in documents.pdf_letters(desk, is_short):
            desk.approve(letter)
            verify_cell(table, desk, peers, name, 1, rounds)
        sign_often(desk)
        verify_cell(table, desk, peers, f'a letter with {N_SIGNATURES} signatures', N_SIGNATURES,
                    rounds, Goal(29, '<=', 1))
        table.note('podofo does not verify, and pyHanko, the other half of goal 29, is not in Debian '
                   '12. pdfsig and mutool hash; kyso also judges what changed, object by object.')


def sign_often(desk):
    """Makes @desk.output a letter that several people have signed, each at a place of its own."""
    letter = kyso_kit.make_letter(desk.folder / 'often.pdf')
    for i in range(N_SIGNATURES):
        letter.places['leader'] = {'page': 1, 'rect': [60, 100 + GAP * i, 160, 130 + GAP * i]}
        desk.approve(letter, with_image=False)
        desk.output.rename(letter.path)
    letter.path.rename(desk.output)


def verify_cell(table, desk, peers, name, count, rounds, goal=None):
    path = desk.output
    samples = run_rounds(rounds, {
        KYSO: lambda: call(desk, path, count),
        COMMAND: lambda: command(desk, path, count),
        **{peer.name: lambda peer=peer: peer.verify(path, count) for peer in peers},
    })
    for peer in peers:
        for target in (KYSO, COMMAND):
            what = name if target == KYSO else f'{name}, by kyso(1)'
            table.add(what, f'{figure(samples.median(target, "s") * 1000)} ms', peer.name,
                      f'{figure(samples.median(peer.name, "s") * 1000)} ms',
                      samples.ratio(target, peer.name, 's'),
                      goal if peer.name == PDFSIG else None)
    peaks = {}
    with memory_watched(desk.agent.pid, peaks):
        for _ in range(2):  # the reader may live too shortly to be seen each time
            call(desk, path, count)
    documents.memory_rows(table, f'{name}: peak memory', peaks,
                          {peer.name: peer.memory(peer.verify_command(path)) for peer in peers},
                          None)
