# SPDX-License-Identifier: GPL-3.0-or-later
"""An office that raises signatures which are there already."""

import json

import kyso_kit
import office
import office_services
import schema

T, LT, LTA = 'AdES-B-T', 'AdES-B-LT', 'AdES-B-LTA'

OPENRPC = json.loads((kyso_kit.ROOT / 'ipc' / 'openrpc.json').read_text())
RESULTS = {method['name']: method['result']['schema'] for method in OPENRPC['methods']}


class Case(office_services.Case):
    def call(self, name, params):
        """The result, which must be of the shape that openrpc.json tells."""
        with self.agent.connect() as client:
            result = client.call(name, params)
        schema.Schemas(OPENRPC).check(result, RESULTS[name], name)
        return result

    def augment(self, source, target, level, **more):
        return self.call('signatures.augment', {
            'input': {'path': str(source)}, 'output': {'path': str(target)},
            'conformance_level': level, **more})

    def verify(self, path, **more):
        return self.call('signatures.verify', {'input': {'path': str(path)}, **more})

    def verify_offline(self, path, **more):
        """With nothing but what the document carries."""
        self.home.services.set('dead')
        said = self.verify(path, **more)
        self.home.services.set('good')
        self.assertEqual(said['verdict'], 'valid')
        return said['signatures']
