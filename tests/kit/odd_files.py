# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd files: cross-references, offsets, revisions, header and end. See odd_pdfs."""

import re

from odd_pdfs import REPAIRED, SIGNS, odd
from odd_writer import WORDS, File, flate, pack, simple, stream, streamed, update, whole


def sound(**options):
    return whole(simple(), **options)


# Cross-references as they may be

@odd(SIGNS)
def xref_table():
    return sound()


@odd(SIGNS)
def xref_stream():
    return streamed(simple(), [])


@odd(SIGNS)
def xref_stream_not_compressed():
    return streamed(simple(), [], filtered=False)


@odd(SIGNS)
def object_streams():
    return streamed(simple(), [1, 2, 3, 5])


@odd(SIGNS)
def object_stream_extends_another():
    objects = simple()
    file = File(b'1.5')
    places = file.put({4: objects[4], 20: pack({1: objects[1], 2: objects[2]}),
                       21: pack({3: objects[3], 5: objects[5]}, b'/Extends 20 0 R')})
    return file.xref_stream(places, {1: (20, 0), 2: (20, 1), 3: (21, 0), 5: (21, 1)}).data


@odd(SIGNS)
def hybrid():
    """A table for old readers; what is in object streams, only new ones see."""
    objects = simple(b'/Metadata 6 0 R', more={6: stream(b'<x/>', b'/Type /Metadata /Subtype /XML'),
                                             7: b'<< /Producer (kit) >>'})
    file = File(b'1.5')
    places = file.put({**{n: b for n, b in objects.items() if n != 7}, 20: pack({7: objects[7]})})
    at = file.xref_stream({20: places.pop(20)}, {7: (20, 0)}, number=21, has_startxref=False)
    return file.table(places, b'/Info 7 0 R /XRefStm %d' % at, free={0: (0, 65535), 7: (0, 0)}).data


@odd(SIGNS)
def table_then_stream():
    file = File(b'1.5')
    file.table(file.put(simple()))
    return file.xref_stream(file.put({4: stream(WORDS + b' ')})).data


@odd(SIGNS)
def stream_then_table():
    return update(streamed(simple(), [1, 2]), {4: stream(WORDS + b' ')})


@odd(SIGNS)
def table_in_many_sections():
    return whole({**simple(), 9: b'(a)', 13: b'(b)', 17: b'(c)', 90: b'(d)'})


@odd(SIGNS)
def table_with_crlf():
    return sound(eol=b'\r\n')


@odd(SIGNS)
def table_with_cr_before_xref():
    return sound(head=b'\r\rxref\r\n')


@odd(SIGNS)
def table_with_entries_of_19_bytes():
    return sound(eol=b'\n')


@odd(REPAIRED)
def table_with_wrong_count():
    return sound().replace(b'xref\n0 6\n', b'xref\n0 9\n')


@odd(REPAIRED)
def table_that_begins_at_1():
    """As many old producers wrote it: object 0 is counted as 1."""
    return sound().replace(b'xref\n0 6\n', b'xref\n1 6\n')


@odd(SIGNS)
def free_list_with_loop():
    objects = {**simple(), 8: b'(last)'}
    file = File()
    return file.table(file.put(objects), free={0: (7, 65535), 6: (7, 1), 7: (6, 1)}).data


@odd(SIGNS)
def free_list_without_head():
    file = File()
    return file.table(file.put(simple()), free={0: (0, 0)}).data


@odd(SIGNS)
def object_freed_and_used_again():
    data = update(whole({**simple(), 6: b'(old)'}), {4: stream(WORDS + b' ')}, free={6: (0, 1)})
    file = File()
    file.data, file.start, file.size = data, int(re.findall(rb'startxref\s(\d+)', data)[-1]), 7
    return file.table(file.put({6: b'(new)'}, {6: 1}), free={}).data


@odd(SIGNS)
def generations_above_0():
    objects = simple()
    objects[1] = objects[1].replace(b'2 0 R', b'2 3 R')
    objects[2] = objects[2].replace(b'3 0 R', b'3 7 R')
    objects[3] = objects[3].replace(b'2 0 R', b'2 3 R')
    return whole(objects, generations={2: 3, 3: 7})


@odd('document_damaged')
def object_0_is_used():
    objects = simple()
    objects[2] = objects[2].replace(b'3 0 R', b'0 0 R')
    file = File()
    places = file.put({0: objects.pop(3), **objects})
    return file.table(places, free={}).data


@odd(SIGNS)
def size_too_small():
    return sound().replace(b'/Size 6', b'/Size 3')


@odd(SIGNS)
def size_too_large():
    return sound().replace(b'/Size 6', b'/Size 600')


@odd(REPAIRED)
def size_of_ten_digits():
    return sound().replace(b'/Size 6', b'/Size 4294967296')


@odd(SIGNS)
def object_number_of_seven_digits():
    return whole({**simple(), 8388000: b'(far)'})


@odd(REPAIRED)
def object_number_out_of_range():
    return whole({**simple(), 2147483640: b'(too far)'})


@odd(SIGNS)
def object_twice_in_the_file():
    """The first one is in no table."""
    file = File()
    file.put({4: stream(b'BT (old) Tj ET')})
    return file.table(file.put(simple())).data


# Offsets that are wrong, and ends that are missing

@odd(REPAIRED)
def startxref_off_by_some_bytes():
    return re.sub(rb'startxref\n(\d+)', lambda m: b'startxref\n%d' % (int(m[1]) + 7), sound())


