#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipc/PROTOCOL.md, ipc/openrpc.json, the code and a running agent say the same: the methods, their
parameters, the shape of their results, and every error."""

import json
import re
import subprocess
import unittest

import kyso_kit
import tap
from schema import Schemas

PAGE = (kyso_kit.ROOT / 'ipc' / 'PROTOCOL.md').read_text()
OPENRPC = json.loads((kyso_kit.ROOT / 'ipc' / 'openrpc.json').read_text())
METHODS = {method['name']: method for method in OPENRPC['methods']}
ERRORS = OPENRPC['components']['errors']
SCHEMAS = Schemas(OPENRPC)

ROW = re.compile(r'^\| (\d{4}) \| `(\w+)` \| (\w+) \| (.*) \| (.*) \|$', re.MULTILINE)
HEADING = re.compile(r'^### ((?:\w+\.)+\w+)\n(.*?)(?=^##)', re.MULTILINE | re.DOTALL)
NOTIFICATIONS = {note['name'] for note in OPENRPC['x-notifications']}


def page_methods():
    """{method: its part of the page}."""
    return {name: text for name, text in HEADING.findall(PAGE) if name not in NOTIFICATIONS}


def without_brackets(text):
    """Names within brackets are members or examples, not parameters."""
    inner = re.compile(r'\([^()]*\)|\[[^\[\]]*\]')
    while inner.search(text):
        text = inner.sub('', text)
    return text


def page_parameters(text):
    """{parameter: needed} as the part `text` of the page says, in its table or its sentence."""
    rows = re.findall(r'^\| (`\w+`(?:, `\w+`)*) \| [^|]* \| (.*) \|$', text, re.MULTILINE)
    if rows:
        return {
            name: meaning.startswith('needed')
            for names, meaning in rows
            for name in re.findall(r'`(\w+)`', names)
        }
    sentence = re.search(r'Params: (.*?)(?:\. |\.$)', re.sub(r'`[\d.]+`', '', text), re.MULTILINE)[1]
    optional = set(re.findall(r'`(\w+)` \((?:optional)', sentence))
    return {name: name not in optional for name in re.findall(r'`(\w+)`', without_brackets(sentence))}


def openrpc_parameters(name):
    return {
        parameter['name']: parameter['required']
        for parameter in map(SCHEMAS.resolve, METHODS[name]['params'])
    }


class Page(unittest.TestCase):
    """What can be compared without an agent."""

    def code_errors(self):
        listed = subprocess.run(
            [kyso_kit.program('tests/kit/list-errors')], check=True, capture_output=True, text=True
        ).stdout
        return list(map(json.loads, listed.splitlines()))

    def test_every_error_stands_in_the_page(self):
        code = [
            (
                str(error['number']),
                error['error']['data']['code'],
                error['error']['data']['layer'],
                error['error']['data']['cause']['en'],
                error['error']['data']['next']['en'],
            )
            for error in self.code_errors()
        ]
        self.assertEqual(code, ROW.findall(PAGE))

    def test_every_error_stands_in_openrpc(self):
        code = {}
        for line in self.code_errors():
            error = line['error']
            del error['data']['detail']
            code[error['data']['code']] = {**error, 'x-number': line['number']}
        self.assertEqual(code, ERRORS)

    def test_the_methods_are_the_same(self):
        source = (kyso_kit.ROOT / 'agent' / 'core' / 'methods.c').read_text()
        table = re.findall(r'^    \{"(\w+\.\w+)",', source, re.MULTILINE)
        self.assertEqual(set(page_methods()), set(METHODS))
        self.assertEqual(set(table), set(METHODS))

    def test_the_parameters_are_the_same(self):
        for name, text in page_methods().items():
            with self.subTest(name):
                self.assertEqual(
                    {'timeout_ms': False, **page_parameters(text)}, openrpc_parameters(name)
                )

    def test_libkyso_exports_what_its_header_declares(self):
        header = (kyso_kit.ROOT / 'ipc' / 'client' / 'kyso.h').read_text()
        library = kyso_kit.program('ipc/client/libkyso.so')
        listed = subprocess.run(
            ['nm', '--dynamic', '--defined-only', library], check=True, capture_output=True, text=True
        ).stdout
        exported = set(re.findall(r' T (\w+)', listed))
        self.assertEqual(exported, set(re.findall(r'^[A-Za-z].*?(kyso_client_\w+)\(', header, re.MULTILINE)))
        self.assertEqual(re.findall(r'#include [<"](.*)[>"]', header), ['glib.h'])

    def test_every_reference_leads_somewhere(self):
        for target in re.findall(r'"\$ref": "([^"]*)"', json.dumps(OPENRPC)):
            SCHEMAS.resolve({'$ref': target})


WRONG = {'string': 5, 'integer': 'x', 'number': 'x', 'boolean': 'x', 'object': [], 'array': {}}


def wrong_value(schema):
    """A value that `schema` does not allow."""
    schema = SCHEMAS.resolve(schema)
    if 'oneOf' in schema:
        return 5
    if isinstance(schema['type'], list):
        return {}
    return WRONG[schema['type']]


class Running(kyso_kit.Case):
    """What a running agent says."""

    def setUp(self):
        super().setUp()
        self.home.configure('sign', 'hash=true')
        self.client = self.start_agent().connect()
        self.addCleanup(self.client.close)
        self.letter = self.make_letter()

    def call(self, name, **params):
        """The result, which must be of the shape that openrpc.json tells."""
        result = self.client.call(name, params)
        SCHEMAS.check(result, METHODS[name]['result']['schema'], name)
        return result

    def fitting(self):
        """{method: parameters that are whole and right, but ask for nothing that is there}."""
        credential = '0' * 64
        place = {'page': 1, 'rect': [10, 10, 90, 50]}
        output = {'path': str(self.home.path / 'out')}
        return {
            'credentials.info': {'credentialID': credential},
            'credentials.authorize': {'credentialID': credential, 'numSignatures': 1},
            'signatures.signDoc': {
                'credentialID': credential,
                'purpose': 'approve',
                'input': {'path': str(self.letter.path)},
                'output': output,
                'place': place,
            },
            'signatures.signHash': {
                'credentialID': credential,
                'hash': ['A' * 43 + '='],
                'hashAlgo': '2.16.840.1.101.3.4.2.1',
            },
            'signatures.augment': {
                'input': {'path': str(self.letter.path)},
                'output': output,
                'conformance_level': 'AdES-B-T',
            },
            'signatures.verify': {'input': {'path': str(self.letter.path)}},
            'evidence.get': {'evidenceID': 1},
            'evidence.delete': {'digest': '0' * 64},
            'requests.cancel': {'requestID': 'none'},
        }

    def code_of(self, name, params):
        """'' where it works."""
        try:
            self.client.call(name, params)
        except kyso_kit.KysoError as error:
            return error.code if error.code != 'wrong_parameters' else str(error)
        return ''

    def test_service_info_lists_the_methods(self):
        self.assertEqual(set(self.call('service.info')['methods']), set(METHODS))

    def test_needed_parameters_are_needed_and_the_others_are_not(self):
        fitting = self.fitting()
        for name in METHODS:
            params = fitting.get(name, {})
            with self.subTest(name):
                self.assertNotIn('wrong_parameters', self.code_of(name, params))
            for needed in [key for key, is_needed in openrpc_parameters(name).items() if is_needed]:
                with self.subTest(f'{name} without {needed}'):
                    fewer = {key: value for key, value in params.items() if key != needed}
                    said = self.code_of(name, fewer)
                    self.assertIn('wrong_parameters', said)
                    self.assertIn(f'"{needed}"', said)

    def test_every_parameter_has_its_type(self):
        fitting = self.fitting()
        for name, method in METHODS.items():
            for parameter in map(SCHEMAS.resolve, method['params']):
                key = parameter['name']
                with self.subTest(f'{name}, {key}'):
                    params = {**fitting.get(name, {}), key: wrong_value(parameter['schema'])}
                    if (name, key) == ('requests.cancel', 'id'):
                        del params['requestID']
                    said = self.code_of(name, params)
                    self.assertIn('wrong_parameters', said)
                    self.assertIn(key, said)

    def test_unknown_parameters_are_refused(self):
        fitting = self.fitting()
        for name in METHODS:
            with self.subTest(name):
                said = self.code_of(name, {**fitting.get(name, {}), 'surprise': 1})
                self.assertIn('wrong_parameters', said)
                self.assertIn('"surprise"', said)

    def test_results_have_their_shape(self):
        leader, agency = (self.home.credentials[name] for name in ('leader', 'agency'))
        approved, issued = (str(self.home.path / name) for name in ('approved.pdf', 'issued.pdf'))
        detached = str(self.home.path / 'letter.p7s')
        letter = {'path': str(self.letter.path)}

        self.call('tokens.list')
        self.call('tokens.watch')
        self.call('tokens.watch', enabled=False)
        self.call('credentials.list')
        self.call('credentials.info', credentialID=leader)
        self.call(
            'signatures.signDoc',
            credentialID=leader,
            purpose='approve',
            input=letter,
            output={'path': approved},
            place=self.letter.places['leader'],
            reserve=self.letter.reserve(),
        )
        self.call(
            'signatures.signDoc',
            credentialID=agency,
            purpose='issue',
            input={'path': approved},
            output={'path': issued},
            fill={'number': '79', 'day': '15', 'month': '8'},
        )
        self.call(
            'signatures.signDoc',
            credentialID=leader,
            purpose='file',
            input=letter,
            output={'path': detached},
        )
        batch = [
            {'input': letter, 'output': {'path': str(self.home.path / f'batch-{n}.p7s')}}
            for n in range(2)
        ]
        self.call(
            'signatures.signDoc', credentialID=leader, purpose='file', documents=batch
        )
        self.call('signatures.verify', input={'path': issued})
        self.call('signatures.verify', input=letter)
        self.call('signatures.verify', input=letter, signature={'path': detached})
        around = {'path': str(self.home.path / 'letter.p7m')}
        self.call(
            'signatures.signDoc', credentialID=leader, purpose='message', input=letter, output=around
        )
        self.call(
            'signatures.verify', input=around, content={'path': str(self.home.path / 'content')}
        )
        self.call('signatures.verify', input={'path': detached},
                  content={'path': str(self.home.path / 'none')})
        authorized = self.call('credentials.authorize', credentialID=leader, numSignatures=1)
        self.call(
            'signatures.signHash',
            credentialID=leader,
            hash=['A' * 43 + '='],
            hashAlgo='2.16.840.1.101.3.4.2.1',
            SAD=authorized['SAD'],
        )

    def test_a_waiting_request_is_listed_and_cancelled(self):
        self.home.script_pinentry('hang')
        params = {**self.fitting()['signatures.signDoc'], 'credentialID': self.home.credentials['leader']}
        waiting = self.client.begin('signatures.signDoc', params)
        stages = SCHEMAS.resolve({'$ref': '#/components/schemas/stage'})['enum'].copy()
        stages.remove('wait')  # the token is plugged in
        seen = []
        while 'show' not in seen:
            index = len(seen)
            note = self.client.wait_notification(
                'requests.progress', lambda params: params['stage'] not in seen
            )
            seen.append(note['stage'])
            self.assertEqual(seen, stages[: index + 1])
        listed = self.call('requests.list')['requests']
        signing = [entry for entry in listed if entry['method'] == 'signatures.signDoc']
        self.assertEqual([entry['stage'] for entry in signing], ['show'])
        self.call('requests.cancel', requestID=signing[0]['requestID'])
        self.assert_refused('cancelled', self.client.finish, waiting)

    def test_errors_have_their_shape(self):
        schema = {'$ref': '#/components/schemas/errorData'}
        for name, params in (
            ('credentials.info', {'credentialID': '0' * 64}),
            ('signatures.verify', {'input': {'path': '/nonexistent'}}),
            ('no.such.method', {}),
            ('service.info', {'surprise': 1}),
        ):
            with self.subTest(name), self.assertRaises(kyso_kit.KysoError) as caught:
                self.client.call(name, params)
            error = caught.exception
            SCHEMAS.check(error.data, schema, name)
            known = ERRORS[error.code]
            self.assertEqual(error.number, known['code'])
            self.assertEqual({**error.data, 'detail': ''}, {**known['data'], 'detail': ''})


if __name__ == '__main__':
    tap.main()
