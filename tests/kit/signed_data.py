# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed data: what is signed, how tools that are not ours verify it, and how it is tampered with."""

import base64
import json
import os
import pathlib
import subprocess

KIT = pathlib.Path(__file__).resolve().parent
NODE_MODULES = '/usr/share/nodejs'

# With white space and an order that no serialiser would write again: signed byte for byte.
JSON = '{ "so": "79/UBND-VHTT",\n  "trich_yeu": "V/v tăng cường ký số",  "ngay": [15, 8, 2026]}\n'
TEXT = 'Đề nghị các đơn vị gửi báo cáo trước ngày 15.\n'

PSS = '1.2.840.113549.1.1.10'
# what -> credential, signAlgo (None: kyso chooses), name in a JWS
ALGORITHMS = {
    'RS256': ('leader', None, 'RS256'),
    'PS256': ('leader', PSS, 'PS256'),
    'ES256': ('p256', None, 'ES256'),
}


def openssl_verifies(trust, signature, content=None, taken=None):
    """As `openssl cms` does; `content` of a detached one; `taken`: where it writes the content."""
    done = subprocess.run(
        ['openssl', 'cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', signature,
         *(['-content', content] if content else []),
         '-CAfile', trust / 'anchors' / 'root.pem',
         '-certfile', trust / 'intermediates' / 'issuing.pem', '-purpose', 'any',
         '-out', taken or '/dev/null'],
        capture_output=True, text=True, check=False)
    return done.returncode == 0


def node_verifies(trust, signature, payload=None):
    """What the npm library jose says: {"alg", "payload"}; None: it does not verify."""
    done = subprocess.run(
        ['node', KIT / 'verify-jws.js', trust / 'intermediates' / 'issuing.pem', signature,
         *([payload] if payload else [])],
        env={**os.environ, 'NODE_PATH': NODE_MODULES}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    told = json.loads(done.stdout)
    return {**told, 'payload': base64.b64decode(told['payload'])}


def has_node_jose():
    """That package is only for the tests."""
    done = subprocess.run(['node', '-e', 'require("jose")'], capture_output=True, check=False,
                          env={**os.environ, 'NODE_PATH': NODE_MODULES})
    return done.returncode == 0


def decode(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def parts_of(path):
    """(header, payload, signature) of a compact JWS."""
    header, payload, signature = path.read_text().split('.')
    return json.loads(decode(header)), decode(payload), decode(signature)


def change_header(path, target, **members):
    """The same signature under another header; a member that is None is left out."""
    header, payload, signature = parts_of(path)
    header = {name: value for name, value in {**header, **members}.items() if value is not None}
    text = '.'.join([encode(json.dumps(header).encode()), encode(payload), encode(signature)])
    target.write_text(text)
    return target


def flip(path, target, find):
    """A copy with one bit of the byte at the first `find` turned."""
    data = bytearray(path.read_bytes())
    data[data.index(find)] ^= 1
    target.write_bytes(data)
    return target
