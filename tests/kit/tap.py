# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the unittest cases of the calling file and reports each as a TAP line, so that meson and
tests/run count cases and not files.

    if __name__ == '__main__':
        tap.main()

With arguments only the cases whose name contains one of them are run.
"""

import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.count = 0

    def _line(self, word, test, note=''):
        self.count += 1
        print(f'{word} {self.count} {test.id().removeprefix("__main__.")}{note}', flush=True)

    def _explain(self, error):
        """On stderr: meson shows that of a failed program, and keeps TAP's own lines to itself."""
        print(''.join(traceback.format_exception(*error)), file=sys.stderr, flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line('ok', test)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._line('not ok', test)
        self._explain(error)

    def addError(self, test, error):
        super().addError(test, error)
        self._line('not ok', test)
        self._explain(error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line('ok', test, f' # SKIP {reason}')

    def addSubTest(self, test, subtest, error):
        """unittest tells of a passed case nothing when one of its subtests has failed."""
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._line('not ok', subtest)
            self._explain(error)


def selected(suite, words):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from selected(item, words)
        elif not words or any(word in item.id() for word in words):
            yield item


def main():
    cases = unittest.TestSuite(
        selected(unittest.defaultTestLoader.loadTestsFromModule(sys.modules['__main__']), sys.argv[1:])
    )
    result = TapResult()
    cases.run(result)
    print(f'1..{result.count}', flush=True)
    sys.exit(0 if result.wasSuccessful() and result.count > 0 else 1)
