# SPDX-License-Identifier: GPL-3.0-or-later
"""Odd PDFs that qpdf writes: encrypted and linearized ones. See odd_pdfs."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

from odd_pdfs import SIGNS, odd
from odd_writer import simple, whole


@contextlib.contextmanager
def secret(password):
    """A descriptor that holds it; None: none."""
    if password is None:
        yield ()
        return
    fd = os.memfd_create('password')
    try:
        os.write(fd, password if isinstance(password, bytes) else password.encode())
        yield (fd,)
    finally:
        os.close(fd)


def qpdf(*arguments, data=None):
    """What qpdf makes of a sound letter."""
    with tempfile.TemporaryDirectory(prefix='kyso-odd-') as folder:
        source, target = pathlib.Path(folder, 'in.pdf'), pathlib.Path(folder, 'out.pdf')
        source.write_bytes(data or whole(simple()))
        subprocess.run(['qpdf', *arguments, '--', source, target], check=True, capture_output=True)
        return target.read_bytes()


def encrypted(user, owner, bits, *more):
    weak = [] if bits == '256' else ['--allow-weak-crypto']
    return qpdf(*weak, '--encrypt', user, owner, bits, *more)


@odd(SIGNS)
def linearized():
    return qpdf('--linearize')


@odd(SIGNS)
def linearized_with_object_streams():
    return qpdf('--linearize', '--object-streams=generate')


@odd(SIGNS)
def encrypted_rc4_40():
    return encrypted('', 'owner', '40')


@odd(SIGNS)
def encrypted_rc4_128():
    return encrypted('', 'owner', '128')


@odd(SIGNS)
def encrypted_aes_128():
    return encrypted('', 'owner', '128', '--use-aes=y')


@odd(SIGNS)
def encrypted_aes_256():
    return encrypted('', 'owner', '256')


@odd(SIGNS)
def encrypted_aes_256_r5():
    return encrypted('', 'owner', '256', '--force-R5')


@odd('password_needed')
def encrypted_without_its_password():
    return encrypted('secret', 'owner', '256')


@odd('password_wrong', password='Secret')
def encrypted_with_wrong_password():
    return encrypted('secret', 'owner', '256')


@odd(SIGNS, password='secret')
def encrypted_with_user_password():
    return encrypted('secret', 'owner', '256')


@odd(SIGNS, password='owner')
def encrypted_with_owner_password():
    return encrypted('secret', 'owner', '128', '--modify=none')


@odd('signing_not_permitted')
def encrypted_forbids_filling():
    return encrypted('', 'owner', '256', '--modify=none')


@odd('signing_not_permitted')
def encrypted_forbids_new_fields():
    return encrypted('', 'owner', '256', '--modify=annotate')


@odd(SIGNS)
def encrypted_with_object_streams():
    return encrypted('', 'owner', '256', '--', '--object-streams=generate')


@odd(SIGNS)
def encrypted_and_linearized():
    return encrypted('', 'owner', '128', '--use-aes=y', '--', '--linearize')


@odd(SIGNS)
def encrypted_with_clear_metadata():
    return encrypted('', 'owner', '128', '--use-aes=y', '--cleartext-metadata')


@odd('document_encrypted')
def encrypted_for_certificates():
    return whole({**simple(), 6: b'<< /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 >>'},
                 more=b'/Encrypt 6 0 R /ID [<00> <00>]')
