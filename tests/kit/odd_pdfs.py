#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corpus of odd PDFs: each oddity one file, named after it, with what must become of it when
somebody asks to have it signed.

    usage: tests/kit/odd_pdfs.py FOLDER

writes FOLDER/NAME.pdf, but for those that need a signature or a password, and prints of each: name, what is
expected, the place of page 1 that can be signed.

SIGNS: it is signed as it stands. REPAIRED: refused as damaged; with "repair" written anew, then
signed. Else the code with which it is refused, "repair" or not. The files themselves are not kept
beside this: so none can differ from the function that says what it is."""

import inspect
import pathlib
import sys

SIGNS, REPAIRED = 'signs', 'repaired'


class Odd:
    """One file of the corpus. `place`: a rectangle on its page 1 that can be signed. `reserves`: do
    we ask for fields for the agency there? `password`: with which it is opened, if any."""

    @property
    def needs_signer(self):
        return bool(inspect.signature(self.make).parameters)

    def __init__(self, name, expected, make, place, reserves=True, password=''):
        self.name, self.expected, self.make, self.place = name, expected, make, place
        self.reserves, self.password = reserves, password


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


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in names():
        odd = CORPUS[name]
        if not odd.needs_signer and not odd.password:
            (folder / f'{name}.pdf').write_bytes(odd.make())
            print(name, odd.expected, *odd.place)


if __name__ == '__main__':
    sys.modules['odd_pdfs'] = sys.modules['__main__']
    main()
