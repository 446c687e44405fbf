#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Letters whose leader reserved nothing: number, day, month and seal are a signature each, in one
request, by one PIN."""

import hashlib
import json
import subprocess

import kyso_kit
import office
import office_services
import pdf_attacks
import strange_approvals
import tap
from kyso_kit import PIN

SIGN = 'signatures.signDoc'
BLANKS = ('number', 'day', 'month')
METADATA = {'CodeNumber': '7', 'IssuedDate': '2026-02-05'}
ROOM = 64 * 1024  # bytes that an output may be larger than its input


def count_valid(path):
    shown = subprocess.run(['pdfsig', '-nocert', path], capture_output=True, text=True).stdout
    return shown.count('Signature is Valid')


def text_of(path):
    return subprocess.run(['pdftotext', '-layout', path, '-'], capture_output=True, text=True).stdout


class Case(office.Case):
    def approved(self, name='approved.pdf'):
        """By kyso, nothing reserved."""
        target = self.out / name
        signature, _ = self.home.images()
        with self.agent.connect() as client:
            client.sign_file(self.letter.path, target, **self.approval(image=signature))
        return target

    def strange(self, level):
        target = self.home.path / f'strange{level}.pdf'
        strange_approvals.approve(self.letter.path, target, strange_approvals.signer_of(self.home),
                                  level)
        return target

    def typed(self):
        """Its number stands in it already; the date does not."""
        pdf = pdf_attacks.letter()
        pdf.append({pdf_attacks.TEXT: pdf_attacks.text(b'So: 79/QD-UBND')})
        pdf_attacks.approve(pdf, strange_approvals.signer_of(self.home))
        path = self.home.path / 'typed.pdf'
        path.write_bytes(pdf.data)
        return path

    def params(self, source, name='issued.pdf', **more):
        _, seal = self.home.images()
        more = {'metadata': METADATA, 'image': {'path': str(seal)}, 'seal_mm': 36, **more}
        return {'credentialID': self.home.credentials['agency'], 'purpose': 'issue',
                'input': {'path': str(source)}, 'output': {'path': str(self.out / name)},
                **{key: value for key, value in more.items() if value is not None}}

    def issued(self, source, name='issued.pdf', **more):
        with self.agent.connect() as client:
            return client.call(SIGN, self.params(source, name, **more)), self.out / name

    def verify(self, path):
        with self.agent.connect() as client:
            return client.call('signatures.verify', {'input': {'path': str(path)}})

    def assert_complete(self, path, n):
        answer = self.verify(path)
        self.assertEqual([one['verdict'] for one in answer['signatures']], n * ['valid'])
        self.assertEqual((answer['verdict'], answer['process']), ('valid', 'complete'))
        self.assertEqual(count_valid(path), n)
        return answer


class Unreserved(Case):
    def test_each_blank_is_a_signature_and_one_pin_is_asked_for(self):
        approved = self.approved()
        seen = len(self.home.pin_windows.lines)
        self.home.script_pinentry(f'pin {PIN}')
        logins = self.home.logins()
        result, path = self.issued(approved)
        self.assertEqual(result['n_signatures'], 4)
        self.assertEqual(result['warnings'], [])
        self.assertEqual(result['field'], 'AgencySeal1')
        self.assertEqual({kind: result['places'][kind]['source'] for kind in result['places']},
                         {'seal': 'signature', **dict.fromkeys(BLANKS, 'text')})
        answer = self.assert_complete(path, 5)
        self.assertEqual([one['field'] for one in answer['signatures'][1:]],
                         ['CodeNumber1', 'IssuedDay1', 'IssuedMonth1', 'AgencySeal1'])
        self.assertIn('Số: 07', ' '.join(text_of(path).split()))
        self.assertEqual(self.home.logins(), logins + 1)
        shown = '\n'.join(self.home.pin_windows.lines[seen:])
        self.assertEqual(shown.count('GETPIN'), 1)
        self.assertIn('Số chữ ký: 4 (mỗi ô trống một chữ ký, sau cùng là dấu)', shown)
        seal = self.home.images()[1].stat().st_size
        self.assertLess(path.stat().st_size - approved.stat().st_size - seal, ROOM)

    def test_one_record_has_the_digest_of_each_signature(self):
        result, path = self.issued(self.approved())
        record = self.journal()[-1]
        digests = json.loads(record['metadata'])['signature_digests']
        self.assertEqual((record['sequence'], record['outcome']), (result['journal'], 'signed'))
        self.assertEqual((len(digests), len(set(digests))), (4, 4))
        self.assertEqual(record['signature_digest'], digests[-1])
        self.assertEqual(record['result_digest'], hashlib.sha256(path.read_bytes()).hexdigest())

    def test_letters_of_other_tools_and_what_a_certification_means(self):
        for level, codes in ((0, []), (2, ['certified_without_fields'])):
            with self.subTest(level):
                result, path = self.issued(self.strange(level), f'issued{level}.pdf')
                self.assertEqual([warning['code'] for warning in result['warnings']], codes)
                self.assertEqual(result['n_signatures'], 4)
                self.assert_complete(path, 5)
                received, _ = self.issued(path, f'received{level}.pdf', purpose='receive',
                                          metadata={}, image=None, seal_mm=None)
                self.assertEqual(received['warnings'], [])

    def test_one_list_of_letters_by_one_pin(self):
        documents = []
        for n in range(3):
            params = self.params(self.approved(f'approved{n}.pdf'), f'issued{n}.pdf',
                                 metadata={**METADATA, 'CodeNumber': str(10 + n)})
            documents.append({key: params[key] for key in ('input', 'output', 'metadata')})
        common = {key: value for key, value in self.params(self.letter.path).items()
                  if key not in ('input', 'output', 'metadata')}
        self.home.script_pinentry(f'pin {PIN}')
        logins = self.home.logins()
        with self.agent.connect() as client:
            result = client.call(SIGN, {**common, 'documents': documents})
        self.assertEqual((result['signed'], self.home.logins()), (3, logins + 1))
        for n, document in enumerate(result['documents']):
            path = self.out / f'issued{n}.pdf'
            self.assertEqual(document['n_signatures'], 4)
            self.assert_complete(path, 5)
            self.assertIn(f'Số: {10 + n}', ' '.join(text_of(path).split()))

    def test_a_key_that_wants_the_pin_each_time_gets_it_each_time(self):
        approved = self.approved()
        seen = len(self.home.pin_windows.lines)
        self.home.break_token(f'TOKEN:pin-each-time={PIN}')
        self.home.script_pinentry(*[f'pin {PIN}'] * 4)
        _, path = self.issued(approved)
        self.assert_complete(path, 5)
        shown = '\n'.join(self.home.pin_windows.lines[seen:])
        self.assertEqual(shown.count('GETPIN'), 4)
        for n in (2, 3, 4):
            self.assertIn(f'Chữ ký {n} trên 4: thiết bị này đòi mã PIN cho từng chữ ký.', shown)


class Places(Case):
    def test_blanks_go_where_the_caller_says(self):
        boxes = {'number': [100, 500, 130, 516], 'day': [200, 500, 230, 516],
                 'month': [300, 500, 330, 516]}
        fill = {name: {'text': text, 'place': {'page': 1, 'rect': boxes[name]}}
                for name, text in zip(BLANKS, ('79', '15', '8'))}
        result, path = self.issued(self.approved(), fill=fill, metadata={})
        for name in BLANKS:
            place = result['places'][name]
            self.assertEqual((place['source'], place['rect']), ('explicit', boxes[name]))
        self.assert_complete(path, 5)

    def test_an_anchor_and_a_text_that_the_metadata_have(self):
        place = {'anchor': 'Nơi nhận', 'dx': 0, 'dy': -120, 'w': 60, 'h': 20}
        result, _ = self.issued(self.approved(), fill={'number': {'place': place}})
        self.assertEqual(result['places']['number']['source'], 'anchor')
        self.refuse('place_outside', 'an anchor for the number that is not in the letter',
                    self.issue(fill={'number': {'text': '7', 'place': {'anchor': 'không có'}}}),
                    source=self.strange(0), outcome='failed')

    def test_what_is_typed_stays_as_it_is(self):
        result, path = self.issued(self.typed())
        self.assertEqual(result['n_signatures'], 3)
        self.assertNotIn('number', result['places'])
        self.assert_complete(path, 4)
        self.refuse('field_missing', 'a number where one is typed',
                    self.issue(fill={'number': '7', 'day': '5', 'month': '2'}),
                    source=self.typed(), outcome='failed')

    def test_places_that_mean_nothing_are_refused(self):
        box = {'page': 1, 'rect': [100, 500, 130, 516]}
        approved = self.out / 'reserved.pdf'
        self.approve(approved)
        for what, source, fill in (
            ('a place without a text', self.strange(0), {'number': {'place': box}}),
            ('a place that is reserved', approved,
             {'number': {'text': '7', 'place': box}, 'day': '5', 'month': '2'}),
        ):
            self.refuse('wrong_parameters', what, self.issue(fill=fill), source=source,
                        outcome='failed')
        for what, fill in (('neither text nor place', {'number': {}}), ('a number', {'number': 7}),
                           ('no member of a blank', {'day': {'text': '5', 'rect': [1, 2, 3, 4]}})):
            self.refuse('wrong_parameters', what, self.issue(fill=fill), outcome=None)


class Broken(Case):
    def test_a_token_that_fails_at_each_signature_hands_nothing_over(self):
        approved = self.approved()
        for n in (1, 2, 3, 4):
            with self.subTest(n):
                target = self.out / 'issued.pdf'
                target.write_bytes(office.OLD)
                self.home.break_token(f'C_Sign#{n}:rv=0x30')
                self.home.script_pinentry(f'pin {PIN}')
                with self.untouched(approved, target=target, outcome='failed',
                                    code='token_failed', logins=1):
                    with self.agent.connect() as client:
                        error = self.assert_refused('token_failed', client.call, SIGN,
                                                    self.params(approved))
                self.assert_told(error)
                record = self.journal()[-1]
                metadata = json.loads(record['metadata'])
                self.assertEqual(len(metadata.get('signature_digests', [])), n - 1)
                target.unlink()

    def test_a_token_pulled_between_two_signatures(self):
        approved = self.approved()
        self.home.break_token('C_Sign#3:crash')
        self.home.script_pinentry(f'pin {PIN}')
        target = self.out / 'issued.pdf'
        with self.agent.connect() as client:
            error = self.assert_refused('token_crashed', client.call, SIGN, self.params(approved))
        self.assert_told(error)
        self.assertFalse(target.exists())
        self.assertEqual(len(json.loads(self.journal()[-1]['metadata'])['signature_digests']), 2)


class Levels(office_services.Case):
    approved = Case.approved
    params = Case.params
    issued = Case.issued
    verify = Case.verify

    def test_each_signature_has_its_timestamp_and_the_proofs_serve_all(self):
        result, path = self.issued(self.approved(), conformance_level='AdES-B-LTA')
        self.assertEqual(result['n_signatures'], 4)
        answer = self.verify(path)
        self.assertEqual(answer['verdict'], 'valid')
        ours = answer['signatures'][1:5]
        self.assertEqual([one['has_timestamp'] for one in ours], 4 * [True])
        self.home.services.set('dead')
        self.home.forget_answers()
        self.restart_agent()
        offline = self.verify(path)
        self.assertEqual([one['verdict'] for one in offline['signatures'][1:]], 5 * ['valid'])
        self.home.services.set('good')


if __name__ == '__main__':
    tap.main()
