# SPDX-License-Identifier: GPL-3.0-or-later
"""An office that raises signatures which are there already."""

import json

import kyso_kit
import odd_locked
import office
import office_services
import schema

T, LT, LTA = 'AdES-B-T', 'AdES-B-LT', 'AdES-B-LTA'

OPENRPC = json.loads((kyso_kit.ROOT / 'ipc' / 'openrpc.json').read_text())
RESULTS = {method['name']: method['result']['schema'] for method in OPENRPC['methods']}


class Case(office_services.Case):
    def call(self, name, params, password=None):
        """The result, which must be of the shape that openrpc.json tells. @password: of the PDF."""
        with self.agent.connect() as client, odd_locked.secret(password) as fds:
            result = client.call(name, {**params, 'password': {'fd': 0}} if fds else params, fds)
        schema.Schemas(OPENRPC).check(result, RESULTS[name], name)
        return result

    def augment(self, source, target, level, password=None, **more):
        return self.call('signatures.augment', {
            'input': {'path': str(source)}, 'output': {'path': str(target)},
            'conformance_level': level, **more}, password)

    def verify(self, path, password=None, **more):
        return self.call('signatures.verify', {'input': {'path': str(path)}, **more}, password)

    def verify_offline(self, path, **more):
        """With nothing but what the document carries."""
        self.home.services.set('dead')
        said = self.verify(path, **more)
        self.home.services.set('good')
        self.assertEqual(said['verdict'], 'valid')
        return said['signatures']
