# SPDX-License-Identifier: GPL-3.0-or-later
"""kyso(1) as a person or a script calls it."""

import json
import subprocess

import kyso_kit


class Cli(kyso_kit.Case):
    def command(self, *arguments):
        return [kyso_kit.program('ipc/cli/kyso'), *map(str, arguments)]

    def kyso(self, *arguments, code=0, typed=''):
        """Standard output and error of kyso(1), which must end with `code`."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.home.environment(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def kyso_json(self, *arguments, code=0, typed=''):
        return json.loads(self.kyso('--json', *arguments, code=code, typed=typed))
