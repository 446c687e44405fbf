#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The people whose virtual cards tests put into readers: keys and certificates of each, made once
and kept, as making RSA keys is slow.

    card_pool.py CACHE        prints the folder with the pool, which is made where it is not there

    POOL/cards.ini                   a group "NAME SLOT" for each certificate: id (SHA-256 of the
                                     DER), kind of key, role, name (common name), serial (of the
                                     card), key_id (CKA_ID in OpenSC and ykcs11), key and
                                     certificate (PEM files)
    POOL/ca/root.pem, POOL/ca/issuing.pem
"""

import configparser
import functools
import hashlib
import os
import pathlib
import shutil
import ssl
import sys
import tempfile

sys.dont_write_bytecode = True  # in the source tree

import kit_ca  # noqa: E402

ORGANISATION = 'UBND xã Thẻ Ảo'
# name: (serial of the card, role, common name)
PEOPLE = {
    'leader': (7300101, 'personal', 'Nguyễn Thị Thẻ'),
    'deputy': (7300102, 'personal', 'Phạm Văn Thẻ'),
    'agency': (7300103, 'agency', ORGANISATION),
}
# slot: (kind of key, CKA_ID)
SLOTS = {'9a': ('rsa2048', '01'), '9c': ('p256', '02'), '9d': ('rsa3072', '03'), '9e': ('p384', '04')}


def subject(role, name):
    title = '' if role == 'agency' else '/title=Chủ tịch'
    return f'/C=VN/O={ORGANISATION}{title}/CN={name}'


def make_card(ini, authority, issuing, name):
    serial, role, common_name = PEOPLE[name]
    for slot, (kind, key_id) in SLOTS.items():
        key = authority.keys.path(f'card-{name}-{slot}', kind)
        certificate = authority.sign(
            f'{name}-{slot}', key, subject(role, common_name), 'person', (-30, 3600), issuing
        )
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        ini[f'{name} {slot}'] = {
            'id': hashlib.sha256(der).hexdigest(),
            'kind': kind,
            'role': role,
            'name': common_name,
            'serial': serial,
            'key_id': key_id,
            'key': key.name,
            'certificate': f'ca/{certificate.name}',
        }


def fill(folder, keys):
    authority = kit_ca.Authority(folder / 'ca', keys)
    root = authority.sign(
        'card-root', keys.path('card-root', 'rsa2048'), '/C=VN/O=Kyso Test/CN=Kyso Card Root CA',
        'root', (-9000, 9000),
    )
    issuing = authority.sign(
        'card-issuing', keys.path('card-issuing', 'rsa2048'),
        '/C=VN/O=Kyso Test/CN=Kyso Card Issuing CA', 'issuing', (-8000, 8000), root,
    )
    shutil.copyfile(root, folder / 'ca' / 'root.pem')
    shutil.copyfile(issuing, folder / 'ca' / 'issuing.pem')
    ini = configparser.ConfigParser()
    for name in PEOPLE:
        make_card(ini, authority, issuing, name)
    for group in ini.sections():
        shutil.copyfile(keys.folder / ini[group]['key'], folder / ini[group]['key'])
    with open(folder / 'cards.ini', 'w', encoding='utf-8') as stream:
        ini.write(stream, space_around_delimiters=False)


def version():
    """Another one where the pool would be made otherwise."""
    sources = [pathlib.Path(__file__), pathlib.Path(kit_ca.__file__)]
    return hashlib.sha256(b''.join(path.read_bytes() for path in sources)).hexdigest()[:12]


def find(cache):
    """The folder with the pool. Several processes may ask at once."""
    folder = pathlib.Path(cache).resolve() / f'cards-{version()}'
    if (folder / 'cards.ini').exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = pathlib.Path(tempfile.mkdtemp(prefix='cards-new-', dir=folder.parent))
    try:
        fill(new, kit_ca.Keys(folder.parent))
        os.rename(new, folder)
    except BaseException:
        shutil.rmtree(new)
        if not (folder / 'cards.ini').exists():  # else another was quicker
            raise
    return folder


@functools.cache
def read(cache):
    """{name: {slot: {'id': ..., ...}}} with absolute paths, and the folder."""
    folder = find(cache)
    ini = configparser.ConfigParser()
    ini.read(folder / 'cards.ini', encoding='utf-8')
    cards = {}
    for group in ini.sections():
        name, slot = group.split(' ')
        values = dict(ini[group])
        for path in ('key', 'certificate'):
            values[path] = str(folder / values[path])
        cards.setdefault(name, {})[slot] = values
    return cards, folder


if __name__ == '__main__':
    print(find(sys.argv[1]))
