"""Do the tests that passed before the change still pass? The same command at both commits, each in a room of its own.

A run's exit code proves nothing, in either direction: every test that base's report calls passed must be called passed
by head's. Promises that what could not be found out is never "passed".
"""

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from checks.configuration import SuiteEntry
from checks.evidence import Evidence
from checks.faults import CannotDescribe, GitFailed
from checks.junit import Outcome, ReportInvalid, read_outcomes
from checks.suite_room import RoomAnswer, RoomFailed, SuiteRun, run_tests
from checks.tree_files import TreeFiles, TreeRefused
from decision.change import FindingFact

Progress = Callable[[str], None]
Outcomes = Mapping[str, Outcome]

RULE = "tests.regression"
_MOST_FINDINGS = 50
_SAID_LINES = 6
_LOOK = "See what the tests say where they are run by hand; the limits stand in .doorless/checks.yaml."


@dataclass(frozen=True, slots=True)
class Suite:
    """What is run at both commits, where libraries are, and a folder of ours that remembers base's outcomes."""

    entry: SuiteEntry
    virtual_environment: Path | None
    remembered: Path | None


class _Unfinished(Exception):
    """A run that told us nothing of its tests. `machine`: it was not the tree that failed, but what it ran on."""

    def __init__(self, code: str, message: str, remedy: str = _LOOK, *, machine: bool = False) -> None:
        super().__init__(message)
        self.code, self.message, self.remedy, self.machine = code, message, remedy, machine


async def run_regression(
    trees: TreeFiles, base: str, head: str, suite: Suite, progress: Progress
) -> Evidence:
    """Run the tests of `base`, unless they are remembered, and of `head`, and compare. Main thread only."""
    begun = time.monotonic()
    try:
        before = await _before(trees, base, suite, progress)
        progress("tests: running those of the change")
        after = await _outcomes(trees, head, suite, base=False)
    except _Unfinished as error:
        return _unfinished(error, begun)
    broken = tuple(_broken(before, after))
    passed = sum(outcome == "passed" for outcome in before.values())
    return Evidence(
        kind="tests",
        state="failed" if broken else "passed",
        code="tests_regressed" if broken else "",
        message=f"{len(broken)} of {passed} tests that passed at base do not pass now"
        if broken
        else f"all {passed} tests that passed at base pass",
        remedy="Mend the code that these tests cover." if broken else "",
        findings=broken[:_MOST_FINDINGS],
        tool=suite.entry.command[0],
        ms=_ms(begun),
    )


async def _before(trees: TreeFiles, base: str, suite: Suite, progress: Progress) -> Outcomes:
    try:
        place = await asyncio.to_thread(_memory_of, trees, base, suite)
    except (GitFailed, CannotDescribe) as error:
        raise _Unfinished("tests_no_tree", f"Base cannot be read: {error}.", machine=True) from None
    if place is not None and (known := _recall(place)) is not None:
        progress("tests: those of base are remembered")
        return known
    progress("tests: running those of base")
    before = await _outcomes(trees, base, suite, base=True)
    if "passed" not in before.values():
        message = "At base not one test passed, so nothing can be compared."
        raise _Unfinished("tests_none_at_base", message, machine=True)
    if place is not None:
        _remember(place, before)
    return before


async def _outcomes(trees: TreeFiles, commit: str, suite: Suite, *, base: bool) -> Outcomes:
    with TemporaryDirectory(prefix="doorless-tests-", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "room"
        answer = await _answer(trees, commit, folder, suite)
    where = "At base" if base else "With the change"
    try:
        return _read(answer, suite.entry.seconds)
    except _Unfinished as error:
        # What hangs or breaks without the change says nothing about the change.
        raise _Unfinished(error.code, f"{where} {error.message}", error.remedy, machine=base) from None


async def _answer(trees: TreeFiles, commit: str, folder: Path, suite: Suite) -> RoomAnswer:
    entry = suite.entry
    run = SuiteRun(entry.command, entry.seconds, entry.memory_mb, suite.virtual_environment)
    try:
        await asyncio.to_thread(_lay_out, trees, commit, folder)
        return await run_tests(folder, run)
    except RoomFailed as error:
        machine = error.code == "no_sandbox"
        raise _Unfinished(error.code, error.message, error.remedy, machine=machine) from None
    except OSError as error:
        message = f"The files for the tests could not be written: {error.strerror or error}."
        raise _Unfinished("no_room", message, "See to room on the disk.", machine=True) from None
    except (GitFailed, CannotDescribe, TreeRefused) as error:
        raise _Unfinished("tests_no_tree", f"A tree cannot be laid out: {error}.", machine=True) from None


def _lay_out(trees: TreeFiles, commit: str, folder: Path) -> None:
    folder.mkdir()
    (folder / "tree").mkdir()
    trees.extract(commit, folder / "tree")
    # The room has a uid of its own, whatever our umask is. Only folders that were walked into: never through a link.
    for place, _, _ in os.walk(folder):
        Path(place).chmod(0o755)


def _read(answer: RoomAnswer, seconds: int) -> Outcomes:
    said = " | ".join(answer.said.strip().splitlines()[-_SAID_LINES:]) or "nothing"
    if answer.how == "not_started":
        raise _Unfinished("tests_not_started", f"the test command cannot be started: {answer.said}.")
    if answer.how == "timed_out":
        raise _Unfinished("tests_timed_out", f"the tests did not end within {seconds} s; they said: {said}")
    if not answer.junit:
        message = f"the test command ended with {answer.code} and left no report; it said: {said}"
        raise _Unfinished("tests_no_report", message)
    try:
        return read_outcomes(answer.junit)
    except ReportInvalid as error:
        raise _Unfinished("tests_no_report", f"{error}; the command ended with {answer.code}.") from None


def _broken(before: Outcomes, after: Outcomes) -> Iterator[FindingFact]:
    for name, outcome in before.items():
        now = after.get(name)
        if outcome == "passed" and now != "passed":
            said = f"{name} passed at base and {now or 'is not reported any more'}"
            yield FindingFact(rule=RULE, path="", line=0, severity="error", message=said)


def _unfinished(error: _Unfinished, begun: float) -> Evidence:
    return Evidence(
        kind="tests",
        state="could_not_run" if error.machine else "failed",
        code=error.code,
        message=error.message,
        remedy=error.remedy,
        ms=_ms(begun),
    )


def _memory_of(trees: TreeFiles, base: str, suite: Suite) -> Path | None:
    if suite.remembered is None:
        return None
    environment = str(suite.virtual_environment or "")
    asked = (trees.tree_id(base), *suite.entry.command, environment)
    return suite.remembered / f"{hashlib.sha256(chr(0).join(asked).encode()).hexdigest()}.json"


def _recall(place: Path) -> Outcomes | None:
    try:
        return msgspec.json.decode(place.read_bytes(), type=dict[str, Outcome])
    except (OSError, msgspec.DecodeError):
        return None


def _remember(place: Path, outcomes: Outcomes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(dict(outcomes)))
    fresh.replace(place)


def _ms(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
