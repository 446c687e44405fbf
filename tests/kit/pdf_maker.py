# SPDX-License-Identifier: GPL-3.0-or-later
"""PDFs written object by object, revision by revision, and signed by the openssl command line: for
documents that no decent program writes. Nothing here is shared with what is tested.

    pdf = Pdf.new({1: b'<< /Type /Catalog ... >>', ...})
    pdf.append({3: b'<< /Type /Page ... >>'})
    pdf.sign(12, b'/SubFilter /adbe.pkcs7.detached', {10: WIDGET}, signer)
    path.write_bytes(pdf.data)
"""

import datetime
import hashlib
import re
import subprocess

ROOM = 6000  # bytes for the CMS
OBJECT = re.compile(rb'(?:^|\n)(\d+) 0 obj\s(.*?)\nendobj', re.S)


def stream(data, more=b''):
    return b'<< /Length %d %s >>\nstream\n%s\nendstream' % (len(data), more, data)


def form(width, height, drawing, more=b''):
    """A Form XObject."""
    return stream(drawing, b'/Type /XObject /Subtype /Form /BBox [0 0 %d %d] %s'
                  % (width, height, more))


class Pdf:
    """`objects`: the bodies that count, by number. `data`: the file."""

    def __init__(self, data=b'%PDF-1.6\n%\xe2\xe3\xcf\xd3\n', objects=None, size=1, start=None,
                 trailer=b'/Root 1 0 R'):
        self.data, self.objects, self.size, self.start = data, dict(objects or {}), size, start
        self.trailer = trailer

    @classmethod
    def new(cls, objects, trailer=b'/Root 1 0 R'):
        pdf = cls(trailer=trailer)
        pdf.append(objects)
        return pdf

    @classmethod
    def load(cls, data):
        """One that was written with tables, without object streams."""
        last = data[data.rindex(b'trailer'):]
        keys = re.search(rb'/Root \d+ 0 R', last)[0]
        info = re.search(rb'/Info \d+ 0 R', last)
        return cls(data, {int(i): body for i, body in OBJECT.findall(data)},
                   int(re.search(rb'/Size (\d+)', last)[1]),
                   int(re.search(rb'startxref\s+(\d+)', last)[1]),
                   keys + (b' ' + info[0] if info else b''))

    def copy(self):
        return Pdf(self.data, self.objects, self.size, self.start, self.trailer)

    def new_id(self):
        return max(self.size, max(self.objects, default=0) + 1)

    def edit(self, number, old, new):
        """The body of an object with @old replaced, once."""
        body = self.objects[number]
        assert body.count(old) >= 1, (number, old, body)
        return body.replace(old, new, 1)

    def append(self, objects, free=(), places=None, more=b'', trailer=None, raw=b''):
        """One revision. @places: {number: offset} of entries that point elsewhere. @raw: bytes put
        after the objects, in no table."""
        places = dict(places or {})
        for number, body in objects.items():
            places[number] = len(self.data)
            self.data += b'%d 0 obj\n%s\nendobj\n' % (number, body)
            self.objects[number] = body
        self.data += raw
        self.size = max([self.size, *[number + 1 for number in places]])
        self.trailer = trailer or self.trailer
        start = len(self.data)
        is_first = self.start is None or free or not places
        lines = b'xref\n' + (b'0 1\n0000000000 65535 f \n' if is_first else b'')
        for number in sorted([*places, *free]):
            lines += b'%d 1\n' % number + (b'0000000000 00001 f \n' if number in free
                                           else b'%010d 00000 n \n' % places[number])
        previous = b'/Prev %d' % self.start if self.start is not None else b''
        self.data += lines + b'trailer\n<< /Size %d %s %s %s >>\nstartxref\n%d\n%%%%EOF\n' % (
            self.size, self.trailer, previous, more, start)
        self.start = start
        return self

    def sign(self, number, keys, objects, signer, hole=b'', **options):
        """Appends a revision with signature dictionary @number. @hole: bytes that the byte range
        leaves out behind /Contents."""
        gap = b'<' + b'0' * (2 * ROOM) + b'>' + hole
        marks = b'/ByteRange [0 1111111111 2222222222 3333333333]'
        body = b'<< /Type /Sig /Filter /Adobe.PPKLite %s %s /Contents %s >>' % (keys, marks, gap)
        self.append({**objects, number: body})
        at = self.data.rindex(gap)
        rest = at + len(gap)
        ranges = b'/ByteRange [0 %d %d %d' % (at, rest, len(self.data) - rest)
        ranges = ranges.ljust(len(marks) - 1) + b']'
        self.data = self.data.replace(marks, ranges)
        cms = signer.sign(self.data[:at] + self.data[rest:], **options) if signer else b''
        filled = b'<' + cms.hex().encode().ljust(2 * ROOM, b'0') + b'>'
        self.data = self.data[:at] + filled + hole + self.data[rest:]
        self.objects = {**self.objects, **{int(i): b for i, b in OBJECT.findall(self.data[at - 400:])
                                           if int(i) == number}}
        return self


