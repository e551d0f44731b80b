"""One form for every failure, and one exit code for each."""

import pytest

from doorless.cli import exit_code_of
from doorless.problem import ExitCode, Problem, render
from workflows.failure import Because, CannotStart, Failure, NotPossible, Refused, SandboxBroken, Unreachable


def test_a_failure_reads_what_why_do() -> None:
    """Three parts; further lines of one part are indented below it."""
    shown = render(Problem("It broke.", "a.yaml:1:2: x\nb.yaml:3:4: y", "Mend it."))
    assert shown == ("doorless: It broke.\n   why: a.yaml:1:2: x\n        b.yaml:3:4: y\n    do: Mend it.\n")


@pytest.mark.parametrize(
    ("failure", "code", "run_code"),
    [
        (Problem("", "", ""), 2, 125),
        (Problem("", "", "", ExitCode.FAILED), 1, 125),
        (Refused("", (Because("c", "m", "r"),), "d-a"), 1, 120),
        (Unreachable("", "", ""), 3, 121),
        (SandboxBroken("", "", ""), 1, 122),
        (CannotStart("", "", ""), 1, 125),
        (NotPossible("", "", "", code="x"), 1, 125),
    ],
)
def test_each_failure_has_its_code(failure: Failure, code: int, run_code: int) -> None:
    """Other commands use 1 to 3; `run` uses codes that no ordinary agent gives."""
    assert exit_code_of(failure, ran=False) == code
    assert exit_code_of(failure, ran=True) == run_code
