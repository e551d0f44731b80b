"""Which entries a person wants to see: filters over any stream of entries.

Pure. Keeps the order of the stream, holds at most the names of the decisions that it let pass.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, assert_never

from audit.entry import MAX_INTEGER, DecisionEntry, Entry, EventEntry, OutcomeEntry


class Stored(NamedTuple):
    """An entry and its place in the log."""

    seq: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Filter:
    """What to let pass; None lets everything pass. Outcomes pass with the decision that they belong to."""

    workflow: str | None = None
    decision: Literal["allow", "deny", "hold"] | None = None
    role: str | None = None
    kind: Literal["request", "token", "refusal"] | None = None
    event: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the sealed log: at most `limit` entries from number `first` on, of these times (end exclusive).

    "" lets every workflow or role pass. An outcome passes with the workflow and role of its decision.
    """

    first: int = 0
    limit: int = 1_000
    from_ms: int = 0
    to_ms: int = MAX_INTEGER
    workflow: str = ""
    role: str = ""


def select(entries: Iterable[Stored], wanted: Filter) -> Iterator[Stored]:
    """The entries that the filter lets pass, lazily, in order."""
    passed: set[str] = set()
    for stored in entries:
        match stored.entry:
            case DecisionEntry() as entry:
                if _decision_passes(entry, wanted):
                    passed.add(entry.id)
                    yield stored
            case OutcomeEntry() as entry:
                if entry.decision in passed:
                    passed.discard(entry.decision)  # at most one outcome each
                    yield stored
            case EventEntry() as entry:
                if _event_passes(entry, wanted):
                    yield stored
            case _ as never:
                assert_never(never)


@dataclass(frozen=True, slots=True)
class Story:
    """One decision with its outcome; `outcome` is None where nothing was done, or a crash came between."""

    decision: Stored
    outcome: Stored | None


def find_decision(entries: Iterable[Stored], decision: str) -> Story | None:
    """The decision of that id with its outcome, or None. Stops reading as soon as both are there."""
    found: Stored | None = None
    for stored in select(entries, Filter(id=decision)):
        if isinstance(stored.entry, OutcomeEntry) and found is not None:
            return Story(found, stored)
        found = stored
    return Story(found, None) if found is not None else None


def role_of(entry: Entry) -> str:
    """The role that a decision was made for or an event is about; "" where there is none."""
    match entry:
        case DecisionEntry():
            return entry.role
        case EventEntry():
            return str(entry.detail.get("role", ""))
        case OutcomeEntry():
            return ""
        case _ as never:
            assert_never(never)


def _decision_passes(entry: DecisionEntry, wanted: Filter) -> bool:
    return (
        wanted.event is None
        and wanted.workflow in {None, entry.workflow}
        and wanted.decision in {None, entry.decision}
        and wanted.role in {None, entry.role}
        and wanted.kind in {None, entry.kind}
        and wanted.id in {None, entry.id}
    )


def _event_passes(entry: EventEntry, wanted: Filter) -> bool:
    asks_for_decisions = wanted.decision is not None or wanted.kind is not None or wanted.id is not None
    return (
        not asks_for_decisions
        and wanted.workflow in {None, entry.workflow}
        and wanted.role in {None, role_of(entry)}
        and wanted.event in {None, entry.event}
    )
