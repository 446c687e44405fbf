#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encrypted PDFs: signed with their password where their permissions allow it, valid for strangers,
still encrypted; and refused before anybody types a PIN where not."""

import io
import os
import re
import subprocess
import unicodedata

import odd_locked
import office
import office_services
import tap

SIGN, VERIFY = 'signatures.signDoc', 'signatures.verify'
ROOM = 64 * 1024  # what a signature may add, the image apart

# What `qpdf --encrypt` takes behind the passwords.
KINDS = {
    'RC4-40': ('40',),
    'RC4-128': ('128',),
    'AES-128': ('128', '--use-aes=y'),
    'AES-256 of Acrobat 9': ('256', '--force-R5'),
    'AES-256': ('256',),
}


def pdfsig(path, password):
    return subprocess.run(['pdfsig', '-nocert', '-upw', password or '', path],
                          capture_output=True, text=True).stdout


class Means:
    """What both cases do with encrypted letters."""

    def lock(self, kind, user, owner, *more, source=None):
        """The letter, encrypted."""
        data = (source or self.letter.path).read_bytes()
        path = self.home.path / 'locked.pdf'
        path.write_bytes(odd_locked.qpdf(
            *([] if kind.startswith('AES-256') else ['--allow-weak-crypto']),
            '--encrypt', user, owner, *KINDS[kind], *more, data=data))
        return path

    def call(self, method, params, password=None):
        with self.agent.connect() as client, odd_locked.secret(password) as fds:
            if fds:
                params = {**params, 'password': {'fd': 0}}
            return client.call(method, params, fds)

    def sign(self, request, source, name, password=None):
        target = self.out / name
        result = self.call(SIGN, {**request, 'input': {'path': str(source)},
                                  'output': {'path': str(target)}}, password)
        self.assertEqual(result['signature']['verdict'], 'valid')
        before, after = source.read_bytes(), target.read_bytes()
        self.assertEqual(after[:len(before)], before)
        if 'image' not in request:
            self.assertLessEqual(len(after) - len(before), ROOM)
        return target

    def refused(self, code, what, source, password, request, outcome='failed'):
        with odd_locked.secret(password) as fds:
            more = {'password': {'fd': 0}} if fds else {}
            self.refuse(code, what, {**request, **more}, source=source, outcome=outcome, fds=fds)

    def verify(self, path, password=None):
        return self.call(VERIFY, {'input': {'path': str(path)}}, password)

    def assert_valid(self, path, n, password):
        """By kyso, pdfsig and qpdf; and mutool and pdftotext read it."""
        found = self.verify(path, password)
        self.assertEqual((found['verdict'], len(found['signatures'])), ('valid', n))
        self.assertEqual(re.findall('Signature Validation: (.*)', pdfsig(path, password)),
                         ['Signature is Valid.'] * n)
        checked = subprocess.run(['qpdf', f'--password={password or ""}', '--check', path],
                                 capture_output=True, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        drawn = subprocess.run(['mutool', 'draw', '-p', password or '', '-F', 'text', path],
                               capture_output=True, text=True)
        self.assertNotRegex(drawn.stderr, 'error|repair|cannot')
        text = subprocess.run(['pdftotext', '-upw', password or '', path, '-'], check=True,
                              capture_output=True, text=True).stdout
        self.assertIn('CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', text)
        return found, text

    def approve_and_issue(self, locked, user):
        once = self.sign(self.approval(reserve=self.letter.reserve(), image={
            'path': str(self.home.images()[0])}), locked, 'once.pdf', user)
        self.assert_valid(once, 1, user)
        twice = self.sign(self.issue(image={'path': str(self.home.images()[1])}), once, 'twice.pdf', user)
        found, text = self.assert_valid(twice, 2, user)
        self.assertEqual((found['process'], found['advice']['accept']), ('complete', True))
        self.assertRegex(text, r'\b79\b')
        return twice


class Locked(Means, office.Case):
    def test_every_cipher_is_signed_and_issued(self):
        for kind in KINDS:
            for user in (None, 'secret') if kind == 'AES-256' else ('secret',):
                with self.subTest(f'{kind}, {"user" if user else "empty"} password'):
                    signed = self.approve_and_issue(self.lock(kind, user or '', 'owner'), user)
                    clear = signed.read_bytes()[len((self.home.path / 'locked.pdf').read_bytes()):]
                    self.assertIn(b'/Encrypt', clear)
                    self.assertNotIn(b'/T <FEFF', clear)  # the names of fields
                    self.assertNotIn(b'(D:2', clear)  # /M

    def test_the_name_of_the_signer_can_be_read_with_the_password_only(self):
        signed = self.sign(self.approval(), self.lock('AES-256', 'secret', 'owner'), 'named.pdf', 'secret')
        self.assertIn('Signer', pdfsig(signed, 'secret'))
        self.assertEqual(pdfsig(signed, 'wrong'), '')
        name = 'Nguyễn Văn Thử'.encode('utf-16-be')
        data = signed.read_bytes()
        self.assertNotIn(name.hex().upper().encode(), data)
        self.assertIn(name, bytes.fromhex(subprocess.run(
            ['mutool', 'show', '-p', 'secret', signed, 'grep'], check=True, capture_output=True, text=True
        ).stdout.split('/Name<FEFF')[1].split('>')[0]))

    def test_passwords_of_vietnamese_letters_composed_or_not(self):
        for form in ('NFC', 'NFD'):
            user = unicodedata.normalize(form, 'mở tệp')
            with self.subTest(form):
                source = self.lock('AES-256', unicodedata.normalize('NFC', user), 'owner')
                signed = self.sign(self.approval(), source, 'vietnamese.pdf', user)
                self.assertEqual(self.verify(signed, user)['verdict'], 'valid')
        source = self.lock('RC4-128', 'cà'.encode('latin-1'), 'owner')
        self.assertEqual(self.verify(self.sign(self.approval(), source, 'latin.pdf', 'cà'), 'cà')['verdict'],
                         'valid')

    def test_a_missing_or_wrong_password_is_told_and_costs_nothing(self):
        for kind in KINDS:
            with self.subTest(kind):
                source = self.lock(kind, 'secret', 'owner')
                self.refused('password_needed', f'{kind}, no password', source, None, self.approval())
                self.refused('password_wrong', f'{kind}, a wrong password', source, 'Secret', self.approval())
                for code, password in (('password_needed', None), ('password_wrong', 'wrong')):
                    self.assert_told(self.assert_refused(code, self.verify, source, password))

    def test_what_is_no_password_is_refused(self):
        source = self.lock('AES-256', 'secret', 'owner')
        for what, data in (('empty', b''), ('128 bytes', b'x' * 128)):
            self.refused('wrong_parameters', f'password: {what}', source, data, self.approval(), None)
        params = self.approval(password={'path': str(source)})
        self.refuse('wrong_parameters', 'password: a path', params, source=source, outcome=None)
        reader, writer = os.pipe()
        try:
            self.refuse('wrong_parameters', 'password: a pipe', self.approval(password={'fd': 0}),
                        source=source, outcome=None, fds=[reader])
        finally:
            os.close(reader)
            os.close(writer)
        self.refused('wrong_parameters', 'password of a file', source, 'secret', self.detached(), None)

    def test_permissions_are_kept_to(self):
        reserve = self.letter.reserve()
        for modify, new_field, filled in (('none', False, False), ('assembly', False, False),
                                          ('form', False, True), ('annotate', False, True),
                                          ('all', True, True)):
            for kind in ('RC4-128', 'AES-256') if modify == 'form' else ('AES-256',):
                with self.subTest(f'{kind}, --modify={modify}'):
                    source = self.lock(kind, '', 'owner', f'--modify={modify}')
                    if new_field:
                        self.sign(self.approval(), source, 'permitted.pdf')
                    else:
                        self.refused('signing_not_permitted', f'{kind}, --modify={modify}', source, None,
                                     self.approval(), 'refused')
                    once = self.sign(self.approval(reserve=reserve), source, 'owner.pdf', 'owner')
                    if filled:
                        self.assert_valid(self.sign(self.issue(), once, 'filled.pdf'), 2, None)
                    else:
                        self.refused('signing_not_permitted', f'{kind}, --modify={modify}, filled', once,
                                     None, self.issue(), 'refused')

    def test_permissions_before_revision_three(self):
        for bits, may in ((['--modify=n'], False), (['--annotate=n'], False), ([], True)):
            source = self.lock('RC4-40', '', 'owner', *bits)
            if may:
                self.sign(self.approval(), source, 'permitted.pdf')
            else:
                self.refused('signing_not_permitted', f'RC4-40, {bits[0]}', source, None, self.approval(),
                             'refused')

    def test_another_encryption_later_is_no_allowed_change(self):
        """A signed letter whose update says that it is encrypted reads otherwise from then on."""
        signed = self.out / 'signed.pdf'
        self.approve(signed)
        data = signed.read_bytes()
        start = int(re.findall(rb'startxref\s+(\d+)', data)[-1])
        root = re.findall(rb'/Root\s+(\d+ \d+ R)', data)[-1]
        size = max(int(n) for n in re.findall(rb'/Size\s+(\d+)', data))
        locked = odd_locked.qpdf('--encrypt', '', 'owner', '256', data=self.letter.path.read_bytes())
        keys = re.search(rb'/O <[0-9a-f]+> /OE <[0-9a-f]+> /P -?\d+ /Perms <[0-9a-f]+> /R 6 /StmF /StdCF '
                         rb'/StrF /StdCF /U <[0-9a-f]+> /UE <[0-9a-f]+>', locked)[0]
        keys = keys.replace(b'/StdCF', b'/Identity')
        stream = io.BytesIO()
        stream.write(data + b'\n')
        at = stream.tell()
        stream.write(b'%d 0 obj\n<< /Filter /Standard /V 5 /Length 256 /CF << >> %s >>\nendobj\n' % (size, keys))
        table = stream.tell()
        stream.write(b'xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root %s /Prev %d /Encrypt %d 0 R '
                     b'/ID [<00> <00>] >>\nstartxref\n%d\n%%%%EOF\n'
                     % (size, at, size + 1, root, start, size, table))
        path = self.home.path / 'later.pdf'
        path.write_bytes(stream.getvalue())
        found = self.verify(path)
        self.assertEqual(found['verdict'], 'invalid')
        self.assertEqual(found['signatures'][0]['difference']['status'], 'changed')

    def test_the_password_is_in_no_log_and_no_journal(self):
        source = self.lock('AES-256', 'Bí mật 1975', 'owner')
        self.sign(self.approval(), source, 'quiet.pdf', 'Bí mật 1975')
        self.refused('password_wrong', 'a wrong password, logged nowhere', source, 'Sai rồi 1975', self.approval())
        everywhere = self.agent.log() + repr(self.journal()) + self.home.pinentry_log()
        for password in ('Bí mật 1975', 'Sai rồi 1975'):
            self.assertNotIn(password, everywhere)

    def test_a_batch_has_one_password_or_each_its_own(self):
        first, second = self.home.path / 'first.pdf', self.home.path / 'second.pdf'
        first.write_bytes(self.lock('AES-256', 'one', 'owner').read_bytes())
        second.write_bytes(self.lock('AES-128', 'two', 'owner').read_bytes())
        documents = [{'input': {'path': str(path)}, 'output': {'path': str(self.out / path.name)}}
                     for path in (first, second, self.letter.path)]
        documents[1]['password'] = {'fd': 1}
        with self.agent.connect() as client, \
                odd_locked.secret('one') as one, odd_locked.secret('two') as two:
            result = client.call(SIGN, self.approval(documents=documents, password={'fd': 0}), [*one, *two])
        self.assertEqual([one['status'] for one in result['documents']], ['signed'] * 3)
        self.assert_valid(self.out / 'first.pdf', 1, 'one')
        self.assert_valid(self.out / 'second.pdf', 1, 'two')


class Lasting(Means, office_services.Case):
    def test_proofs_and_timestamps_go_into_an_encrypted_document(self):
        """With permission to sign fields that are there, but to make none: they belong to it."""
        for kind in ('RC4-128', 'AES-256'):
            with self.subTest(kind):
                source = self.lock(kind, 'secret', 'owner', '--modify=form')
                once = self.sign(self.approval(reserve=self.letter.reserve()), source, 'once.pdf', 'owner')
                last = self.out / 'last.pdf'
                result = self.call(SIGN, self.issue(conformance_level='AdES-B-LTA', input={'path': str(once)},
                                                    output={'path': str(last)}), 'secret')
                self.assertEqual(result['signature']['verdict'], 'valid')
                found = self.verify(last, 'secret')
                self.assertEqual((found['verdict'], found['process'], len(found['signatures'])),
                                 ('valid', 'complete', 3))
                # pdfsig knows no document timestamps
                self.assertEqual(pdfsig(last, 'secret').count('Signature is Valid.'), 2)
                subprocess.run(['qpdf', '--password=secret', '--check', last], check=True,
                               capture_output=True)
                shown = subprocess.run(['mutool', 'show', '-b', '-p', 'secret', last, 'trailer/Root/DSS/Certs/1'],
                                       check=True, capture_output=True).stdout
                self.assertIn(b'\x30\x82', shown)  # a certificate in DER


if __name__ == '__main__':
    tap.main()
