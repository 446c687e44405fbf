# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a purpose's look is measured, for tests/show/layouts. Each measure gives (what, as shown,
holds). The lengths are those of Decree 30/2020, annexes I and IV."""

import datetime
import html
import re
import subprocess
import unicodedata

import page_pixels as pixels
from page_pixels import MM, Box

RED, BLUE = (221, 46, 53), (34, 58, 166)  # of the kit's images, over white paper
SAME_COLOUR = 4  # of 255
VIETNAM = datetime.timezone(datetime.timedelta(hours=7))
WORD = re.compile(r'<word xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)</word>')
BASES = 'aăâeêioôơuưyAĂÂEÊIOÔƠUƯY'
TONES = '\u0300\u0301\u0309\u0303\u0323'
LETTERS = [*'ăâđêôơưĂÂĐÊÔƠƯ',
           *(unicodedata.normalize('NFC', base + tone) for base in BASES for tone in TONES)]
FORM = 0.69    # of the size: how high a "0" of Times New Roman's measures is
EM = 1.107     # of the size: its ascent and descent
GRID = 24
OPEN = 0.6     # of the seal, from its left: what no image lies over


class Page:
    """Page 1 of a PDF: its pixels, and its words with their boxes."""

    def __init__(self, path):
        self.path = path
        self.pixels = pixels.picture(path)
        text = subprocess.run(['pdftotext', '-bbox', '-cropbox', '-l', '1', path, '-'], check=True,
                              capture_output=True, text=True).stdout
        self.words = [(html.unescape(match[5]), Box(*map(float, match.groups()[:4])))
                      for match in WORD.finditer(text)]

    def all(self, word):
        return [box for text, box in self.words if text == word]

    def one(self, word):
        boxes = self.all(word)
        assert len(boxes) == 1, (word, boxes, self.path)
        return boxes[0]

    def within(self, box):
        return [(text, place) for text, place in self.words if box.holds(place, 1.5)]

    def new_words(self, before):
        known = list(before.words)
        new = []
        for word in self.words:
            known.remove(word) if word in known else new.append(word)
        return new

    def new(self, before, within=None):
        return pixels.difference(before.pixels, self.pixels, within)


def in_page(page, place):
    """A place of the answer; the page's origin at its bottom is that of what is shown."""
    x0, y0, x1, y1 = place['rect']
    return Box(x0, page.pixels.page.y1 - y1, x1, page.pixels.page.y1 - y0)


def is_colour(seen, wanted):
    return all(abs(one - other) <= SAME_COLOUR for one, other in zip(seen, wanted))


def is_blue(new):
    """Small images are drawn from many of their points, so that none has the full colour."""
    red, green, blue = (sum(after[i] for _, _, _, after in new.pixels) for i in range(3))
    return blue > green > red


def mm(length):
    return f'{length / MM:.2f} mm'


# ---- the leader's image, the seal ----

def leader_image(before, after, source, position, name):
    """`position`, `name`: boxes of the lines above and below."""
    new = after.new(before)
    box = pixels.placed(source, new.box)
    (x, y), middle = box.middle, (position.y1 + name.y0) / 2
    sideways, up = x - name.middle[0], y - middle
    return box, [
        ('colour', '%d %d %d' % new.colour(), is_colour(new.colour(), BLUE)),
        ('between position and name', f'{up / MM:+.1f} mm of the middle',
         abs(up) <= 2 * MM and box.y0 >= position.y1 - 1 and box.y1 <= name.y0 + 4),
        ('centred on the name', f'{sideways / MM:+.1f} mm', abs(sideways) <= 1 * MM),
        ('covers nothing', new.covers_nothing(), new.covers_nothing()),
    ]


def seal(before, after, source, around, wanted_mm):
    new = after.new(before, around)
    box = pixels.placed(source, new.box)
    upright = is_upright(new, box, source)
    return box, [
        ('seal, width', f'{box.width_mm:.2f} mm of {wanted_mm}', abs(box.width_mm - wanted_mm) <= 0.5),
        ('seal, height', f'{box.height_mm:.2f} mm of {wanted_mm}',
         abs(box.height_mm - wanted_mm) <= 0.5),
        ('seal, colour', '%d %d %d' % new.colour(), is_colour(new.colour(), RED)),
        ('seal, upright', upright, upright),
    ]


def is_upright(new, box, source):
    """What is drawn is more like the image than like the image turned, by far."""
    drawn, grids = pixels.grid_on_page(new, box, GRID, new.colour()), [source.grid(GRID)]
    for _ in range(3):
        grids.append(pixels.turned(grids[-1], GRID))
    faults = [sum(abs(a - b) for i, (a, b) in enumerate(zip(drawn, grid)) if i % GRID < OPEN * GRID)
              for grid in grids]
    return faults[0] * 2 < min(faults[1:])


def overlap(image_box, seal_box):
    part = (seal_box.x1 - image_box.x0) / image_box.width
    left = seal_box.x0 < image_box.x0
    level = abs(seal_box.middle[1] - image_box.middle[1])
    return [
        ('seal over the left of the image', f'{part:.1%}', left and abs(part - 1 / 3) <= 0.05),
        ('seal level with the image', mm(level), level <= 2 * MM),
    ]


# ---- number and date ----

def ink_bottom(page, box):
    return pixels.ink_of(page.pixels, box).box.y1


