#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kyso(1) against a running agent: what people read, what scripts read, exit codes."""

import json
import os
import pty
import re
import shutil
import subprocess
import termios

import cli_case
import kyso_kit
import tap

CLI = kyso_kit.ROOT / 'ipc' / 'cli'


def place(where):
    return f'{where["page"]}:' + ','.join(map(str, where['rect']))


class Cli(cli_case.Cli):
    def begin(self, *arguments, **options):
        process = subprocess.Popen(
            self.command(*arguments),
            env=self.home.environment(),
            stdin=subprocess.DEVNULL,
            **options,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def approve(self, letter, *more, code=0):
        """What kyso says, and the path of the result."""
        target = self.home.path / 'approved.pdf'
        arguments = ['sign', '--purpose', 'approve', '--place', place(letter.places['leader'])]
        for name, where in letter.reserve().items():
            arguments += ['--reserve', f'{name}={place(where)}']
        return self.kyso(*arguments, *more, letter.path, target, code=code), target


class WithoutAgent(Cli):
    def test_no_agent_is_exit_code_3(self):
        self.assertIn('systemctl --user start kyso-agent.socket', self.kyso('status', code=3))
        self.assertEqual(self.kyso_json('verify', '/dev/null', code=3)['code'], 'agent_unreachable')

    def test_wrong_usage_is_exit_code_2(self):
        for arguments in (
            [],
            ['dance'],
            ['status', 'now'],
            ['verify'],
            ['verify', 'a.pdf', '--colour'],
            ['verify', 'a', '--signature', 'b', '--content', 'c'],
            ['credentials', '--role', 'king'],
            ['sign', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'dance', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'approve', 'a.pdf'],
            ['sign', '--purpose', 'approve', '--place', '0:1,2,3,4', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'approve', '--place', '1:1,2,3', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'approve', '--reserve', 'year=1:1,2,3,4', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'approve', '--timeout', '3601', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'approve', '--credential', 'abc', 'a.pdf', 'b.pdf'],
            ['sign', '--purpose', 'json', '--format', 'Q', 'a', 'b'],
            ['sign', '--purpose', 'file', '--attached', '--detached', 'a', 'b'],
            ['sign', '--purpose', 'file', 'a', 'b', 'c'],
            ['sign', '--purpose', 'file', '--output-dir', 'out'],
            ['sign', '--purpose', 'file', '--output-dir', 'out', 'a', 'b/a'],
            ['sign', '--purpose', 'issue', '--output-dir', 'out', '--number', '7', 'a'],
            ['cancel', '"x"'],
        ):
            with self.subTest(arguments):
                self.assertIn('kyso --help', self.kyso(*arguments, code=2))

    def test_help_and_manual_name_every_command_and_option(self):
        manual = (kyso_kit.ROOT / 'packaging' / 'man' / 'kyso.1').read_text().replace('\\-', '-')
        usage = self.kyso('--help')
        source = ''.join(path.read_text() for path in CLI.glob('*.c'))
        options = set(re.findall(r'^ +\{"([a-z-]+)", (?:0|\'h\'), 0, G_OPTION', source, re.MULTILINE))
        commands = set(re.findall(r'^    \{"([a-z]+)",\s+"', (CLI / 'kyso-cli.c').read_text(), re.MULTILINE))
        self.assertGreater(len(options), 15)
        self.assertEqual(options, set(re.findall(r'--([a-z-]+)', manual)))
        described = re.findall(r'^\.TP\n\.B[IR]? "?kyso ([a-z]+)', manual, re.MULTILINE)
        self.assertEqual(commands, set(described))
        for command in commands:
            self.assertIn(f'kyso {command}', usage)

    def test_the_manual_of_the_configuration_names_every_setting(self):
        manual = (kyso_kit.ROOT / 'packaging' / 'man' / 'kyso.conf.5').read_text().replace('\\-', '-')
        source = (kyso_kit.ROOT / 'agent' / 'core' / 'configuration.c').read_text()
        known = re.search(r'known\[\] = \{(.*?)NULL\};', source, re.DOTALL)[1]
        described = set()
        for groups, section in re.findall(r'^\.SH (\[.*?)\n(.*?)(?=^\.SH)', manual, re.M | re.S):
            for key in re.findall(r'^\.TP\n\.BR? ([a-z-]+)=', section, re.M):
                described.update(f'{group}/{key}' for group in re.findall(r'\[([a-z]+)\]', groups))
        self.assertEqual(described, set(re.findall(r'"([a-z/-]+)"', known)))

    def test_version(self):
        self.assertRegex(self.kyso('--version'), r'^kyso \d+\.\d+\.\d+\n$')


class WithAgent(Cli):
    def setUp(self):
        super().setUp()
        self.agent = self.start_agent()
        self.letter = self.make_letter()

    def test_what_is_there(self):
        status = self.kyso('status')
        self.assertRegex(status, r'^kyso \S+ đang chạy \(')
        self.assertIn('1 chứng thư', status)
        self.assertIn('Số sê-ri', self.kyso('tokens'))
        listed = self.kyso('credentials')
        for words in ('Cá nhân: Nguyễn Văn Thử', 'Con dấu cơ quan: UBND xã Thử Nghiệm'):
            self.assertIn(words, listed)
        self.assertRegex(listed, r'Hiệu lực: +\d\d/\d\d/\d{4} \d\d:\d\d:\d\d \+07:00 đến \d\d/')
        self.assertIn('còn hiệu lực', listed)
        self.assertNotIn('Con dấu', self.kyso('credentials', '--role', 'personal'))
        self.assertIn('Personal: Nguyễn Văn Thử', self.kyso('--lang', 'en', 'credentials'))
        self.assertIn('Không có yêu cầu nào', self.kyso('requests'))

    def batch(self, *more, code=0):
        """What kyso says of three letters signed at once."""
        self.folder = self.home.path / 'signed'
        self.folder.mkdir(exist_ok=True)
        letters = [self.make_letter(f'{name}.pdf').path for name in 'abc']
        return self.kyso('sign', '--purpose', 'approve', '--place', place(self.letter.places['leader']),
                         '--output-dir', self.folder, *more, *letters, code=code)

    def test_several_letters_are_signed_with_one_pin(self):
        said = self.batch('--metadata', 'CodeNotation=UBND-VP')
        for name in 'abc':
            self.assertIn(f'Đã ký: {self.folder}/{name}.pdf', said)
            self.assertIn('hợp lệ', self.kyso('verify', self.folder / f'{name}.pdf'))
        self.assertIn('Đã ký 3, lỗi 0, chưa ký 0.', said)
        self.assertEqual(self.home.pinentry_log().count('\nGETPIN'), 1)
        self.assertEqual(json.loads(self.batch('--json'))['signed'], 3)

    def test_files_keep_their_place_beside_their_signatures(self):
        """A detached signature under the file's own name would take the file's place."""
        files = [self.home.path / f'plan-{n}.txt' for n in range(2)]
        for path in files:
            path.write_text(path.name)
        said = self.kyso('sign', '--purpose', 'file', '--credential',
                         self.home.credentials['leader'], '--output-dir', self.home.path, *files)
        for path in files:
            self.assertEqual(path.read_text(), path.name)
            self.assertIn(f'Đã ký: {path}.p7s', said)
            self.assertIn('hợp lệ', self.kyso('verify', path, '--signature', f'{path}.p7s'))

    def test_of_several_letters_it_is_told_what_became_of_each(self):
        self.home.configure('sign', 'batch-open=all')
        self.agent.stop()
        self.agent = self.start_agent()
        self.home.script_pinentry('yes', 'notconfirm', 'yes', f'pin {kyso_kit.PIN}')
        said = self.batch(code=25)
        self.assertIn(f'Chưa ký: {self.home.path}/b.pdf', said)
        self.assertIn('Đã ký 2, lỗi 0, chưa ký 1.', said)
        self.assertEqual(sorted(os.listdir(self.folder)), ['a.pdf', 'c.pdf'])

    def test_one_bad_letter_of_several_signs_none(self):
        said = self.batch(self.home.config / 'kyso.conf', code=26)
        self.assertIn('document_not_pdf', said)
        self.assertIn('document 0', said)
        self.assertEqual(os.listdir(self.folder), [])

    def test_json_is_the_result(self):
        with self.agent.connect() as client:
            for command, method, params in (
                ('status', 'service.info', {}),
                ('tokens', 'tokens.list', {}),
                ('credentials', 'credentials.list', {}),
                ('requests', 'requests.list', {}),
            ):
                with self.subTest(command):
                    said = self.kyso_json(command)
                    if command != 'requests':
                        self.assertEqual(said, client.call(method, params))

    def test_a_letter_is_approved_issued_and_verified(self):
        signature, seal = self.home.images()
        said, approved = self.approve(self.letter, '--image', signature)
        self.assertIn('Đã ký (ký phê duyệt)', said)
        self.assertIn('chưa phát hành', self.kyso('verify', approved))

        issued = self.home.path / 'issued.pdf'
        fill = ('--number', '79', '--day', '15', '--month', '8', '--image', seal)
        self.kyso('sign', '--purpose', 'issue', *fill, approved, issued)
        said = self.kyso('verify', issued)
        self.assertIn('HỢP LỆ: 2 chữ ký số', said)
        self.assertIn('cơ quan phát hành', said)
        self.assertEqual(said.count('\nChữ ký '), 2)
        self.assertEqual(self.kyso_json('verify', issued)['process'], 'complete')

    def test_verdicts_have_their_exit_codes(self):
        self.assertIn('CHƯA KÝ', self.kyso('verify', self.letter.path, code=12))
        _, approved = self.approve(self.letter)
        content = bytearray(approved.read_bytes())
        content[content.index(b'obj') + 3] ^= 0x2A  # white space of the part that is signed
        broken = self.home.path / 'broken.pdf'
        broken.write_bytes(content)
        self.assertIn('KHÔNG HỢP LỆ', self.kyso('verify', broken, code=10))

    def test_a_report_can_be_printed(self):
        hostile = self.home.path / '<img src=x>&.pdf'
        _, approved = self.approve(self.letter)
        hostile.write_bytes(approved.read_bytes() + b'junk')
        page = self.home.path / 'report.html'
        said = self.kyso('verify', '--report', page, hostile, code=10)
        self.assertIn('CÓ DỮ LIỆU GIẤU SAU PHẦN ĐƯỢC KÝ', said)
        self.assertIn('Trả lại: chữ ký số của', said)
        text = page.read_text()
        self.assertIn('KHÔNG HỢP LỆ', text)
        self.assertIn('CÓ DỮ LIỆU GIẤU SAU PHẦN ĐƯỢC KÝ', text)
        self.assertIn('&lt;script&gt;', self.html_of('<script>.pdf', approved))
        for forbidden in ('<script', 'http:', 'https:', '<img', '<link', 'url('):
            self.assertNotIn(forbidden, text)
        nowhere = self.home.path / 'missing' / 'report.html'
        self.kyso('verify', '--report', nowhere, approved, code=27)

    def html_of(self, name, source):
        """The report on a file of this name."""
        path, page = self.home.path / name, self.home.path / 'named.html'
        path.write_bytes(source.read_bytes())
        self.kyso('verify', '--report', page, path)
        return page.read_text()

    def test_a_detached_signature_goes_with_any_file(self):
        table = self.home.path / 'bảng số liệu.csv'
        table.write_text('xã;dân số\n')
        detached = self.home.path / 'table.p7s'
        leader = self.home.credentials['leader']
        self.kyso('sign', '--purpose', 'file', '--credential', leader[:8].upper(), table, detached)
        self.kyso('verify', table, '--signature', detached)
        table.write_text('xã;dân số;năm\n')
        self.kyso('verify', table, '--signature', detached, code=10)

    def test_data_are_signed_and_verified(self):
        data = self.home.path / 'data.json'
        data.write_text('{"so": "79"}')
        leader = ['--credential', self.home.credentials['leader']]
        for purpose, options, name in (('json', [], 'data.json.jws'), ('message', [], 'data.json.p7m'),
                                       ('message', ['--format', 'J'], 'data.json.jws'),
                                       ('file', ['--attached'], 'data.json.p7m')):
            with self.subTest(purpose, options=options):
                target = self.home.path / 'signed'
                said = self.kyso('sign', '--purpose', purpose, *options, *leader, data, target)
                self.assertIn('Kết luận', said)
                self.assertIn('Nguyễn Văn Thử', self.kyso('verify', target))
                folder = self.home.path / 'folder'
                folder.mkdir()
                self.kyso('sign', '--purpose', purpose, *options, *leader, '--output-dir', folder, data)
                self.assertEqual(os.listdir(folder), [name])
                self.kyso('verify', folder / name)
                shutil.rmtree(folder)
        content = self.home.path / 'content'
        self.assertIn(str(content), self.kyso('verify', target, '--content', content))
        self.assertEqual(content.read_bytes(), data.read_bytes())
        apart = self.home.path / 'apart.jws'
        self.kyso('sign', '--purpose', 'json', '--detached', *leader, data, apart)
        self.kyso('verify', data, '--signature', apart)
        said = self.kyso('verify', apart, code=11)
        self.assertIn('cần chỉ ra cả tệp đã ký', said)
        self.assertIn('chưa kiểm tra được', said)
        self.assertNotIn('Quy trình', said)
        self.assertIn('data_not_json', self.kyso('sign', '--purpose', 'json', *leader, apart, data, code=21))

    def test_which_certificate_must_be_clear(self):
        target = self.home.path / 'out.p7s'
        said = self.kyso('sign', '--purpose', 'file', self.letter.path, target, code=2)
        for identifier in self.home.credentials.values():
            self.assertIn(identifier, said)
        self.assertFalse(target.exists())

    def test_each_layer_has_its_exit_code(self):
        nowhere = self.home.path / 'no' / 'such' / 'folder.pdf'
        sign = ['sign', '--purpose', 'approve', '--place', place(self.letter.places['leader'])]
        target = self.home.path / 'out.pdf'
        for code, name, pin, arguments in (
            (21, 'secret_document', 'cancel', [*sign, '--metadata', 'Secrecy=mat', self.letter.path, target]),
            (23, 'unknown_credential', 'cancel', [*sign, '--credential', '0' * 8, self.letter.path, target]),
            (23, 'pin_incorrect', 'pin 000000', [*sign, self.letter.path, target]),
            (25, 'pin_cancelled', 'cancel', [*sign, self.letter.path, target]),
            (24, 'prompt_failed', 'crash', [*sign, self.letter.path, target]),
            (26, 'input_unreadable', 'cancel', [*sign, nowhere, target]),
            (26, 'document_not_pdf', 'cancel', [*sign, CLI / 'cli.h', target]),
            (27, 'output_not_writable', f'pin {kyso_kit.PIN}', [*sign, self.letter.path, nowhere]),
            (20, 'unknown_request', 'cancel', ['cancel', '0' * 32]),
        ):
            with self.subTest(name):
                self.home.script_pinentry(pin)
                self.assertEqual(self.kyso_json(*arguments, code=code)['code'], name)
                self.home.script_pinentry(pin)
                said = self.kyso(*arguments, code=code)
                self.assertIn(f'Mã lỗi: {name}', said)
                self.assertIn('Cách xử lý: ', said)
                self.assertFalse(target.exists())

    def sign_and_wait(self, *more):
        """A request that waits for its PIN: its id, and the process."""
        self.home.script_pinentry('hang')
        arguments = ['sign', '--purpose', 'approve', '--place', place(self.letter.places['leader'])]
        process = self.begin(
            *arguments, *more, self.letter.path, self.home.path / 'out.pdf', stderr=subprocess.PIPE
        )
        while True:
            for request in self.kyso_json('requests')['requests']:
                if request['method'] == 'signatures.signDoc' and request['stage'] == 'show':
                    return request['requestID'], process

    def test_a_waiting_request_is_shown_and_cancelled(self):
        identifier, process = self.sign_and_wait('--name', 'Công văn \x1b[31mđỏ')
        shown = self.kyso('requests')
        self.assertIn('Công văn ?[31mđỏ', shown)
        self.assertIn('Chờ người ký nhập mã PIN', shown)
        self.assertIn(identifier, shown)
        self.assertIn('Đã hủy', self.kyso('cancel', identifier))
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 20)
        self.assertIn('Mã lỗi: cancelled', said.decode())

    def test_killed_it_takes_its_request_along(self):
        _, process = self.sign_and_wait()
        process.kill()
        process.communicate()
        while any(
            request['method'] == 'signatures.signDoc'
            for request in self.kyso_json('requests')['requests']
        ):
            continue
        self.assertFalse((self.home.path / 'out.pdf').exists())

    def lock(self, password):
        locked = self.home.path / 'locked.pdf'
        subprocess.run(['qpdf', '--encrypt', password, 'owner', '256', '--', self.letter.path, locked],
                       check=True)
        return locked

    def test_a_password_comes_from_a_file(self):
        locked, target = self.lock('mật khẩu'), self.home.path / 'out.pdf'
        password = self.home.path / 'password'
        sign = ['sign', '--purpose', 'approve', '--place', place(self.letter.places['leader'])]
        self.assertIn('password_needed', self.kyso(*sign, locked, target, code=26))
        password.write_text('mật khẩu\n')
        self.kyso(*sign, '--password-file', password, locked, target)
        self.assertIn('password_needed', self.kyso('verify', target, code=26))
        self.assertIn('hợp lệ', self.kyso('verify', '--password-file', password, target))
        kept = self.kyso('verify', '--keep-evidence', '--password-file', password, target)
        self.assertRegex(kept, 'Chứng cứ số *: *[0-9]+')
        password.write_text('sai\n')
        self.assertIn('password_wrong', self.kyso('verify', '--password-file', password, target, code=26))
        password.write_text('\n')
        self.kyso('verify', '--password-file', password, target, code=20)
        self.kyso('verify', '--password-file', self.home.path / 'none', target, code=26)
        self.kyso('verify', '--password-file', password, '--signature', password, target, code=2)

    def at_terminal(self, typed, *arguments):
        """Exit code and all that stood on the terminal, where @typed was typed once it was asked."""
        terminal, side = pty.openpty()
        before = termios.tcgetattr(side)
        process = subprocess.Popen(self.command(*arguments), env=self.home.environment(), stdin=side,
                                   stdout=side, stderr=side, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        shown = ''
        while 'Mật khẩu mở tệp PDF:' not in shown:
            shown += os.read(terminal, 65536).decode(errors='replace')
        self.assertFalse(termios.tcgetattr(side)[3] & termios.ECHO)
        os.write(terminal, typed)
        code = process.wait(timeout=60)
        self.assertEqual(termios.tcgetattr(side), before)
        shown += os.read(terminal, 65536).decode(errors='replace')
        os.close(side)
        os.close(terminal)
        return code, shown

    def test_a_terminal_is_asked_for_the_password_without_echo(self):
        locked, target = self.lock('mật khẩu'), self.home.path / 'out.pdf'
        code, shown = self.at_terminal('mật khẩu\n'.encode(), 'sign', '--purpose', 'approve', '--place',
                                       place(self.letter.places['leader']), locked, target)
        self.assertEqual(code, 0, shown)
        self.assertNotIn('mật khẩu', shown)
        code, shown = self.at_terminal('mật khẩu\n'.encode(), 'verify', target)
        self.assertEqual(code, 0, shown)
        for typed in (b'\x03', b'\n'):
            code, shown = self.at_terminal(typed, 'verify', '--password-file', '-', target)
            self.assertEqual(code, 20, shown)
        code, shown = self.at_terminal(b'wrong\n', 'verify', target)
        self.assertIn('password_wrong', shown)

    def test_progress_is_for_terminals(self):
        terminal, side = pty.openpty()
        arguments = ['sign', '--purpose', 'approve', '--place', place(self.letter.places['leader'])]
        process = self.begin(
            *arguments, self.letter.path, self.home.path / 'out.pdf', stdout=subprocess.PIPE, stderr=side
        )
        os.close(side)
        said, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        shown = os.read(terminal, 65536).decode()
        os.close(terminal)
        for words in ('Đang đọc tài liệu…', 'Chờ người ký nhập mã PIN…', 'Đang ghi nhật ký…'):
            self.assertIn(words, shown)
        self.assertNotIn('…', said.decode())
        again, _ = self.approve(self.letter)
        self.assertNotIn('…', again)


if __name__ == '__main__':
    tap.main()
