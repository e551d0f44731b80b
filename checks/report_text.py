"""A result as a person reads it in a terminal: the verdict, every failure with its place and remedy, what ran; pure.

Nothing of a change can steer the terminal: whatever is not printable is written as an escape.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.result import CheckResult, Failure
from sandbox.output import escape

_WORDS = {"pass": "PASS", "fail": "FAIL", "could_not_run": "COULD NOT RUN"}
_MARKS = {
    "passed": "ok",
    "failed": "fail",
    "could_not_run": "broken",
    "not_configured": "not run",
    "absent": "not run",
}
_SHOWN = 12


def render(result: CheckResult) -> str:
    """The report, with a newline at its end."""
    return escape("\n".join(_lines(result))) + "\n"


def _lines(result: CheckResult) -> Iterator[str]:
    yield f"{_WORDS[result.verdict]}  {result.head[:_SHOWN]} against {result.base[:_SHOWN]} as {result.role}"
    yield f"      {_sums(result)}"
    if result.failures:
        yield ""
    for failure in result.failures:
        yield from _failure(failure)
    yield ""
    for evidence in result.evidence:
        yield from _evidence(evidence)
    yield _footer(result)


def _sums(result: CheckResult) -> str:
    counts = ((result.files, "file"), (result.lines, "line"), (result.commits, "commit"))
    return ", ".join(f"{number} {thing}{'' if number == 1 else 's'}" for number, thing in counts)


def _failure(failure: Failure) -> Iterator[str]:
    where = f"{failure.path}:{failure.line}" if failure.line else failure.path
    yield f"  {failure.code}{f'  {where}' if where else ''}"
    yield f"      {failure.message}"
    yield f"      do: {failure.remedy}"


def _evidence(evidence: Evidence) -> Iterator[str]:
    yield f"  {_MARKS[evidence.state]:8}{evidence.kind}: {evidence.message}"
    if evidence.kind != "semgrep":  # its findings are failures of policy, each with its place
        yield from (f"            {finding.message}" for finding in evidence.findings)
    if evidence.state != "passed" and evidence.remedy:
        yield f"          do: {evidence.remedy}"


def _footer(result: CheckResult) -> str:
    where = f"recorded as {result.decision}" if result.recorded else "unrecorded: no home"
    return f"  policy {result.revision[:_SHOWN]}, {where}, {result.ms / 1000:.1f} s"
