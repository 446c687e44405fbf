#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""tokens.watch: what is told when readers, cards and pcscd itself come and go."""

import json
import os
import pathlib
import re
import subprocess

import card_rig
import kyso_kit
import tap
from schema import Schemas
from token_events import Watch

OPENRPC = json.loads((kyso_kit.ROOT / 'ipc' / 'openrpc.json').read_text())
SCHEMAS = Schemas(OPENRPC)
READER = {'$ref': '#/components/schemas/reader'}
NOTE = next(note for note in OPENRPC['x-notifications'] if note['name'] == 'tokens.changed')
AT = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+07:00$')


class Case(kyso_kit.Case):
    def make_rig(self, **options):
        try:
            rig = card_rig.Rig(**options)
        except card_rig.Unavailable as error:
            self.skipTest(str(error))
        self.addCleanup(rig.close)
        return rig

    def start_on(self, rig):
        return self.start_agent(environment=rig.environment())

    def watch(self, agent):
        watch = Watch(agent)
        self.addCleanup(watch.client.close)
        return watch

    def assert_reader(self, reader, name, card):
        SCHEMAS.check(reader, READER, 'reader')
        self.assertEqual((reader['name'], reader['card']), (name, card))
        self.assertEqual(reader['atr'] is not None, card)


class Cards(Case):
    def setUp(self):
        super().setUp()
        self.rig = self.make_rig(readers=2)
        self.names = [reader.name for reader in self.rig.readers]
        self.rig.card_insert('leader', 1)
        self.agent = self.start_on(self.rig)

    def test_the_answer_tells_what_is_there(self):
        first = self.watch(self.agent).first
        self.assertEqual((first['watching'], first['service']), (True, 'running'))
        self.assertEqual([reader['name'] for reader in first['readers']], self.names)
        self.assert_reader(first['readers'][0], self.names[0], False)
        self.assert_reader(first['readers'][1], self.names[1], True)

    def test_a_card_is_told_when_it_comes_and_when_it_goes(self):
        watch = self.watch(self.agent)
        for _ in range(3):
            self.rig.card_insert('agency')
            note = watch.expect('inserted', self.names[0])
            self.assert_reader(note['reader'], self.names[0], True)
            self.rig.card_remove()
            note = watch.expect('removed', self.names[0])
            self.assert_reader(note['reader'], self.names[0], False)
        watch.nothing_more()

    def test_notes_have_their_shape(self):
        watch = self.watch(self.agent)
        self.rig.card_remove(1)
        note = watch.expect('removed', self.names[1])
        for parameter in NOTE['params']:
            if parameter['required']:
                self.assertIn(parameter['name'], note)
            if parameter['name'] in note:
                SCHEMAS.check(note[parameter['name']], parameter['schema'], parameter['name'])
        self.assertLessEqual(set(note), {parameter['name'] for parameter in NOTE['params']})
        self.assertRegex(note['at'], AT)

    def test_no_swap_goes_by_unseen(self):
        """However fast: either out and in, or swapped; and the last word is the card that is in."""
        watch = self.watch(self.agent)
        reader = self.rig.reader(1)
        for round_ in range(20):
            reader.remove(wait=False)
            reader.insert('agency' if round_ % 2 == 0 else 'leader', wait=False)
            told = watch.next()
            if told['event'] == 'removed':
                told = watch.expect('inserted', reader.name)
            else:
                self.assertEqual(told['event'], 'swapped')
            self.assert_reader(told['reader'], reader.name, True)
        watch.nothing_more()

    def test_all_who_watch_are_told_and_those_who_stop_are_not(self):
        one, two, three = (self.watch(self.agent) for _ in range(3))
        self.assertEqual(two.client.call('tokens.watch', {'enabled': False}), {'watching': False})
        three.client.close()
        self.rig.card_insert('agency')
        one.expect('inserted', self.names[0])
        two.nothing_more()
        two.client.call('tokens.watch', {'enabled': True})
        two.client.call('tokens.watch')  # twice is as good as once
        self.rig.card_remove()
        one.expect('removed', self.names[0])
        two.expect('removed', self.names[0])
        one.nothing_more()
        two.nothing_more()

    def test_the_agent_has_no_thread_for_it_before_somebody_asks(self):
        tasks = pathlib.Path(f'/proc/{self.agent.pid}/task')
        before = len(list(tasks.iterdir()))
        self.watch(self.agent)
        self.assertEqual(len(list(tasks.iterdir())), before + 1)

    def test_the_monitor_connects_to_no_card(self):
        card = self.rig.reader(1).card
        before = len(card.apdu_log())
        watch = self.watch(self.agent)
        self.rig.card_insert('agency')
        watch.expect('inserted', self.names[0])
        self.assertEqual(len(card.apdu_log()), before)
        self.assertEqual(self.rig.card('agency').apdu_log(), [])


