# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON Schema as far as ipc/openrpc.json uses it. A keyword that is not known here is an error, so
that none is passed over."""

import re

TYPES = {
    'string': str,
    'integer': int,
    'number': (int, float),
    'boolean': bool,
    'object': dict,
    'array': list,
    'null': type(None),
}
NOTES = {'description', 'format', 'contentEncoding', 'default', '$ref'}


class Schemas:
    def __init__(self, document):
        self.document = document

    def resolve(self, node):
        """What the node stands for: "$ref" followed."""
        while '$ref' in node:
            target = self.document
            for name in node['$ref'].removeprefix('#/').split('/'):
                target = target[name]
            node = target
        return node

    def check(self, value, schema, where):
        """AssertionError with the place in `value` that does not fit."""
        schema = self.resolve(schema)
        for keyword, wanted in schema.items():
            if keyword in NOTES:
                continue
            check = getattr(self, f'_check_{keyword}', None)
            assert check is not None, f'{where}: keyword {keyword} is not known'
            check(value, wanted, where, schema)

    def _check_type(self, value, wanted, where, schema):
        names = wanted if isinstance(wanted, list) else [wanted]
        fits = any(isinstance(value, TYPES[name]) for name in names)
        if isinstance(value, bool):
            fits = 'boolean' in names
        assert fits, f'{where} is {value!r}, not {names}'

    def _check_oneOf(self, value, wanted, where, schema):
        faults = []
        for item in wanted:
            try:
                self.check(value, item, where)
            except AssertionError as fault:
                faults.append(str(fault))
        assert len(faults) == len(wanted) - 1, f'{where} fits {len(wanted) - len(faults)}: {faults}'

    def _check_properties(self, value, wanted, where, schema):
        for name, item in (value or {}).items():
            if name in wanted:
                self.check(item, wanted[name], f'{where}.{name}')

    def _check_required(self, value, wanted, where, schema):
        missing = [name for name in wanted if value is not None and name not in value]
        assert not missing, f'{where} lacks {missing}'

    def _check_additionalProperties(self, value, wanted, where, schema):
        strange = set(value or {}) - set(schema['properties'])
        assert wanted or not strange, f'{where} has {strange}'

    def _check_items(self, value, wanted, where, schema):
        for i, item in enumerate(value):
            self.check(item, wanted, f'{where}.{i}')

    def _check_enum(self, value, wanted, where, schema):
        assert value in wanted, f'{where} is {value!r}, not one of {wanted}'

    def _check_const(self, value, wanted, where, schema):
        assert value == wanted, f'{where} is {value!r}, not {wanted!r}'

    def _check_pattern(self, value, wanted, where, schema):
        fits = not isinstance(value, str) or re.search(wanted, value)
        assert fits, f'{where} is {value!r}, not like {wanted}'

    def _check_minimum(self, value, wanted, where, schema):
        assert value >= wanted, f'{where} is {value}, under {wanted}'

    def _check_maximum(self, value, wanted, where, schema):
        assert value <= wanted, f'{where} is {value}, over {wanted}'

    def _check_minItems(self, value, wanted, where, schema):
        assert len(value) >= wanted, f'{where} has {len(value)} items, under {wanted}'

    def _check_maxItems(self, value, wanted, where, schema):
        assert len(value) <= wanted, f'{where} has {len(value)} items, over {wanted}'

    def _check_minLength(self, value, wanted, where, schema):
        assert len(value) >= wanted, f'{where} is shorter than {wanted}'

    def _check_maxLength(self, value, wanted, where, schema):
        assert len(value) <= wanted, f'{where} is longer than {wanted}'
