import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.tools.conftest import ROOT, WriteProgram

PROMISED = {
    "help",
    "setup",
    "change",
    "demo",
    "test",
    "check",
    "bench",
    "prove",
    "prove-long",
    "lock",
    "format",
    "clean",
}


def make(*arguments: str) -> str:
    """Return what make prints; a dry run never starts a command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30, env=clean, cwd=ROOT
    )
    return done.stdout


def test_make_alone_lists_every_command() -> None:
    """The default target prints one line for each promised command, made from the Makefile itself."""
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", make(), re.MULTILINE))
    assert listed.keys() == PROMISED


def test_check_runs_all_that_test_runs() -> None:
    """Each command of `make test` is one of `make check`, which adds format, lint, types, imports and policy gates."""
    check, test = make("-n", "check").splitlines(), make("-n", "test").splitlines()
    assert set(test) <= set(check)
    for gate in (
        "ruff format --check",
        "ruff check",
        "mypy",
        "lint-imports",
        "policy check",
        "policy test",
        "pytest",
    ):
        assert any(gate in line for line in check), gate


def test_the_types_gate_reads_every_package() -> None:
    """Every top-level folder that is a package, and the tests, go to the type checker."""
    (line,) = [line for line in make("-n", "types").splitlines() if "bin/mypy" in line]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages | {"tests"} == set(line.split()[1:])


def test_each_command_sets_up_what_it_uses_first() -> None:
    """A newcomer's first command may be any of them: set-up comes before the rest."""
    for target, goal in {
        "change": "run",
        "demo": "run",
        "test": "test",
        "check": "test",
        "bench": "bench",
        "lock": "test",
    }.items():
        first = make("-n", target).splitlines()[0]
        assert first.endswith(f"tools/setup.py {goal}"), target


@pytest.mark.parametrize(("failing", "status"), [("none", 0), ("check", 2), ("demo", 2), ("change", 2)])
def test_ci_fails_when_a_command_fails(
    tmp_path: Path, write_program: WriteProgram, failing: str, status: int
) -> None:
    """CI runs `make check`, `make demo` and our own check of the change, under a heading each, and keeps a failure's status."""
    write_program("make", f'echo "made $1 in $(pwd)"; [ "$1" != {failing} ] || exit 2')
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run")],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        cwd=tmp_path,
    )
    assert done.returncode == status
    shown = [line for line in done.stdout.splitlines() if line]
    wanted = [
        line
        for name in ("check", "demo", "change")
        for line in (f"#### make {name}", f"made {name} in {ROOT}")
    ]
    assert shown == wanted[: {"check": 2, "demo": 4}.get(failing, 6)]
