# SPDX-License-Identifier: GPL-3.0-or-later
"""Letters that a leader approved with a tool that is not ours, nothing being reserved in them."""

import re
import subprocess

import kyso_kit
from pdf_attacks import DETACHED, docmdp
from pdf_maker import Pdf, Signer, form


def signer_of(home, name='leader', kind='rsa2048'):
    return Signer(kyso_kit.BUILD / 'tests' / 'kit' / 'keys' / f'{name}-{kind}.key',
                  home.path / 'token' / 'certificates' / f'{name}.pem')


def approve(letter, target, signer, level=0):
    """One field, and nobody has thought of those who follow. @level: P of DocMDP, 0: not certified."""
    plain = target.with_suffix('.plain')
    subprocess.run(['qpdf', '--object-streams=disable', '--stream-data=preserve', letter, plain],
                   check=True)
    pdf = Pdf.load(plain.read_bytes())
    root = int(re.search(rb'/Root (\d+)', pdf.trailer)[1])
    page = min(number for number, body in pdf.objects.items() if re.search(rb'/Type /Page\b', body))
    field, look, signature = (pdf.new_id() + i for i in range(3))
    perms = b'/Perms << /DocMDP %d 0 R >> ' % signature if level else b''
    objects = {
        root: pdf.edit(root, b'<<', b'<< /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> %s'
                       % (field, perms)),
        page: pdf.edit(page, b'<<', b'<< /Annots [%d 0 R]' % field),
        field: b'<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /Rect [340 150 480 220] '
               b'/P %d 0 R /F 132 /V %d 0 R /AP << /N %d 0 R >> >>' % (page, signature, look),
        look: form(140, 70, b'0 0 1 RG 10 10 m 130 60 l S'),
    }
    pdf.sign(signature, DETACHED + (docmdp(level) if level else b''), objects, signer)
    target.write_bytes(pdf.data)
