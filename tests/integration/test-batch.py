#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of documents with one PIN: all is known before the person is asked, what is fixed then is
what is signed, and whatever ends the list, each document is signed and handed over or untouched."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess

import office
import tap
from batch_office import SIGN, N, Case
from kyso_kit import PIN


class Signing(Case):
    def test_forty_documents_with_one_pin_and_one_login(self):
        self.home.script_pinentry('yes', f'pin {PIN}')
        documents = self.documents(40)
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.letters(documents))
            result = client.finish(request)
            notes = [note['params'] for note in client.notifications]
        self.assertEqual((result['signed'], result['failed'], result['untouched'],
                          result['ended_by']), (40, 0, 0, None))
        self.assert_outputs(documents, result)
        self.assertEqual([told['name'] for told in result['documents']],
                         [f'letter-{n}.pdf' for n in range(40)])
        self.assertEqual([told['journal'] for told in result['documents']], list(range(1, 41)))
        self.assertEqual(self.windows(), ['CONFIRM', 'GETPIN'])
        self.assertEqual(self.home.logins(), 1)
        self.assertEqual({note['documents'] for note in notes}, {40})
        for stage in ('read', 'inspect', 'prepare', 'sign', 'check', 'record', 'deliver'):
            of_stage = [note['document'] for note in notes if note['stage'] == stage]
            self.assertEqual(sorted(of_stage), list(range(40)), stage)
        signed = [note['document'] for note in notes if note['stage'] == 'sign']
        self.assertEqual(signed, list(range(40)))
        shown, = [note for note in notes if note['stage'] == 'show']
        self.assertNotIn('document', shown)
        checked = subprocess.run(['pdfsig', '-nocert', documents[39]['output']['path']],
                                 capture_output=True, text=True)
        self.assertIn('Signature is Valid', checked.stdout)

    def test_the_list_is_shown_page_by_page(self):
        self.home.script_pinentry('notconfirm', 'notconfirm', 'notconfirm', 'yes', f'pin {PIN}')
        with self.agent.connect() as client:
            client.call(SIGN, self.batch(self.documents(18, 'txt')))
        pages = [line for line in self.windows('SETDESC') if 'Tài liệu ' in line and ' trên 18' in line]
        self.assertEqual([('1. “letter-0.txt”' in page, '9. “letter-8.txt”' in page,
                           '17. “letter-16.txt”' in page) for page in pages],
                         [(True, False, False), (False, True, False), (False, False, True),
                          (True, False, False)])
        self.assertEqual(self.windows(), ['CONFIRM'] * 4 + ['GETPIN'])
        self.assertIn('SETNOTOK _Trang sau', self.windows('SETNOTOK'))

    def test_three_documents_need_no_list(self):
        with self.agent.connect() as client:
            client.call(SIGN, self.batch(self.documents(3, 'txt')))
        self.assertEqual(self.windows(), ['GETPIN'])

    def test_two_hundred_documents_fit_into_one_answer(self):
        self.home.script_pinentry('yes', f'pin {PIN}')
        documents = self.documents(200, 'txt')
        for n, document in enumerate(documents):
            document['name'] = f'{n:03}"' + '\\' * 251
        with self.agent.connect() as client:
            result = client.call(SIGN, self.batch(documents))
        self.assertEqual(result['signed'], 200)
        self.assert_outputs(documents, result)
        self.assertEqual(result['documents'][7]['name'], documents[7]['name'])
        self.assertEqual(self.home.logins(), 1)

    def test_each_document_has_its_own_fields_and_the_rest_is_common(self):
        signature, _ = self.home.images()
        self.home.script_pinentry(f'pin {PIN}')
        documents = self.documents(2)
        documents[1]['place'] = {'page': 1, 'rect': [60, 60, 160, 110]}
        documents[1]['metadata'] = {'CodeNumber': '12', 'CodeNotation': 'QĐ-UBND'}
        with self.agent.connect() as client, open(signature, 'rb') as image:
            client.call(SIGN, self.letters(documents, image={'fd': 0}, reserve=self.letter.reserve()),
                        [image.fileno()])
        self.assertEqual([json.loads(record['metadata']) for record in self.journal()],
                         [{}, documents[1]['metadata']])
        seals = []
        for n, document in enumerate(documents):
            seals.append({'input': {'path': document['output']['path']},
                          'output': {'path': str(self.out / f'issued-{n}')},
                          'fill': {'number': str(n), 'day': '15', 'month': '8'}})
        with self.agent.connect() as client:
            result = client.call(SIGN, self.batch(seals, purpose='issue',
                                                  credentialID=self.home.credentials['agency']))
        self.assertEqual(self.statuses(result), ['signed'] * 2)

    def test_descriptors_go_with_a_batch(self):
        documents, fds = [], []
        with contextlib.ExitStack() as stack:
            for n, given in enumerate(self.documents(4, 'txt')):
                for path, mode in ((given['input']['path'], 'rb'), (given['output']['path'], 'r+b')):
                    fds.append(stack.enter_context(open(path, mode)).fileno())
                documents.append({'input': {'fd': 2 * n}, 'output': {'fd': 2 * n + 1},
                                  'name': f'n{n}'})
            self.home.script_pinentry('yes', f'pin {PIN}')
            with self.agent.connect() as client:
                result = client.call(SIGN, self.batch(documents), fds)
        self.assertEqual(self.statuses(result), ['signed'] * 4)
        for n, told in enumerate(result['documents']):
            data = (self.out / f'result-{n}').read_bytes()
            self.assertEqual(hashlib.sha256(data).hexdigest(), told['output_digest'])

    def test_what_was_there_at_the_consent_is_what_is_signed(self):
        self.home.script_pinentry('hang')
        documents = self.documents(3)
        originals = [open(document['input']['path'], 'rb').read() for document in documents]
        self.home.script_pinentry(f'slow 0.5 pin {PIN}')
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.letters(documents))
            self.home.wait_pin_window(self.windows_seen)
            for document in documents:
                with open(document['input']['path'], 'r+b') as stream:
                    stream.write(b'%PDF-6.6')
            result = client.finish(request)
        self.assert_outputs(documents, result)
        for document, original in zip(documents, originals):
            signed = open(document['output']['path'], 'rb').read()
            self.assertTrue(signed.startswith(original))

    def test_a_batch_of_one_is_answered_as_a_batch(self):
        documents = self.documents(1)
        with self.agent.connect() as client:
            result = client.call(SIGN, self.letters(documents))
        self.assert_outputs(documents, result)
        self.assertEqual(self.statuses(result), ['signed'])

    def test_a_batch_is_listed_with_how_far_it_is(self):
        self.home.script_pinentry('hang')
        with self.agent.connect() as client, self.agent.connect() as other:
            request = client.begin(SIGN, self.batch(self.documents(N, 'txt')))
            client.wait_notification('requests.progress', lambda note: note['stage'] == 'show')
            listed, = other.call('requests.list')['requests']
            self.assertEqual((listed['stage'], listed['documents'], 'document' in listed),
                             ('show', N, False))
            client.call('requests.cancel', {'id': request})
            self.assert_refused('cancelled', client.finish, request)


