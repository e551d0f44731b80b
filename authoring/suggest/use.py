"""What one role really did, by the log: which calls and changes were allowed, how often, and how large they became.

Reads the log as a stream; memory grows with the kinds of calls, not with their number. Counts only, no judgement.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from audit.reader import read_records
from authoring.recorded import Apart, Recorded, recorded_decisions

_MINUTE_MS = 60_000


class Use(NamedTuple):
    """What a call or a change was, in the words of roles; `data` is empty where the route names none."""

    service: str
    action: str
    data: str

    @property
    def word(self) -> str:
        """Its scope word."""
        return f"{self.action}:{self.data}" if self.data else self.action


@dataclass(frozen=True, slots=True)
class Ended:
    """How a decision ended: its place in the log, its id, and whether it was completed."""

    seq: int
    id: str
    completed: bool


@dataclass(slots=True)
class Used:
    """What a role did in a part of the log."""

    role: str
    decisions: int = 0
    """All of the role's, whatever was decided."""
    first_ms: int = 0
    last_ms: int = 0
    allowed: Counter[Use] = field(default_factory=Counter)
    completed: Counter[Use] = field(default_factory=Counter)
    checks: int = 0
    """Checks of a change that passed: they need no service, and an action that proposes changes."""
    asked: Counter[str] = field(default_factory=Counter)
    """Scope words that a workflow was started with by name."""
    largest: dict[str, int] = field(default_factory=dict)
    """By the name of a limit in `roles.yaml`: the most that was allowed, or was tried in a minute."""
    unread: int = 0
    """Allowed decisions whose input is gone or unknown: what they were cannot be told."""
    unsized: int = 0
    """Allowed calls that did not announce how large they are."""


class _Outcome(msgspec.Struct, frozen=True):
    decision: str
    result: str


_outcome = msgspec.json.Decoder(_Outcome)
_MARK = b'"type":"outcome"'


def used_in_log(log: Path, role: str, *, since_ms: int = 0, until_ms: int | None = None) -> Used:
    """What `role` did since then, and before `until_ms`. Raises as `recorded_decisions`."""
    decided = (
        each
        for each in recorded_decisions(log, since_ms=since_ms, role=role)
        if until_ms is None or each.time_ms < until_ms
    )
    merged: Iterator[Recorded | Apart | Ended] = heapq.merge(decided, _ends(log), key=lambda each: each.seq)
    return used_by(role, merged)


def used_by(role: str, entries: Iterable[Recorded | Apart | Ended]) -> Used:
    """The same of entries in the log's order, decisions of this role alone."""
    used = Used(role)
    waiting: dict[str, Use] = {}
    minute: deque[int] = deque()
    for entry in entries:
        if isinstance(entry, Ended):
            use = waiting.pop(entry.id, None)
            if use is not None and entry.completed:
                used.completed[use] += 1
            continue
        _note_time(used, entry, minute)
        if isinstance(entry, Apart):
            used.unread += entry.why in {"input gone", "input damaged", "unknown kind"}
        elif entry.answered.decision == "allow":
            use = _note(used, entry)
            if use is not None:
                waiting[entry.id] = use
    return used


def _ends(log: Path) -> Iterator[Ended]:
    for seq, encoded in read_records(log):
        if _MARK in encoded:
            try:
                outcome = _outcome.decode(encoded)
            except msgspec.DecodeError:
                continue  # the mark stands in the text of another entry
            yield Ended(seq, outcome.decision, outcome.result == "completed")


def _note_time(used: Used, entry: Recorded | Apart, minute: "deque[int]") -> None:
    used.decisions += 1
    used.first_ms = min(used.first_ms or entry.time_ms, entry.time_ms)
    used.last_ms = max(used.last_ms, entry.time_ms)
    if entry.kind == "request":
        minute.append(entry.time_ms)
        while minute[0] <= entry.time_ms - _MINUTE_MS:
            minute.popleft()
        _raise(used, "max_requests_per_min", len(minute))


def _note(used: Used, entry: Recorded) -> Use | None:
    shown = entry.input()
    match entry.kind:
        case "request":
            _note_size(used, shown)
        case "change":
            if shown["action"] == "check":
                used.checks += 1
                return None
            _raise(used, "max_files_changed", shown["facts"]["totals"]["files"])
            _raise(used, "max_diff_lines", shown["facts"]["totals"]["lines"])
        case "token":
            used.asked.update(shown["only"])
            return None
        case "jury":
            return None
    use = Use(shown["service"], shown["action"], shown["data"])
    used.allowed[use] += 1
    return use


def _note_size(used: Used, shown: dict[str, Any]) -> None:
    size = shown["body_bytes"]
    if size < 0:
        used.unsized += 1
    else:
        _raise(used, "max_body_bytes", size)


def _raise(used: Used, limit: str, seen: int) -> None:
    used.largest[limit] = max(used.largest.get(limit, 0), seen)
