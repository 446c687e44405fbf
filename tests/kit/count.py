# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the test cases of a meson run and prints the closing line of tests/run.

usage: count.py TESTLOG_JSON STATUS_OF_MESON

A program that speaks TAP counts by its cases, any other as one. A program that failed although
none of its cases did (it crashed, or ran out of time) counts as one failure more.
"""

import collections
import json
import re
import sys

CASE = re.compile(r'^(not )?ok\b[^#]*(#\s*skip)?', re.IGNORECASE)


def count_cases(output):
    counts = collections.Counter()
    for line in output.splitlines():
        case = CASE.match(line)
        if case and case[2]:
            counts['skipped'] += 1
        elif case:
            counts['failed' if case[1] else 'passed'] += 1
    return counts


def count_program(entry):
    is_tap = re.search(r'^1\.\.\d+', entry.get('stdout') or '', re.MULTILINE)
    counts = count_cases(entry['stdout']) if is_tap else collections.Counter()
    result = entry['result']
    if result == 'SKIP' and not counts:
        counts['skipped'] += 1
    elif result in ('OK', 'EXPECTEDFAIL') and not counts:
        counts['passed'] += 1
    elif result not in ('OK', 'EXPECTEDFAIL', 'SKIP') and not counts['failed']:
        counts['failed'] += 1
    return counts


def main():
    path, status = sys.argv[1], int(sys.argv[2])
    totals = collections.Counter()
    try:
        with open(path, encoding='utf-8') as stream:
            for line in stream:
                totals += count_program(json.loads(line))
    except FileNotFoundError:
        print(f'no test ran: {path} is missing', file=sys.stderr)
    passed, failed, skipped = (totals[name] for name in ('passed', 'failed', 'skipped'))
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    sys.exit(0 if status == 0 and failed == 0 and passed > 0 else 1)


if __name__ == '__main__':
    main()
