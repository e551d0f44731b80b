"""Logs as a writer leaves them: some entries sealed, some only in the journal. Made without a process."""

from collections.abc import Sequence
from pathlib import Path

from audit.folder import Places, create
from audit.writer import Writer
from tests.audit.sealed_logs import ORIGIN

BATCH = 512


def make_whole(log: Path, sealed: Sequence[bytes], tail: Sequence[bytes] = ()) -> Places:
    """A new log in `log` with these entries; no checkpoint covers those of `tail`."""
    places = create(Places.beside(log), ORIGIN)
    extend(places, sealed, tail)
    return places


def extend(places: Places, sealed: Sequence[bytes], tail: Sequence[bytes] = ()) -> None:
    """Add entries to a log that no writer holds."""
    with Writer(places) as writer:
        for at in range(0, len(sealed), BATCH):
            writer.append(sealed[at : at + BATCH])
    with Writer(places) as writer:  # each start seals what is there
        if tail:
            writer.append(tail)
