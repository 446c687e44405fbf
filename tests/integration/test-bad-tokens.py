#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A token, its driver or the person before it fails: no try is wasted, nothing hangs, and the next
request works."""

import os
import signal

import kyso_kit
import office
import tap
from kyso_kit import PIN, KysoError

SIGN = 'signatures.signDoc'
PSS, ECDSA = '1.2.840.113549.1.1.10', '1.2.840.10045.4.3.2'

# Where a driver can fail on the way of one signature: by the listing, the login, the signature.
CALLS = ('C_GetFunctionList', 'C_Initialize', 'C_GetSlotList', 'C_GetTokenInfo', 'C_OpenSession',
         'C_FindObjects', 'C_Login', 'C_SignInit', 'C_Sign')


def logins_by(function):
    """How often the PIN has gone in once this function fails for good."""
    return 1 if function in ('C_Login', 'C_SignInit', 'C_Sign') else 0


class Pin(office.Case):
    def test_a_wrong_pin_costs_one_try_and_is_told_with_the_flags(self):
        self.home.script_pinentry('pin 000000')
        windows = len(self.home.pin_windows.lines)
        error = self.refuse('pin_incorrect', 'wrong PIN', self.approval(), outcome='failed',
                            logins=1)
        self.assertEqual({name: error.data[name] for name in (
            'pin_count_low', 'pin_final_try', 'pin_locked', 'tries_left')},
            {'pin_count_low': True, 'pin_final_try': False, 'pin_locked': False, 'tries_left': None})
        asked = [line for line in self.home.pin_windows.lines[windows:] if line.startswith('GETPIN')]
        self.assertEqual(len(asked), 1)

    def test_after_a_wrong_pin_the_next_question_says_so(self):
        self.home.script_pinentry('pin 000000')
        self.refuse('pin_incorrect', 'wrong PIN, detached', self.detached(), outcome='failed',
                    logins=1)
        with self.agent.connect() as client:
            for token in client.call('tokens.list')['tokens']:
                used = self.home.credentials['leader'] in token['credentials']
                self.assertEqual(token['pin_count_low'], used)

    def test_who_cancels_signs_nothing_and_uses_no_try(self):
        self.home.script_pinentry('cancel')
        self.refuse('pin_cancelled', 'PIN window cancelled', self.approval(), outcome='cancelled')
        self.refuse('pin_cancelled', 'PIN window cancelled, detached', self.detached(),
                    outcome='cancelled')

    def test_who_cancels_at_the_keypad_of_the_reader_has_cancelled(self):
        self.home.script_pinentry('yes')
        self.home.break_token('TOKEN:keypad', 'C_Login:rv=0x50')
        self.refuse('pin_cancelled', "cancelled at the reader's keypad", self.approval(),
                    outcome='cancelled', logins=1)
        self.assertNotIn('GETPIN', self.home.pinentry_log())

    def test_no_driver_cancels_for_the_person(self):
        for function in ('C_Login', 'C_SignInit', 'C_Sign'):
            with self.subTest(function):
                self.home.script_pinentry(f'pin {PIN}')
                self.home.break_token(f'{function}:rv=0x50')
                self.refuse('token_failed', f'{function}: CKR_FUNCTION_CANCELED', self.approval(),
                            outcome='failed', logins=1)

    def test_an_empty_pin_is_no_try(self):
        self.home.script_pinentry('empty')
        self.refuse('pin_cancelled', 'empty PIN', self.approval(), outcome='cancelled')

    def test_a_locked_token_is_not_asked(self):
        self.home.break_token('TOKEN:pin-locked')
        windows = len(self.home.pin_windows.lines)
        self.refuse('pin_locked', 'token locked before', self.approval(), outcome='failed')
        self.assertEqual(self.home.pin_windows.lines[windows:], [])

    def test_a_token_that_locks_says_so(self):
        self.home.break_token('C_Login:rv=0xa4')
        self.refuse('pin_locked', 'token locks at this PIN', self.approval(), outcome='failed',
                    logins=1)

    def test_the_last_try_wants_a_yes_of_its_own(self):
        self.home.break_token('TOKEN:pin-final')
        self.home.script_pinentry('notconfirm', f'pin {PIN}')
        self.refuse('pin_cancelled', 'last try, not confirmed', self.approval(),
                    outcome='cancelled')
        self.assertIn('CONFIRM', self.home.pinentry_log())
        self.home.script_pinentry('yes', 'pin 000000')
        error = self.refuse('pin_incorrect', 'last try, wrong PIN', self.approval(),
                            outcome='failed', logins=1)
        self.assertTrue(error.data['pin_final_try'] or error.data['pin_locked'])


class Prompt(office.Case):
    def test_a_failing_pin_window_is_told_and_no_try_is_used(self):
        for action, code in (
            ('notty', 'prompt_unavailable'),
            ('timeout', 'prompt_timed_out'),
            ('error 83886081', 'prompt_failed'),
            ('garbage', 'prompt_failed'),
            ('crash', 'prompt_failed'),
            ('eof', 'prompt_failed'),
        ):
            with self.subTest(action):
                self.home.script_pinentry(action)
                self.refuse(code, f'PIN window: {action}', self.approval(), outcome='failed')

    def test_without_a_pinentry_there_is_no_prompt(self):
        program = self.home.pinentry.with_name('elsewhere')
        self.home.pinentry.rename(program)
        self.refuse('prompt_unavailable', 'no pinentry installed', self.approval(),
                    outcome='failed')
        program.rename(self.home.pinentry)

    def test_a_killed_prompt_signs_nothing(self):
        self.home.script_pinentry('hang')
        with self.agent.connect() as client, self.untouched(outcome='failed', code='prompt_failed'):
            request = client.begin(SIGN, self.approval(
                input={'path': str(self.letter.path)},
                output={'path': str(self.out / 'result')}))
            self.home.wait_pin_window()
            for pid, name in self.agent.children().items():
                if name == 'kyso-prompt':
                    os.kill(pid, signal.SIGKILL)
            self.assert_told(self.assert_refused('prompt_failed', client.finish, request))
        self.note('prompt_failed', 'kyso-prompt killed while it asks', 'failed')


class Absence(office.Case):
    def exchange(self, rule):
        """The error of a request whose token is exchanged while the PIN is asked."""
        self.home.script_pinentry(f'slow 0.5 pin {PIN}')
        with self.agent.connect() as client:
            request = client.begin(SIGN, self.detached(
                input={'path': str(self.letter.path)}, output={'path': str(self.out / 'result')}))
            self.home.wait_pin_window()
            self.home.break_token(rule)
            with self.assertRaises(KysoError) as caught:
                client.finish(request)
        error = caught.exception
        self.assert_told(error)
        record, = self.journal()
        self.assertEqual((record['outcome'], record['error_code']), ('failed', error.code))
        self.assertEqual((self.home.logins(), os.listdir(self.out)), (0, []))
        return error

    def test_without_a_token_nothing_is_signed(self):
        self.home.break_token('TOKEN:absent')
        self.refuse('no_token', 'no token present', self.approval(wait_for_token=False),
                    outcome='failed')
        with self.agent.connect() as client:
            self.assertEqual(client.call('tokens.list'), {'tokens': [], 'faults': []})

    def test_a_token_pulled_before_the_pin_is_told(self):
        self.home.script_pinentry(f'slow 1 pin {PIN}')
        error = self.exchange('TOKEN:absent')
        self.assertIn(error.code, ('token_removed', 'token_changed'))
        self.note(error.code, 'token pulled while the PIN is asked', 'failed')

    def test_another_token_in_its_place_gets_no_pin(self):
        error = self.exchange('TOKEN:other')
        self.assertEqual(error.code, 'token_changed')
        self.note(error.code, 'another token while the PIN is asked', 'failed')

    def test_a_token_pulled_while_it_signs_is_told(self):
        self.home.break_token('C_Sign:post-rv=0x32')
        self.refuse('token_removed', 'token pulled while it signs', self.approval(),
                    outcome='failed', logins=1)


class Faults(office.Case):
    def test_a_fault_of_the_token_is_told_with_its_number(self):
        for rule, ckr in (('C_Sign:post-rv=0x30', '0x30'), ('C_Sign:post-rv=0x6', '0x6')):
            self.home.break_token(rule)
            error = self.refuse('token_failed', rule, self.detached(), outcome='failed', logins=1)
            self.assertEqual((error.data['ckr'], error.data['function']), (ckr, 'C_Sign'))

    def test_a_wrong_signature_does_not_leave_the_worker(self):
        self.home.break_token('C_Sign:garble')
        self.refuse('signature_wrong', 'one bit of the signature is wrong', self.approval(),
                    outcome='failed', logins=1)

    def test_what_the_key_cannot_do_is_said(self):
        self.refuse('mechanism_unsupported', 'ECDSA with an RSA key', self.approval(signAlgo=ECDSA),
                    outcome='failed')
        self.home.break_token('C_SignInit:rv=0x70')
        self.refuse('mechanism_unsupported', 'CKR_MECHANISM_INVALID', self.approval(signAlgo=PSS),
                    outcome='failed', logins=1)


class Drivers(office.Case):
    settings = (('token', 'seconds=2'),)

    def refuse_fault(self, code, function, action):
        self.home.break_token(f'{function}:{action}')
        self.refuse(code, f'{function}: {action}', self.detached(), outcome='failed',
                    logins=logins_by(function))
        self.home.break_token()

    def test_a_crashing_driver_is_told(self):
        for function in CALLS:
            for action in ('crash', 'abort', 'exit') if function == 'C_Sign' else ('crash',):
                with self.subTest(function, action=action):
                    self.refuse_fault('token_crashed', function, action)
                    self.sign_well()  # else it would be in quarantine soon

    def test_a_driver_that_crashes_again_and_again_is_left_alone(self):
        for _ in range(4):
            self.refuse_fault('token_crashed', 'C_Sign', 'crash')
        error = self.refuse('module_quarantined', 'four crashes within a minute', self.detached(),
                            outcome='failed')
        self.assertEqual(error.data['crashes'], 4)
        self.assertIn('signal 11', error.data['last'])
        self.assertEqual(error.data['module'], kyso_kit.program('tests/kit/p11fault.so'))
        self.restart_agent()

    def test_a_hanging_listing_is_stopped(self):
        self.refuse_fault('token_hung', 'C_GetSlotList', 'hang')

    def test_a_hanging_login_is_stopped(self):
        self.refuse_fault('token_hung', 'C_Login', 'hang')

    def test_a_hanging_signature_is_stopped(self):
        self.refuse_fault('token_hung', 'C_Sign', 'hang')

    def test_a_failing_session_does_not_hang(self):
        self.home.break_token('C_OpenSession:rv=0xe0')
        self.refuse('unknown_credential', 'C_OpenSession: rv=0xe0', self.detached(wait_for_token=False),
                    outcome='failed')


class Workers(office.Case):
    def test_a_worker_killed_while_it_signs_is_told(self):
        self.home.break_token('C_Sign:hang')
        target = self.out / 'result'
        target.write_bytes(office.OLD)
        with self.agent.connect() as client, self.untouched(
                self.letter.path, target=target, outcome='failed', code='token_crashed', logins=1):
            request = client.begin(SIGN, self.approval(
                input={'path': str(self.letter.path)}, output={'path': str(target)}))
            os.kill(self.home.wait_token_call('C_Sign', 'hang'), signal.SIGKILL)
            self.assert_told(self.assert_refused('token_crashed', client.finish, request))
        self.note('token_crashed', 'kyso-token killed while it signs', 'failed', 1)
        target.unlink()

    def test_a_broken_module_does_not_spoil_the_others(self):
        (self.home.config / 'modules.d' / 'broken.module').write_text('module: /nonexistent.so\n')
        self.restart_agent()
        with self.agent.connect() as client:
            listed = client.call('tokens.list')
        self.assertEqual(sum(token['initialized'] for token in listed['tokens']), 2)
        self.assertEqual([fault['error']['code'] for fault in listed['faults']], ['module_failed'])

    def test_a_module_that_is_not_there_is_told(self):
        module = self.home.config / 'modules.d' / 'softhsm.module'
        good = module.read_text()
        module.write_text('module: /nonexistent.so\n')
        self.restart_agent()
        self.refuse('module_failed', 'PKCS#11 module is not there', self.approval(),
                    outcome='failed')
        module.write_text(good)
        self.restart_agent()

    def test_a_module_that_others_can_change_is_not_loaded(self):
        loose = self.home.path / 'loose.so'
        loose.write_bytes(b'')
        loose.chmod(0o666)
        module = self.home.config / 'modules.d' / 'softhsm.module'
        good = module.read_text()
        module.write_text(f'module: {loose}\n')
        self.restart_agent()
        self.refuse('module_refused', 'PKCS#11 module that others can change', self.approval(),
                    outcome='failed')
        module.write_text(good)
        self.restart_agent()


if __name__ == '__main__':
    tap.main()
