"""What was signed about a log, in the order of its growth: checkpoints old and new, cosigned ones, an auditor's own.

Pure: reads notes and opens none. Promises that sizes come in order, and that a history whose sizes shrink is named.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint
from audit.note import NoteInvalid, split_note


class StatementInvalid(Exception):
    """A note that is no checkpoint of this log, or stands out of order; the text names its place."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A signed note (nothing verified yet) and the place where it was found, for people."""

    checkpoint: Checkpoint
    note: bytes
    place: str

    @property
    def size(self) -> int:
        """Entries that it speaks of."""
        return self.checkpoint.size


def statement(note: bytes, place: str) -> Statement:
    """The statement that a note is. Raises StatementInvalid."""
    try:
        return Statement(parse_checkpoint(split_note(note)[0]), note, place)
    except (NoteInvalid, CheckpointInvalid) as error:
        raise StatementInvalid(f"{place} is no checkpoint: {error}") from error


def in_order(notes: Iterable[bytes], place: str) -> Iterator[Statement]:
    """The statements of a history, oldest first. Raises StatementInvalid where one speaks of less than one before it."""
    size = 0
    for number, note in enumerate(notes):
        found = statement(note, f"{place} {number}")
        if found.size < size:
            raise StatementInvalid(f"{found.place} has {found.size} entries, an older one has {size}")
        size = found.size
        yield found


def merged(histories: Iterable[Iterable[Statement]]) -> Iterator[Statement]:
    """All statements by size. Passes on what the histories raise."""
    return heapq.merge(*histories, key=lambda found: found.size)
