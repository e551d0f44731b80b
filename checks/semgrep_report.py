"""What semgrep printed, read as findings with the code they stand on; pure.

Its own words for code and fingerprints are not used: without a login it leaves them out. Whatever it could not look at
is a finding too or stops the check: a file that hides from the rules has not passed them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from checks.fingerprint import Located
from checks.sides import Side, SideFile
from decision.change import FindingFact

NOT_ANALYSED = "semgrep.not_analysed"
_CODE_LIMIT = 65_536
_MESSAGE_LIMIT = 500
# Errors about one file's text; every other kind means that semgrep did not do its work.
_ABOUT_TEXT = frozenset(
    {"Syntax error", "PartialParsing", "Lexical error", "Other syntax error", "AST builder error"}
)
_SEVERITIES = {
    "CRITICAL": "error",
    "HIGH": "error",
    "ERROR": "error",
    "MEDIUM": "warning",
    "WARNING": "warning",
}


class _Position(msgspec.Struct, frozen=True):
    line: int = 1
    offset: int = 0


class _Extra(msgspec.Struct, frozen=True):
    message: str = ""
    severity: str = "ERROR"


class _Result(msgspec.Struct, frozen=True):
    check_id: str
    path: str
    start: _Position
    end: _Position
    extra: _Extra = _Extra()


class _Error(msgspec.Struct, frozen=True):
    type: Any = ""
    path: str = ""
    message: str = ""
    rule_id: str = ""

    @property
    def kind(self) -> str:
        """The name of the error; newer versions give a list of name and places."""
        return str(self.type[0]) if isinstance(self.type, list) and self.type else str(self.type)


class _Paths(msgspec.Struct, frozen=True):
    scanned: tuple[str, ...] = ()


class _Printed(msgspec.Struct, frozen=True):
    version: str
    results: tuple[_Result, ...]
    errors: tuple[_Error, ...]
    paths: _Paths


@dataclass(frozen=True, slots=True)
class SemgrepReport:
    """Findings by side; `broken` says why semgrep did not do its work, one line each."""

    version: str
    findings: Mapping[Side, tuple[Located, ...]]
    scanned: int
    broken: tuple[str, ...]


def read_report(printed: bytes, files: Mapping[str, SideFile]) -> SemgrepReport:
    """The report in semgrep's JSON about these files. Raises `ValueError` where it is none."""
    try:
        report = msgspec.json.decode(printed, type=_Printed)
    except msgspec.DecodeError as error:
        raise ValueError(f"semgrep's answer is not its JSON: {error}") from None
    findings: dict[Side, list[Located]] = {"base": [], "head": []}
    for side, found in _found(report, files):
        findings[side].append(found)
    unseen = sorted(files.keys() - set(report.paths.scanned))
    broken = (*_broken(report, files), *(f"{files[name].path} was left out" for name in unseen))
    return SemgrepReport(
        report.version,
        {side: tuple(each) for side, each in findings.items()},
        len(report.paths.scanned),
        broken,
    )


def _found(report: _Printed, files: Mapping[str, SideFile]) -> Iterator[tuple[Side, Located]]:
    for result in report.results:
        file = files.get(result.path)
        if file is None:
            raise ValueError(f"semgrep speaks of {result.path!r}, which it was not given")
        code = file.content[result.start.offset : result.end.offset][:_CODE_LIMIT]
        fact = FindingFact(
            rule=result.check_id,
            path=file.path,
            line=result.start.line,
            severity=_SEVERITIES.get(result.extra.severity.upper(), "note"),
            message=_short(result.extra.message),
        )
        yield file.side, Located(fact, code)
    yield from _unread(report, files)


def _unread(report: _Printed, files: Mapping[str, SideFile]) -> Iterator[tuple[Side, Located]]:
    names = {
        error.path: error for error in report.errors if error.kind in _ABOUT_TEXT and error.path in files
    }
    for name, error in names.items():
        message = (
            f"semgrep cannot read the whole file, so no rule has seen all of it: {_short(error.message)}"
        )
        fact = FindingFact(
            rule=NOT_ANALYSED, path=files[name].path, line=1, severity="error", message=message
        )
        yield files[name].side, Located(fact, b"")


def _broken(report: _Printed, files: Mapping[str, SideFile]) -> Iterator[str]:
    for error in report.errors:
        if error.kind in _ABOUT_TEXT and error.path in files:
            continue
        where = f" in {files[error.path].path}" if error.path in files else ""
        yield f"{error.kind}{where}: {_short(error.message)}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MESSAGE_LIMIT else flat[:_MESSAGE_LIMIT] + "…"
