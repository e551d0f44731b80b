"""Entries out of a log's folder by their numbers, and the last ones: what needs no index.

Reads bundles and journal, never more of them than what is asked for needs.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from audit.entry import OutcomeEntry, decode
from audit.query import Filter, Stored, select
from audit.reader import log_size, read_entries, read_records

NEAR: Final = 256
"""Entries that are no further apart are read in one go: a bundle holds as many."""


def fetch(folder: Path, numbers: Iterable[int]) -> Iterator[Stored]:
    """The entries of these numbers, which ascend. One that is not in the log is left out."""
    records: Iterator[tuple[int, bytes]] = iter(())
    at = -1
    for number in numbers:
        if at < 0 or number - at > NEAR:
            records = read_records(folder, first=number)
        for at, encoded in records:
            if at >= number:
                if at == number:
                    yield Stored(at, decode(encoded))
                break


def recent(folder: Path, lines: int) -> list[Stored]:
    """The last entries of the log, with at least `lines` decisions and events among them where there are so many."""
    size, wanted = log_size(folder), 4 * lines
    while True:
        first = max(0, size - wanted)
        found = list(read_entries(folder, first=first))
        told = sum(not isinstance(stored.entry, OutcomeEntry) for stored in found)
        if told >= lines or first == 0:
            return list(select(found, Filter()))
        wanted *= 4
