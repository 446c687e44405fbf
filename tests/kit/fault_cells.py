# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/show/fault-matrix tries with a driver, and what a caller must be told of it."""

import dataclasses

TOKEN_SECONDS = 3
# A token is asked up to three times on the way of a signature, each time with its own clock.
CALLS = 3
SLACK_SECONDS = 8  # the rest of a signature, on a machine with other things to do
DELAY_MS = 100

# Return values by their names in PKCS#11 v2.40 §5.1.
VALUES = {
    'HOST_MEMORY': 0x2, 'SLOT_ID_INVALID': 0x3, 'GENERAL_ERROR': 0x5, 'FUNCTION_FAILED': 0x6,
    'ARGUMENTS_BAD': 0x7, 'NEED_TO_CREATE_THREADS': 0x9, 'CANT_LOCK': 0xa,
    'ATTRIBUTE_TYPE_INVALID': 0x12, 'ATTRIBUTE_VALUE_INVALID': 0x13, 'DATA_INVALID': 0x20,
    'DATA_LEN_RANGE': 0x21, 'DEVICE_ERROR': 0x30, 'DEVICE_MEMORY': 0x31, 'DEVICE_REMOVED': 0x32,
    'FUNCTION_CANCELED': 0x50, 'KEY_HANDLE_INVALID': 0x60, 'KEY_SIZE_RANGE': 0x62,
    'KEY_TYPE_INCONSISTENT': 0x63, 'KEY_FUNCTION_NOT_PERMITTED': 0x68, 'MECHANISM_INVALID': 0x70,
    'MECHANISM_PARAM_INVALID': 0x71, 'OPERATION_ACTIVE': 0x90, 'OPERATION_NOT_INITIALIZED': 0x91,
    'PIN_INCORRECT': 0xa0, 'PIN_EXPIRED': 0xa3, 'PIN_LOCKED': 0xa4, 'SESSION_CLOSED': 0xb0,
    'SESSION_COUNT': 0xb1, 'SESSION_HANDLE_INVALID': 0xb3, 'SESSION_PARALLEL_NOT_SUPPORTED': 0xb4,
    'SESSION_READ_ONLY_EXISTS': 0xb7, 'SESSION_READ_WRITE_SO_EXISTS': 0xb8,
    'TOKEN_NOT_PRESENT': 0xe0, 'TOKEN_NOT_RECOGNIZED': 0xe1, 'TOKEN_WRITE_PROTECTED': 0xe2,
    'USER_ALREADY_LOGGED_IN': 0x100, 'USER_NOT_LOGGED_IN': 0x101,
    'USER_PIN_NOT_INITIALIZED': 0x102, 'USER_TYPE_INVALID': 0x103,
    'USER_ANOTHER_ALREADY_LOGGED_IN': 0x104, 'USER_TOO_MANY_TYPES': 0x105,
    'BUFFER_TOO_SMALL': 0x150, 'CRYPTOKI_NOT_INITIALIZED': 0x190,
    'CRYPTOKI_ALREADY_INITIALIZED': 0x191, 'FUNCTION_REJECTED': 0x200,
}

# What §5.4 to §5.13 say of nearly every function, and of every one that has a session.
OF_ALL = 'ARGUMENTS_BAD CRYPTOKI_NOT_INITIALIZED FUNCTION_FAILED GENERAL_ERROR HOST_MEMORY'
OF_SESSIONS = f'{OF_ALL} DEVICE_ERROR DEVICE_MEMORY DEVICE_REMOVED SESSION_CLOSED ' \
              'SESSION_HANDLE_INVALID'