def blanks(after, number, day, month):
    """Each in its blank: behind the word before, in front of the word behind."""
    so = after.one('Số:')
    behind = min((box for text, box in after.words
                  if text.startswith('/') and abs(box.middle[1] - so.middle[1]) < 4), key=lambda b: b.x0)
    line = [(text, box) for text, box in after.words
            if text in ('ngày', 'tháng', 'năm', day, month) and abs(box.middle[1] - so.middle[1]) < 12
            and box.x0 > so.x0 + 200]
    order = [text for text, box in sorted(line, key=lambda entry: entry[1].x0)]
    put = after.one(number)
    is_between = so.x1 <= put.x0 and put.x1 <= behind.x0
    low = ink_bottom(after, put) - ink_bottom(after, so)
    rows = [
        ('number between "Số:" and "/"', f'{put.x0 - so.x1:.1f} pt, {behind.x0 - put.x1:.1f} pt',
         is_between),
        ('number on the line of "Số:"', f'{low:+.1f} pt', abs(low) <= 1),
        ('day and month in their blanks', ' '.join(order),
         order == ['ngày', day, 'tháng', month, 'năm']),
    ]
    for earlier, later in zip(sorted(line, key=lambda e: e[1].x0), sorted(line, key=lambda e: e[1].x0)[1:]):
        if later[1].x0 < earlier[1].x1:
            rows.append(('apart', f'{earlier[0]} {later[0]}', False))
    return rows


# ---- texts ----

def reference(before, after, expected, signed_at):
    """The line of appendices and copies; `expected`: what stands before the time."""
    new = after.new(before)
    words = after.new_words(before)
    text = ' '.join(text for text, _ in words)
    moment = datetime.datetime.fromisoformat(signed_at).astimezone(VIETNAM)
    wanted = f'{expected}; {moment:%d/%m/%Y; %H:%M:%S} +07:00'
    age = abs((datetime.datetime.now(VIETNAM) - moment).total_seconds())
    zone = next((box for text, box in words if text == '+07:00'), None)
    digits = pixels.ink_of(after.pixels, Box(zone.x1 - 9.6, zone.y0, zone.x1 + 0.4, zone.y1)).box
    size, drawn = zone.height / EM, digits.height / FORM
    page, first = after.pixels.page, min(box.y0 for _, box in before.words)
    edge = (page.x1 - new.box.x1) / MM
    return [
        ('text', text, text == wanted and age < 120),
        ('size', f'{size:.2f} pt, drawn {drawn:.1f} pt', abs(size - 10) < 0.1 and abs(drawn - 10) < 0.4),
        ('top right', f'{edge:.1f} mm of the edge', 3 <= edge <= 20 and new.box.y0 >= 3 * MM
         and new.box.y1 <= min(20 * MM, first) and new.box.x0 > page.x1 * 0.4),
        ('black', '%d %d %d' % new.darkest(), new.is_grey() and max(new.darkest()) <= 8),
        ('upright', f'leans {pixels.lean(new):+.2f}', abs(pixels.lean(new)) < 0.06),
        ('covers nothing', new.covers_nothing(), new.covers_nothing()),
    ]


def stamp(before, after, texts):
    new = after.new(before)
    inside = [text for text, _ in after.within(new.box)]
    shown = all(text.split() == inside[at:at + len(text.split())]
                for text in texts for at in [find(inside, text.split())])
    return [
        ('frame', f'{new.box.width_mm:.2f} x {new.box.height_mm:.2f} mm',
         abs(new.box.width_mm - 50) <= 0.5 and abs(new.box.height_mm - 35) <= 0.5),
        ('texts', ' '.join(inside), shown),
        ('covers nothing', new.covers_nothing(), new.covers_nothing()),
    ]


def find(words, part):
    return next((at for at in range(len(words)) if words[at:at + len(part)] == part), len(words))


def comment(before, after, text, place):
    new = after.new(before)
    words = after.new_words(before)
    lines = len({round(box.y0) for _, box in words})
    box = in_page(after, place)
    return [
        ('wrapped in its box', f'{lines} lines', lines > 1 and box.holds(new.box, 0.5)),
        ('text', ' '.join(text for text, _ in words)[:30] + '...',
         [text for text, _ in words] == text.split()),
        ('black', '%d %d %d' % new.darkest(), new.is_grey() and max(new.darkest()) <= 8),
        ('covers nothing', new.covers_nothing(), new.covers_nothing()),
    ]


def letters(before, after):
    """Each Vietnamese letter with marks is there, and has more ink than the letter without its last."""
    words = dict(after.new_words(before))
    inks = {text: pixels.ink_of(after.pixels, box).ink() for text, box in words.items()
            if len(text) == 1}
    plain = {'đ': 'd', 'Đ': 'D'}
    bad = [letter for letter in LETTERS if letter not in inks or not (
        inks[letter] > inks[plain.get(letter) or unicodedata.normalize('NFD', letter)[0]] * 1.01
        or letter in 'ìíỉĩ')]
    return [('Vietnamese letters', f'{len(LETTERS) - len(bad)} of {len(LETTERS)} {"".join(bad)}',
             not bad and len(LETTERS) == 134)]


def fonts(before, after):
    def listed(path):
        out = subprocess.run(['pdffonts', path], check=True, capture_output=True, text=True).stdout
        return out.splitlines()[2:]
    known = set(listed(before.path))
    new = [line.split() for line in listed(after.path) if line not in known]
    flags = {tuple(row[-5:-3]) for row in new}
    return [('fonts embedded, subset', f'{len(new)} fonts', bool(new) and flags == {('yes', 'yes')})]
