# SPDX-License-Identifier: GPL-3.0-or-later
"""tokens.watch for tests: a client that reads the events one after the other, each once.

    with token_events.Watch(agent) as watch:
        rig.card_insert('leader')
        watch.expect('inserted', rig.reader(0).name)
"""


class Watch:
    """`first`: the result of tokens.watch."""

    def __init__(self, agent, timeout=60):
        self.client = agent.connect(timeout=timeout)
        self._next = 0
        self.first = self.client.call('tokens.watch')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def next(self):
        """The parameters of the next event; waits for it."""
        while self._next == len(self.client.notifications):
            message = self.client.receive()
            if 'method' not in message:
                raise AssertionError(f'an answer that nobody asked for: {message}')
            self.client.notifications.append(message)
        note = self.client.notifications[self._next]
        self._next += 1
        if note['method'] != 'tokens.changed':
            raise AssertionError(f'not of tokens.watch: {note}')
        return note['params']

    def expect(self, event, reader=None):
        """The next event, which must be that."""
        said = self.next()
        if (said['event'], said.get('reader', {}).get('name')) != (event, reader):
            raise AssertionError(f'{event} of {reader} was to come, not {said}')
        return said

    def nothing_more(self):
        """Nothing has been told that was not read: all that was sent before an answer came before it."""
        with_answer = self.client.call('service.info')
        assert with_answer['name'] == 'kyso'
        rest = self.client.notifications[self._next:]
        if rest:
            raise AssertionError(f'more was told: {rest}')


def reader_of(first, name):
    """The reader `name` of the first answer."""
    return next(reader for reader in first['readers'] if reader['name'] == name)


