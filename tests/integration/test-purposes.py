#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each purpose from end to end, as a clerk or a leader has it from kyso(1): whose key, what shows and
where, what kyso says of it, and what stays valid. The agent's machine is in New York: nobody must
see that."""

import datetime
import subprocess
import unicodedata

import cli_case
import kyso_kit
import tap

ROLES = {'approve': 'leader', 'initial': 'leader', 'comment': 'leader',
         'issue': 'agency', 'appendix': 'agency', 'copy': 'agency', 'receive': 'agency'}
NEEDED = {
    'comment': ['--text', 'Giao phòng VHTT tham mưu.'],
    'copy': ['--copy-kind', 'sao-y'],
    'appendix': ['--metadata', 'CodeNumber=7', '--metadata', 'CodeNotation=UBND-VHTT'],
    'issue': ['--number', '7', '--day', '5', '--month', '2'],
    'receive': ['--metadata', 'ArrivalNumber=215'],
}
WINDOWS = {
    'approve': 'ký phê duyệt', 'initial': 'ký nháy', 'comment': 'bút phê',
    'issue': 'phát hành: cấp số, ngày, đóng dấu', 'appendix': 'ký phụ lục, văn bản kèm theo',
    'copy': 'sao văn bản', 'receive': 'tiếp nhận văn bản đến',
}
WRITTEN = {
    'comment': 'Ghi lên văn bản: “Giao phòng VHTT tham mưu.”',
    'copy': 'Ghi lên văn bản: “Sao y; UBND xã Thử Nghiệm; ',
    'appendix': 'Ghi lên văn bản: “Số: 07/UBND-VHTT; ',
    'issue': 'Ghi lên văn bản: “Số 07, ngày 05, tháng 02”',
    'receive': 'Ghi lên văn bản: “Đến: số 215”',
}
MM = 72 / 25.4
LOOK = 'hãy xem lại vị trí'


def words_of(path, *options):
    run = subprocess.run(['pdftotext', *options, path, '-'], check=True, capture_output=True,
                         text=True)
    return ' '.join(unicodedata.normalize('NFC', run.stdout).split())


def words_at(path, place):
    x0, y0, x1, y1 = place['rect']
    return words_of(path, '-r', '72', '-f', str(place['page']), '-l', str(place['page']),
                    '-x', str(int(x0) - 2), '-y', str(int(842 - y1) - 2),
                    '-W', str(int(x1 - x0) + 4), '-H', str(int(y1 - y0) + 4))


def side(place, axis):
    return place['rect'][axis + 2] - place['rect'][axis]


class Purposes(cli_case.Cli):
    def setUp(self):
        super().setUp()
        self.home.configure('appearance', 'seal-mm=36')
        self.agent = self.start_agent(environment={'TZ': 'America/New_York'})
        self.letter = self.make_letter()
        self.signature, self.seal = self.home.images()
        self.n_signed = 0

    def arguments(self, purpose, source, *more):
        self.n_signed += 1
        self.target = self.home.path / f'{purpose}-{self.n_signed}.pdf'
        return ['sign', '--purpose', purpose, *NEEDED.get(purpose, []), *more, source, self.target]

    def sign(self, purpose, source, *more):
        """The result object; the document is then self.target."""
        return self.kyso_json(*self.arguments(purpose, source, *more))

    def refuse(self, code, exit_code, purpose, source, *more):
        error = self.kyso_json(*self.arguments(purpose, source, *more), code=exit_code)
        self.assertEqual(error['code'], code, error)
        self.assertFalse(self.target.exists())
        return error

    def approved(self, *more):
        options = ['--reserve', 'all', '--image', self.signature, *more]
        self.sign('approve', self.letter.path, *options)
        return self.target

    def issued(self):
        self.sign('issue', self.approved(), '--image', self.seal)
        return self.target

    def assert_valid(self, path, purposes):
        """By pdfsig, and by us, each of these signatures."""
        run = subprocess.run(['pdfsig', '-nocert', path], capture_output=True, text=True)
        self.assertEqual(run.stdout.count('Signature is Valid'), len(purposes), run.stdout)
        found = self.kyso_json('verify', path)
        self.assertEqual([(one['purpose'], one['verdict']) for one in found['signatures']],
                         [(purpose, 'valid') for purpose in purposes])
        return found

    # Whose key, and what the person is told

    def test_each_purpose_takes_its_own_key_and_says_its_name(self):
        source = self.issued()
        for purpose, role in ROLES.items():
            before = self.letter.path if purpose in ('approve', 'initial') else source
            if purpose == 'issue':
                before = self.approved()
            with self.subTest(purpose):
                other = next(name for name in self.home.credentials if name != role)
                self.refuse('role_wrong', 21, purpose, before, '--credential',
                            self.home.credentials[other])
                seen = len(self.home.pinentry_log())
                result = self.sign(purpose, before)
                self.assertEqual(result['credentialID'], self.home.credentials[role])
                self.assertEqual(result['signature']['purpose'], purpose)
                self.assertEqual(result['signature']['verdict'], 'valid')
                window = self.home.pinentry_log()[seen:]
                self.assertIn(f'Mục đích: {WINDOWS[purpose]}%0A{WRITTEN.get(purpose, "Tài liệu")}', window)
                said = self.kyso('verify', self.target)
                self.assertIn(WINDOWS[purpose].split(':')[0], said)

    # Initial

    def test_a_draft_is_initialled_approved_and_issued(self):
        result = self.sign('initial', self.letter.path, '--reserve', 'all', '--image', self.signature)
        self.assertEqual({name: place['source'] for name, place in result['places'].items()},
                         dict.fromkeys(('initial', 'number', 'day', 'month'), 'text'))
        self.assertGreater(result['places']['initial']['confidence'], 0.5)
        places = {name: result['places'][name]['rect'] for name in ('number', 'day', 'month')}
        result = self.sign('approve', self.target, '--reserve', 'all', '--image', self.signature)
        for name, rect in places.items():
            place = result['places'][name]
            self.assertEqual(place['source'], 'reserved')
            for ours, theirs in zip(place['rect'], rect):
                self.assertAlmostEqual(ours, theirs, delta=0.1)
        self.assertNotIn('seal', result['places'])
        image = result['places']['signature']
        result = self.sign('issue', self.target, '--image', self.seal)
        self.assertEqual(result['places']['seal']['source'], 'signature')
        self.assertEqual(result['places']['seal']['page'], image['page'])
        found = self.assert_valid(self.target, ['initial', 'approve', 'issue'])
        self.assertEqual(found['process'], 'complete')
        self.assertIn('Số: 07 /UBND-VHTT', words_of(self.target))
        self.assertRegex(words_of(self.target), 'ngày 05 tháng 02 năm')

    def test_what_breaks_an_initial_is_refused(self):
        self.sign('initial', self.letter.path)
        bare = self.target
        self.refuse('changes_forbidden', 21, 'approve', bare, '--reserve', 'all')
        self.refuse('changes_forbidden', 21, 'approve', bare, '--reserve', 'number=auto')
        self.sign('initial', self.letter.path, '--reserve', 'number=auto')
        one = self.target
        self.refuse('changes_forbidden', 21, 'approve', one, '--reserve', 'all')
        self.sign('approve', one, '--reserve', 'number=auto')
        self.refuse('wrong_parameters', 20, 'initial', self.letter.path, '--reserve', 'seal=auto')
        self.refuse('wrong_parameters', 20, 'initial', self.letter.path, '--certify')
        self.refuse('already_approved', 21, 'initial', self.approved())

    def test_two_people_may_initial(self):
        self.sign('initial', self.letter.path, '--reserve', 'all')
        self.sign('initial', self.target, '--reserve', 'all', '--place', '1:300,500,360,530')
        self.sign('approve', self.target, '--reserve', 'all')
        self.sign('issue', self.target, '--image', self.seal)
        self.assert_valid(self.target, ['initial', 'initial', 'approve', 'issue'])

    # Places

    def test_an_anchor_is_found_or_told_missing(self):
        for place, expected in (('anchor:Kính gửi:', (100, 50)),
                                ('1:anchor:10,-5,160,35:KÍNH  GỬI:', (150, 40))):
            with self.subTest(place):
                result = self.sign('comment', self.letter.path, '--place', place)
                found = result['places']['comment']
                self.assertEqual((found['source'], found['page']), ('anchor', 1))
                self.assertGreaterEqual(found['confidence'], 0.5)
                for axis in (0, 1):
                    self.assertAlmostEqual(side(found, axis), expected[axis], delta=0.1)
                self.assertIn('tham mưu', words_at(self.target, found))
        for place in ('anchor:Không có chữ này', '2:anchor:Kính gửi:'):
            with self.subTest(place):
                self.refuse('place_outside', 26, 'comment', self.letter.path, '--place', place)

    def write_template(self, name, *lines):
        folder = self.home.config / 'templates.d'
        folder.mkdir(exist_ok=True)
        (folder / f'{name}.template').write_text('\n'.join(lines) + '\n')

    def test_a_template_is_found_or_told_missing(self):
        self.write_template('so', '[place]', 'page=1', 'rect=400;100;520;160', '[number]',
                            'anchor=Số:', 'dx=16', 'dy=0', 'w=30', 'h=14')
        result = self.sign('approve', self.letter.path, '--place', 'template:so',
                           '--reserve', 'number=template:so')
        self.assertEqual(result['places']['signature'],
                         {'page': 1, 'rect': [400, 100, 520, 160], 'source': 'template',
                          'confidence': 1})
        number = result['places']['number']
        self.assertEqual(number['source'], 'template')
        self.assertAlmostEqual(side(number, 0), 30, delta=0.1)
        for wanted in (('--place', 'template:khong-co'),
                       ('--place', 'template:so', '--reserve', 'day=template:so')):
            with self.subTest(wanted):
                error = self.refuse('configuration', 29, 'approve', self.letter.path, *wanted)
                self.assertIn('.template', error['detail'])

    def test_the_person_is_told_where_and_how_sure(self):
        options = ['--reserve', 'all', '--image', self.signature]
        said = self.kyso(*self.arguments('approve', self.letter.path, *options))
        self.assertRegex(said, r'Vị trí: +số: trang 1, cách mép trái \d+ mm, mép dưới \d+ mm \(theo '
                               r'chữ trong văn bản\)')
        self.assertNotIn(LOOK, said)
        scan = self.home.path / 'scan.pdf'
        subprocess.run([kyso_kit.program('tests/kit/make-letter'), '--output', scan, '--scanned'],
                       check=True, stdout=subprocess.DEVNULL)
        said = self.kyso(*self.arguments('approve', scan, *options))
        self.assertIn('(theo ô quy định)', said)
        self.assertIn(f'Không chắc đúng chỗ (chữ ký, số, ngày, tháng): {LOOK}', said)
        folder = self.home.path / 'both'
        folder.mkdir()
        said = self.kyso('sign', '--purpose', 'approve', *options, '--output-dir', folder,
                         self.letter.path, scan).splitlines()
        self.assertRegex(said[0], r'letter\.pdf \(chữ ký: trang 1; số: trang 1; ngày: trang 1; tháng: trang 1\)$')
        self.assertRegex(said[1], rf'scan\.pdf \(chữ ký: trang 1, {LOOK}; số: trang 1, {LOOK};')
        self.assertIn('Số tài liệu cần xem lại vị trí trước khi gửi đi: 1.', said)
        said = self.kyso(*self.arguments('approve', self.letter.path, '--place', '-1:365,263,485,333'))
        self.assertIn('chữ ký: trang 1, cách mép trái 129 mm, mép dưới 93 mm (theo yêu cầu)', said)

    def test_number_and_date_go_where_told_in_a_letter_that_reserves_nothing(self):
        self.sign('approve', self.letter.path, '--image', self.signature)
        bare = self.target
        said = self.kyso(*self.arguments('issue', bare, '--image', self.seal, '--number-place',
                                         '1:100,640,140,656', '--day-place', 'auto'))
        self.assertIn('số: trang 1, cách mép trái 35 mm, mép dưới 226 mm (theo yêu cầu)', said)
        self.assertIn('07', words_of(self.target, '-r', '72', '-x', '98', '-y', '184', '-W', '44', '-H', '20'))
        self.assertRegex(words_of(self.target), 'ngày 05 tháng 02 năm')
        self.assertEqual(self.kyso_json('verify', self.target)['process'], 'complete')
        for wrong in ('here', '0:1,2,3,4'):
            self.kyso('sign', '--purpose', 'issue', '--month-place', wrong, 'a', 'b', code=2)
        self.refuse('place_outside', 26, 'issue', bare, '--month-place', 'anchor:Không có chữ này')

    # The agency's other signatures

    def test_time_is_that_of_vietnam(self):
        zone = datetime.timezone(datetime.timedelta(hours=7))
        result = self.sign('appendix', self.letter.path)
        moment = datetime.datetime.fromisoformat(result['signed_at']).astimezone(zone)
        line = moment.strftime('Số: 07/UBND-VHTT; %d/%m/%Y; %H:%M:%S +07:00')
        place = result['places']['reference']
        self.assertEqual(words_at(self.target, place), line)
        said = self.kyso('verify', self.target)
        self.assertIn(moment.strftime('%d/%m/%Y %H:%M:%S +07:00'), said)
        self.sign('receive', self.letter.path)
        self.assertIn(moment.strftime('Ngày: %d/%m/%Y'), words_of(self.target))

    def test_each_kind_of_copy_is_named(self):
        for kind, words in (('sao-y', 'Sao y'), ('sao-luc', 'Sao lục'), ('trich-sao', 'Trích sao')):
            with self.subTest(kind):
                result = self.sign('copy', self.letter.path, '--copy-kind', kind)
                line = words_at(self.target, result['places']['reference'])
                self.assertRegex(line, rf'^{words}; UBND xã Thử Nghiệm; \d\d/\d\d/\d{{4}}; ')
        self.assertEqual(self.kyso_json('verify', self.target)['process'], 'agency_only')
        self.kyso('sign', '--purpose', 'copy', '--copy-kind', 'sao', 'a', 'b', code=2)
        of_no_kind = ['sign', '--purpose', 'copy', self.letter.path, self.home.path / 'x.pdf']
        self.assertEqual(self.kyso_json(*of_no_kind, code=20)['code'], 'wrong_parameters')

    def test_the_seal_is_as_wide_as_told(self):
        for mm in ('9.9', '80.1', '0', '-36', 'x', '36mm', 'nan'):
            with self.subTest(mm):
                self.assertIn('--seal-mm', self.kyso('sign', '--purpose', 'issue', '--seal-mm', mm, 'a',
                                                     'b', code=2))
        with self.agent.connect() as client:
            for mm in (9.9, 80.1):
                self.assert_refused('wrong_parameters', client.call, 'signatures.signDoc', {
                    'credentialID': self.home.credentials['agency'], 'purpose': 'issue',
                    'seal_mm': mm, 'input': {'path': str(self.letter.path)},
                    'output': {'path': str(self.home.path / 'x.pdf')}})
        for mm in (10, 80):
            self.approved('--seal-mm', str(mm))
            result = self.sign('issue', self.target, '--image', self.seal, '--seal-mm', str(mm))
            self.assertAlmostEqual(side(result['places']['seal'], 0), mm * MM, delta=0.5)
            self.assertEqual(result['places']['seal']['source'], 'reserved')

    # What the receiving office does

    def test_a_received_letter_is_stamped_and_noted_and_stays_valid(self):
        issued = self.issued()
        self.assertTrue(self.assert_valid(issued, ['approve', 'issue'])['advice']['accept'])
        result = self.sign('receive', issued)
        stamp = result['places']['stamp']
        self.assertAlmostEqual(side(stamp, 0), 50 * MM, delta=0.5)
        self.assertAlmostEqual(side(stamp, 1), 35 * MM, delta=0.5)
        words = words_at(self.target, stamp)
        for wanted in ('UBND XÃ THỬ NGHIỆM', 'ĐẾN', 'Số: 215'):
            self.assertIn(wanted, words)
        note = 'Giao phòng VHTT tham mưu, báo cáo trước ngày 30.'
        result = self.kyso_json(*self.arguments('comment', self.target, '--text', '-'), typed=note + '\n')
        self.assertEqual(words_at(self.target, result['places']['comment']), note)
        found = self.assert_valid(self.target, ['approve', 'issue', 'receive', 'comment'])
        self.assertEqual(found['process'], 'complete')
        self.assertTrue(found['advice']['accept'])

    def test_a_letter_without_a_stamp_is_received_unseen(self):
        result = self.kyso_json('sign', '--purpose', 'receive', self.issued(), self.home.path / 'r.pdf')
        self.assertEqual(result['places'], {})
        self.assertNotIn('ĐẾN', words_of(self.home.path / 'r.pdf'))

    def test_what_is_to_be_returned_is_told_with_its_reason(self):
        said = self.kyso('verify', self.approved())
        self.assertRegex(said, r'Văn bản đến: +Trả lại: ')
        advice = self.kyso_json('verify', self.target)['advice']
        self.assertFalse(advice['accept'])
        self.assertTrue(advice['reason']['vi'])

    def test_a_comment_comes_from_the_option_or_the_input(self):
        self.refuse('wrong_parameters', 20, 'approve', self.letter.path, '--text', 'x')
        for typed in ('', '\n', 'a' * 2049):
            self.kyso(*self.arguments('comment', self.letter.path, '--text', '-'), code=2, typed=typed)
        without = ['sign', '--purpose', 'comment', self.letter.path, self.home.path / 'x.pdf']
        self.assertEqual(self.kyso_json(*without, code=20)['code'], 'wrong_parameters')
        self.assertFalse((self.home.path / 'x.pdf').exists())


if __name__ == '__main__':
    tap.main()
