# SPDX-License-Identifier: GPL-3.0-or-later
"""For the commands of tests/show that are written in Python: what they need built, a table of what
holds and what does not, then one figure.

    table = show.Table('pin-nowhere', 44, 34)
    table.row('what', 'measured', holds)
    sys.exit(table.finish())

Import it first: the kit learns from it where the build is.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SKIPPED = 77

is_short = '--short' in sys.argv[1:]
sys.dont_write_bytecode = True


def build():
    """Where meson did not start us, everything is built first."""
    if 'KYSO_BUILD' in os.environ:
        return
    folder = ROOT / 'build'
    if not folder.exists():
        subprocess.run(['meson', 'setup', folder, ROOT], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '--quiet', '-C', folder], check=True, stdout=subprocess.DEVNULL)
    os.environ['KYSO_BUILD'] = str(folder)


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIPPED)


class Table:
    """`widths` of the columns before the last; more columns than widths are an error."""

    def __init__(self, name, *widths):
        self.name = name
        self.widths = widths
        self.rows = self.broken = 0

    def line(self, *cells):
        print('  '.join(f'{str(cell):<{width}}' for cell, width in zip(cells, self.widths)).rstrip(),
              flush=True)

    def row(self, *cells, holds=True):
        self.rows += 1
        self.broken += not holds
        padded = [*cells, *[''] * (len(self.widths) - len(cells))]
        print('  '.join(f'{str(cell):<{width}}' for cell, width in zip(padded, self.widths)),
              'holds' if holds else 'BROKEN', sep='  ', flush=True)

    def finish(self, more=''):
        print(f'\n{self.name}: {self.rows - self.broken} of {self.rows} hold{more}')
        return 0 if self.rows > 0 and self.broken == 0 else 1


build()
