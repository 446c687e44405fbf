#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of a list of documents, and says: each opened by itself where the office wants
it, and a PIN for each signature where the key wants it."""

import os

import card_office
import office
import tap
from batch_office import SIGN, Case
from kyso_kit import PIN


class LeaderOpens(Case):
    settings = (('sign', 'batch-open=personal'),)

    def test_each_document_is_opened_before_the_pin(self):
        self.home.script_pinentry('yes', 'yes', 'yes', f'pin {PIN}')
        documents = self.documents(3)
        documents[1]['metadata'] = {'Subject': 'Về việc thử', 'CodeNumber': '7'}
        with self.agent.connect() as client:
            result = client.call(SIGN, self.letters(documents))
        self.assert_outputs(documents, result)
        self.assertEqual(self.windows(), ['CONFIRM'] * 3 + ['GETPIN'])
        shown = self.windows('SETDESC')
        for n in range(3):
            self.assertIn(f'SETDESC Tài liệu {n + 1} trên 3: “letter-{n}.pdf” (số trang: ', shown[n])
            self.assertIn('Trang đầu: “', shown[n])
        self.assertIn('Trích yếu: “Về việc thử”', shown[1])
        self.assertIn('CỘNG HÒA XÃ HỘI', shown[0])

    def test_what_is_left_out_is_not_signed(self):
        self.home.script_pinentry('yes', 'notconfirm', 'yes', f'pin {PIN}')
        documents = self.documents(3)
        with self.agent.connect() as client:
            result = client.call(SIGN, self.letters(documents))
        self.assert_outputs(documents, result)
        self.assertEqual(self.statuses(result), ['signed', 'untouched', 'signed'])
        self.assertIsNone(result['ended_by'])
        self.assertEqual([record['error_code'] for record in self.journal()],
                         ['', '', 'document_not_opened'])
        last = self.windows('SETDESC')[-1]
        self.assertIn('Số tài liệu được ký cùng lúc: 2%0A', last)
        self.assertEqual([f'“letter-{n}.pdf”' in last for n in range(3)], [True, False, True])

    def test_the_one_that_is_left_is_what_the_pin_is_for(self):
        self.home.script_pinentry('notconfirm', 'yes', 'notconfirm', f'pin {PIN}')
        with self.agent.connect() as client:
            result = client.call(SIGN, self.letters(self.documents(3)))
        self.assertEqual(self.statuses(result), ['untouched', 'signed', 'untouched'])
        last = self.windows('SETDESC')[-1]
        self.assertIn('Tài liệu: “letter-1.pdf”', last)
        self.assertNotIn('letter-0', last)
        self.assertNotIn('letter-2', last)

    def test_a_no_to_all_and_a_cancel_sign_nothing(self):
        for script, code, outcome in (
            (['notconfirm'] * 3, 'document_not_opened', 'refused'),
            (['yes', 'cancel'], 'pin_cancelled', 'cancelled'),
        ):
            with self.subTest(code):
                self.home.script_pinentry(*script)
                documents = self.documents(3)
                targets = [self.out / name for name in os.listdir(self.out)]
                with self.agent.connect() as client, self.untouched(
                        *targets, outcome=outcome, code=code):
                    error = self.assert_refused(code, client.call, SIGN, self.letters(documents))
                self.assert_told(error)
                self.assertEqual(self.windows('GETPIN'), [])
                self.note(code, 'documents of a batch not opened', outcome)

    def test_the_agency_and_a_single_document_are_not_asked_so(self):
        self.home.script_pinentry(f'pin {PIN}')
        self.approve(self.out / 'single')
        with self.agent.connect() as client:
            client.call(SIGN, self.batch(self.documents(3, 'txt'),
                                         credentialID=self.home.credentials['agency']))
        self.assertEqual(self.windows(), ['GETPIN', 'GETPIN'])


class EachTime(card_office.Case):
    """A key that wants the PIN for each signature (slot 9c of a PIV card)."""

    rig_options = {'readers': 1}
    inserted = ('leader',)

    def setUp(self):
        super().setUp()
        self.agent = self.start_agent()
        self.documents = []
        for n in range(4):
            source = self.home.path / f'file-{n}'
            source.write_bytes(b'file %d\n' % n)
            self.documents.append({'input': {'path': str(source)},
                                   'output': {'path': str(self.home.path / f'result-{n}')}})
        self.params = {'credentialID': self.home.credentials['leader 9c'], 'purpose': 'file',
                       'documents': self.documents}

    def test_each_further_signature_has_its_pin_asked_for(self):
        pin = f'pin {self.rig.pin}'
        self.home.script_pinentry('yes', pin)
        with self.agent.connect() as client:
            result = client.call(SIGN, self.params)
        self.assertEqual(result['signed'], 4)
        log = self.home.pinentry_log()
        self.assertEqual(log.count('\nGETPIN'), 4)
        for n in (2, 3, 4):
            self.assertIn(f'SETDESC Chữ ký {n} trên 4: thiết bị này đòi mã PIN cho từng chữ ký.', log)
        self.assertEqual(self.rig.card_tries()[0], 3)

    def test_a_no_ends_the_batch_as_cancelled(self):
        pin = f'pin {self.rig.pin}'
        self.home.script_pinentry('yes', pin, pin, 'cancel')
        with self.agent.connect() as client:
            result = client.call(SIGN, self.params)
        self.assertEqual([told['status'] for told in result['documents']],
                         ['signed'] * 2 + ['untouched'] * 2)
        self.assertEqual(result['ended_by']['code'], 'pin_cancelled')
        self.assertEqual(office.read_journal(self.home.state)[-1]['outcome'], 'cancelled')

    def test_a_wrong_pin_ends_the_batch_and_costs_one_try(self):
        pin = f'pin {self.rig.pin}'
        self.home.script_pinentry('yes', pin, 'pin 000000')
        with self.agent.connect() as client:
            result = client.call(SIGN, self.params)
        self.assertEqual((result['signed'], result['ended_by']['code']), (1, 'pin_incorrect'))
        self.assertEqual(self.rig.card_tries()[0], 2)


if __name__ == '__main__':
    tap.main()