@odd(REPAIRED)
def startxref_zero():
    return re.sub(rb'startxref\n\d+', b'startxref\n0', sound())


@odd(REPAIRED)
def offsets_off_by_some_bytes():
    """As a text editor leaves it, that took a byte out of the head."""
    return sound().replace(b'\xe2\xe3\xcf\xd3', b'\xe2')


@odd(REPAIRED)
def line_ends_converted():
    return sound().replace(b'\n', b'\r\n')


@odd(REPAIRED)
def no_startxref():
    return sound().split(b'startxref')[0]


@odd(REPAIRED)
def no_end_of_file_mark():
    return sound().replace(b'%%EOF\n', b'')


@odd('document_truncated')
def cut_off_before_the_table():
    """Nobody says any more which object the catalogue is."""
    return sound().split(b'xref\n')[0]


@odd('document_truncated')
def cut_off_in_the_middle():
    """Neither font nor page is there any more."""
    data = sound()
    return data[:data.index(b'3 0 obj') + 20]


@odd(REPAIRED)
def junk_before_header():
    """Offsets count from the file's first byte."""
    file = File(before=b'From scanner@example.vn\r\n')
    return file.table(file.put(simple())).data


@odd(REPAIRED)
def junk_before_header_not_counted():
    """Offsets count from the header."""
    junk = b'\xef\xbb\xbf'
    file = File(before=junk, shift=len(junk))
    return file.table(file.put(simple())).data


@odd(REPAIRED)
def header_beyond_1024_bytes():
    return b' ' * 1025 + sound()


@odd(SIGNS)
def junk_behind_the_end():
    return sound() + b'\r\n' * 40 + b'-- scanned by an MFP --\n'


@odd(REPAIRED)
def much_junk_behind_the_end():
    return sound() + b'\0' * 5000


@odd(SIGNS)
def several_ends():
    return sound() + b'%%EOF\n%%EOF\n%%EOF\n'


@odd(SIGNS)
def end_without_line_end():
    return sound().rstrip(b'\n')


@odd(SIGNS)
def fifty_revisions():
    data = sound()
    for number in range(50):
        data = update(data, {4: stream(WORDS + b' %%%d' % number)})
    return data


@odd(REPAIRED)
def prev_loop():
    """The older table names the newer one as its own older one."""
    data = update(sound(), {4: stream(WORDS + b' ')})
    last = int(re.findall(rb'startxref\s(\d+)', data)[-1])
    return data.replace(b'/Size 6 /Root 1 0 R  >>', b'/Size 6/Root 1 0 R/Prev %d>>' % last, 1)


@odd(REPAIRED)
def prev_to_nowhere():
    return re.sub(rb'/Prev \d+', b'/Prev 5', update(sound(), {4: stream(WORDS + b' ')}))


@odd('document_truncated')
def startxref_of_twenty_digits():
    """More than any file has; qpdf gives up where a number does not fit."""
    return re.sub(rb'startxref\n(\d+)', b'startxref\n99999999999999999999', sound())


@odd(SIGNS)
def offset_beyond_the_file_of_what_nobody_uses():
    file = File()
    places = file.put(simple())
    return file.table({**places, 6: (0, 9999999999)}).data


@odd(REPAIRED)
def offset_of_ten_digits():
    """That of the catalogue, in a file that is not that large."""
    file = File()
    places = file.put(simple())
    return file.table({**places, 1: (0, 9999999999)}).data


# Files that are none

@odd('document_empty')
def no_bytes():
    return b''


@odd('document_truncated')
def only_the_header():
    return b'%PDF-1.7\n'


@odd('document_not_pdf')
def random_bytes():
    return bytes((i * i * 31 + i // 7) % 251 for i in range(5000))


@odd('document_truncated')
def header_and_random_bytes():
    return b'%PDF-1.7\n' + random_bytes()


# Streams and their lengths

@odd(SIGNS)
def length_indirect():
    return whole({**simple(), 4: stream(WORDS, length=b'6 0 R'), 6: b'%d' % len(WORDS)})


@odd(SIGNS)
def length_wrong_in_a_page():
    """Nobody needs the page's content to sign; poppler finds its end by itself."""
    return whole({**simple(), 4: stream(WORDS, length=b'7')})


@odd(SIGNS)
def length_to_itself():
    return whole({**simple(), 4: stream(WORDS, length=b'4 0 R')})


@odd(SIGNS)
def filters_chained():
    packed = flate(WORDS)
    data = packed[packed.index(b'stream\n') + 7:-len(b'\nendstream')]
    return whole({**simple(), 4: stream(data.hex().encode() + b'>',
                                        b'/Filter [/ASCIIHexDecode /FlateDecode]')})


@odd(SIGNS)
def filter_unknown():
    return whole({**simple(), 4: stream(WORDS, b'/Filter /KitDecode')})


@odd(SIGNS)
def filter_data_broken():
    return whole({**simple(), 4: stream(b'\x78\x9c not deflated', b'/Filter /FlateDecode')})


# Versions

@odd(SIGNS)
def version_1_0():
    return whole(simple(), b'1.0')


@odd(SIGNS)
def version_1_3():
    return whole(simple(), b'1.3')


@odd(SIGNS)
def version_2_0():
    return whole(simple(), b'2.0')


@odd(SIGNS)
def version_in_the_catalogue():
    return whole(simple(b'/Version /1.7'), b'1.2')


@odd(SIGNS)
def version_from_the_future():
    return whole(simple(), b'3.9')
