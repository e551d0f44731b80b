"""One question asked again of one bundle by `opa eval`, with OPA's own account of which conditions did not hold.

The account of a large question may be longer than is read: then there is none, and the answer stands alone.
"""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from authoring.model import Kind

MOST_TRACED: Final = 32 * 1024
"""The longest question, in bytes, of which conditions are followed: for a change of 1,000 files OPA takes 600 MB for it."""
MOST_BYTES: Final = 64 * 1024 * 1024
_WITHIN_S: Final = "20s"


class NotEvaluated(Exception):
    """OPA did not answer; the text is its own."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that did not hold: in which rule, where, and what its variables were."""

    rule: tuple[str, int, str]
    """File, line and name of the rule."""
    file: str
    line: int
    column: int
    values: Mapping[str, Any]
    calls: tuple[tuple[str, ...], ...]
    """Rules (without `data`) that the condition speaks of; none where it denies something."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out: the decision document, the values of all rules of the area, and the conditions that failed."""

    document: Mapping[str, Any] | None
    rules: Mapping[tuple[str, str], Mapping[str, Any]]
    """By folder: `rules` or `vetoes`, and the name."""
    failures: tuple[Failure, ...]
    traced: bool


class _Location(msgspec.Struct, frozen=True):
    file: str = ""
    row: int = 0
    col: int = 0


class _Event(msgspec.Struct, frozen=True):
    Op: str
    QueryID: int
    Location: _Location
    Node: msgspec.Raw = msgspec.Raw(b"null")
    Locals: msgspec.Raw = msgspec.Raw(b"[]")
    LocalMetadata: dict[str, dict[str, Any]] | None = None


class _Trace(msgspec.Struct, frozen=True):
    explanation: tuple[_Event, ...] = ()


class _Result(msgspec.Struct, frozen=True):
    result: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []


def evaluate(opa: Path, bundle: Path, kind: Kind, document: bytes) -> Evaluation:
    """Ask again. Raises `NotEvaluated`."""
    # Constants of ours, as for the hot path: nothing of the document is in the query.
    query = (
        f'object.union_n([{{"decision": d | d := data.{kind}.decision}}, '
        f'{{"rules": r | r := data.{kind}.rules}}, {{"vetoes": v | v := data.{kind}.vetoes}}])'
    )
    small = len(document) <= MOST_TRACED
    traced = _run(opa, bundle, query, document, traced=True) if small else None
    answer = traced if traced is not None else _run(opa, bundle, query, document, traced=False)
    if answer is None:
        raise NotEvaluated("OPA answered more than is read")
    result = msgspec.json.decode(answer, type=_Result)
    if result.errors or not result.result:
        raise NotEvaluated(str(result.errors or "OPA gave no result"))
    found = dict(result.result[0]["expressions"][0]["value"])
    failures = tuple(_failures(msgspec.json.decode(answer, type=_Trace).explanation)) if traced else ()
    rules = {
        (kept, name): values for kept in ("rules", "vetoes") for name, values in found.get(kept, {}).items()
    }
    return Evaluation(found.get("decision"), rules, failures, traced is not None)


def _run(opa: Path, bundle: Path, query: str, document: bytes, *, traced: bool) -> bytes | None:
    """What OPA prints; None where it is longer than is read."""
    explain = ["--explain", "fails"] if traced else []
    argv = [str(opa), "eval", "--bundle", str(bundle), "--stdin-input", "--format", "json"]
    argv += ["--timeout", _WITHIN_S, *explain, query]
    try:
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(document)  # OPA reads all of it before it prints anything
            process.stdin.close()
            answer = process.stdout.read(MOST_BYTES + 1)
            if len(answer) > MOST_BYTES:
                process.kill()
                return None
            return answer
    except OSError as error:
        raise NotEvaluated(f"OPA cannot be run: {error}") from error


def _failures(events: tuple[_Event, ...]) -> Iterator[Failure]:
    entered: dict[int, tuple[str, int, str]] = {}
    for event in events:
        if event.Op == "Enter":
            name = _head_name(event.Node)
            if name:
                entered[event.QueryID] = (_file(event.Location), event.Location.row, name)
        elif event.Op == "Fail" and event.QueryID in entered:
            node = msgspec.json.decode(event.Node)
            yield Failure(
                rule=entered[event.QueryID],
                file=_file(event.Location),
                line=event.Location.row,
                column=event.Location.col,
                values=dict(_locals(event)),
                calls=() if node.get("negated") else tuple(_rules_in(node.get("terms"))),
            )


def _file(location: _Location) -> str:
    return location.file.lstrip("/")


def _head_name(node: msgspec.Raw) -> str:
    read = msgspec.json.decode(node)
    head = read.get("head") if isinstance(read, dict) else None
    return str(head["ref"][0]["value"]) if head and head.get("ref") else ""


def _locals(event: _Event) -> Iterator[tuple[str, Any]]:
    names = {local: str(about.get("name", "")) for local, about in (event.LocalMetadata or {}).items()}
    for each in msgspec.json.decode(event.Locals):
        name = names.get(each["name"], each["name"])
        if name.strip("_") and not name.startswith("__"):
            yield name, _plain(each)


def _plain(term: Mapping[str, Any]) -> Any:
    """A term of OPA's as plain JSON."""
    value = term.get("value")
    match term.get("type"):
        case "object":
            return {str(_plain(key)): _plain(item) for key, item in value or ()}
        case "array" | "set":
            return [_plain(item) for item in value or ()]
        case _:
            return value


def _rules_in(terms: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(terms, list):
        for each in terms:
            yield from _rules_in(each)
    elif isinstance(terms, dict) and terms.get("type") == "ref":
        parts = terms["value"]
        if parts[0].get("value") == "data":
            yield tuple(str(part["value"]) for part in parts[1:] if part["type"] == "string")
