# SPDX-License-Identifier: GPL-3.0-or-later
"""A system bus of the test's own with the part of logind that kyso listens to (fake-logind.h).

    with logind.Logind(folder) as machine:
        agent = kyso_kit.Agent(home, environment=machine.environment())
        machine.wait('delayed')
        machine.tell('sleep')
"""

import os
import pathlib
import select
import shutil
import subprocess

import kyso_kit

WAIT_SECONDS = 20

CONFIGURATION = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
'''


class Unavailable(Exception):
    """This machine has no dbus-daemon."""


class Lines:
    """The output of a process, line by line, without ever waiting for ever."""

    def __init__(self, process):
        self.process = process
        self._rest = b''

    def next(self):
        while b'\n' not in self._rest:
            ready, _, _ = select.select([self.process.stdout], [], [], WAIT_SECONDS)
            data = os.read(self.process.stdout.fileno(), 4096) if ready else b''
            if not data:
                raise AssertionError(f'{self.process.args[0]}: no word')
            self._rest += data
        line, _, self._rest = self._rest.partition(b'\n')
        return line.decode()


class Logind:
    def __init__(self, folder):
        if shutil.which('dbus-daemon') is None:
            raise Unavailable('dbus-daemon is not installed')
        self.path = pathlib.Path(folder) / 'system-bus'
        configuration = self.path.with_suffix('.conf')
        configuration.write_text(CONFIGURATION.format(path=self.path))
        self._bus = subprocess.Popen(
            ['dbus-daemon', f'--config-file={configuration}', '--nofork', '--print-address=1'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        address = Lines(self._bus).next()
        self._logind = subprocess.Popen(
            [kyso_kit.program('tests/kit/fake-logind'), address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lines = Lines(self._logind)
        self.wait('ready')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self._logind, self._bus):
            process.kill()
            process.wait()
            process.stdout.close()
        self._logind.stdin.close()

    def environment(self):
        return {'DBUS_SYSTEM_BUS_ADDRESS': f'unix:path={self.path}'}

    def tell(self, command):
        """"sleep", "resume", "lock", "lock-other"."""
        self._logind.stdin.write(f'{command}\n'.encode())
        self._logind.stdin.flush()

    def wait(self, word):
        """Until sleep is "delayed" by somebody, or "released" by all: the next word, which must be it."""
        said = self._lines.next()
        if said != word:
            raise AssertionError(f'"{word}" was to come, not "{said}"')
