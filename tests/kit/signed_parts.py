# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a signature, taken out of a PDF or a CMS with nothing of kyso's: for tools that are
not ours to check."""

import re

TIMESTAMP_OID = bytes.fromhex('060b2a864886f70d010910020e')


def element(data, at):
    """(tag, start of the contents, end) of the DER element at @at."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7f
        length, start = int.from_bytes(data[start:start + size], 'big'), start + size
    return tag, start, start + length


def children(data, at):
    _, at, end = element(data, at)
    found = []
    while at < end:
        found.append(at)
        at = element(data, at)[2]
    return found


def signatures(pdf):
    """[(what is signed, the CMS or token)] of the PDF's bytes, in the order of the file."""
    found = []
    pattern = rb'/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) *\]'
    for match in re.finditer(pattern, pdf):
        a, b, c, d = map(int, match.groups())
        contents = bytes.fromhex(pdf[a + b + 1:c - 1].decode())
        found.append((pdf[a:a + b] + pdf[c:c + d], contents[:element(contents, 0)[2]]))
    return found


def signature_value(cms):
    """The value of the only SignerInfo of a SignedData."""
    signed_data = children(cms, children(cms, 0)[1])[0]
    signer = children(cms, children(cms, signed_data)[-1])[0]
    value = [at for at in children(cms, signer) if cms[at] == 0x04][-1]
    _, start, end = element(cms, value)
    return cms[start:end]


def timestamp(cms):
    """(start, end) of the token in the unsigned attribute."""
    values = cms.index(TIMESTAMP_OID) + len(TIMESTAMP_OID)
    token = children(cms, values)[0]
    return token, element(cms, token)[2]


def put_contents(pdf, index, cms):
    """The PDF with another CMS of the same length as its signature number @index."""
    old = signatures(pdf)[index][1]
    if len(old) != len(cms):
        raise ValueError('another length')
    return pdf.replace(old.hex().encode(), cms.hex().encode())