class Service(Case):
    def test_pcscd_killed_and_started(self):
        rig = self.make_rig(readers=2)
        rig.card_insert('leader')
        names = [reader.name for reader in rig.readers]
        watch = self.watch(self.start_on(rig))
        for _ in range(5):
            rig.pcscd_kill()
            watch.expect('removed', names[0])
            watch.expect('reader_removed', names[0])
            watch.expect('reader_removed', names[1])
            watch.expect('service_stopped')
            watch.nothing_more()
            rig.pcscd_start()
            self.settle(watch, rig)
        rig.card_insert('agency', 1)
        watch.expect('inserted', names[1])

    def settle(self, watch, rig):
        """pcscd opens its readers one after the other: what is told on the way may differ, what is
        there at the end may not."""
        there = {}
        started = False
        wanted = {reader.name: reader.card is not None for reader in rig.readers}
        while not started or there != wanted:
            note = watch.next()
            if note['event'] == 'service_started':
                started = True
            else:
                there[note['reader']['name']] = note['reader']['card']

    def test_no_restart_is_missed_however_fast(self):
        rig = self.make_rig()
        rig.card_insert('leader')
        watch = self.watch(self.start_on(rig))
        for _ in range(10):
            rig.pcscd_kill()
            rig.pcscd_start()
            while watch.next()['event'] != 'service_stopped':
                pass
            self.settle(watch, rig)

    def test_absent_at_first(self):
        rig = self.make_rig()
        rig.card_insert('leader')
        rig.pcscd_kill()
        watch = self.watch(self.start_on(rig))
        self.assertEqual((watch.first['service'], watch.first['readers']), ('absent', []))
        rig.pcscd_start()
        self.settle(watch, rig)

    def test_its_folder_is_made_later(self):
        """No folder of the socket yet, as on a machine where pcscd was never started."""
        rig = self.make_rig()
        rig.card_insert('leader')
        rig.pcscd_kill()
        rig.socket = rig.folder / 'run' / 'pcscd' / 'pcscd.comm'
        watch = self.watch(self.start_on(rig))
        self.assertEqual(watch.first['service'], 'absent')
        rig.socket.parent.mkdir(parents=True)
        rig.pcscd_start()
        self.settle(watch, rig)

    def test_sixteen_readers(self):
        rig = self.make_rig(readers=16)
        rig.card_insert('leader', 15)
        watch = self.watch(self.start_on(rig))
        self.assertEqual([reader['card'] for reader in watch.first['readers']], 15 * [False] + [True])
        rig.card_insert('agency', 7)
        watch.expect('inserted', rig.reader(7).name)
        rig.card_remove(15)
        watch.expect('removed', rig.reader(15).name)
        watch.nothing_more()


class Readers(Case):
    def test_a_token_is_a_reader_that_comes_with_its_card(self):
        rig = self.make_rig(readers=2, hotplug=True)
        rig.card_insert('leader')
        name = rig.reader(0).name
        watch = self.watch(self.start_on(rig))
        for _ in range(5):
            rig.reader_remove()
            watch.expect('removed', name)
            self.assert_reader(watch.expect('reader_removed', name)['reader'], name, False)
            rig.reader_add()
            watch.expect('reader_added', name)
            self.assert_reader(watch.expect('inserted', name)['reader'], name, True)
        watch.nothing_more()

    def test_the_sixteenth_reader_comes_and_goes(self):
        """pcsc-lite takes sixteen names at once: there is none left for the list of readers."""
        rig = self.make_rig(readers=16, hotplug=True, plugged=15)
        name = rig.reader(15).name
        watch = self.watch(self.start_on(rig))
        for _ in range(2):
            rig.reader_add(15)
            watch.expect('reader_added', name)
            rig.reader_remove(15)
            watch.expect('reader_removed', name)
        watch.nothing_more()


class Terminal(Case):
    def start_watching(self, rig, *options):
        agent = self.start_on(rig)
        process = subprocess.Popen(
            [kyso_kit.program('ipc/cli/kyso'), '--socket', self.home.socket, *options, 'tokens', '--watch'],
            env=self.home.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return agent, process

    def test_a_line_for_each_event(self):
        rig = self.make_rig()
        name = rig.reader(0).name
        for language, inserted, empty, card in (('vi', 'Thẻ đã cắm', 'không có thẻ', 'có thẻ'),
                                                ('en', 'Card inserted', 'no card', 'a card is in it')):
            agent, process = self.start_watching(rig, '--lang', language)
            self.assertEqual(process.stdout.readline(), f'{name}: {empty}\n')
            rig.card_insert('leader')
            self.assertRegex(process.stdout.readline(),
                             rf'^\d\d:\d\d:\d\d\.\d{{3}}  {inserted}: {name} \({card}\)\n$')
            rig.card_remove()
            process.stdout.readline()
            agent.stop()
            self.assertEqual(process.wait(timeout=30), 3, process.stderr.read())

    def test_json_lines(self):
        rig = self.make_rig()
        _, process = self.start_watching(rig, '--json')
        self.assertEqual(json.loads(process.stdout.readline())['service'], 'running')
        rig.card_insert('leader')
        self.assertEqual(json.loads(process.stdout.readline())['event'], 'inserted')


if __name__ == '__main__':
    os.environ.pop('PCSCLITE_CSOCK_NAME', None)
    tap.main()
