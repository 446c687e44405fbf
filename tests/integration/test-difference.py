#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the reader of documents says of changes after a signature, each change one file. No keys: the
difference analysis does not look at them."""

import array
import json
import os
import socket
import subprocess
import tempfile
import unittest

import kyso_kit
import pdf_attacks
import tap
from pdf_attacks import ALLOWED, ATTACKS


class Reader:
    """One kyso-document for each document, as the agent starts it."""

    def inspect(self, data):
        ours, theirs = socket.socketpair()
        with ours, theirs, tempfile.TemporaryFile() as document:
            document.write(data)
            document.flush()
            process = subprocess.Popen(
                ['sh', '-c', f'exec "$0" 3<&{theirs.fileno()}',
                 kyso_kit.program('agent/document/kyso-document')],
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
            theirs.close()
            request = {'jsonrpc': '2.0', 'id': 1, 'method': 'document.inspect',
                       'params': {'document': {'fd': 0}}}
            rights = array.array('i', [document.fileno()])
            ours.sendmsg([json.dumps(request).encode() + b'\n'],
                         [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            answer = b''
            while not answer.endswith(b'\n'):
                more = ours.recv(1 << 20)
                if not more:
                    break
                answer += more
            ours.shutdown(socket.SHUT_RDWR)
        process.wait()
        return json.loads(answer)


def leader(answer):
    signatures = answer['result']['signatures']
    return next(one for one in signatures if one['field'] == 'Lanh dao')['difference']


class Difference(unittest.TestCase):
    def look(self, pdf):
        return leader(Reader().inspect(pdf.data))

    def kinds(self, difference, allowed):
        return {one['kind'] for one in difference['changes'] if one['allowed'] == allowed}

    def signed(self, **options):
        return pdf_attacks.approve(pdf_attacks.letter(), None, **options)

    def test_what_an_office_does_is_allowed(self):
        for keys in (b'', pdf_attacks.docmdp(2)):
            for name, (change, status, kinds) in ALLOWED.items():
                with self.subTest(name, keys=keys):
                    found = self.look(change(self.signed(keys=keys)))
                    self.assertEqual(self.kinds(found, False), set())
                    self.assertEqual(self.kinds(found, True), kinds)
                    self.assertEqual(found['status'], status)

    def test_every_attack_is_a_change(self):
        for name, (change, kinds) in ATTACKS.items():
            with self.subTest(name):
                answer = Reader().inspect(change(self.signed()).data)
                if 'error' in answer:
                    self.fail(answer['error'])
                found = leader(answer)
                self.assertEqual(found['status'], 'changed', found)
                if kinds:  # what follows from the change may be there too
                    self.assertLessEqual(kinds, self.kinds(found, False))

    def test_pages_are_named(self):
        for name, page in (('content-replaced', 1), ('page-added', 3), ('note-added', 1),
                           ('page-rotated', 1), ('missing-object-supplied', 2)):
            with self.subTest(name):
                found = self.look(ATTACKS[name][0](self.signed()))
                self.assertIn(page, {one['page'] for one in found['changes']})

    def test_permissions_are_honoured(self):
        locks = {'All': b'/Action /All', 'this': b'/Action /Include /Fields [(So)]',
                 'all but the seal': b'/Action /Exclude /Fields [(Dau)]'}
        for name, action in locks.items():
            with self.subTest(f'FieldMDP {name}'):
                pdf = self.signed(keys=pdf_attacks.field_lock(action))
                found = self.look(pdf_attacks.issue(pdf, None))
                self.assertIn('field_locked', self.kinds(found, False))
            with self.subTest(f'Lock {name}'):
                pdf = self.signed(field=b'/Lock << /Type /SigFieldLock %s >>' % action)
                self.assertEqual(self.look(pdf_attacks.issue(pdf, None))['status'], 'changed')
        with self.subTest('FieldMDP of others'):
            lock = pdf_attacks.field_lock(b'/Action /Include /Fields [(Trich yeu)]')
            found = self.look(pdf_attacks.issue(self.signed(keys=lock), None))
            self.assertEqual(found['status'], 'allowed', found)
        with self.subTest('Lock with P 1'):
            lock = b'/Lock << /Type /SigFieldLock /Action /Include /Fields [] /P 1 >>'
            found = self.look(pdf_attacks.issue(self.signed(field=lock), None))
            self.assertIn('not_permitted', self.kinds(found, False))

    def test_certified_without_changes(self):
        certified = pdf_attacks.docmdp(1)
        found = self.look(pdf_attacks.issue(self.signed(keys=certified), None))
        self.assertIn('not_permitted', self.kinds(found, False))
        found = self.look(pdf_attacks.add_proof_data(self.signed(keys=certified)))
        self.assertEqual(found['status'], 'allowed')

    def test_annotations_are_changes_even_where_certified_with_them(self):
        found = self.look(ATTACKS['note-added'][0](self.signed(keys=pdf_attacks.docmdp(3))))
        self.assertEqual(found['status'], 'changed')

    def test_a_gap_wider_than_the_signature_is_wrong(self):
        found = self.look(self.signed(hole=b' /Reason (anything)'))
        self.assertEqual(self.kinds(found, False), {'gap_wrong'})

    def test_a_revision_must_end(self):
        pdf = self.signed()
        pdf.data = pdf.data[:-6]
        pdf.data += b'%%EOF\n'
        self.assertEqual(self.look(pdf)['status'], 'none')


if __name__ == '__main__':
    tap.main()