class Refusing(Case):
    """Before the person is asked, one bad document stops the batch."""

    def test_one_bad_document_stops_the_batch_before_anybody_is_asked(self):
        for index in (0, 2, N - 1):
            with self.subTest(index=index):
                documents = self.documents(N, prefix=f'{index}-')
                with open(documents[index]['input']['path'], 'wb') as stream:
                    stream.write(b'no PDF')
                self.refuse_batch('document_not_pdf', self.letters(documents), index,
                                  what=f'document {index} of a batch')
                self.assertIn(f'document {index}', self.journal()[-1]['detail'])

    def test_a_secret_document_stops_the_batch(self):
        documents = self.documents(N)
        documents[3]['metadata'] = {'Secrecy': 'mat'}
        self.refuse_batch('secret_document', self.letters(documents), 3, 'refused',
                          what='a secret document in a batch')

    def test_a_missing_file_stops_the_batch(self):
        documents = self.documents(N)
        os.unlink(documents[1]['input']['path'])
        self.refuse_batch('input_unreadable', self.letters(documents), 1, None)

    def test_the_list_is_bounded_and_each_of_it_is_checked(self):
        documents = self.documents(2, 'txt')
        for what, params, index in (
            ('too many', self.batch([documents[0]] * 201), None),
            ('empty', self.batch([]), None),
            ('no object', self.batch([5]), 0),
            ('an unknown member', self.batch([documents[0], {**documents[1], 'surprise': 1}]), 1),
            ('no output', self.batch([documents[0], {'input': documents[1]['input']}]), 1),
            ('one output twice', self.batch([documents[0], {**documents[1],
                                                           'output': documents[0]['output']}]), 1),
            ('a member for one of them', self.batch(documents, name='x'), None),
            ('an input beside', self.batch(documents, input=documents[0]['input']), None),
            ('a place for a file', self.batch([{**documents[0], 'place': self.letter.places['leader']}]),
             0),
            ('neither', self.detached(), None),
        ):
            with self.subTest(what):
                self.refuse_batch('wrong_parameters', params, index, None, what=f'a batch: {what}')

    def test_one_place_has_many_names(self):
        """Of two results there the first would be lost, and be told as signed."""
        documents = self.documents(2, 'txt')
        os.symlink(self.out, self.home.path / 'link')
        os.mkdir(self.home.path / 'dir')
        first = documents[0]['output']['path']
        name = os.path.basename(first)
        for other in (f'{self.out}/./{name}', f'{self.out}//{name}',
                      f'{self.home.path}/dir/../{self.out.name}/{name}',
                      f'{self.home.path}/link/{name}'):
            with self.subTest(other):
                self.refuse_batch('wrong_parameters', self.batch(
                    [documents[0], {**documents[1], 'output': {'path': other}}]), 1, None,
                    what='a batch: one output by two names')
        with open(first, 'r+b') as one, open(first, 'r+b') as two, self.agent.connect() as client:
            for outputs, fds in (([{'fd': 0}, {'fd': 1}], [one.fileno(), two.fileno()]),
                                 ([{'path': first}, {'fd': 0}], [one.fileno()]),
                                 ([{'fd': 0}, {'path': first}], [one.fileno()])):
                listed = [{**document, 'output': output}
                          for document, output in zip(documents, outputs)]
                error = self.assert_refused('wrong_parameters', client.call, SIGN,
                                            self.batch(listed), fds)
                self.assertEqual(error.data.get('document'), 1)
        self.assertEqual(self.journal(), [])

    def test_cancelled_while_it_is_read_is_about_no_document(self):
        documents = self.documents(N)
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.letters(documents))
            client.wait_notification('requests.progress', lambda note: note['stage'] == 'prepare')
            client.call('requests.cancel', {'id': request})
            error = self.assert_refused('cancelled', client.finish, request)
        self.assertNotIn('document', error.data)
        self.assertEqual(json.loads(self.journal()[-1]['metadata'])['documents'], N)

    def test_who_cancels_signs_nothing(self):
        for script in (('cancel',), ('yes', 'cancel')):
            with self.subTest(script=script):
                self.home.script_pinentry(*script)
                documents = self.documents(N, 'txt')
                with self.agent.connect() as client, self.untouched(
                        outcome='cancelled', code='pin_cancelled'):
                    self.assert_refused('pin_cancelled', client.call, SIGN, self.batch(documents))
        described = json.loads(self.journal()[-1]['metadata'])
        self.assertEqual(described['documents'], N)
        self.assertEqual(described['digests'], [
            hashlib.sha256(open(document['input']['path'], 'rb').read()).hexdigest()
            for document in documents])

    def test_a_wrong_pin_costs_one_try_for_the_whole_list(self):
        self.home.script_pinentry('yes', 'pin 000000')
        documents = self.documents(N, 'txt')
        with self.agent.connect() as client, self.untouched(
                outcome='failed', code='pin_incorrect', logins=1):
            self.assert_refused('pin_incorrect', client.call, SIGN, self.batch(documents))


