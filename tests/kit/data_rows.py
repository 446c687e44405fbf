# SPDX-License-Identifier: GPL-3.0-or-later
"""What openssl says of CAdES signatures, and the npm library jose of JWS: rows of
tests/show/other-formats. Beside each of them kyso's own verdict, which must be the same."""

import base64

import show
import signed_data

RSA_384, RSA_512 = '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'
KEYS = (
    ('leader', 'RSA-2048', {}),
    ('leader', 'RSA-2048, SHA-384', {'signAlgo': RSA_384}),
    ('leader', 'RSA-2048, SHA-512', {'signAlgo': RSA_512}),
    ('leader', 'RSA-2048 PSS', {'signAlgo': signed_data.PSS}),
    ('agency', 'RSA-3072', {}),
    ('p256', 'ECDSA P-256', {}),
    ('p384', 'ECDSA P-384', {}),
)
LEVELS = ('AdES-B-B', 'AdES-B-T', 'AdES-B-LT')
LARGE = (20 if show.is_short else 100) * 1024 * 1024


def verdict(place, path, signature=None):
    params = {'input': {'path': str(path)}}
    if signature:
        params['signature'] = {'path': str(signature)}
    with place.agent.connect() as client:
        return client.call('signatures.verify', params)['verdict']


def yes(good):
    return 'OK' if good else 'refused'


class Rows:
    def __init__(self, place, table):
        self.place, self.table = place, table
        self.trust = place.home.config / 'trust'
        self.n = 0

    def path(self, name='signed'):
        self.n += 1
        return self.place.out / f'{self.n}-{name}'

    def write(self, name, data):
        path = self.path(name)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def sign(self, source, purpose, name='leader', **more):
        target = self.path()
        self.place.sign(source, target, purpose, name, **more)
        return target

    def judged(self, what, asked, said, expected, own):
        """kyso must say of it what the tool does: a signature that only we take is none."""
        good = yes(said)
        holds = said == expected and (own == 'valid') == expected
        self.table.row(what, asked, f'{good}; kyso: {own}', holds=holds)

    def openssl(self, what, signature, content=None, expected=True, source=None):
        taken = self.path('taken')
        said = signed_data.openssl_verifies(self.trust, signature, content, taken)
        if said and source:
            said = taken.read_bytes() == source.read_bytes()
        own = verdict(self.place, content or signature, signature if content else None)
        self.judged(what, 'openssl cms', said, expected, own)
        taken.unlink(missing_ok=True)

    def node(self, what, signature, payload=None, expected=True, source=None, alg=None):
        told = signed_data.node_verifies(self.trust, signature, payload)
        said = told is not None
        if said and source:
            said = told['payload'] == source.read_bytes() and told['alg'] == alg
        own = verdict(self.place, payload or signature, signature if payload else None)
        self.judged(what, 'npm jose', said, expected, own)


def show_cades(place, table):
    rows = Rows(place, table)
    text = rows.write('message.txt', signed_data.TEXT)
    for name, what, more in KEYS:
        rows.openssl(f'CAdES around, {what}', rows.sign(text, 'message', name, **more), source=text)
    for level in LEVELS:
        around = rows.sign(text, 'file', conformance_level=level, signed_envelope_property='Attached')
        rows.openssl(f'CAdES around, {level[5:]}', around, source=text)
        beside = rows.sign(text, 'file', conformance_level=level)
        rows.openssl(f'CAdES beside, {level[5:]}', beside, text, source=text)
    show_raised(rows, text)
    show_offline(rows, text, around, beside)
    show_tampered_cades(rows, text, around, beside)
    show_large(rows)


def show_raised(rows, text):
    """B-B first, and the rest later, as where the office was offline."""
    source = rows.sign(text, 'file', signed_envelope_property='Attached')
    for level in LEVELS[1:]:
        target = rows.path(f'raised-{level}')
        rows.place.raise_to(level, source, target)
        rows.openssl(f'CAdES around, raised to {level[5:]}', target, source=text)
        source = target


