# SPDX-License-Identifier: GPL-3.0-or-later
"""A home whose credentials live on virtual cards: the agent reaches them through OpenSC or ykcs11 and
a pcscd of the home's own (card_rig.py).

    class Swap(card_office.Case):
        rig_options = {'readers': 2, 'hotplug': True}

        def test_...(self):
            agent = self.start_agent()
            self.card_insert('leader')

A verb of the rig returns when pcscd has told its clients; the agent is one of them, and may be asked
for a token before it has heard of it. The verbs of Case wait for the agent, too.
"""

import glob
import shutil

import card_pool
import card_rig
import kyso_kit

# Vendor modules by name: where they lie, and what the rig must look like for them.
MODULES = {
    'opensc': ('/usr/lib/*/opensc-pkcs11.so', {}),
    'ykcs11': ('/usr/lib/*/libykcs11.so', {'yubico': True}),
}


def find_module(name):
    found = glob.glob(MODULES[name][0])
    if not found:
        raise card_rig.Unavailable(f'{MODULES[name][0]} is not there')
    return found[0]


class Home(kyso_kit.Home):
    """`credentials`: {'leader': id, 'leader 9c': id, ...} of all cards in the pool, whether they are
    in a reader or not; without a slot it is that of 9a. `rig_options`: see card_rig.Rig."""

    def __init__(self, modules=('opensc',), **rig_options):
        self.modules = {name: find_module(name) for name in modules}
        for name in modules:
            rig_options.update(MODULES[name][1])
        self.rig = card_rig.Rig(**rig_options)
        try:
            super().__init__()
        except BaseException:
            self.rig.close()
            raise
        self.script_pinentry(f'pin {self.rig.pin}')

    def make_tokens(self, names):
        cards, pool = card_pool.read(card_rig.CACHE)
        for name in ('modules.d', 'trust/anchors', 'trust/intermediates', 'credentials.d'):
            (self.config / name).mkdir(parents=True)
        (self.config / 'kyso.conf').write_text('[modules]\nregistry=false\n')
        for name, path in self.modules.items():
            (self.config / 'modules.d' / f'{name}.module').write_text(
                f'module: {path}\nkyso-readers: each\n'
            )
        shutil.copyfile(pool / 'ca' / 'root.pem', self.config / 'trust/anchors/card-root.pem')
        shutil.copyfile(
            pool / 'ca' / 'issuing.pem', self.config / 'trust/intermediates/card-issuing.pem'
        )
        credentials = {}
        for card, slots in cards.items():
            for slot, values in slots.items():
                credentials[card if slot == '9a' else f'{card} {slot}'] = values['id']
                (self.config / 'credentials.d' / f'{card}-{slot}.conf').write_text(
                    f'[credential {values["id"]}]\nrole={values["role"]}\nname={values["name"]}\n'
                )
        return credentials

    def environment(self, **more):
        environment = super().environment(**self.rig.environment(), **more)
        del environment['SOFTHSM2_CONF']
        return environment

    def wait_seen(self, agent):
        """Until the agent knows the readers and cards as they are."""
        wanted = self.rig.state()
        with agent.connect() as client:
            told = client.call('tokens.watch')
            while (told['service'], {reader['name']: reader['card'] for reader in told['readers']}) \
                    != wanted:
                client.wait_notification('tokens.changed')
                client.notifications.clear()
                told = client.call('tokens.watch')

    def remove(self):
        self.rig.close()
        super().remove()


class Case(kyso_kit.Case):
    """A test with such a home. It is skipped by name where the machine cannot have the rig."""

    modules = ('opensc',)
    rig_options = {}
    inserted = ()  # cards that are in readers 0, 1, ... when the test begins

    def setUp(self):
        try:
            self.home = Home(self.modules, **self.rig_options)
        except card_rig.Unavailable as error:
            self.skipTest(str(error))
        self.addCleanup(self.home.remove)
        self.rig = self.home.rig
        self._agents = []
        for number, name in enumerate(self.inserted):
            self.rig.card_insert(name, number)

    def start_agent(self, **options):
        agent = super().start_agent(**options)
        self._agents.append(agent)
        return agent

    def wait_seen(self):
        for agent in self._agents:
            if agent.process.poll() is None:
                self.home.wait_seen(agent)

    def card_insert(self, name, number=0):
        card = self.rig.card_insert(name, number)
        self.wait_seen()
        return card

    def card_remove(self, number=0):
        card = self.rig.card_remove(number)
        self.wait_seen()
        return card

    def reader_add(self, number=0):
        self.rig.reader_add(number)
        self.wait_seen()

    def reader_remove(self, number=0):
        self.rig.reader_remove(number)
        self.wait_seen()

    def pcscd_kill(self):
        self.rig.pcscd_kill()
        self.wait_seen()

    def pcscd_start(self):
        self.rig.pcscd_start()
        self.wait_seen()
