#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that are broken, hostile or not what they seem, and readers of documents that fail."""

import hashlib
import json
import os
import re
import struct
import subprocess
import zlib

import kyso_kit
import odd_files
import odd_forms
import odd_locked
import office
import tap

NO_PAGES = b"""%PDF-1.7
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [] /Count 0 >>
endobj
xref
0 3
0000000000 65535 f 
0000000009 00000 n 
0000000058 00000 n 
trailer
<< /Size 3 /Root 1 0 R >>
startxref
110
%%EOF
"""

# An update without a signature: it changes the title, as an editor would.
TITLE = b"""
%d 0 obj
<< /Title (Another title) >>
endobj
xref
%d 1
%010d 00000 n 
trailer
<< /Size %d /Root %s /Info %d 0 R /Prev %d >>
startxref
%d
%%%%EOF
"""


def in_memory(data):
    fd = os.memfd_create('password')
    os.write(fd, data)
    return fd


def png(width, height, rows=b''):
    """The head of an image; whole only where its compressed rows are given."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 6, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def add_unsigned_update(data):
    """The document with an incremental update behind it that nobody has signed."""
    startxref = int(re.findall(rb'startxref\s+(\d+)', data)[-1])
    root = re.findall(rb'/Root\s+(\d+ \d+ R)', data)[-1]
    number = max(int(size) for size in re.findall(rb'/Size\s+(\d+)', data))
    update_at = len(data) + 1
    body = b'\n%d 0 obj\n<< /Title (Another title) >>\nendobj\n' % number
    xref_at = len(data) + len(body)
    update = TITLE % (number, number, update_at, number + 1, root, number, startxref, xref_at)
    return data + update


class Documents(office.Case):
    def write(self, name, data):
        path = self.home.path / name
        path.write_bytes(data)
        return path

    def test_what_is_no_sound_pdf_is_refused(self):
        letter = self.letter.path.read_bytes()
        for name, code, data in (
            ('0 bytes', 'document_empty', b''),
            ('a PNG', 'document_not_pdf', png(1, 1, b'\0' * 5)),
            ('a text', 'document_not_pdf', 'Công văn\n'.encode() * 100),
            ('half of it', 'document_truncated', letter[:len(letter) // 2]),
            ('without its last line', 'document_truncated', letter[:letter.rindex(b'%%EOF')]),
            ('only the head', 'document_truncated', b'%PDF-1.7\n'),
            ('cross-references elsewhere', 'document_damaged',
             re.sub(rb'startxref\s+\d+', b'startxref\n17', letter)),
            ('no catalogue', 'document_damaged', letter.replace(b'/Root', b'/Roof')),
            ('objects overwritten', 'document_damaged', re.sub(rb'\d+ 0 obj', b'9 9 xxx', letter)),
            ('no pages', 'document_no_pages', NO_PAGES),
        ):
            with self.subTest(name):
                source = self.write('bad.pdf', data)
                self.refuse(code, f'document: {name}', self.approval(), source=source,
                            outcome='failed')
                with self.agent.connect() as client:
                    error = self.assert_refused(code, client.call, 'signatures.verify',
                                                {'input': {'path': str(source)}})
                self.assert_told(error)

    def damaged(self):
        """A letter whose cross-references are elsewhere."""
        return re.sub(rb'startxref\s+\d+', b'startxref\n17', odd_files.xref_table())

    def test_a_damaged_document_is_written_anew_where_asked(self):
        source, target = self.write('damaged.pdf', self.damaged()), self.out / 'mended.pdf'
        self.home.script_pinentry(f'pin {office.PIN}')
        with self.agent.connect() as client:
            result = client.sign_file(source, target, **self.approval(repair=True, metadata={
                'Subject': 'Về việc thử'}))
        self.assertEqual(source.read_bytes(), self.damaged())
        rewritten = result['rewritten']['digest']
        for language in ('vi', 'en'):
            self.assertTrue(result['rewritten']['warning'][language])
        self.assertEqual(result['input_digest'], hashlib.sha256(source.read_bytes()).hexdigest())
        self.assertNotEqual(result['input_digest'], rewritten)
        record = self.journal()[-1]
        self.assertEqual(record['document_digest'], result['input_digest'])
        self.assertEqual(json.loads(record['metadata']),
                         {'Subject': 'Về việc thử', 'rewritten_digest': rewritten})
        # What was signed ends where the first update begins.
        signed = target.read_bytes()
        original = signed[:signed.index(b'%%EOF\n') + len(b'%%EOF\n')]
        self.assertEqual(hashlib.sha256(original).hexdigest(), rewritten)
        self.assertIn('TỆP BỊ HỎNG, đã được dựng lại', self.home.pinentry_log())

    def test_a_sound_document_is_not_written_anew(self):
        target = self.out / 'sound.pdf'
        result = self.approve(target, repair=True)
        self.assertIsNone(result['rewritten'])
        self.assertTrue(target.read_bytes().startswith(self.letter.path.read_bytes()))

    def test_a_batch_says_which_document_was_damaged(self):
        sources = [self.write('sound.pdf', odd_files.xref_table()),
                   self.write('damaged.pdf', self.damaged())]
        documents = [{'input': {'path': str(source)}, 'output': {'path': str(self.out / source.name)}}
                     for source in sources]
        with self.agent.connect() as client:
            result = client.call('signatures.signDoc',
                                 self.approval(documents=documents, repair=True))
        self.assertEqual([one['rewritten'] is not None for one in result['documents']], [False, True])
        log = self.home.pinentry_log()
        self.assertIn('“damaged.pdf” (tệp hỏng, đã dựng lại)', log)
        self.assertNotIn('“sound.pdf” (', log)

    def test_a_secret_mark_is_found_on_what_is_written_anew(self):
        letter = self.make_letter('secret.pdf', '--mark', 'MẬT').path.read_bytes()
        source = self.write('bad.pdf', re.sub(rb'startxref\s+\d+', b'startxref\n17', letter))
        self.refuse('secret_document', 'stamp on a damaged page, with "repair"',
                    self.approval(repair=True), source=source, outcome='refused')

    def test_what_has_a_signature_is_not_written_anew(self):
        approved = self.out / 'approved.pdf'
        self.approve(approved)
        data = re.sub(rb'startxref\s+\d+', b'startxref\n17', approved.read_bytes())
        approved.unlink()
        source = self.write('bad.pdf', data)
        self.refuse('document_damaged', 'signed and damaged', self.approval(), source=source,
                    outcome='failed')
        self.refuse('signed_and_damaged', 'signed and damaged, with "repair"',
                    self.approval(repair=True), source=source, outcome='refused')

    def test_what_cannot_be_mended_is_told_as_it_was(self):
        for name, code, data in (('random bytes', 'document_not_pdf', odd_files.random_bytes()),
                                 ('only the head', 'document_truncated', b'%PDF-1.7\n')):
            self.refuse(code, f'{name}, with "repair"', self.approval(repair=True),
                        source=self.write('bad.pdf', data), outcome='failed')

    def test_a_dynamic_form_is_not_signed(self):
        self.refuse('dynamic_form', 'a form of XFA', self.approval(),
                    source=self.write('xfa.pdf', odd_forms.form_of_xfa()), outcome='refused')

    def test_an_earlier_signature_may_forbid_the_change(self):
        approved = self.out / 'approved.pdf'
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, approved, **self.approval())
        reserve = {'number': self.letter.places['number']}
        source = self.write('approved.pdf', approved.read_bytes())
        approved.unlink()
        self.refuse('changes_forbidden', 'new fields beside a signature',
                    self.approval(reserve=reserve), source=source, outcome='refused')

    def test_an_encrypted_document_takes_its_password_and_permissions(self):
        """test-locked has each cipher and permission."""
        target = self.home.path / 'encrypted.pdf'
        for code, user, modify, password in (('password_needed', 'secret', 'all', None),
                                             ('password_wrong', 'secret', 'all', b'wrong'),
                                             ('signing_not_permitted', '', 'none', None)):
            subprocess.run(['qpdf', '--encrypt', user, 'owner', '256', f'--modify={modify}', '--',
                            self.letter.path, target], check=True)
            params, fds = self.approval(), []
            if password:
                fds.append(in_memory(password))
                self.addCleanup(os.close, fds[0])
                params['password'] = {'fd': 0}
            self.refuse(code, f'encrypted, user password "{user}", --modify={modify}', params,
                        source=target, fds=fds,
                        outcome='refused' if code == 'signing_not_permitted' else 'failed')

    def test_encryption_for_certificates_is_refused(self):
        self.refuse('document_encrypted', 'encrypted for certificates', self.approval(),
                    source=self.write('certificates.pdf', odd_locked.encrypted_for_certificates()),
                    outcome='failed')

    def test_a_document_over_the_limit_is_refused(self):
        source = self.write('large.pdf', self.letter.path.read_bytes())
        os.truncate(source, 2 ** 31)
        target = self.out / 'result'
        for params in (self.approval(), self.detached()):
            with self.untouched(outcome='failed', code='document_too_large'):
                with self.agent.connect() as client:
                    self.assert_told(self.assert_refused(
                        'document_too_large', client.call, 'signatures.signDoc',
                        {'input': {'path': str(source)}, 'output': {'path': str(target)}, **params}))
            self.note('document_too_large', f'2 GiB and a byte, {params["purpose"]}', 'failed')

    def test_what_cannot_be_read_is_refused(self):
        os.mkfifo(self.home.path / 'fifo')
        for what, path in (('a file that is not there', self.home.path / 'nowhere.pdf'),
                           ('a folder', self.home.path),
                           ('a named pipe', self.home.path / 'fifo'),
                           ('a device', '/dev/zero')):
            with self.subTest(what):
                self.refuse('input_unreadable', f'input: {what}', self.approval(), source=path,
                            outcome=None)
        with (open(self.home.path / 'closed', 'wb') as writable, open('/dev/null', 'rb') as device):
            for what, fd in (('a descriptor not open for reading', writable.fileno()),
                             ('a descriptor of a device', device.fileno())):
                self.refuse('input_unreadable', f'input: {what}', self.approval(input={'fd': 0}),
                            outcome=None, fds=[fd])

    def test_a_caller_with_other_mounts_must_send_descriptors(self):
        if os.getuid() != 0 or subprocess.run(['unshare', '-m', 'true'], capture_output=True).returncode:
            self.skipTest('this machine gives no mount namespace')
        script = ('import json, sys; from kyso_client import Client, KysoError\n'
                  'try:\n    Client(sys.argv[1]).call("signatures.signDoc", json.loads(sys.argv[2]))\n'
                  'except KysoError as error:\n    print(error.code)')
        params = self.approval(input={'path': str(self.letter.path)},
                               output={'path': str(self.out / 'result')})
        with self.untouched():
            run = subprocess.run(
                ['unshare', '-m', 'python3', '-c', script, self.home.socket, json.dumps(params)],
                capture_output=True, text=True, check=True,
                env={**os.environ, 'PYTHONPATH': str(kyso_kit.KIT)})
        self.assertEqual(run.stdout.strip(), 'input_unreadable')
        self.note('input_unreadable', 'path of a caller with other mounts', None)

    def test_a_place_outside_of_the_page_is_refused(self):
        for rect, page in (([0, 0, 100, 50], 2), ([0, 0, 100, 50], -2),
                           ([2000, 2000, 2100, 2050], 1)):
            self.refuse('place_outside', f'place on page {page}, {rect}',
                        self.approval(place={'page': page, 'rect': rect}), outcome='failed')

    def test_a_bad_image_is_refused(self):
        for what, data in (('a text', b'no image'), ('empty', b''),
                           ('cut off', self.home.images()[0].read_bytes()[:2000]),
                           ('5000 pixels wide', png(5000, 1, b'\0' * 20001)),
                           ('without its rows', png(100, 100)),
                           ('over 8 MiB', png(1, 1, b'\0' * 5) + bytes(9 * 1024 * 1024))):
            with self.subTest(what):
                path = self.write('image.png', data)
                self.refuse('image_unreadable', f'image: {what}',
                            self.approval(image={'path': str(path)}), outcome='failed')

    def test_a_document_marked_secret_is_not_signed(self):
        for mark in ('MẬT', 'TỐI MẬT', 'TUYỆT MẬT'):
            letter = self.make_letter('secret.pdf', '--mark', mark)
            self.refuse('secret_document', f'stamp "{mark}" on the first page', self.approval(),
                        source=letter.path, outcome='refused')


class Signed(office.Case):
    """Documents that carry signatures already."""

    def setUp(self):
        super().setUp()
        self.approved = self.home.path / 'approved.pdf'
        self.approve(self.approved)
        self.data = self.approved.read_bytes()

    def refuse_changed(self, code, what, data, params, outcome='refused'):
        path = self.home.path / 'changed.pdf'
        path.write_bytes(data)
        self.refuse(code, what, params, source=path, outcome=outcome)
        with self.agent.connect() as client:
            return client.call('signatures.verify', {'input': {'path': str(path)}})

    def test_nothing_is_added_to_a_broken_signature(self):
        broken = bytearray(self.data)
        at = self.data.index(b'/CreationDate') + 20
        broken[at] ^= 1
        for params in (self.issue(), self.approval()):
            found = self.refuse_changed('earlier_signature_broken',
                                        f'{params["purpose"]} over a signature with a changed byte',
                                        bytes(broken), params)
            self.assertEqual(found['verdict'], 'invalid')
        contents = self.data.index(b'/Contents') + 3000
        self.refuse_changed('earlier_signature_broken', 'a changed byte inside the signature',
                            self.data[:contents] + b'0f' * 20 + self.data[contents + 40:],
                            self.issue())

    def test_nothing_is_added_to_what_was_changed_after_its_signature(self):
        changed = add_unsigned_update(self.data)
        for params in (self.issue(), self.approval()):
            found = self.refuse_changed('changed_after_signature',
                                        f'{params["purpose"]} over an unsigned update', changed, params)
            self.assertEqual(found['verdict'], 'invalid')

    def test_reserved_fields_must_be_filled_and_cannot_be_reserved_again(self):
        self.refuse('wrong_parameters', 'issue leaves the month open',
                    self.issue(fill={'number': '79', 'day': '15'}), source=self.approved,
                    outcome='failed')
        self.refuse('changes_forbidden', 'approve reserves again',
                    self.approval(reserve=self.letter.reserve()), source=self.approved,
                    outcome='refused')

    def test_a_place_that_hides_what_is_signed_is_refused(self):
        place = self.letter.places['leader']
        left, bottom, right, top = place['rect']
        for what, box in (('a seal reserved over all of the signature', place['rect']),
                          ('a seal reserved over half the page', [10, 10, 590, 420])):
            self.refuse('place_covers', what,
                        self.approval(reserve={**self.letter.reserve(),
                                               'seal': {'page': 1, 'rect': box}}),
                        outcome='failed')
        one, two = self.home.path / 'one.pdf', self.home.path / 'two.pdf'
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, one, **self.approval())
        for what, box in (('a second signature over the first', place['rect']),
                          ('a second signature of half a page', [10, 10, 590, 420])):
            self.refuse('place_covers', what, self.approval(place={'page': 1, 'rect': box}),
                        source=one, outcome='failed')
        beside = [left + (right - left) * 0.06, bottom, right, top]
        with self.agent.connect() as client:
            client.sign_file(one, two, **self.approval(place={'page': 1, 'rect': beside}))
            found = client.call('signatures.verify', {'input': {'path': str(two)}})
        self.assertEqual([entry['verdict'] for entry in found['signatures']], ['valid', 'valid'])

    def test_text_without_glyphs_is_refused(self):
        for text in ('七九', '\U0001F600'):
            self.refuse('text_not_drawable', f'number "{text}"',
                        self.issue(fill={'number': text, 'day': '15', 'month': '8'}),
                        source=self.approved, outcome='failed')

    def test_a_signature_that_is_none_is_told(self):
        garbage = self.home.path / 'garbage.p7s'
        for data in (b'no signature', b'', bytes(2 * 1024 * 1024)):
            garbage.write_bytes(data)
            with self.agent.connect() as client:
                error = self.assert_refused('signature_unreadable', client.call, 'signatures.verify',
                                            {'input': {'path': str(self.letter.path)},
                                             'signature': {'path': str(garbage)}})
            self.assert_told(error)
        self.note('signature_unreadable', 'verify with a file that is no signature', None)


class Readers(office.Case):
    """kyso-document itself fails."""

    can_sign_afterwards = False

    def run_reader(self, *lines):
        """Puts a program of these lines in place of kyso-document."""
        script = f'#!/bin/sh\n{chr(10).join(lines)}\n'
        self.restart_agent(
            executable=self.home.replace_programs({'agent/document/kyso-document': script}))

    def test_a_reader_that_fails_is_told(self):
        real = kyso_kit.program('agent/document/kyso-document')
        lying = kyso_kit.KIT / 'lying-document'
        for what, code, *lines in (
            ('crashes', 'document_worker_crashed', 'kill -SEGV $$'),
            ('ends', 'document_worker_crashed', 'exit 3'),
            ('is killed', 'document_worker_crashed', 'kill -KILL $$'),
            ('updates other bytes', 'increment_refused', f'exec {lying} {real} overlap'),
            ('hides our signature', 'result_invalid', f'exec {lying} {real} forget'),
        ):
            with self.subTest(what):
                self.run_reader(*lines)
                logins = 1 if code == 'result_invalid' else 0
                self.refuse(code, f'the reader {what}', self.approval(), outcome='failed',
                            logins=logins)

    def test_a_reader_cannot_have_another_document_signed(self):
        real = kyso_kit.program('agent/document/kyso-document')
        lying = kyso_kit.KIT / 'lying-document'
        self.run_reader(f'exec {lying} {real} write')
        for algorithm in ('1.2.840.113549.1.1.11', '1.2.840.113549.1.1.13'):
            with self.subTest(algorithm):
                self.approve(self.out / 'result', signAlgo=algorithm)
                signed = (self.out / 'result').read_bytes()
                self.assertTrue(signed.startswith(self.letter.path.read_bytes()))

    def test_a_reader_that_hangs_is_stopped(self):
        self.home.configure('document', 'seconds=1')
        self.run_reader('exec sleep 1000')
        self.refuse('document_worker_hung', 'the reader hangs', self.approval(), outcome='failed')

    def test_a_reader_that_talks_nonsense_is_told(self):
        self.run_reader('read line <&3', 'echo nonsense >&3', 'exec sleep 1000')
        self.announce('kyso-document')
        self.refuse('document_worker_crashed', 'the reader talks nonsense', self.approval(),
                    outcome='failed')

    def test_a_reader_that_was_missing_is_found_again(self):
        self.run_reader('exit 1')
        self.refuse('document_worker_crashed', 'the reader ends at once', self.approval(),
                    outcome='failed')
        self.sign_well()
        reader = self.home.path / 'programs' / 'agent' / 'document' / 'kyso-document'
        reader.unlink()
        reader.symlink_to(kyso_kit.program('agent/document/kyso-document'))
        self.approve(self.home.path / 'approved.pdf')


if __name__ == '__main__':
    tap.main()
