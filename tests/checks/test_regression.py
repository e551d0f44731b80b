"""Real suites of real repositories in real rooms; each change breaks the tests in its own way."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from checks.configuration import SuiteEntry
from checks.evidence import Evidence
from checks.regression import Suite, run_regression
from checks.store import opened
from checks.tree_files import TreeFiles
from tests.checks.repositories import CALCULATOR, COMMAND, Repository, repository

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", "{report}")


class Bench:
    """A repository whose base's outcomes are remembered from test to test."""

    def __init__(self, folder: Path) -> None:
        self.repository: Repository = repository(folder / "repository", CALCULATOR)
        self.base = self.repository.git("rev-parse", "main")
        self.remembered = folder / "remembered"

    def run(
        self, head: str, *, entry: SuiteEntry | None = None, base: str = "", told: list[str] | None = None
    ) -> Evidence:
        """The evidence about a head."""
        suite = Suite(entry or SuiteEntry(command=COMMAND, seconds=20), None, self.remembered)
        with opened(self.repository.folder, None, head, time_limit_s=60) as store:
            trees = TreeFiles(store.git)
            say = (told if told is not None else []).append
            return asyncio.run(run_regression(trees, base or self.base, head, suite, say))

    def change(self, calc: str) -> str:
        """A commit on base with another `calc.py`."""
        return self.repository.commit({"calc.py": calc}, on=self.base)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """One for the module."""
    return Bench(tmp_path_factory.mktemp("regression"))


def test_a_change_that_keeps_every_passing_test_passes(bench: Bench) -> None:
    """And base is not run a second time: its outcomes are remembered by its tree."""
    head = bench.change("def add(a, b):\n    return b + a\n")
    first = bench.run(head)
    assert (first.state, first.code, first.findings) == ("passed", "", ())
    told: list[str] = []
    assert bench.run(head, told=told).state == "passed"
    assert told == ["tests: those of base are remembered", "tests: running those of the change"]


@pytest.mark.parametrize(
    ("calc", "code", "said"),
    [
        (
            "def add(a, b):\n    return a * b\n",
            "tests_regressed",
            "test_calc::test_add passed at base and failed",
        ),
        ("raise SystemExit(0)\n", "tests_regressed", "not reported any more"),
        ("import os\n\nos._exit(0)\n", "tests_no_report", "ended with 0 and left no report"),
        ("import os\n\nos.kill(os.getppid(), 9)\n", "", ""),
    ],
    ids=["wrong", "exits", "exits-at-once", "kills-its-parent"],
)
def test_a_change_that_loses_a_passing_test_fails(bench: Bench, calc: str, code: str, said: str) -> None:
    """A wrong sum, and programs that end with 0 before a test ran; exit code 0 alone is never a pass.

    With the exit code believed, `os._exit(0)` in a changed module passed.
    """
    evidence = bench.run(bench.change(calc))
    assert evidence.state == "failed"
    assert evidence.code == code or not code
    assert said in evidence.message + " ".join(finding.message for finding in evidence.findings)


def test_the_real_pytest_is_read(bench: Bench) -> None:
    """Its report names the same tests, by the same ids at both commits."""
    evidence = bench.run(
        bench.change("def add(a, b):\n    return a - b\n"), entry=SuiteEntry(command=PYTEST, seconds=60)
    )
    assert [finding.message for finding in evidence.findings] == [
        "test_calc::test_add passed at base and failed"
    ]


def test_a_removed_test_is_not_a_passing_one(bench: Bench) -> None:
    """What passed at base must be reported passed, not merely no failure."""
    text = CALCULATOR["test_calc.py"].split("\n\n\ndef test_zero", maxsplit=1)[0]
    evidence = bench.run(bench.repository.commit({"test_calc.py": text}, on=bench.base))
    assert [finding.message for finding in evidence.findings] == [
        "test_calc::test_zero passed at base and is not reported any more"
    ]


@pytest.mark.parametrize(
    "calc",
    [
        "import time\n\ntime.sleep(1000)\n",
        "import os\n\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n",
    ],
    ids=["hangs", "forks"],
)
def test_tests_that_do_not_end_are_ended(bench: Bench, calc: str) -> None:
    """One that waits and one that forks without end: over at the limit, failed with a code of their own."""
    evidence = bench.run(bench.change(calc), entry=SuiteEntry(command=COMMAND, seconds=3))
    assert evidence.state == "failed"
    assert evidence.code in {"tests_timed_out", "tests_broke_the_room"}
    assert evidence.remedy


def test_memory_is_limited(bench: Bench) -> None:
    """A gigabyte is not there for tests that may use a quarter; with the limit gone they passed."""
    hungry = "held = bytearray(1 << 30)\n\n\ndef add(a, b):\n    return a + b\n"
    evidence = bench.run(bench.change(hungry), entry=SuiteEntry(command=COMMAND, seconds=20, memory_mb=256))
    assert (evidence.state, evidence.code) == ("failed", "tests_regressed")


def test_no_network_no_host_files_and_a_tree_of_its_own(bench: Bench) -> None:
    """The tests see loopback alone, nothing of the repository's folder, and may write where they stand."""
    calc = (
        "import os, pathlib, socket\n"
        f"assert not os.path.exists({str(bench.repository.folder)!r})\n"
        "pathlib.Path('made-here').write_text('x')\n"
        "try:\n    socket.create_connection(('192.0.2.1', 9), timeout=2)\n    raise AssertionError('a way out')\n"
        "except OSError:\n    pass\n\n\ndef add(a, b):\n    return a + b\n"
    )
    assert bench.run(bench.change(calc)).state == "passed"


def test_a_strict_umask_of_ours_is_not_the_rooms(bench: Bench) -> None:
    """Where our files are for us alone, the room's uid reads its tree all the same."""
    before = os.umask(0o077)
    try:
        evidence = bench.run(bench.change("def add(a, b):\n    return b + a\n"))
    finally:
        os.umask(before)
    assert evidence.state == "passed", evidence.message


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("no-such-program", "{report}"), "tests_not_started"),
        ((sys.executable, "-c", "import sys; sys.exit(0)", "{report}"), "tests_no_report"),
        (
            (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('<a/>')", "{report}"),
            "tests_no_report",
        ),
        (
            (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('<testsuite/>')", "{report}"),
            "tests_none_at_base",
        ),
    ],
)
def test_a_base_that_shows_nothing_could_not_run(bench: Bench, command: tuple[str, ...], code: str) -> None:
    """No program, no report, another document, no passing test: nobody can say whether the change keeps them."""
    evidence = bench.run(bench.base, entry=SuiteEntry(command=command, seconds=20))
    assert (evidence.state, evidence.code) == ("could_not_run", code)
    assert evidence.message
    assert evidence.remedy


def test_links_and_programs_are_laid_out_as_git_has_them(bench: Bench, tmp_path: Path) -> None:
    """Modes and links arrive; nothing is written through a link."""
    bench.repository.git("checkout", "-q", "--detach", bench.base)
    (bench.repository.folder / "link").symlink_to("calc.py")
    (bench.repository.folder / "away").symlink_to("/etc")
    head = bench.repository.commit({"run.sh": "#!/bin/sh\n"})
    with opened(bench.repository.folder, None, head) as store:
        TreeFiles(store.git).extract(head, tmp_path)
    assert (tmp_path / "link").readlink() == Path("calc.py")
    assert (tmp_path / "away").readlink() == Path("/etc")
    assert (tmp_path / "calc.py").read_text(encoding="utf-8") == CALCULATOR["calc.py"]
