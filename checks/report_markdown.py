"""A result as Markdown for a comment on a pull request; pure.

Whatever comes from the change stands in code spans that it cannot leave, so no link, mention, image or HTML of its own
reaches whoever reads the comment.
"""

import re
from collections.abc import Iterator

from checks.result import CheckResult, Failure

MARK = "<!-- doorless check -->"
"""By which a bot finds its own comment again."""
_WORDS = {"pass": "passed", "fail": "failed", "could_not_run": "could not run"}
_MOST = 50
_LIMIT = 300


def render(result: CheckResult) -> str:
    """The comment, with a newline at its end."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: CheckResult) -> Iterator[str]:
    yield MARK
    yield f"### Doorless check {_WORDS[result.verdict]}"
    yield ""
    yield (
        f"{_code(result.head[:12])} against {_code(result.base[:12])} as {_code(result.role)}: "
        f"{result.files} files, {result.lines} lines, {result.commits} commits."
    )
    if result.failures:
        yield ""
        yield "| rule | place | what | what to do |"
        yield "| --- | --- | --- | --- |"
        yield from map(_row, result.failures[:_MOST])
    if len(result.failures) > _MOST:
        yield f"\n… and {len(result.failures) - _MOST} more."
    yield ""
    yield "| check | result | |"
    yield "| --- | --- | --- |"
    for evidence in result.evidence:
        yield f"| {evidence.kind} | {evidence.state.replace('_', ' ')} | {_code(evidence.message)} |"
    yield ""
    yield f"Policy {_code(result.revision[:12])}; {_recorded(result)}."


def _row(failure: Failure) -> str:
    where = f"{failure.path}:{failure.line}" if failure.line else failure.path
    return f"| {_code(failure.code)} | {_code(where)} | {_code(failure.message)} | {_code(failure.remedy)} |"


def _recorded(result: CheckResult) -> str:
    return f"recorded as {_code(result.decision)}" if result.recorded else "unrecorded"


def _code(text: str) -> str:
    """Text as a code span: no backtick, pipe or line end of its own, and never empty of meaning."""
    flat = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)[:_LIMIT]
    flat = re.sub(r"[`|]", "'", flat).strip()
    return f"`{flat}`" if flat else ""
