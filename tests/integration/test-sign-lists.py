#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kyso sign --list: a clerk's evening out of a spreadsheet, each letter with its own number, one PIN.
What is wrong in the table is told with its line, before anything is asked."""

import subprocess
import unicodedata

import cli_case
import kyso_kit
import tap


def words_of(path, *options):
    run = subprocess.run(['pdftotext', '-layout', *options, path, '-'], check=True, capture_output=True, text=True)
    return ' '.join(unicodedata.normalize('NFC', run.stdout).split())


# name: (the table, what is said of it, where the line is the last number)
WRONG_TABLES = {
    'nothing': (b'', 'dòng 1: không có tài liệu nào'),
    'a header only': (b'input,output\r\n', 'dòng 1: không có tài liệu nào'),
    'no input column': (b'output,number\na.pdf,7\n', 'dòng 1: thiếu cột “input”'),
    'an unknown column': (b'input,nunber\na.pdf,7\n', 'dòng 1: không có cột “nunber”'),
    'a column twice': (b'input,number,number\na.pdf,7,8\n', 'dòng 1: cột “number” có hai lần'),
    'an empty name of a column': (b'input,\na.pdf,7\n', 'dòng 1: không có cột “”'),
    'a cell too few': (b'input,number\na.pdf,7\n\nb.pdf\n', 'dòng 4: có 1 ô, dòng tiêu đề có 2'),
    'a cell too many': (b'input,number\na.pdf,7,8\n', 'dòng 2: có 3 ô'),
    'no input': (b'input,number\r\na.pdf,7\r\n,8\r\n', 'dòng 3: ô “input” để trống'),
    'no place': (b'input,place\na.pdf,here\n', 'dòng 2: “here” không phải là vị trí'),
    'an open quote': (b'input,name\na.pdf,"x\nb.pdf,y\n', 'dòng 2: dấu ngoặc kép không được đóng'),
    'text behind a quote': (b'input,name\na.pdf,"x"y\n', 'dòng 2: sau dấu ngoặc kép đóng còn chữ'),
    'a line within quotes': (b'input,name\na.pdf,"x\ny"\nb.pdf\n', 'dòng 4: có 1 ô'),
    'Latin-1': ('input,name\na.pdf,tê\n'.encode('latin-1'), 'dòng 2: không phải văn bản UTF-8'),
    'UTF-16': ('input\na.pdf\n'.encode('utf-16'), 'dòng 1: không phải văn bản UTF-8'),
    'a zero byte': (b'input\na\0.pdf\n', 'dòng 2: không phải văn bản UTF-8'),
    'one output twice': (b'input,output\na.pdf,x.pdf\nb.pdf,./x.pdf\n', 'dòng 3: '),
    'one name twice': (b'input\na/x.pdf\nb/x.pdf\n', 'dòng 3: '),
    '201 letters': (b'input\n' + b''.join(b'%d.pdf\n' % i for i in range(201)), 'Có 201 tài liệu'),
}


class Wrong(cli_case.Cli):
    """No agent runs: nobody could be asked."""

    def table(self, content):
        path = self.home.path / 'list.csv'
        path.write_bytes(content)
        return path

    def test_what_is_wrong_is_told_with_its_line(self):
        for name, (content, expected) in WRONG_TABLES.items():
            with self.subTest(name):
                said = self.kyso('sign', '--purpose', 'issue', '--output-dir', 'out', '--list',
                                 self.table(content), code=2)
                self.assertIn(expected, said)
                if expected.startswith('dòng'):
                    self.assertIn('list.csv, dòng', said)

    def test_an_output_must_be_told(self):
        table = self.table(b'input,output\na.pdf,x.pdf\nb.pdf,\n')
        said = self.kyso('sign', '--purpose', 'issue', '--list', table, code=2)
        self.assertIn('dòng 3: ', said)
        self.assertIn('--output-dir', said)
        said = self.kyso('--lang', 'en', 'sign', '--purpose', 'issue', '--list', table, code=2)
        self.assertIn('line 3: ', said)

    def test_what_does_not_go_with_a_list(self):
        table = self.table(b'input,output\na.pdf,x.pdf\n')
        for more in (['a.pdf'], ['a.pdf', 'b.pdf'], ['--number', '7'], ['--name', 'x']):
            with self.subTest(more):
                self.kyso('sign', '--purpose', 'issue', '--list', table, *more, code=2)
        self.kyso('sign', '--purpose', 'issue', '--list', self.home.path / 'none.csv', code=2)


class Evening(cli_case.Cli):
    def setUp(self):
        super().setUp()
        self.home.configure('appearance', 'seal-mm=36')
        self.agent = self.start_agent()
        self.desk = self.home.path / 'desk'
        self.out = self.home.path / 'out'
        for folder in (self.desk, self.out):
            folder.mkdir()

    def script_windows(self, n):
        """Of a longer list there is a window before the PIN."""
        self.home.script_pinentry(*(['yes'] if n > 3 else []), f'pin {kyso_kit.PIN}')

    def approved(self, *names):
        """Letters that the leader has approved, on the desk."""
        self.script_windows(len(names))
        drafts = [self.make_letter(name).path for name in names]
        self.kyso('sign', '--purpose', 'approve', '--reserve', 'all', '--output-dir', self.desk, *drafts)
        self.home.pinentry.with_name('pinentry.log').unlink()

    def table(self, text, **how):
        path = self.desk / 'evening.csv'
        path.write_bytes(text.encode(**how))
        return path

    def issue(self, table, *more, code=0):
        _, seal = self.home.images()
        return self.kyso('sign', '--purpose', 'issue', '--image', seal, '--list', table, *more, code=code)

    def test_each_letter_has_its_own_number_with_one_pin(self):
        self.approved(*(f'{n}.pdf' for n in 'abcd'))
        # As a spreadsheet in Vietnamese saves it.
        table = self.table('input;CodeNumber;IssuedDate;name;output;number;day;month\r\n'
                           'a.pdf;7;05/02/2026;"Thư ""mời""; gấp";;;;\r\n'
                           ';;;;;;;\r\n'
                           'b.pdf;8;2026-02-06;;;;;\r\n'
                           ' c.pdf ;109;07/11/2026;;../out/thứ ba.pdf;;;\r\n'
                           'd.pdf;;;;;110;8;1', encoding='utf-8-sig')
        self.script_windows(4)
        said = self.issue(table, '--output-dir', self.out, '--metadata', 'CodeNotation=UBND-VP')
        for name, number, date in (('a.pdf', '07', 'ngày 05 tháng 02'),
                                   ('b.pdf', '08', 'ngày 06 tháng 02'),
                                   ('thứ ba.pdf', '109', 'ngày 07 tháng 11'),
                                   ('d.pdf', '110', 'ngày 08 tháng 01')):
            with self.subTest(name):
                words = words_of(self.out / name)
                self.assertRegex(words, rf'Số: {number} ?/UBND-VHTT')
                self.assertIn(date, words)
                self.assertIn(f'{name} (dấu: trang 1)', said)
                self.assertEqual(self.kyso_json('verify', self.out / name)['process'], 'complete')
        self.assertIn('Đã ký 4, lỗi 0, chưa ký 0.', said)
        log = self.home.pinentry_log()
        self.assertEqual(log.count('\nGETPIN'), 1)
        for shown in ("1. “7/UBND-VP: Thư 'mời'; gấp”", '2. “8/UBND-VP: b.pdf”', '4. “110/UBND-VP: d.pdf”'):
            self.assertIn(shown, log)

    def test_columns_are_options_and_metadata_of_one_document(self):
        for name in 'ab':
            self.make_letter(f'desk/{name}.pdf')
        table = self.table('place\ttext\toutput\tinput\n'
                           'anchor:Kính gửi:\tGiao phòng VHTT.\tx.pdf\ta.pdf\n'
                           '1:20,100,120,300\t"Giao, ""gấp""\nVăn phòng"\ty.pdf\tb.pdf\n')
        said = self.kyso_json('sign', '--purpose', 'comment', '--list', table)
        self.assertEqual([one['places']['comment']['source'] for one in said['documents']],
                         ['anchor', 'explicit'])
        self.assertIn('Giao phòng', words_of(self.desk / 'x.pdf'))
        self.assertIn('Giao, "gấp" Văn', words_of(self.desk / 'y.pdf'))

    def test_places_of_number_and_date_are_columns_too(self):
        draft = self.make_letter('a.pdf').path
        self.kyso('sign', '--purpose', 'approve', draft, self.desk / 'a.pdf')
        table = self.table('input,output,number,day,month,number-place\n'
                           'a.pdf,b.pdf,7,5,2,"1:100,640,140,656"\n')
        self.assertIn('b.pdf (số: trang 1; ngày: trang 1; tháng: trang 1; dấu: trang 1)', self.issue(table))
        there = ('-r', '72', '-x', '98', '-y', '184', '-W', '44', '-H', '20')
        self.assertIn('07', words_of(self.desk / 'b.pdf', *there))

    def test_a_document_at_fault_is_named_by_its_line_and_none_is_signed(self):
        self.approved('a.pdf', 'b.pdf')
        for line, words, code in (('b.pdf,8,2026-02-30', 'wrong_parameters', 20),
                                  ('none.pdf,8,2026-02-20', 'input_unreadable', 26),
                                  ('evening.csv,8,2026-02-20', 'document_not_pdf', 26),
                                  ('b.pdf,,2026-02-20', 'wrong_parameters', 20)):
            with self.subTest(line):
                table = self.table(f'input,CodeNumber,IssuedDate\n\na.pdf,7,2026-02-20\n{line}\n')
                said = self.issue(table, '--output-dir', self.out, code=code)
                self.assertIn(f'evening.csv, dòng 4: {self.desk}/{line.split(",")[0]}\n', said)
                self.assertIn(f'Mã lỗi: {words}', said)
                self.assertEqual(list(self.out.iterdir()), [])
        self.assertNotIn('GETPIN', self.home.pinentry_log())

    def test_a_secret_row_is_refused(self):
        self.approved('a.pdf')
        table = self.table('input,CodeNumber,IssuedDate,Secrecy\na.pdf,7,2026-02-20,mat\n')
        said = self.issue(table, '--output-dir', self.out, code=21)
        self.assertIn('secret_document', said)

    def test_metadata_of_all_hold_where_a_row_has_none(self):
        self.approved('a.pdf')
        table = self.table('input,CodeNumber,IssuedDate\na.pdf,,2026-02-20\n')
        self.issue(table, '--output-dir', self.out, '--metadata', 'CodeNumber=5', '--metadata',
                   'IssuedDate=2026-03-21')
        self.assertRegex(words_of(self.out / 'a.pdf'), 'Số: 05 .*ngày 20 tháng 02')


if __name__ == '__main__':
    tap.main()
