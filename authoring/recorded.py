"""The decisions that a log holds, as they can be asked again: what policy was shown, and what it answered then.

Reads from the log's folder beside a running writer, in order and with flat memory. Promises to pass over no decision
in silence: what cannot be asked again comes too, with the reason why.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from audit import side_store
from audit.reader import read_records
from authoring.model import Apart, Kind, Recorded, Why
from authoring.said import Said, Word, said_in_log

__all__ = ["Apart", "Kind", "Recorded", "Why", "recorded_decisions"]

_KINDS: frozenset[str] = frozenset(("request", "token", "change", "jury"))
_NOTHING = msgspec.Raw(b"null")


class _Reason(msgspec.Struct, frozen=True):
    rule: str = ""


class _Obligation(msgspec.Struct, frozen=True):
    type: str
    properties: dict[str, Any] = {}


class _Line(msgspec.Struct, frozen=True):
    """What replay takes from an entry; fields that it does not know are skipped, so an older or newer form reads."""

    type: str
    time: int = 0
    id: str = ""
    kind: str = ""
    workflow: str = ""
    role: str = ""
    decision: str = ""
    source: str = ""
    revision: str = ""
    reasons: tuple[_Reason, ...] = ()
    obligations: tuple[_Obligation, ...] = ()
    input: msgspec.Raw = _NOTHING
    side: str = ""


class _Peek(msgspec.Struct, frozen=True):
    via: str = ""
    scan: tuple[str, ...] = ()


_line = msgspec.json.Decoder(_Line)
_peek = msgspec.json.Decoder(_Peek)


def recorded_decisions(
    log: Path, *, since_ms: int = 0, role: str | None = None, first: int = 0
) -> Iterator[Recorded | Apart]:
    """The decisions of the log in `log` from entry `first` on, oldest first.

    Only those of `role`, where one is named, and made at `since_ms` (since the epoch) or later by the entry's own
    time, which is looked at entry by entry: a clock that was set back hides nothing behind it. Raises LogMissing,
    DamagedLog; `msgspec.DecodeError` for a record that is no entry at all.
    """
    for seq, encoded in read_records(log, first=first):
        line = _line.decode(encoded)
        if line.type == "decision" and line.time >= since_ms and role in {None, line.role}:
            yield _read(log, seq, line)


def _read(log: Path, seq: int, line: _Line) -> Recorded | Apart:
    if line.kind == "refusal":
        return _apart(seq, line, "refused before policy")
    if line.source != "policy":
        return _apart(seq, line, "decided by the gateway")
    if line.kind not in _KINDS or line.decision not in {"allow", "deny", "hold"}:
        return _apart(seq, line, "unknown kind")
    document = _document(log, line)
    if not isinstance(document, bytes):
        return _apart(seq, line, document)
    peek = _peek.decode(document)
    kind: Any = line.kind
    return Recorded(
        seq=seq,
        id=line.id,
        time_ms=line.time,
        kind=kind,
        workflow=line.workflow,
        role=line.role,
        revision=line.revision,
        document=document,
        answered=_said(line, owes=peek.via != "check"),
        left_out=bool(peek.scan),
    )


def _document(log: Path, line: _Line) -> bytes | Why:
    """The input in the entry, or the one that stands beside the log."""
    if not line.side:
        return "no input recorded" if line.input == _NOTHING else bytes(line.input)
    try:
        content = side_store.content_of(log, line.side)
    except side_store.SideDamaged:
        return "input damaged"
    return "input gone" if content is None else content[side_store.SALT_BYTES :]


def _said(line: _Line, *, owes: bool) -> Said:
    word: Word = line.decision  # type: ignore[assignment]  # one of the three, as was just seen
    owed = [(each.type, each.properties) for each in line.obligations] if owes else None
    return said_in_log(word, (reason.rule for reason in line.reasons), owed)


def _apart(seq: int, line: _Line, why: Why) -> Apart:
    return Apart(seq=seq, id=line.id, time_ms=line.time, kind=line.kind, role=line.role, why=why)