def show_offline(rows, text, around, beside):
    """B-LT carries the proofs of its certificates' status."""
    place = rows.place
    place.home.services.set('dead')
    for what, params in (('around', {'input': {'path': str(around)}}),
                         ('beside', {'input': {'path': str(text)}, 'signature': {'path': str(beside)}})):
        with place.agent.connect() as client:
            found = client.call('signatures.verify', params)
        said = f'{found["verdict"]}, revocation {found["signatures"][0]["revocation"]}'
        rows.table.row(f'CAdES {what}, B-LT, services dead', 'kyso', said,
                       holds=said == 'valid, revocation good')
    place.home.services.set('good')


def show_tampered_cades(rows, text, around, beside):
    """A bit of the content, of the signature's value and of the digest that is signed."""
    content, bad = text.read_bytes(), rows.path('bad')
    rows.openssl('CAdES around, content', signed_data.flip(around, bad, content[20:40]), expected=False)
    other = rows.write('other.txt', content.replace(b'15', b'16'))
    rows.openssl('CAdES beside, other file', beside, other, expected=False)
    attribute = bytes.fromhex('06092a864886f70d010904')  # messageDigest
    for what, path, beside_file in (('around', around, None), ('beside', beside, text)):
        data = bytearray(path.read_bytes())
        at = data.index(attribute) + len(attribute) + 10
        data[at] ^= 1
        bad.write_bytes(data)
        rows.openssl(f'CAdES {what}, signed digest', bad, beside_file, expected=False)


def show_large(rows):
    """Sparse: time goes into hashing, not into the disk."""
    large = rows.path('large')
    with open(large, 'wb') as stream:
        stream.truncate(LARGE)
    around = rows.sign(large, 'file', signed_envelope_property='Attached')
    rows.openssl(f'CAdES around, {LARGE >> 20} MB', around, source=large)
    around.unlink()
    large.unlink()


def show_jws(place, table):
    if not signed_data.has_node_jose():
        table.row('JWS', 'npm jose', 'is missing (package node-jose)', holds=False)
        return
    rows = Rows(place, table)
    data = rows.write('data.json', signed_data.JSON)
    text = rows.write('message.txt', signed_data.TEXT)
    for what, (name, algorithm, alg) in signed_data.ALGORITHMS.items():
        more = {'signAlgo': algorithm} if algorithm else {}
        signed = rows.sign(data, 'json', name, **more)
        rows.node(f'JWS, {what}', signed, source=data, alg=alg)
        apart = rows.sign(data, 'json', name, signed_envelope_property='Detached', **more)
        rows.node(f'JWS, {what}, detached', apart, data, source=data, alg=alg)
        rows.node(f'JWS, {what}, other payload', apart, text, expected=False)
        show_tampered_jws(rows, what, signed)
    rows.node('JWS, ES384', rows.sign(data, 'json', 'p384'), source=data, alg='ES384')
    rows.node('JWS of text', rows.sign(text, 'message', signature_format='J'), source=text, alg='RS256')


def show_tampered_jws(rows, what, signed):
    bad = rows.path('bad')
    header, payload, signature = signed_data.parts_of(signed)
    thumbprint = base64.urlsafe_b64encode(bytes(32)).rstrip(b'=').decode()
    for change, members in (('alg none', {'alg': 'none'}), ('alg HS256', {'alg': 'HS256'}),
                            ('iat', {'iat': header['iat'] + 1}),
                            ('x5t#S256', {'x5t#S256': thumbprint})):
        signed_data.change_header(signed, bad, **members)
        rows.node(f'JWS, {what}, {change}', bad, expected=False)
    head, _, tail = signed.read_text().split('.')
    bad.write_text('.'.join([head, signed_data.encode(payload.replace(b'79', b'80')), tail]))
    rows.node(f'JWS, {what}, payload', bad, expected=False)
    value = bytearray(signature)
    value[10] ^= 1
    body = signed.read_text().rsplit('.', 1)[0]
    bad.write_text(f'{body}.{signed_data.encode(bytes(value))}')
    rows.node(f'JWS, {what}, signature', bad, expected=False)
