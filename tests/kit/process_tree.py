# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel counts of a process and all that it has started, by /proc: threads, times that they
ran, memory, descriptors."""

import contextlib
import pathlib

GONE = (FileNotFoundError, ProcessLookupError)


def _read(path):
    try:
        return path.read_text()
    except GONE:
        return ''


def _field(text, name):
    for line in text.splitlines():
        if line.startswith(f'{name}:'):
            return line.split()[1]
    return None


def descendants(pid):
    """[pid, its children, theirs, ...] that run now, zombies too."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(*GONE):
            for task in pathlib.Path(f'/proc/{parent}/task').iterdir():
                found += map(int, _read(task / 'children').split())
    return found


def name(pid):
    return _read(pathlib.Path(f'/proc/{pid}/comm')).strip()


def is_zombie(pid):
    return _field(_read(pathlib.Path(f'/proc/{pid}/status')), 'State') == 'Z'


def rss_kb(pid):
    """Resident memory, of files too; 0 where it has ended."""
    return int(_field(_read(pathlib.Path(f'/proc/{pid}/status')), 'VmRSS') or 0)


def descriptors(pid):
    try:
        return len(list(pathlib.Path(f'/proc/{pid}/fd').iterdir()))
    except GONE:
        return 0


def runs(pid):
    """{(pid, thread): times that it got or gave up a processor} of all descendants."""
    counted = {}
    for process in descendants(pid):
        with contextlib.suppress(*GONE):
            for task in pathlib.Path(f'/proc/{process}/task').iterdir():
                status = _read(task / 'status')
                switches = [_field(status, f'{kind}_ctxt_switches') for kind in
                            ('voluntary', 'nonvoluntary')]
                if None not in switches:
                    counted[process, int(task.name)] = sum(map(int, switches))
    return counted
