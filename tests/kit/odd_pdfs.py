#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of odd PDFs: each oddity one file, named after it, with what must become of it when
somebody asks to have it signed.

    usage: tests/kit/odd_pdfs.py FOLDER    writes FOLDER/NAME.pdf, and prints what is expected

SIGNS: it is signed as it stands. REPAIRED: refused as damaged; with "repair" rewritten, then signed. Else the
code of the error, with "repair" or without. Those that need a signature, or qpdf, take a `signer` and are made by
odd_signed and odd_locked."""

import pathlib
import sys

SIGNS, REPAIRED = 'signs', 'repaired'


class Odd:
    """One file of the corpus. `place`: a rectangle on its page 1 that can be signed. `reserves`: do
    we ask for fields for the agency there?"""

    def __init__(self, name, expected, make, place, reserves=True):
        self.name, self.expected, self.make, self.place = name, expected, make, place
        self.reserves = reserves


CORPUS = {}


def odd(expected, place=(300, 300, 420, 370), **options):
    """Decorator: the function that makes a file, named as the file is."""
    def add(make):
        name = make.__name__.replace('_', '-')
        assert name not in CORPUS, name
        CORPUS[name] = Odd(name, expected, make, list(place), **options)
        return make
    return add


def names():
    """All names, with their makers loaded."""
    import odd_documents  # noqa: F401 (each adds to the corpus)
    import odd_files      # noqa: F401
    import odd_forms      # noqa: F401
    import odd_locked     # noqa: F401
    return sorted(CORPUS)


def write(folder, name):
    """The file, written into @folder."""
    path = pathlib.Path(folder, f'{name}.pdf')
    path.write_bytes(CORPUS[name].make())
    return path


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in names():
        write(folder, name)
        print(f'{name:<40} {CORPUS[name].expected}')


if __name__ == '__main__':
    sys.modules['odd_pdfs'] = sys.modules['__main__']
    main()