# The return values that fit, by function; those that are told in a way of their own first.
FITTING = {
    'C_Initialize': 'CRYPTOKI_ALREADY_INITIALIZED CANT_LOCK NEED_TO_CREATE_THREADS ARGUMENTS_BAD '
                    'FUNCTION_FAILED GENERAL_ERROR HOST_MEMORY',
    'C_GetSlotList': f'BUFFER_TOO_SMALL {OF_ALL}',
    'C_OpenSession': f'TOKEN_NOT_PRESENT DEVICE_REMOVED SESSION_COUNT DEVICE_ERROR DEVICE_MEMORY '
                     f'SESSION_PARALLEL_NOT_SUPPORTED SESSION_READ_WRITE_SO_EXISTS SLOT_ID_INVALID '
                     f'TOKEN_NOT_RECOGNIZED TOKEN_WRITE_PROTECTED {OF_ALL}',
    'C_Login': 'PIN_INCORRECT PIN_LOCKED FUNCTION_CANCELED USER_ALREADY_LOGGED_IN '
               'USER_ANOTHER_ALREADY_LOGGED_IN USER_PIN_NOT_INITIALIZED USER_TOO_MANY_TYPES '
               'USER_TYPE_INVALID OPERATION_NOT_INITIALIZED SESSION_READ_ONLY_EXISTS '
               f'{OF_SESSIONS}',
    'C_FindObjectsInit': 'DEVICE_REMOVED OPERATION_ACTIVE ATTRIBUTE_TYPE_INVALID '
                         f'ATTRIBUTE_VALUE_INVALID PIN_EXPIRED {OF_SESSIONS}',
    'C_FindObjects': f'DEVICE_REMOVED OPERATION_NOT_INITIALIZED {OF_SESSIONS}',
    'C_SignInit': 'MECHANISM_INVALID USER_NOT_LOGGED_IN DEVICE_REMOVED OPERATION_ACTIVE '
                  'KEY_FUNCTION_NOT_PERMITTED KEY_HANDLE_INVALID KEY_SIZE_RANGE '
                  'KEY_TYPE_INCONSISTENT MECHANISM_PARAM_INVALID PIN_EXPIRED FUNCTION_CANCELED '
                  f'{OF_SESSIONS}',
    'C_Sign': 'DEVICE_REMOVED USER_NOT_LOGGED_IN DEVICE_ERROR FUNCTION_CANCELED BUFFER_TOO_SMALL '
              f'DATA_INVALID DATA_LEN_RANGE OPERATION_NOT_INITIALIZED FUNCTION_REJECTED '
              f'{OF_SESSIONS}',
    'C_Finalize': f'{OF_ALL}',
}

# Where each is called: before the PIN is asked for, after it was typed, for the signature, at the end.
PHASES = {
    'C_Initialize': ('list',),
    'C_GetSlotList': ('list', 'login'),
    'C_OpenSession': ('list', 'login'),
    'C_Login': ('login',),
    'C_FindObjectsInit': ('list', 'login'),
    'C_FindObjects': ('list', 'login'),
    'C_SignInit': ('sign',),
    'C_Sign': ('sign',),
    'C_Finalize': ('end',),
}

REMOVED = {'DEVICE_REMOVED', 'TOKEN_NOT_PRESENT', 'TOKEN_NOT_RECOGNIZED', 'SESSION_HANDLE_INVALID',
           'SESSION_CLOSED', 'SLOT_ID_INVALID'}
UNSUPPORTED = {'MECHANISM_INVALID', 'MECHANISM_PARAM_INVALID', 'KEY_TYPE_INCONSISTENT',
               'KEY_FUNCTION_NOT_PERMITTED', 'KEY_SIZE_RANGE'}


@dataclasses.dataclass(frozen=True)
class Cell:
    """One fault: `rules` of p11fault.c from `phase` on, and what must come of it."""

    function: str
    phase: str
    kind: str  # crash, hang, delay, CKR or lie
    value: str  # the return value, or how it crashes
    rules: tuple
    codes: tuple
    pins: int  # that reach C_Login
    typed: int  # that the person types

    def __str__(self):
        return f'{self.function} {self.phase} {self.kind} {self.value}'

    @property
    def ends_worker(self):
        return self.kind in ('crash', 'hang', 'lie')

    @property
    def deadline(self):
        return CALLS * TOKEN_SECONDS + SLACK_SECONDS


