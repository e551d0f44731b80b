"""The demo's own honesty: what did not end as told is counted, shown, and decides the exit code."""

import io
import subprocess
import sys

import pytest
from rich.console import Console

from doorless.demo.run import CHAPTERS, run
from doorless.demo.teller import Step, Teller
from doorless.problem import Problem


def _told(*steps: Step) -> tuple[int, str]:
    out = io.StringIO()
    teller = Teller(Console(file=out, width=140))
    teller.begin("room", "The room")
    for step in steps:
        teller.step(step)
    teller.end()
    return teller.close(), out.getvalue()


def test_steps_that_end_as_told_pass() -> None:
    """Two good steps: `2 passed, 0 failed`, nothing marked."""
    failed, shown = _told(
        Step("a", "ALLOW", "", "d-1", as_told=True), Step("b", "DENY", "x.y", "d-2", as_told=True)
    )
    assert failed == 0
    assert "2 passed, 0 failed" in shown
    assert "NOT AS TOLD" not in shown


def test_a_step_that_does_not_end_as_told_is_marked_and_counted() -> None:
    """One bad step is marked on its own line and makes the count of failures one."""
    failed, shown = _told(Step("a", "ALLOW", "", "", as_told=True), Step("b", "ALLOW", "", "", as_told=False))
    assert failed == 1
    assert "1 passed, 1 failed" in shown
    [marked] = [line for line in shown.splitlines() if "NOT AS TOLD" in line]
    assert " b " in marked


def test_an_unknown_chapter_is_a_clear_error() -> None:
    """It names the chapters there are, and nothing is started."""
    with pytest.raises(Problem, match="not started") as problem:
        run(("no-such-chapter",))
    assert all(name in problem.value.remedy for name in CHAPTERS)


def _told_by_the_command(*chapters: str) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "doorless", "demo", *chapters],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_a_chapter_told_by_the_command_ends_with_zero() -> None:
    """`doorless demo end` runs on real parts; every step ends as told."""
    assert "DENY  the same copy, the moment the workflow has ended" in _told_by_the_command("end")


@pytest.mark.long  # CI tells the whole demo
@pytest.mark.timeout(400)
def test_the_jury_is_told_with_its_votes() -> None:
    """`doorless demo jury`: with jurors' real client libraries, what is plain passes and what speaks to them does not."""
    told = _told_by_the_command("jury")
    assert "the jury: first=pass second=pass third=pass" in told
    assert "the jury: first=veto second=veto third=pass" in told


@pytest.mark.long
@pytest.mark.timeout(400)
def test_the_meta_workflow_proposes_and_reaches_no_further() -> None:
    """`doorless demo improvement`: three problems found in the log, three pull requests with proofs, a narrower role."""
    told = _told_by_the_command("improvement")
    assert told.count("ALLOW propose: ") == 3
    assert "6 of 6 inclusion proofs in their texts hold" in told
