# SPDX-License-Identifier: GPL-3.0-or-later
"""An office whose certificates name a CA's services, which can fail (ca_services.py)."""

import configparser
import shutil
import subprocess

import ca_services
import kit_ca
import kyso_kit
import office

SECONDS = 2  # that a service has for one answer
CACHE = kyso_kit.BUILD / 'tests' / 'kit' / 'keys'


class Home(office.Home):
    leader_seconds = None  # how long the leader's certificate lasts

    def make_tokens(self, names):
        """Not from the template: the certificates name the ports of this run."""
        self.services = ca_services.Services(self.path / 'services')
        subprocess.run(
            [kyso_kit.KIT / 'softhsm', self.path / 'token', '--with', ','.join(names),
             '--pin', kyso_kit.PIN, '--cache', CACHE, '--ocsp-url', self.services.url('ocsp'),
             '--crl-url', self.services.url('issuing.crl'),
             '--ca-crl-url', self.services.url('root.crl'),
             *(['--leader-seconds', str(self.leader_seconds)] if self.leader_seconds else [])],
            check=True, stdin=subprocess.DEVNULL)
        self.services.use(self.path / 'token' / 'ca', kit_ca.Keys(CACHE))
        described = configparser.ConfigParser()
        described.read(self.path / 'token' / 'credentials.ini')
        return {name: described[name]['id'] for name in described.sections()}

    def use_services(self):
        self.configure('network', 'proxy=none\nloopback=true')
        self.configure('timestamp', f'urls={self.services.url("tsa")}\nseconds={SECONDS}\ntries=1')
        self.configure('revocation', f'check=true\nseconds={SECONDS}')

    def certificate(self, name):
        return self.path / 'token' / 'certificates' / f'{name}.pem'

    def forget_answers(self):
        shutil.rmtree(self.state / 'proofs', ignore_errors=True)

    def remove(self):
        self.services.close()
        super().remove()


class Case(office.Case):
    """With a timestamp service; the status of certificates is asked for."""

    def make_home(self):
        home = Home(self.credential_names)
        home.use_services()
        return home

    def tearDown(self):
        self.home.services.set('good')
        super().tearDown()