def code_of_value(function, phase, value):
    """What ipc/PROTOCOL.md §5 promises of a return value."""
    if phase == 'end' or value == 'CRYPTOKI_ALREADY_INITIALIZED':
        return 'signed'
    if function == 'C_Initialize':
        return 'module_failed'
    if value in ('PIN_INCORRECT', 'PIN_LOCKED'):
        return value.lower()
    if value in REMOVED:
        # A token that goes while it is looked at was never there.
        return 'unknown_credential' if phase == 'list' else 'token_removed'
    return 'mechanism_unsupported' if value in UNSUPPORTED else 'token_failed'


def pins_by(function, phase):
    """How often the PIN has gone in once the function fails for good."""
    if phase in ('sign', 'end') or function == 'C_Login':
        return 1
    return 0


def make_cell(function, phase, kind, value, action, code):
    pins = 1 if code == 'signed' else pins_by(function, phase)
    typed = 0 if phase == 'list' and code != 'signed' else 1
    codes = code if isinstance(code, tuple) else (code,)
    return Cell(function, phase, kind, value, (f'{function}:{action}',), codes, pins, typed)


def cells_of(function, phase, limit):
    is_end = phase == 'end'
    yield make_cell(function, phase, 'crash', 'SIGSEGV', 'crash',
                    'signed' if is_end else 'token_crashed')
    yield make_cell(function, phase, 'crash', 'SIGABRT', 'abort',
                    'signed' if is_end else 'token_crashed')
    yield make_cell(function, phase, 'crash', 'after', 'post-crash',
                    'signed' if is_end else 'token_crashed')
    yield make_cell(function, phase, 'hang', 'in it', 'hang', 'signed' if is_end else 'token_hung')
    yield make_cell(function, phase, 'delay', f'{DELAY_MS} ms', f'delay={DELAY_MS}', 'signed')
    for name in list(dict.fromkeys(FITTING[function].split()))[:limit]:
        # A module that says "already" has been started, and one that has signed is not in the
        # middle of signing: there the call is made, and its answer replaced.
        made = name == 'CRYPTOKI_ALREADY_INITIALIZED' or function in ('C_Sign', 'C_Finalize')
        yield make_cell(function, phase, 'CKR', name,
                        f'{"post-" if made else ""}rv={VALUES[name]:#x}',
                        code_of_value(function, phase, name))


def lie(function, phase, what, rule, codes, pins=0):
    return Cell(function, phase, 'lie', what, (rule,), codes, pins, 0 if phase == 'list' else 1)


LIES = (
    lie('C_GetSlotList', 'list', 'a huge count', 'C_GetSlotList:lie=ffffffffffffff',
        ('token_failed', 'no_token')),
    lie('C_GetSlotList', 'login', '8192 slots', 'C_GetSlotList:lie=2000',
        ('token_failed', 'token_crashed', 'token_removed')),
    lie('C_FindObjects', 'list', '50 objects of 1', 'C_FindObjects:lie=32',
        ('token_failed', 'token_crashed', 'token_hung')),
    lie('C_GetAttribute', 'list', '64 MiB long', 'C_GetAttributeValue:lie=3ffffff',
        ('token_failed', 'token_crashed', 'token_hung')),
    lie('certificate', 'login', 'not as listed', 'TOKEN:other-certificate',
        ('unknown_credential',)),
    lie('serial number', 'login', 'not as listed', 'TOKEN:other', ('token_changed',)),
    lie('C_Sign', 'sign', 'one bit wrong', 'C_Sign:garble', ('signature_wrong',), 1),
    lie('C_Sign', 'sign', 'a huge length', 'C_Sign:lie=ffffffff', ('signature_wrong',), 1),
)


def all_cells(limit):
    """`limit`: so many return values of each function; None: all."""
    cells = [cell for function, phases in PHASES.items() for phase in phases
             for cell in cells_of(function, phase, limit)]
    return cells + list(LIES)
