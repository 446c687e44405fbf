# SPDX-License-Identifier: GPL-3.0-or-later
"""An office that signs lists of documents."""

import hashlib
import json
import os

import office

SIGN = 'signatures.signDoc'
N = 5


class Case(office.Case):
    def setUp(self):
        super().setUp()
        self.windows_seen = len(self.home.pin_windows.lines)
        self.sources = self.home.path / 'in'
        self.sources.mkdir()

    def documents(self, count, kind='pdf', prefix=''):
        """`count` documents of their own content, and what stands where their results shall go."""
        documents = []
        for n in range(count):
            source = self.sources / f'{prefix}letter-{n}.{kind}'
            if kind == 'pdf':
                source.write_bytes(self.letter.path.read_bytes() + b'%% letter %d\n' % n)
            else:
                source.write_bytes(b'file %d\n' % n)
            target = self.out / f'{prefix}result-{n}'
            target.write_bytes(office.OLD)
            documents.append({'input': {'path': str(source)}, 'output': {'path': str(target)}})
        return documents

    def batch(self, documents, **more):
        return {'credentialID': self.home.credentials['leader'], 'purpose': 'file',
                'documents': documents, **more}

    def letters(self, documents, **more):
        return self.batch(documents, purpose='approve', place=self.letter.places['leader'], **more)

    def windows(self, *kinds):
        return [line for line in self.home.pin_windows.lines[self.windows_seen:]
                if line.startswith(kinds or ('GETPIN', 'CONFIRM'))]

    def statuses(self, result):
        return [document['status'] for document in result['documents']]

    def assert_outputs(self, documents, result):
        """What is told of each document holds of its file and of the journal."""
        records = {record['sequence']: record for record in self.journal()}
        self.assertEqual(len(documents), len(result['documents']))
        for asked, told in zip(documents, result['documents']):
            data = open(asked['output']['path'], 'rb').read()
            if told['status'] != 'signed':
                self.assertEqual(data, office.OLD)
                continue
            record = records[told['journal']]
            self.assertEqual(hashlib.sha256(data).hexdigest(), told['output_digest'])
            self.assertEqual((record['outcome'], record['result_digest'], record['request_id']),
                             ('signed', told['output_digest'], result['requestID']))
            self.assertEqual(told['signature']['verdict'], 'valid')
        for name in ('signed', 'failed', 'untouched'):
            self.assertEqual(result[name], self.statuses(result).count(name))
        self.assertEqual(len(os.listdir(self.out)), len(documents))

    def assert_ended(self, result, n_signed, code):
        """The first ones are signed, the rest is untouched, and one record says so."""
        n = len(result['documents'])
        self.assertEqual(self.statuses(result), ['signed'] * n_signed + ['untouched'] * (n - n_signed))
        self.assertEqual(result['ended_by']['code'], code)
        self.assertEqual(set(result['ended_by']['cause']), {'vi', 'en'})
        last = self.journal()[-1]
        self.assertEqual((last['error_code'], last['result_digest']), (code, ''))
        self.assertEqual(json.loads(last['metadata'])['documents'], n - n_signed)
        self.assertEqual(len(json.loads(last['metadata'])['digests']), n - n_signed)
        self.assertEqual(len(self.journal()), n_signed + 1)

    def refuse_batch(self, code, params, index=None, outcome='failed', what='a batch'):
        """Nothing is asked, nothing signed."""
        targets = [self.out / name for name in os.listdir(self.out)]
        with self.untouched(*targets, outcome=outcome, code=code):
            with self.agent.connect() as client:
                error = self.assert_refused(code, client.call, SIGN, params)
        self.assert_told(error)
        self.assertEqual(error.data.get('document'), index)
        self.assertEqual(self.windows(), [])
        self.note(code, what, outcome)
        return error
