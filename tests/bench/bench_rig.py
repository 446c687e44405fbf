# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: kyso-agents with homes of their own, and the peers, each with its own copy of
the software token (SoftHSM fails where several processes open one token at the same moment)."""

import configparser
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import kyso_kit

SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'
KEYS = {'RSA-2048': 'leader', 'P-256': 'p256'}
SHA256 = '2.16.840.1.101.3.4.2.1'
DIGEST = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='


def p11_kit_client():
    folder = subprocess.run(['pkg-config', '--variable=p11_module_path', 'p11-kit-1'], check=True,
                            capture_output=True, text=True).stdout.strip()
    return f'{folder}/p11-kit-client.so'


def tool(name):
    return kyso_kit.program(f'tests/bench/{name}')


def run_tool(arguments, home, cpus=None, pin=False, **environment):
    """The last line that the program prints, as JSON."""
    done = subprocess.run(
        [*pinned(cpus), *map(str, arguments)],
        env=home.environment(**environment),
        input=f'{kyso_kit.PIN}\n' if pin else '',
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f'{pathlib.Path(arguments[0]).name}: {done.stderr.strip()[:300]}')
    figures = json.loads(done.stdout.splitlines()[-1])
    if isinstance(figures, dict) and figures.get('errors'):
        raise RuntimeError(f'{pathlib.Path(arguments[0]).name}: {figures["errors"]} errors: '
                           f'{done.stderr.strip()[:300]}')
    return figures


def pinned(cpus):
    return ['taskset', '-c', ','.join(map(str, cpus))] if cpus else []


def favour(pid='self'):
    """Where we may, other programs of the machine get little of it while we measure."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0 if pid == 'self' else pid, -15)
        pathlib.Path(f'/proc/{pid}/autogroup').write_text('-15')


def pin_process(pid, cpus):
    """All threads of @pid; what they start later goes with them."""
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), cpus)


class Home(kyso_kit.Home):
    """A home whose PIN is typed at once, whose policy lets digests be signed, and whose state is on
    the disk of the build folder, or in memory."""

    def __init__(self, state_in_memory=False):
        super().__init__(('p256',))
        shutil.copy(tool('bench-pinentry'), self.pinentry)
        self.configure('sign', 'hash=true')
        self._states = tempfile.mkdtemp(
            prefix='kyso-bench-', dir='/dev/shm' if state_in_memory else kyso_kit.BUILD)
        self.state = pathlib.Path(self._states)
        described = configparser.ConfigParser()
        described.read(self.path / 'token' / 'credentials.ini')
        self.keys = {kind: described[name] for kind, name in KEYS.items()}

    def use_module(self, path):
        (self.config / 'modules.d' / 'softhsm.module').write_text(
            f'module: {path}\nkyso-writes: softhsm\n')

    def remove(self):
        super().remove()
        shutil.rmtree(self._states, ignore_errors=True)


class Server:
    """A peer that runs until the end, with a home of its own. Ready when it says so."""

    def __init__(self, stack, arguments):
        self.home = Home()
        stack.callback(self.home.remove)
        self.socket = self.home.path / 'server.sock'
        self.process = subprocess.Popen(
            [str(argument) for argument in arguments(self)],
            env=self.home.environment(NOTIFY_SOCKET=''),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        stack.callback(self.stop)
        self.process.stdin.write(f'{kyso_kit.PIN}\n')
        self.process.stdin.close()
        self._wait_for_socket()

    @property
    def pid(self):
        return self.process.pid

    def _wait_for_socket(self):
        """Its folder tells when the socket is there; it is bound before it is listened at."""
        folder = str(self.home.path)
        for _ in range(1000):
            if self.socket.exists():
                return
            if kyso_kit.wait_exit(self.process, 0.01) is not None:
                break
        raise RuntimeError(f'{self.process.args[0]} did not start in {folder}')

    def stop(self):
        self.process.terminate()
        self.process.wait()


def start_floor(stack, kind):
    return Server(stack, lambda server: [
        tool('floor-server'), server.socket, SOFTHSM, server.home.keys[kind]['serial'],
        server.home.keys[kind]['key_id']])


def start_p11_kit(stack):
    return Server(stack, lambda server: [
        'p11-kit', 'server', '-f', '-n', server.socket, '--provider', SOFTHSM, 'pkcs11:'])


def start_hello(stack):
    return Server(stack, lambda server: [tool('glib-hello'), server.socket])


def start_ssh_agent(stack):
    return Server(stack, lambda server: ['ssh-agent', '-D', '-a', server.socket])


def start_agent(stack, state_in_memory=False, module=None, **environment):
    home = Home(state_in_memory)
    stack.callback(home.remove)
    if module is not None:
        home.use_module(module)
    agent = kyso_kit.Agent(home, environment=environment)
    favour(agent.pid)
    stack.callback(agent.stop)
    return agent


def request(method, **params):
    return json.dumps({'jsonrpc': '2.0', 'id': 0, 'method': method, 'params': params},
                      separators=(',', ':'))


def kyso_load(agent, kind, clients, seconds):
    """Arguments of load-socket that sign digests. One login serves one connection (PROTOCOL.md,
    credentials.authorize), so that n clients are n requests under way on it."""
    credential = agent.home.keys[kind]['id']
    sign = json.dumps({'credentialID': credential, 'hash': [DIGEST], 'hashAlgo': SHA256,
                       'SAD': '@SAD@'}, separators=(',', ':'))
    return [tool('load-socket'), 'kyso', agent.home.socket, 1, clients, seconds,
            'signatures.signHash', sign,
            request('credentials.authorize', credentialID=credential, numSignatures=1000000,
                    description='tests/bench')]
