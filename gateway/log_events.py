"""Events of some kinds since a moment, as the log tells them: read once, at start, through the audit writer's socket.

Blocking, for a thread. Promises to read no more of a long log than the asked time needs, give or take `SLACK_MS`.
"""

from collections.abc import Iterator
from pathlib import Path

from audit.entry import EventEntry, decode
from audit.faults import LogUnavailable
from audit.reader import log_size, read_entries, read_records

SLACK_MS = 3_600_000
"""How far a clock may have been set back without anything being missed."""


def events_since(socket: Path, since_ms: int, kinds: tuple[str, ...]) -> list[tuple[int, EventEntry]]:
    """Events from `since_ms` on (milliseconds since the epoch) whose names begin with one of `kinds`, in order.

    Each with its number in the log. Raises LogUnavailable, EntryInvalid.
    """
    return list(_events(socket, first_since(socket, since_ms - SLACK_MS), kinds))


def _events(socket: Path, first: int, kinds: tuple[str, ...]) -> Iterator[tuple[int, EventEntry]]:
    marks = [b'"event":"%b' % kind.encode("ascii") for kind in kinds]
    for seq, encoded in read_records(socket, first=first):
        # Decoding takes ten times as long as looking, and nearly all entries are about something else.
        if any(mark in encoded for mark in marks):
            entry = decode(encoded)
            if isinstance(entry, EventEntry) and entry.event.startswith(kinds):
                yield seq, entry


def first_since(socket: Path, since_ms: int) -> int:
    """The number of the first entry that is not older, by bisection. Raises LogUnavailable."""
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
