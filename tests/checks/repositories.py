"""Ordinary repositories for tests: commits made by git itself, one call each."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

WHO = {
    f"GIT_{who}_{what}": f"tester{at}"
    for who in ("AUTHOR", "COMMITTER")
    for what, at in (("NAME", ""), ("EMAIL", "@example.com"))
}
RUNNER = """import sys, traceback
cases = []
try:
    import test_calc
    for name, test in sorted(vars(test_calc).items()):
        if name.startswith("test_"):
            try:
                test()
                cases.append(f'<testcase classname="test_calc" name="{name}"/>')
            except AssertionError:
                cases.append(f'<testcase classname="test_calc" name="{name}"><failure/></testcase>')
except BaseException:
    traceback.print_exc()
open(sys.argv[1], "w").write(f"<testsuite>{''.join(cases)}</testsuite>")
"""
"""A test runner that starts in no time; the real one is tried where it matters."""

CALCULATOR: Mapping[str, str] = {
    "calc.py": "def add(a, b):\n    return a + b\n",
    "test_calc.py": "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n\n\n"
    "def test_zero():\n    assert add(0, 0) == 0\n",
    "runner.py": RUNNER,
}
COMMAND = (sys.executable, "runner.py", "{report}")
SUITE = f"tests:\n  command: [{', '.join(COMMAND[:-1])}, '{{report}}']\n  seconds: 20\n"
"""A test command that this machine can run: `.doorless/checks.yaml` of a repository."""


@dataclass(frozen=True)
class Repository:
    """A working folder with a branch `main`."""

    folder: Path

    def git(self, *words: str) -> str:
        """What git says, without the last newline."""
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", **WHO}
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=variables, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str | bytes | None], *, on: str = "") -> str:
        """The id of a commit that writes these files, and removes those that are None."""
        if on:
            self.git("checkout", "-q", "--detach", on)
        for name, content in files.items():
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                place.unlink()
            else:
                place.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A", "-f")
        self.git("commit", "-qm", "change", "--allow-empty")
        return self.git("rev-parse", "HEAD")


def repository(folder: Path, files: Mapping[str, str | bytes | None]) -> Repository:
    """A new repository whose `main` holds these files."""
    folder.mkdir(exist_ok=True)
    made = Repository(folder)
    made.git("init", "-qb", "main")
    made.commit(files)
    made.git("checkout", "-q", "--detach")  # so that later commits leave `main` where it is
    return made
