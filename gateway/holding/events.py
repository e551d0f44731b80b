"""Holds as they stand in the log: each step as an event entry, and back; pure.

Promises that what is written is read back as the same step, and that a later version's steps are not guessed.
"""

from dataclasses import asdict
from typing import Any, Final

import msgspec

from audit.entry import EventEntry
from gateway.holding.holds import Approved, Event, Opened, RefusedBy, Used, Voided

NAMES: Final[dict[type[Event], str]] = {
    Opened: "hold.opened",
    Approved: "approval.given",
    RefusedBy: "approval.refused",
    Used: "approval.used",
    Voided: "approval.void",
}
HOLD_EVENTS: Final = ("hold.", "approval.", "grant.")
"""How the names of all events begin that holds and standing grants are made anew from."""
_TYPES: Final[dict[str, Any]] = {name: kind for kind, name in NAMES.items()}


def detail_of(event: Event) -> dict[str, str | int]:
    """The detail of its entry, which names the workflow itself. Names of persons hold no blank: a list is one text."""
    fields = asdict(event)
    if isinstance(event, Opened):
        del fields["workflow"]
        fields["approvers"] = " ".join(event.approvers)
    return fields


def event_of(entry: EventEntry) -> Event | None:
    """The step that an entry tells; nothing for an event that is none. Raises ValueError for one that is damaged."""
    kind = _TYPES.get(entry.event)
    if kind is None:
        return None
    fields: dict[str, Any] = dict(entry.detail)
    if kind is Opened:
        fields["workflow"] = entry.workflow
        fields["approvers"] = tuple(str(fields.get("approvers", "")).split())
    step: Event = msgspec.convert(fields, kind)
    return step