class Ending(Case):
    """After the consent, what happens to the token, the person or the clock ends the batch."""

    settings = (('token', 'seconds=3'),)

    def setUp(self):
        super().setUp()
        self.home.script_pinentry('yes', f'pin {PIN}')

    def run_broken(self, *rules, kind='txt'):
        documents = self.documents(N, kind)
        self.home.break_token(*rules)
        with self.agent.connect() as client:
            result = client.call(SIGN, (self.letters if kind == 'pdf' else self.batch)(documents))
        self.assert_outputs(documents, result)
        return result

    def test_a_token_that_fails_in_the_middle(self):
        for rule, code in (
            ('C_Sign#3:rv=0x30', 'token_failed'),
            ('C_Sign#3:rv=0x32', 'token_removed'),
            ('C_Sign#3:crash', 'token_crashed'),
            ('C_Sign#3:hang', 'token_hung'),
            ('C_Sign#3:garble', 'signature_wrong'),
        ):
            with self.subTest(rule):
                records = len(self.journal())
                self.home.script_pinentry('yes', f'pin {PIN}')
                logins = self.home.logins()
                result = self.run_broken(rule)
                self.assertEqual(self.statuses(result), ['signed'] * 2 + ['untouched'] * 3)
                self.assertEqual(result['ended_by']['code'], code)
                self.assertEqual(self.home.logins(), logins + 1)
                self.assertEqual([record['error_code'] for record in self.journal()[records:]],
                                 ['', '', code])

    def test_a_token_that_fails_at_once(self):
        self.assert_ended(self.run_broken('C_Sign#1:rv=0x30', kind='pdf'), 0, 'token_failed')

    def test_a_token_that_fails_at_the_last(self):
        self.assert_ended(self.run_broken(f'C_Sign#{N}:rv=0x30', kind='pdf'), N - 1, 'token_failed')

    def begin_to(self, client, stage, document, kind='pdf', **more):
        self.asked = self.documents(N, kind)
        request = client.begin(SIGN, (self.letters if kind == 'pdf' else self.batch)(self.asked, **more))
        client.wait_notification('requests.progress', lambda note: (
            note['stage'], note.get('document')) == (stage, document))
        return request

    def test_a_killed_worker(self):
        self.home.break_token('C_Sign#3:hang')
        with self.agent.connect() as client:
            request = self.begin_to(client, 'sign', 2)
            worker = self.home.wait_token_call('C_Sign', 'hang')
            os.kill(worker, signal.SIGKILL)
            result = client.finish(request)
        self.assert_outputs(self.asked, result)
        self.assert_ended(result, 2, 'token_crashed')

    def test_cancelled_from_another_connection(self):
        self.home.break_token('C_Sign#3:delay=300')
        with self.agent.connect() as client, self.agent.connect() as other:
            request = self.begin_to(client, 'sign', 2)
            listed, = other.call('requests.list')['requests']
            self.assertEqual((listed['document'], listed['documents']), (2, N))
            other.call('requests.cancel', {'requestID': listed['requestID']})
            result = client.finish(request)
        self.assert_outputs(self.asked, result)
        self.assert_ended(result, 2, 'cancelled')

    def test_cancelled_while_one_is_handed_over(self):
        """That one is handed over whole; the next is not begun."""
        for stage in ('check', 'record', 'deliver'):
            with self.subTest(stage):
                self.home.script_pinentry('yes', f'pin {PIN}')
                records = len(self.journal())
                with self.agent.connect() as client:
                    request = self.begin_to(client, stage, 1)
                    client.call('requests.cancel', {'id': request})
                    result = client.finish(request)
                self.assert_outputs(self.asked, result)
                self.assertEqual(result['ended_by']['code'], 'cancelled')
                self.assertLess(result['signed'], N)
                self.assertEqual(result['failed'], 0)
                self.assertEqual(len(self.journal()), records + result['signed'] + 1)

    def test_the_client_is_gone(self):
        with self.agent.connect() as client:
            self.begin_to(client, 'sign', 2)
        with self.agent.connect() as client:
            for _ in range(100_000):
                if not client.call('requests.list')['requests']:
                    break
            else:
                self.fail('the batch goes on without its client')
        signed = [record for record in self.journal() if record['outcome'] == 'signed']
        last = self.journal()[-1]
        self.assertIn(len(signed), (2, 3))
        self.assertEqual((last['outcome'], last['error_code']), ('failed', 'client_gone'))
        for n, document in enumerate(self.asked):
            data = open(document['output']['path'], 'rb').read()
            self.assertEqual(data != office.OLD, n < len(signed))

    def test_past_its_deadline(self):
        self.home.break_token('C_Sign#3:delay=2500')
        with self.agent.connect() as client:
            request = self.begin_to(client, 'sign', 2, timeout_ms=2000)
            result = client.finish(request)
        self.assert_outputs(self.asked, result)
        self.assert_ended(result, 2, 'deadline_exceeded')

    def test_an_agent_that_is_told_to_end(self):
        self.home.break_token('C_Sign#3:delay=300')
        with self.agent.connect() as client:
            request = self.begin_to(client, 'sign', 2)
            self.agent.stop()
            result = client.finish(request)
        self.assert_outputs(self.asked, result)
        self.assert_ended(result, 2, 'cancelled')
        self.agent = self.start_agent()


