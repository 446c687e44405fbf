#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The letter that all other tests sign: if it were wrong, they would prove little."""

import math
import pathlib
import re
import subprocess
import tempfile
import unittest

import kyso_kit
import tap

PAGE_HEIGHT = 841.89


def words_inside(path, place):
    """The words that pdftotext finds in the place, to a whole point inwards."""
    x0, y0, x1, y1 = place['rect']
    left, right = math.ceil(x0), math.floor(x1)
    top, bottom = math.ceil(PAGE_HEIGHT - y1), math.floor(PAGE_HEIGHT - y0)
    run = subprocess.run(
        ['pdftotext', '-r', '72', '-f', str(place['page']), '-l', str(place['page']),
         '-x', str(left), '-y', str(top), '-W', str(right - left), '-H', str(bottom - top),
         path, '-'],
        check=True, capture_output=True, text=True,
    )
    return run.stdout.split()


class Letter(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def make(self, *options):
        return kyso_kit.make_letter(self.folder / 'letter.pdf', *options)

    def test_it_reads_as_an_official_letter(self):
        run = subprocess.run(['pdftotext', '-layout', self.make().path, '-'],
                             check=True, capture_output=True, text=True)
        for wanted in (
            r'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM',
            r'Số: +/UBND-VHTT',
            r'Thử Nghiệm, ngày +tháng +năm 2026',
            r'V/v tăng cường ký số',
            r'Kính gửi:',
            r'KT\. CHỦ TỊCH',
            r'PHÓ CHỦ TỊCH',
            r'Nguyễn Văn Thử',
        ):
            self.assertRegex(run.stdout, wanted)

    def test_the_blanks_and_the_signature_place_are_empty(self):
        letter = self.make()
        for name in ('number', 'day', 'month', 'leader'):
            self.assertEqual(words_inside(letter.path, letter.places[name]), [], name)

    def test_the_seal_covers_the_left_third_of_the_leaders_image(self):
        places = self.make().places
        leader, seal = places['leader']['rect'], places['seal']['rect']
        self.assertAlmostEqual(seal[2] - leader[0], (leader[2] - leader[0]) / 3, delta=0.1)
        self.assertAlmostEqual(seal[2] - seal[0], 36 * 72 / 25.4, delta=0.1)
        self.assertAlmostEqual(seal[3] - seal[1], 36 * 72 / 25.4, delta=0.1)

    def test_its_fonts_are_embedded_and_none_is_a_fallback(self):
        run = subprocess.run(['pdffonts', self.make().path], check=True, capture_output=True, text=True)
        fonts = run.stdout.splitlines()[2:]
        self.assertTrue(fonts)
        for line in fonts:
            self.assertRegex(line, r'^[A-Z]{6}\+LiberationSerif.* yes yes (yes|no)')

    def test_it_grows_as_told_and_stays_sound(self):
        for options, pages, size in (
            (['--pages', '5'], 5, 0),
            (['--scans', '10'], 3, 10_000_000),
            (['--objects', '4000'], 1001, 500_000),
        ):
            with self.subTest(options=options):
                letter = self.make(*options)
                self.assertEqual(letter.pages, pages)
                self.assertGreaterEqual(letter.path.stat().st_size, size)
                check = subprocess.run(['qpdf', '--check', letter.path], capture_output=True)
                self.assertEqual(check.returncode, 0)
                found = subprocess.run(['pdfinfo', letter.path], capture_output=True, text=True)
                self.assertEqual(int(re.search(r'^Pages: +(\d+)', found.stdout, re.M)[1]), pages)

    def test_the_same_options_give_the_same_bytes(self):
        self.assertEqual(self.make().path.read_bytes(), self.make().path.read_bytes())


if __name__ == '__main__':
    tap.main()
