"""A result as workflow commands of GitHub Actions: each failure is an annotation at its line; pure.

The form is documented as "workflow commands"; data and properties are escaped as actions/toolkit does, so that nothing
in a change can start a command of its own.
"""

from collections.abc import Iterator

from checks.result import CheckResult, Failure

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render(result: CheckResult) -> str:
    """One command a line, the verdict as a notice at the end."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: CheckResult) -> Iterator[str]:
    yield from map(_failure, result.failures)
    for evidence in result.evidence:
        if evidence.state in {"failed", "could_not_run"}:
            yield _command("error", {"title": f"doorless {evidence.kind}"}, evidence.message)
        if evidence.kind != "semgrep":
            for finding in evidence.findings:
                yield _command("error", {"title": finding.rule}, finding.message)
    yield _command("notice", {"title": "doorless check"}, f"{result.verdict}: {result.head} as {result.role}")


def _failure(failure: Failure) -> str:
    place = {"file": failure.path, "line": str(failure.line or "")}
    properties = {name: value for name, value in place.items() if value} | {"title": failure.code}
    return _command("error", properties, f"{failure.message}\n{failure.remedy}")


def _command(name: str, properties: dict[str, str], text: str) -> str:
    listed = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in properties.items())
    return f"::{name} {listed}::{_escaped(text, _DATA)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
