"""Counts, denials and latency of a stretch of the log, by day, role and route: what `/aggregates` answers; pure.

Quantiles are of the values themselves, none estimated: the one who asks bounds how many there are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from audit.entry import DecisionEntry, Document, OutcomeEntry
from audit.query import Stored

_QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_LAST_MS: Final = 253_402_300_799_000
"""The last second that a date can name; a clock may say anything."""

_Key = tuple[str, str, str, str, str]


@dataclass(slots=True)
class _Group:
    decisions: Counter[str] = field(default_factory=Counter)
    ms: list[int] = field(default_factory=list)
    bytes_in: int = 0
    bytes_out: int = 0
    failures: int = 0


def totals(entries: Iterable[Stored]) -> list[Document]:
    """One document for each (UTC day, role, kind, service, route), sorted; an outcome counts with its decision."""
    groups: dict[_Key, _Group] = {}
    open_decisions: dict[str, _Group] = {}
    for _, entry in entries:
        match entry:
            case DecisionEntry():
                group = groups.setdefault(_key(entry), _Group())
                group.decisions[entry.decision] += 1
                open_decisions[entry.id] = group
            case OutcomeEntry():
                _count(open_decisions.pop(entry.decision, None), entry)
            case _:
                continue
    return [_document(key, group) for key, group in sorted(groups.items())]


def quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest of the ordered values that at least this share of them does not exceed (nearest rank)."""
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def _key(entry: DecisionEntry) -> _Key:
    day = datetime.fromtimestamp(min(entry.time, _LAST_MS) / 1000, UTC).date().isoformat()
    asked: dict[str, Any] = entry.input or {}
    return day, entry.role, entry.kind, str(asked.get("service", "")), str(asked.get("route", ""))


def _count(group: _Group | None, outcome: OutcomeEntry) -> None:
    if group is None:  # its decision lies before the stretch
        return
    group.ms.append(outcome.ms)
    group.bytes_in += outcome.bytes_in
    group.bytes_out += outcome.bytes_out
    group.failures += outcome.result not in {"completed", "issued"}


def _document(key: _Key, group: _Group) -> Document:
    ordered = sorted(group.ms)
    day, role, kind, service, route = key
    return {
        "day": day,
        "role": role,
        "kind": kind,
        "service": service,
        "route": route,
        **{word: group.decisions[word] for word in ("allow", "deny", "hold")},
        "outcomes": len(ordered),
        "failures": group.failures,
        "bytes_in": group.bytes_in,
        "bytes_out": group.bytes_out,
        "ms": {name: quantile(ordered, share) for name, share in _QUANTILES.items()} if ordered else {},
    }
