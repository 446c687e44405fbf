# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away CA for tests, by the openssl command line: private keys kept from run to run, and
certificates of any subject, use and validity."""

import contextlib
import datetime
import os
import subprocess

KEYS = {
    'rsa1024': ['RSA', 'rsa_keygen_bits:1024'],
    'rsa2048': ['RSA', 'rsa_keygen_bits:2048'],
    'rsa3072': ['RSA', 'rsa_keygen_bits:3072'],
    'rsa4096': ['RSA', 'rsa_keygen_bits:4096'],
    'p256': ['EC', 'ec_paramgen_curve:P-256'],
    'p384': ['EC', 'ec_paramgen_curve:P-384'],
}
AUTHORITY = """[authority]
new_certs_dir = {folder}
database = {folder}/index
serial = {folder}/serial
unique_subject = no
default_md = sha256
policy = any
string_mask = utf8only
[any]
countryName = optional
organizationName = optional
title = optional
commonName = supplied
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
{ca_links}
[person]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = emailProtection,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = @practice
{links}
[practice]
policyIdentifier = 2.16.704.1.1.1.1
CPS.1 = http://ca.example/cps
[responder]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
{links}
[encryption]
basicConstraints = critical,CA:FALSE
keyUsage = critical,keyEncipherment,dataEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(map(str, command))}\n{done.stdout}{done.stderr}')
    return done.stdout


def moment(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime('%Y%m%d%H%M%SZ')


class Keys:
    """Private keys by name; made once where a cache is given, as making them is slow."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name, kind):
        path = self.folder / f'{name}-{kind}.key'
        if not path.exists():
            algorithm, parameter = KEYS[kind]
            new = path.with_suffix(f'.{os.getpid()}')
            run('openssl', 'genpkey', '-quiet', '-algorithm', algorithm, '-pkeyopt', parameter,
                *(['-pkeyopt', 'ec_param_enc:named_curve'] if algorithm == 'EC' else []), '-out', new)
            # Another run may have been quicker: its key is the one that counts from now on.
            with contextlib.suppress(FileExistsError):
                os.link(new, path)
            new.unlink()
        return path


class Authority:
    def __init__(self, folder, keys, links='', ca_links=''):
        self.folder, self.keys = folder, keys
        self.config = folder / 'openssl.conf'
        if self.config.exists():  # that of an earlier run, to go on with
            return
        folder.mkdir(parents=True)
        (folder / 'index').touch()
        (folder / 'index.attr').write_text('unique_subject = no\n')
        (folder / 'serial').write_text(f'{int.from_bytes(os.urandom(8), "big") >> 1:016X}\n')
        self.config.write_text(AUTHORITY.format(folder=folder, links=links, ca_links=ca_links))

    def sign(self, name, key, subject, section, validity, issuer=None):
        """A certificate at folder/NAME.pem; without @issuer signed by its own key."""
        request, certificate = self.folder / f'{name}.csr', self.folder / f'{name}.pem'
        run('openssl', 'req', '-new', '-utf8', '-key', key, '-subj', subject, '-config', '/dev/null',
            '-out', request)
        by = ['-selfsign', '-keyfile', key]
        if issuer is not None:
            by = ['-cert', issuer, '-keyfile', self.keys.path(issuer.stem, 'rsa2048')]
        run('openssl', 'ca', '-batch', '-utf8', '-notext', '-config', self.config, '-name', 'authority',
            *by, '-extensions', section, '-startdate', moment(validity[0]), '-enddate',
            moment(validity[1]), '-preserveDN', '-in', request, '-out', certificate)
        return certificate

    def _ca(self, issuer, *arguments):
        return run('openssl', 'ca', '-config', self.config, '-name', 'authority', '-cert', issuer,
                   '-keyfile', self.keys.path(issuer.stem, 'rsa2048'), *arguments)

    def revoke(self, certificate, issuer):
        self._ca(issuer, '-revoke', certificate)

    def list_revoked(self, issuer, target):
        """The CRL of @issuer in DER, for a day."""
        pem = target.with_suffix('.pem')
        self._ca(issuer, '-gencrl', '-crldays', '1', '-out', pem)
        run('openssl', 'crl', '-in', pem, '-outform', 'DER', '-out', target)