# DER

def der(tag, *parts):
    body = b''.join(parts)
    size = len(body)
    if size < 128:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(text):
    first, second, *rest = map(int, text.split('.'))
    out = bytes([40 * first + second])
    for arc in rest:
        groups = [arc & 127]
        while arc := arc >> 7:
            groups.append(128 | arc & 127)
        out += bytes(reversed(groups))
    return der(6, out)


def split(data):
    """(tag, body, rest) of the first element."""
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7f
        size = int.from_bytes(data[2:at], 'big')
    return data[0], data[at:at + size], data[at + size:]


NULL = der(5)
SEQUENCE, SET = 0x30, 0x31
HASHES = {'sha1': '1.3.14.3.2.26', 'sha256': '2.16.840.1.101.3.4.2.1'}
RSA = '1.2.840.113549.1.1.1'


def attribute(name, *values):
    return der(SEQUENCE, oid(name), der(SET, *values))


class Signer:
    """A key and its certificate, both PEM files, that signs as GCC's tool does: content type,
    signing time and message digest; the certificate alone inside."""

    def __init__(self, key, certificate):
        self.key = key
        self.der = subprocess.run(['openssl', 'x509', '-in', certificate, '-outform', 'DER'],
                                  check=True, capture_output=True).stdout

    def issuer_and_serial(self):
        _, tbs, _ = split(split(self.der)[1])
        fields, rest = [], tbs
        while rest:
            tag, body, rest = split(rest)
            fields.append(der(tag, body))
        return der(SEQUENCE, fields[3], fields[1])  # [0] version, serial, algorithm, issuer

    def attributes(self, content, digest, local_time):
        now = datetime.datetime.now(datetime.timezone.utc)
        if local_time:  # Hanoi's clock, called UTC
            now += datetime.timedelta(hours=7)
        values = [
            attribute('1.2.840.113549.1.9.3', oid('1.2.840.113549.1.7.1')),
            attribute('1.2.840.113549.1.9.5', der(0x17, now.strftime('%y%m%d%H%M%SZ').encode())),
            attribute('1.2.840.113549.1.9.4', der(4, hashlib.new(digest, content).digest())),
        ]
        return b''.join(sorted(values))

    def sign(self, content, digest='sha256', pss_parameters=False, local_time=False):
        """A detached CMS in DER. @pss_parameters: those of RSASSA-PSS behind the name of PKCS#1
        v1.5, which it is, as GCC's tool writes them."""
        signed = self.attributes(content, digest, local_time)
        value = subprocess.run(['openssl', 'dgst', f'-{digest}', '-sign', self.key],
                               input=der(SET, signed), check=True, capture_output=True).stdout
        hashed = der(SEQUENCE, oid(HASHES[digest]), NULL)
        parameters = NULL
        if pss_parameters:
            mask = der(SEQUENCE, oid('1.2.840.113549.1.1.8'), hashed)
            parameters = der(SEQUENCE, der(0xa0, hashed), der(0xa1, mask), der(0xa2, der(2, b'\x20')))
        info = der(SEQUENCE, der(2, b'\1'), self.issuer_and_serial(), hashed, der(0xa0, signed),
                   der(SEQUENCE, oid(RSA), parameters), der(4, value))
        data = der(SEQUENCE, der(2, b'\1'), der(SET, hashed),
                   der(SEQUENCE, oid('1.2.840.113549.1.7.1')), der(0xa0, self.der), der(SET, info))
        return der(SEQUENCE, oid('1.2.840.113549.1.7.2'), der(0xa0, data))
