# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages as pixels, by pdftoppm, and what is new on one: for tests that measure what kyso draws.

    new = difference(picture(before), picture(after), within)
    new.box.width_mm

Lengths are points from the top left of the page as it is shown, unless they end in _mm. Only the
standard library is used; pages are compared row by row, so that most of the white costs nothing."""

import collections
import struct
import subprocess
import zlib

DPI = 300
POINT = DPI / 72
MM = 72 / 25.4
WHITE = (255, 255, 255)
FAINT = 0.02  # of the alpha: not drawn


class Box(collections.namedtuple('Box', 'x0 y0 x1 y1')):
    width = property(lambda self: self.x1 - self.x0)
    height = property(lambda self: self.y1 - self.y0)
    width_mm = property(lambda self: self.width / MM)
    height_mm = property(lambda self: self.height / MM)
    middle = property(lambda self: ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2))

    def grown(self, by):
        return Box(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def holds(self, other, slack=0.0):
        return (self.x0 - slack <= other.x0 and self.y0 - slack <= other.y0
                and self.x1 + slack >= other.x1 and self.y1 + slack >= other.y1)


class Picture:
    """RGB, 8 bits."""

    def __init__(self, width, height, data):
        self.width, self.height, self.data = width, height, data
        self.page = Box(0, 0, width / POINT, height / POINT)

    def row(self, y, x0, x1):
        start = (y * self.width) * 3
        return self.data[start + x0 * 3:start + x1 * 3]

    def pixels_of(self, box):
        """`box` in whole pixels that lie on the page."""
        return (max(0, int(box.x0 * POINT)), max(0, int(box.y0 * POINT)),
                min(self.width, int(box.x1 * POINT) + 1), min(self.height, int(box.y1 * POINT) + 1))


def picture(path, page=1):
    out = subprocess.run(['pdftoppm', '-r', str(DPI), '-cropbox', '-f', str(page), '-l', str(page), path],
                         check=True, capture_output=True).stdout
    magic, size, depth, data = out.split(b'\n', 3)
    assert (magic, depth) == (b'P6', b'255'), (magic, depth)
    width, height = map(int, size.split())
    assert len(data) == width * height * 3
    return Picture(width, height, data)


def blank(like):
    return Picture(like.width, like.height, b'\xff' * len(like.data))


class Difference:
    """`box` around all that differs, None where nothing does; `pixels` [(x, y, before, after)]."""

    def __init__(self, pixels):
        self.pixels = pixels
        xs, ys = [p[0] for p in pixels], [p[1] for p in pixels]
        self.box = Box(min(xs) / POINT, min(ys) / POINT, (max(xs) + 1) / POINT,
                       (max(ys) + 1) / POINT) if pixels else None

    def colour(self):
        """The most frequent one of what was white."""
        drawn = collections.Counter(after for _, _, before, after in self.pixels if before == WHITE)
        return drawn.most_common(1)[0][0]

    def is_grey(self):
        return all(max(after) - min(after) <= 2 for _, _, _, after in self.pixels)

    def darkest(self):
        return min(after for _, _, _, after in self.pixels)

    def covers_nothing(self):
        return all(before == WHITE for _, _, before, _ in self.pixels)

    def ink(self):
        return sum(765 - sum(after) for _, _, _, after in self.pixels) / 765


def difference(before, after, within=None):
    assert (before.width, before.height) == (after.width, after.height)
    x0, y0, x1, y1 = before.pixels_of(within or before.page)
    pixels = []
    for y in range(y0, y1):
        one, other = before.row(y, x0, x1), after.row(y, x0, x1)
        if one == other:
            continue
        for i in range(0, len(one), 3):
            if one[i:i + 3] != other[i:i + 3]:
                pixels.append((x0 + i // 3, y, tuple(one[i:i + 3]), tuple(other[i:i + 3])))
    return Difference(pixels)


def lean(new):
    """How far what is drawn leans, in parts of its height: leant back by that, its stems stand in the
    fewest columns. Italics lean by 0.2 to 0.3, mirrored ones by as much the other way."""
    dark = [(x, y) for x, y, _, after in new.pixels if sum(after) < 200]

    def sharpness(by):
        columns = collections.Counter(int(x + by * y) for x, y in dark)
        return sum(count * count for count in columns.values())
    return max((step / 20 for step in range(-6, 7)), key=sharpness)


def ink_of(page, within):
    """All that is not white there."""
    return difference(blank(page), page, within)


# ---- PNG ----

def _chunks(data):
    at = 8
    while at < len(data):
        size, name = struct.unpack('>I4s', data[at:at + 8])
        yield name, data[at + 8:at + 8 + size]
        at += 12 + size


def _unfilter(kind, row, above):
    for i in range(len(row)):
        left = row[i - 4] if i >= 4 else 0
        up, corner = above[i], above[i - 4] if i >= 4 else 0
        guess = left + up - corner
        paeth = min((abs(guess - left), 0, left), (abs(guess - up), 1, up),
                    (abs(guess - corner), 2, corner))[2]
        row[i] = (row[i] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255


class Image:
    """A PNG of 8 bits with alpha; `alpha` rows."""

    def __init__(self, path):
        chunks = list(_chunks(path.read_bytes()))
        self.width, self.height, *form = struct.unpack('>IIBBBBB', chunks[0][1])
        assert form == [8, 6, 0, 0, 0], form
        raw = zlib.decompress(b''.join(body for name, body in chunks if name == b'IDAT'))
        self.alpha, above, step = [], bytearray(self.width * 4), self.width * 4 + 1
        for y in range(self.height):
            row = bytearray(raw[y * step + 1:(y + 1) * step])
            _unfilter(raw[y * step], row, above)
            self.alpha.append(row[3::4])
            above = row

    def drawn(self):
        """Box of what is not transparent, in parts of the image."""
        least = int(255 * FAINT)
        rows = [y for y, row in enumerate(self.alpha) if max(row) > least]
        columns = [x for x in range(self.width) if any(row[x] > least for row in self.alpha)]
        return Box(columns[0] / self.width, rows[0] / self.height, (columns[-1] + 1) / self.width,
                   (rows[-1] + 1) / self.height)

    def grid(self, n):
        """Coverage in n × n cells of the image, row by row, 0 to 1."""
        sums = [0] * (n * n)
        for y, row in enumerate(self.alpha):
            for x, alpha in enumerate(row):
                sums[y * n // self.height * n + x * n // self.width] += alpha
        return [total * n * n / (255 * self.width * self.height) for total in sums]


def with_print_size(source, target, width_mm):
    """The PNG `source`, saying of itself (pHYs) how wide it is printed."""
    data = source.read_bytes()
    pixels = struct.unpack('>I', data[16:20])[0]
    dots = round(pixels * 1000 / width_mm)
    body = b'pHYs' + struct.pack('>IIB', dots, dots, 1)
    chunk = struct.pack('>I', 9) + body + struct.pack('>I', zlib.crc32(body))
    target.write_bytes(data[:33] + chunk + data[33:])


def placed(image, ink):
    """Where all of `image` lies, of which `ink` is what shows."""
    part = image.drawn()
    width, height = ink.width / part.width, ink.height / part.height
    x0, y0 = ink.x0 - part.x0 * width, ink.y0 - part.y0 * height
    return Box(x0, y0, x0 + width, y0 + height)


def grid_on_page(new, box, n, colour):
    """Coverage by what is drawn in `colour`, in n × n cells of `box`, as Image.grid()."""
    sums = [0.0] * (n * n)
    for x, y, before, after in new.pixels:
        column = int((x / POINT - box.x0) / box.width * n)
        row = int((y / POINT - box.y0) / box.height * n)
        if 0 <= column < n and 0 <= row < n:
            sums[row * n + column] += (sum(before) - sum(after)) / (765 - sum(colour))
    cell = box.width * box.height * POINT * POINT / (n * n)
    return [total / cell for total in sums]


def turned(grid, n):
    """By 90 degrees."""
    return [grid[(n - 1 - column) * n + row] for row in range(n) for column in range(n)]
