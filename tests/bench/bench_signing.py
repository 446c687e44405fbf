# SPDX-License-Identifier: GPL-3.0-or-later
"""Bare digests through the agent, beside the module in-process, p11-kit and a bare server."""

import contextlib
import subprocess
import time

import bench_rig as rig
import kyso_kit
from bench_table import Goal, figure, run_rounds

IN_PROCESS, FLOOR, P11_KIT = 'in-process', 'floor', 'p11-kit'
KYSO, KYSO_MEMORY = 'kyso', 'kyso, journal in memory'
SLOW_MS = 300
NOISE_US = 5


class Targets:
    """All that sign, running side by side; one works at a time."""

    def __init__(self, stack, seconds):
        self.seconds = seconds
        self.floors = {kind: rig.start_floor(stack, kind) for kind in rig.KEYS}
        self.p11_kit_client = rig.p11_kit_client()
        self.p11_kit = rig.start_p11_kit(stack)
        self.agent = rig.start_agent(stack)
        self.agent_in_memory = rig.start_agent(stack, state_in_memory=True)
        self.local = rig.Home()
        stack.callback(self.local.remove)

    def pin(self, cpus):
        for server in (*self.floors.values(), self.p11_kit, self.agent, self.agent_in_memory):
            rig.pin_process(server.pid, cpus)

    def _token(self, home, kind, module, *more):
        key = home.keys[kind]
        return [rig.tool('load-token'), module, key['serial'], key['key_id'], *more]

    def of(self, kind, clients, cpus):
        """{name: function that measures once}."""
        seconds = self.seconds

        def in_process():
            return rig.run_tool(self._token(self.local, kind, rig.SOFTHSM, clients, seconds),
                                self.local, cpus, pin=True)

        def p11_kit():
            home = self.p11_kit.home
            return rig.run_tool(
                self._token(home, kind, self.p11_kit_client, clients, seconds, 'processes'), home,
                cpus, pin=True, P11_KIT_SERVER_ADDRESS=f'unix:path={self.p11_kit.socket}')

        def floor():
            server = self.floors[kind]
            return rig.run_tool([rig.tool('load-socket'), 'floor', server.socket, clients, 1,
                                 seconds, 'sign', '{}'], server.home, cpus)

        def kyso(agent):
            return rig.run_tool(rig.kyso_load(agent, kind, clients, seconds), agent.home, cpus)

        return {IN_PROCESS: in_process, FLOOR: floor, P11_KIT: p11_kit,
                KYSO: lambda: kyso(self.agent),
                KYSO_MEMORY: lambda: kyso(self.agent_in_memory)}


def show_throughput(table, samples, what, goals):
    rate = 'per_second'
    ours = f'{figure(samples.median(KYSO, rate))}/s'
    for other in (IN_PROCESS, FLOOR, P11_KIT, KYSO_MEMORY):
        table.add(what, ours, other,
                  f'{figure(samples.median(other, rate))}/s', samples.ratio(KYSO, other, rate),
                  goals.get(other))


def show_tail(table, samples, what, goal):
    table.add(f'{what}: p99 / p50', f'{figure(samples.median(KYSO, "p99_us"))} us', 'own p50',
              f'{figure(samples.median(KYSO, "p50_us"))} us',
              samples.ratio(KYSO, KYSO, 'p99_us', 'p50_us'), goal)


def show_added(table, samples, what, goals):
    """What going through a server adds to the p50 of one client."""
    added = {name: samples.difference(name, IN_PROCESS, 'p50_us').median
             for name in (KYSO, FLOOR, P11_KIT, KYSO_MEMORY)}
    ours = f'+{figure(added[KYSO])} us'
    table.add(f'{what}: added p50', ours, IN_PROCESS,
              f'{figure(samples.median(IN_PROCESS, "p50_us"))} us', '', goals.get(IN_PROCESS),
              added[KYSO])
    for other in (FLOOR, P11_KIT, KYSO_MEMORY):
        if added[other] < NOISE_US:
            table.note(f'what {other} adds, {figure(added[other])} us, is lost in noise here')
            continue
        ratio = added[KYSO] / added[other]
        table.add(f'{what}: added p50', ours, other, f'+{figure(added[other])} us', figure(ratio),
                  goals.get(other), ratio)
    show_latencies(table, samples)


def show_latencies(table, samples):
    table.note('p50 / p99 us: ' + ', '.join(
        f'{name} {figure(samples.median(name, "p50_us"))} / '
        f'{figure(samples.median(name, "p99_us"))}' for name in samples.figures))


