# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent costs while nobody asks for anything: memory, wake-ups, connections, and the time
until it is ready."""

import contextlib
import pathlib
import re
import socket
import subprocess
import tempfile
import time

import bench_rig as rig
import kyso_kit
from bench_table import Goal, figure, run_rounds

N_CONNECTIONS = 1000
SETTLE_SECONDS = 0.5  # until one that has just answered sleeps


def status_field(pid, name):
    text = pathlib.Path(f'/proc/{pid}/status').read_text()
    return int(re.search(rf'^{name}:\s+(\d+)', text, re.M)[1])


def memory(pid):
    """kB: pss, anon (anonymous) and private of a process. Only its own user, or root for one that
    keeps others from looking into it as ours does, may read this."""
    text = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text()
    fields = {name: int(kb) for name, kb in re.findall(r'^(\w+):\s+(\d+) kB', text, re.M)}
    return {'pss': fields['Pss'], 'anon': fields['Anonymous'],
            'private': fields['Private_Clean'] + fields['Private_Dirty']}


def memory_of_all(pids):
    each = [memory(pid) for pid in pids]
    return {key: sum(one[key] for one in each) for key in each[0]}


def wake_ups(pid):
    """How often any of its threads has gone to sleep by itself: each took one wake-up."""
    total = 0
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        total += int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)', (task / 'status').read_text(),
                               re.M)[1])
    return total


def megabytes(kb):
    return f'{kb / 1024:.2f} MB'


def show_memory(table, what, ours, peers, goals):
    for name, theirs in peers.items():
        for key in ('pss', 'anon'):
            table.add(f'{what}: {key}', megabytes(ours[key]), name, megabytes(theirs[key]),
                      figure(ours[key] / theirs[key]) if theirs[key] else '',
                      goals.get((name, key)), ours[key] / theirs[key] if theirs[key] else 0)


def idle_rows(table, seconds):
    """Goals 16, 17 and 20."""
    with contextlib.ExitStack() as stack:
        peers = {'GLib hello': rig.start_hello(stack), 'ssh-agent': rig.start_ssh_agent(stack),
                 'p11-kit server': rig.start_p11_kit(stack)}
        floor = rig.start_floor(stack, 'RSA-2048')
        agent = rig.start_agent(stack)
        watched = {'kyso-agent': agent, **peers}
        time.sleep(SETTLE_SECONDS)
        before = {name: wake_ups(server.pid) for name, server in watched.items()}
        time.sleep(seconds)
        woken = {name: wake_ups(server.pid) - before[name] for name, server in watched.items()}

        table.head('Idle')
        ours = memory(agent.pid)
        show_memory(table, 'no token open', ours,
                    {name: memory(server.pid) for name, server in peers.items()},
                    {('GLib hello', 'pss'): Goal(16, '<=', 1.15)})
        table.add('no token open: anon', megabytes(ours['anon']), '', '', '',
                  Goal(16, '<=', 0.7, ' MB'), ours['anon'] / 1024)
        for name in watched:
            table.add(f'wake-ups in {seconds} s: {name}', str(woken[name]),
                      goal=Goal(20, '<=', 0) if name == 'kyso-agent' else None, value=woken[name])
        logged_in_rows(table, agent, floor)


def logged_in_rows(table, agent, floor):
    """The token open, after signatures: agent and kyso-token together."""
    rig.run_tool([rig.tool('load-socket'), 'floor', floor.socket, 1, 1, 0.1, 'sign', '{}'],
                 floor.home)
    with agent.connect() as client:
        authorized_signature(client, agent)
        pids = [agent.pid, *agent.children()]
        ours = memory_of_all(pids)
        show_memory(table, f'token open ({len(pids)} processes)', ours,
                    {'floor': memory(floor.pid)}, {})
        table.add('token open: anon', megabytes(ours['anon']), '', '', '',
                  Goal(17, '<=', 1.6, ' MB'), ours['anon'] / 1024)
        time.sleep(SETTLE_SECONDS)
        before = {pid: wake_ups(pid) for pid in pids}
        time.sleep(2)
        woken = sum(wake_ups(pid) - before[pid] for pid in pids)
        table.add('token open: wake-ups in 2 s', str(woken), goal=Goal(20, '<=', 0), value=woken)


def authorized_signature(client, agent):
    credential = agent.home.keys['RSA-2048']['id']
    sad = client.call('credentials.authorize', {
        'credentialID': credential, 'numSignatures': 100, 'description': 'tests/bench'})['SAD']
    client.call('signatures.signHash', {'credentialID': credential, 'hash': [rig.DIGEST],
                                        'hashAlgo': rig.SHA256, 'SAD': sad})


def start_rows(table, rounds):
    """Goal 18: from the start of the process to READY=1, or to the first output of those that
    have no such word."""
    with contextlib.ExitStack() as stack:
        home = rig.Home()
        stack.callback(home.remove)
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='kyso-')))
        sockets = iter(range(1 << 20))

        def start(*command):
            path = folder / f'{next(sockets)}.sock'
            done = subprocess.run(
                [rig.tool('start-time'), folder / 'notify',
                 *(str(word).replace('@SOCKET@', str(path)) for word in command)],
                env=home.environment(), capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f'{command[0]} does not get ready: {done.stderr.strip()}')
            return {'us': float(done.stdout)}

        samples = run_rounds(rounds, {
            'kyso-agent': lambda: start(kyso_kit.program('agent/core/kyso-agent'),
                                        f'--config={home.config}', '--socket=@SOCKET@',
                                        f'--state={home.state}'),
            'GLib hello': lambda: start(rig.tool('glib-hello'), '@SOCKET@'),
            'ssh-agent': lambda: start('ssh-agent', '-D', '-a', '@SOCKET@'),
            'p11-kit server': lambda: start('p11-kit', 'server', '-f', '-n', '@SOCKET@',
                                            '--provider', rig.SOFTHSM, 'pkcs11:'),
        })
    table.head('Start to ready')
    goals = {'GLib hello': Goal(18, '<=', 1.25), 'ssh-agent': Goal(18, '<=', 1)}
    for name in ('GLib hello', 'ssh-agent', 'p11-kit server'):
        table.add('kyso-agent', f'{samples.median("kyso-agent", "us") / 1000:.2f} ms', name,
                  f'{samples.median(name, "us") / 1000:.2f} ms',
                  samples.ratio('kyso-agent', name, 'us'), goals.get(name))


def open_connections(path, count):
    connections = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(count)]
    for connection in connections:
        connection.connect(str(path))
    return connections


def connection_rows(table, rounds, seconds):
    """Goals 21 and 22."""
    with contextlib.ExitStack() as stack:
        agent = rig.start_agent(stack)
        with agent.connect() as client:
            authorized_signature(client, agent)
            client.call('service.info')
            before = memory(agent.pid)['private']
            connections = open_connections(agent.home.socket, N_CONNECTIONS)
            client.call('service.info')  # accepted after all of them
            during = memory(agent.pid)['private']
        for connection in connections:
            connection.close()
        with agent.connect() as client:
            client.call('service.info')
            after = memory(agent.pid)['private']

        def sign():
            return rig.run_tool(rig.kyso_load(agent, 'RSA-2048', 1, seconds), agent.home)

        def sign_among_idle():
            others = open_connections(agent.home.socket, N_CONNECTIONS)
            try:
                return sign()
            finally:
                for other in others:
                    other.close()

        samples = run_rounds(rounds, {'alone': sign, 'among': sign_among_idle})
    table.head(f'{N_CONNECTIONS} idle connections')
    each = (during - before) / N_CONNECTIONS
    table.add('private memory of one', f'{each:.2f} kB', goal=Goal(22, '<=', 0.5, ' kB'), value=each)
    kept = max(0, after - before) / N_CONNECTIONS
    table.add('of it kept after closing', f'{kept:.2f} kB')
    table.add('sign p50 among them', f'{figure(samples.median("among", "p50_us"))} us', 'alone',
              f'{figure(samples.median("alone", "p50_us"))} us',
              samples.ratio('among', 'alone', 'p50_us'), Goal(21, '<=', 1.03))

