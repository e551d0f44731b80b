"""What the log tells of holds since a moment: read once, at start, through the audit writer's socket.

Blocking, for a thread. Promises to read no more of a long log than the asked time needs, give or take `SLACK_MS`.
"""

from collections.abc import Iterator
from pathlib import Path

from audit.entry import EventEntry, decode
from audit.faults import LogUnavailable
from audit.reader import log_size, read_entries, read_records

SLACK_MS = 3_600_000
"""How far a clock may have been set back without anything being missed."""

_MARKS = (b'"event":"hold.', b'"event":"approval.', b'"event":"grant.')


def events_since(socket: Path, since_ms: int) -> list[EventEntry]:
    """Events of holds and approvals from `since_ms` on (milliseconds since the epoch), in order.

    Raises LogUnavailable, EntryInvalid.
    """
    first = _first_since(socket, since_ms - SLACK_MS)
    return list(_events(socket, first))


def _events(socket: Path, first: int) -> Iterator[EventEntry]:
    for _, encoded in read_records(socket, first=first):
        # Decoding takes ten times as long as looking, and nearly all entries are about something else.
        if any(mark in encoded for mark in _MARKS):
            entry = decode(encoded)
            if isinstance(entry, EventEntry):
                yield entry


def _first_since(socket: Path, since_ms: int) -> int:
    """The number of the first entry that is not older, by bisection."""
    low, high = 0, log_size(socket)
    while low < high:
        middle = (low + high) // 2
        if _time_of(socket, middle) < since_ms:
            low = middle + 1
        else:
            high = middle
    return low


def _time_of(socket: Path, number: int) -> int:
    """When an entry was made; long ago, where it was pruned."""
    try:
        stored = next(read_entries(socket, first=number), None)
    except LogUnavailable:
        return 0
    return stored.entry.time if stored is not None and stored.seq == number else 0