def two_core_rows(table, targets, rounds, cpus, is_short):
    """Goals 1, 2, 5 and 6."""
    targets.pin(cpus)
    table.head(f'Bare digests, {len(cpus)} cores')
    eight = 'RSA-2048, 8 clients'
    samples = run_rounds(rounds, targets.of('RSA-2048', 8, cpus))
    show_throughput(table, samples, eight, {
        IN_PROCESS: Goal(1, '>=', 0.95), FLOOR: Goal(1, '>=', 0.97), P11_KIT: Goal(1, '>=', 1.12)})
    show_tail(table, samples, eight, Goal(6, '<=', 1.35))
    show_latencies(table, samples)
    if not is_short:
        samples = run_rounds(rounds, targets.of('RSA-2048', 64, cpus))
        show_throughput(table, samples, 'RSA-2048, 64 clients', {IN_PROCESS: Goal(2, '>=', 1.10)})
        samples = run_rounds(rounds, targets.of('P-256', 8, cpus))
        show_throughput(table, samples, 'P-256, 8 clients', {})
    samples = run_rounds(rounds, targets.of('RSA-2048', 1, cpus))
    show_added(table, samples, 'RSA-2048, 1 client', {FLOOR: Goal(5, '<=', 1.15)})


def one_core_rows(table, targets, rounds, cpus):
    """Goals 3 and 4."""
    targets.pin(cpus)
    table.head('Bare digests, everything on one core')
    samples = run_rounds(rounds, targets.of('P-256', 8, cpus))
    show_throughput(table, samples, 'P-256, 8 clients', {
        IN_PROCESS: Goal(3, '>=', 0.75), P11_KIT: Goal(3, '>=', 2.2)})
    for kind in rig.KEYS:
        samples = run_rounds(rounds, targets.of(kind, 1, cpus))
        show_added(table, samples, f'{kind}, 1 client', {
            IN_PROCESS: Goal(4, '<=', 25, ' us'), P11_KIT: Goal(4, '<=', 0.5)})


@contextlib.contextmanager
def load_running(arguments, home):
    """The load runs when the body does; its figures come with .communicate()."""
    process = subprocess.Popen([str(argument) for argument in arguments], env=home.environment(),
                               stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != 'running\n':
            raise RuntimeError('the load did not start')
        yield process
    finally:
        process.kill()
        process.wait()


def slow_token_rows(table, seconds):
    """Goals 9 to 11: a token that takes 300 ms for each signature, one at a time."""
    with contextlib.ExitStack() as stack:
        module = kyso_kit.program('tests/bench/slow-token.so')
        agent = rig.start_agent(stack, module=module, KYSO_BENCH_SIGN_MS=str(SLOW_MS))
        local = rig.Home()
        stack.callback(local.remove)
        table.head(f'A token that takes {SLOW_MS} ms for a signature')

        key = local.keys['RSA-2048']
        targets = {
            KYSO: lambda: rig.run_tool(rig.kyso_load(agent, 'RSA-2048', 1, seconds), agent.home),
            IN_PROCESS: lambda: rig.run_tool(
                [rig.tool('load-token'), module, key['serial'], key['key_id'], 1, seconds], local,
                pin=True, KYSO_BENCH_SIGN_MS=str(SLOW_MS)),
        }
        samples = run_rounds(2, targets)
        added = samples.difference(KYSO, IN_PROCESS, 'p50_us')
        table.add('1 client: added p50, us', f'+{added}', IN_PROCESS,
                  f'{samples.median(IN_PROCESS, "p50_us") / 1000:.2f} ms', '',
                  Goal(9, '<=', 250, ' us'), added.median)

        worst_wait_row(table, agent, max(seconds, 6))
        ping_rows(table, agent, seconds)


def worst_wait_row(table, agent, seconds):
    clients = 8
    figures = rig.run_tool(rig.kyso_load(agent, 'RSA-2048', clients, seconds), agent.home)
    worst, fair = figures['max_us'] / 1000, clients * SLOW_MS
    table.add(f'{clients} clients: worst wait over {clients} x {SLOW_MS} ms', f'{worst:,.0f} ms',
              'first come, first served', f'{fair:,} ms', figure(worst / fair),
              Goal(11, '<=', 1.01), worst / fair)


def ping_rows(table, agent, seconds):
    def ping(method):
        return rig.run_tool([rig.tool('load-socket'), 'kyso', agent.home.socket, 1, 1, seconds,
                             method, '{}'], agent.home)

    for method in ('service.info', 'tokens.list'):
        idle = ping('service.info')
        load = rig.kyso_load(agent, 'RSA-2048', 8, 600)
        with load_running(load, agent.home):
            started = time.monotonic()
            busy = ping(method)
            if time.monotonic() - started < seconds:
                raise RuntimeError('the ping ended early')
        table.add(f'{method} p99 while it signs', f'{busy["p99_us"] / 1000:.3f} ms',
                  'service.info, idle', f'{idle["p99_us"] / 1000:.3f} ms',
                  figure(busy['p99_us'] / idle['p99_us']), Goal(10, '<=', 0.5, ' ms'),
                  busy['p99_us'] / 1000)
