# SPDX-License-Identifier: GPL-3.0-or-later
"""Interleaved rounds, and the table that comes of them.

The machine may be shared and its speed drifts, so nothing is compared but what ran in turn: in each
round every target runs once, in a fresh random order; a ratio is taken inside each round, and its
median and quartiles over the rounds are told."""

import operator
import os
import random
import resource
import statistics
import time
import unicodedata

COLUMNS = ('goal', 'what', 'ours', 'against', 'theirs', 'ratio (quartiles)', 'wanted', '')
GAP = '  '


class Samples:
    """The figures of each target, by round: samples.figures[target][round][key]."""

    def __init__(self, figures):
        self.figures = figures

    def values(self, target, key):
        return [figure[key] for figure in self.figures[target]]

    def median(self, target, key):
        return statistics.median(self.values(target, key))

    def ratio(self, target, other, key, other_key=None):
        pairs = zip(self.values(target, key), self.values(other, other_key or key))
        return Spread([ours / theirs for ours, theirs in pairs])

    def difference(self, target, other, key):
        pairs = zip(self.values(target, key), self.values(other, key))
        return Spread([ours - theirs for ours, theirs in pairs])


class Spread:
    """Median and quartiles of one figure over the rounds."""

    def __init__(self, values):
        self.median = statistics.median(values)
        self.low, self.high = self.median, self.median
        if len(values) > 2:
            self.low, _, self.high = statistics.quantiles(values, n=4, method='inclusive')

    def __str__(self):
        return f'{figure(self.median)} ({figure(self.low)}..{figure(self.high)})'


def figure(value):
    """Three digits that count."""
    if abs(value) >= 100:
        return f'{value:,.0f}'
    return f'{value:.2f}' if abs(value) >= 10 else f'{value:.3f}'


def run_rounds(count, targets):
    """Samples of {name: function that measures once and returns {key: number}}."""
    figures = {name: [] for name in targets}
    for _ in range(count):
        order = list(targets)
        random.shuffle(order)
        for name in order:
            figures[name].append(targets[name]())
    return Samples(figures)


class Watch:
    """How much of the machine other programs take, from now until it is asked. Right only when all
    that we have started has ended."""

    TICKS = os.sysconf('SC_CLK_TCK')

    def __init__(self):
        self.begun, self.busy, self.own = time.monotonic(), self._busy(), self._own()

    def _busy(self):
        """Seconds of all CPUs together, with what a host took from them; those waiting for nothing
        or for a disk left out."""
        with open('/proc/stat', encoding='ascii') as stream:
            user, nice, system, _, _, *rest = map(int, stream.readline().split()[1:9])
        return (user + nice + system + sum(rest)) / self.TICKS

    @staticmethod
    def _own():
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    def others(self):
        """Their part of all CPUs."""
        taken = self._busy() - self.busy - (self._own() - self.own)
        return max(0, taken / (time.monotonic() - self.begun) / os.cpu_count())


class Goal:
    """A row of the table of goals: its number there, and what the figure must be."""

    SIGNS = {'<=': operator.le, '>=': operator.ge}

    def __init__(self, number, sign, limit, unit=''):
        self.number, self.sign, self.limit, self.unit = number, sign, limit, unit

    def is_reached(self, value):
        return self.SIGNS[self.sign](value, self.limit)

    def __str__(self):
        return f'{self.sign} {self.limit:g}{self.unit}'


def width(text):
    return sum(not unicodedata.combining(character) for character in text)


class Table:
    def __init__(self):
        self.rows = []
        self.unmeasured = []
        self.n_reached = self.n_goals = 0

    def head(self, title):
        self.rows.append((title,))

    def note(self, text):
        self.rows.append((f'  {text}',))

    def add(self, what, ours, against='', theirs='', ratio='', goal=None, value=None):
        """@goal judges @value, or else the median of @ratio."""
        mark = number = wanted = ''
        if goal is not None:
            value = ratio.median if value is None else value
            reached = goal.is_reached(value)
            self.n_goals += 1
            self.n_reached += reached
            mark = 'reached' if reached else 'NOT reached'
            number, wanted = str(goal.number), str(goal)
        self.rows.append((number, what, ours, against, theirs, str(ratio), wanted, mark))

    def fail(self, title, fault):
        self.unmeasured.append(title)
        self.note(f'NOT MEASURED: {title}: {fault}')

    def print(self):
        cells = [COLUMNS] + [row for row in self.rows if len(row) > 1]
        widths = [max(width(row[i]) for row in cells) for i in range(len(COLUMNS))]

        def line(row):
            padded = (cell + ' ' * (widths[i] - width(cell)) for i, cell in enumerate(row))
            return GAP.join(padded).rstrip()

        print(line(COLUMNS))
        print('-' * (sum(widths) + len(GAP) * (len(widths) - 1)))
        for row in self.rows:
            print(line(row) if len(row) > 1 else f'\n{row[0]}' if row[0][0] != ' ' else row[0])
        print()
        print(f'goals reached: {self.n_reached} of {self.n_goals}')
        print(f'bench: {"every row was measured" if not self.unmeasured else "NOT measured: " + ", ".join(self.unmeasured)}')
