# SPDX-License-Identifier: GPL-3.0-or-later
"""PDFs written object by object, each knob of the writer one way in which PDFs differ. What
odd_pdfs makes its corpus with."""

import zlib

BOX = b'/MediaBox [0 0 595 842]'
PAGE = (b'<< /Type /Page /Parent 2 0 R %s /Resources << /Font << /F1 5 0 R >> >> '
        b'/Contents 4 0 R >>')
WORDS = b'BT /F1 13 Tf 90 700 Td (Cong van so thu) Tj ET'


def stream(data, more=b'', length=None):
    length = b'%d' % len(data) if length is None else length
    return b'<< /Length %s %s >>\nstream\n%s\nendstream' % (length, more, data)


def flate(data, more=b''):
    return stream(zlib.compress(data), b'/Filter /FlateDecode ' + more)


def simple(catalogue=b'', page=b'', more=None, box=BOX):
    """The objects of a letter of one page."""
    return {
        1: b'<< /Type /Catalog /Pages 2 0 R %s >>' % catalogue,
        2: b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        3: PAGE % (box + b' ' + page),
        4: stream(WORDS),
        5: b'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
        **(more or {}),
    }


def runs(numbers):
    """[first, second, ...] of numbers that follow each other."""
    found = []
    for number in sorted(numbers):
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found


class File:
    """`data` grows; each revision is one call. @eol: of the lines of the tables."""

    def __init__(self, version=b'1.7', before=b'', shift=0):
        self.data = before + b'%%PDF-%s\n%%\xe2\xe3\xcf\xd3\n' % version
        self.shift = shift  # what the offsets count from
        self.start = None
        self.size = 1

    def put(self, objects, generations=None):
        """Writes the bodies. {number: (generation, offset)}."""
        places = {}
        for number, body in objects.items():
            generation = (generations or {}).get(number, 0)
            places[number] = (generation, len(self.data) - self.shift)
            self.data += b'%d %d obj\n%s\nendobj\n' % (number, generation, body)
        self.size = max([self.size, *(number + 1 for number in places)])
        return places

    def trailer(self, more, previous=True):
        words = b'/Size %d /Root 1 0 R ' % self.size + more
        if previous and self.start is not None:
            words += b' /Prev %d' % self.start
        return words

    def end(self, start):
        self.data += b'startxref\n%d\n%%%%EOF\n' % start
        self.start = start
        return self

    def table(self, places, more=b'', free=None, eol=b' \n', head=b'xref\n', trailer=None):
        """@free: {number: (next, generation)}."""
        start = len(self.data) - self.shift
        free = {0: (0, 65535)} if free is None else free
        lines = head
        for run in runs({*places, *free}):
            lines += b'%d %d\n' % (run[0], len(run))
            for number in run:
                if number in free:
                    lines += b'%010d %05d f' % free[number] + eol
                else:
                    generation, offset = places[number]
                    lines += b'%010d %05d n' % (offset, generation) + eol
        trailer = self.trailer(more) if trailer is None else trailer
        self.data += lines + b'trailer\n<< %s >>\n' % trailer
        return self.end(start)

    def xref_stream(self, places, packed=None, more=b'', filtered=True, number=None,
                    has_startxref=True):
        """@packed: {number: (container, index)} of what is in object streams."""
        number = self.size if number is None else number
        self.size = max(self.size, number + 1)
        start = len(self.data) - self.shift
        places = {**places, number: (0, start)}
        packed = packed or {}
        free = {0} if self.start is None else set()
        rows, index = b'', b''
        for run in runs({*places, *packed, *free}):
            index += b'%d %d ' % (run[0], len(run))
            for one in run:
                kind, first, second = ((0, 0, 65535) if one in free else
                                       (2, *packed[one]) if one in packed else
                                       (1, places[one][1], places[one][0]))
                rows += (bytes([kind]) + first.to_bytes(4, 'big') + second.to_bytes(2, 'big'))
        keys = b'/Type /XRef /W [1 4 2] /Index [%s] %s' % (index, self.trailer(more))
        body = flate(rows, keys) if filtered else stream(rows, keys)
        self.data += b'%d 0 obj\n%s\nendobj\n' % (number, body)
        return self.end(start) if has_startxref else start


def pack(objects, more=b''):
    """The body of an object stream with these."""
    heads, bodies = b'', b''
    for number, body in objects.items():
        heads += b'%d %d ' % (number, len(bodies))
        bodies += body + b'\n'
    return flate(heads + bodies, b'/Type /ObjStm /N %d /First %d %s' % (len(objects), len(heads), more))


def whole(objects, version=b'1.7', generations=None, **options):
    """A file of one revision with a table."""
    file = File(version)
    return file.table(file.put(objects, generations), **options).data


def streamed(objects, packed, more=b'', container=20, **options):
    """A file of one revision whose @packed objects are in object stream @container."""
    file = File(b'1.5')
    inside = {number: objects[number] for number in packed}
    places = file.put({**{n: b for n, b in objects.items() if n not in packed},
                       container: pack(inside, more)})
    where = {number: (container, index) for index, number in enumerate(inside)}
    return file.xref_stream(places, where, **options).data


def update(data, objects, free=None, more=b''):
    """@data with a revision behind it that changes @objects."""
    file = File()
    file.data = data
    file.start = int(data[data.rindex(b'startxref') + 9:].split()[0])
    file.size = int(data[data.rindex(b'/Size') + 5:].split()[0])
    return file.table(file.put(objects), free=free or {}, more=more).data