class Expiry(Case):
    settings = (('sign', 'batch-seconds=1'),)

    def test_one_pin_serves_a_batch_for_so_long(self):
        self.home.script_pinentry('yes', f'pin {PIN}')
        documents = self.documents(N, 'txt')
        self.home.break_token('C_Sign#3:delay=1500')
        with self.agent.connect() as client:
            result = client.call(SIGN, self.batch(documents))
        self.assert_outputs(documents, result)
        self.assert_ended(result, 2, 'login_ended')
        self.note('login_ended', 'the time of a batch is over', 'failed', 1)


class Outputs(Case):
    def test_a_place_that_takes_no_file_fails_that_one_only(self):
        self.home.script_pinentry('yes', f'slow 0.5 pin {PIN}')
        documents = self.documents(N)
        folder = self.out / 'gone'
        folder.mkdir()
        documents[2]['output'] = {'path': str(folder / 'result')}
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.letters(documents))
            self.home.wait_pin_window(self.windows_seen)
            folder.rmdir()
            result = client.finish(request)
        self.assertEqual(self.statuses(result), ['signed'] * 2 + ['failed'] + ['signed'] * 2)
        self.assertEqual(result['documents'][2]['error']['code'], 'output_not_writable')
        self.assertIsNone(result['ended_by'])
        self.assertEqual([record['error_code'] for record in self.journal()],
                         ['', '', '', 'output_not_writable', '', ''])
        self.assertEqual(self.home.logins(), 1)


if __name__ == '__main__':
    tap.main()
