# SPDX-License-Identifier: GPL-3.0-or-later
"""What packaging/try shows once everything is built: one official letter from the leader's
signature to the agency's seal, by a running agent with keys in a software token."""

import pathlib
import shutil
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'kit'))
sys.dont_write_bytecode = True

import kyso_kit  # noqa: E402

RESULT = kyso_kit.BUILD / 'try' / 'cong-van-79.pdf'


def say(vietnamese, english):
    print(f'• {vietnamese}\n  {english}', flush=True)


def run(home, *command):
    """Runs the command and shows what it says. Anything but success ends the demonstration."""
    done = subprocess.run(
        [str(part) for part in command],
        env=home.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in done.stdout.splitlines():
        print(f'    {line}', flush=True)
    if done.returncode != 0:
        raise SystemExit(f'{pathlib.Path(command[0]).name}: {done.returncode}')
    return done.stdout


def kyso(home, *arguments):
    return run(home, kyso_kit.program('ipc/cli/kyso'), '--socket', home.socket, *arguments)


def place(described):
    """A place as the command line wants it: PAGE:x0,y0,x1,y1."""
    return f'{described["page"]}:' + ','.join(str(number) for number in described['rect'])


def sign(home, letter, approved, issued):
    signature, seal = home.images()
    say('Phó Chủ tịch ký phê duyệt', 'The vice chairman approves')
    reserved = [
        word
        for name, described in letter.reserve().items()
        for word in ('--reserve', f'{name}={place(described)}')
    ]
    kyso(home, 'sign', '--purpose', 'approve', '--credential', home.credentials['leader'],
         '--place', place(letter.places['leader']), '--image', signature, *reserved,
         letter.path, approved)
    say('Văn thư cấp số 79, ngày 15 tháng 8 và đóng dấu cơ quan',
        'The clerk puts in number 79 and the date, and seals for the agency')
    kyso(home, 'sign', '--purpose', 'issue', '--credential', home.credentials['agency'],
         '--number', '79', '--day', '15', '--month', '8', '--image', seal, approved, issued)


def trust_in_nss(home):
    """A certificate store for pdfsig that trusts the throw-away CA."""
    store = home.path / 'nss'
    store.mkdir()
    certutil = ['certutil', '-d', f'sql:{store}']
    run(home, *certutil, '-N', '--empty-password')
    trust = home.config / 'trust'
    for folder, flags in (('anchors', 'CT,C,C'), ('intermediates', ',,')):
        for certificate in sorted((trust / folder).iterdir()):
            run(home, *certutil, '-A', '-n', certificate.stem, '-t', flags, '-i', certificate)
    return store


def verify(home, issued):
    say('kyso kiểm tra kết quả', 'kyso verifies the result')
    kyso(home, 'verify', issued)
    say('pdfsig và qpdf (không phải của kyso) kiểm tra kết quả',
        'pdfsig and qpdf, which are not ours, check the result')
    store = trust_in_nss(home)
    output = run(home, 'pdfsig', '-nssdir', store, issued)
    if output.count('Signature is Valid') != 2 or output.count('Certificate is Trusted') != 2:
        raise SystemExit('pdfsig: not two valid signatures of trusted certificates')
    run(home, 'qpdf', '--check', issued)


def demonstrate(home):
    letter = kyso_kit.make_letter(home.path / 'cong-van.pdf')
    approved, issued = home.path / 'approved.pdf', home.path / 'issued.pdf'
    agent = kyso_kit.Agent(home)
    try:
        sign(home, letter, approved, issued)
        verify(home, issued)
    finally:
        agent.stop()
    RESULT.parent.mkdir(exist_ok=True)
    shutil.copyfile(issued, RESULT)
    say('Xong: hai chữ ký hợp lệ.', 'Done: two valid signatures.')
    print(f'PDF: {RESULT}', flush=True)


def serve(home):
    letter = kyso_kit.make_letter(home.path / 'cong-van.pdf')
    signature, _ = home.images()
    agent = kyso_kit.Agent(home)
    try:
        say('kyso thử nghiệm đang chạy; Ctrl-C để dừng và xóa tất cả.',
            'The throw-away agent is running; Ctrl-C ends it and removes everything.')
        program = kyso_kit.program('ipc/cli/kyso')
        print(f'socket: {home.socket}')
        print(f'export XDG_RUNTIME_DIR={home.runtime}')
        for name, identity in home.credentials.items():
            print(f'credential {name}: {identity}')
        print(f'letter: {letter.path}')
        print(f'example: {program} --socket {home.socket} sign --purpose approve '
              f'--credential {home.credentials["leader"]} --place {place(letter.places["leader"])} '
              f'--image {signature} {letter.path} /tmp/signed.pdf', flush=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
        agent.process.wait()
        raise AssertionError(f'the agent ended by itself:\n{agent.log()}')
    finally:
        agent.stop()


def main():
    say('Tạo thẻ phần mềm và chứng thư dùng một lần; mã PIN của chúng được nhập tự động.',
        'Making a software token and throw-away certificates; their PIN is typed by a script.')
    home = kyso_kit.Home()
    try:
        if sys.argv[1:] == ['--serve']:
            serve(home)
        else:
            demonstrate(home)
    except (AssertionError, subprocess.CalledProcessError) as fault:
        raise SystemExit(str(fault))
    finally:
        home.remove()


if __name__ == '__main__':
    main()
