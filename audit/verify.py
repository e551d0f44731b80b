"""Reads a whole log and says whether it holds together, and if not, which record disagrees first.

Checks framing, checksums, the gap-free sequence, that every entry is valid and canonical, and (`ledger`) what the
entries say about each other. Memory is flat but for the ledger's ids of decisions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit.entry import EntryInvalid, decode
from audit.faults import DamagedJournal
from audit.frames import Frame
from audit.ledger import Ledger
from audit.reader import JournalReader

PROGRESS_EVERY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a log that holds together contains.

    types: entries by type. decisions: by (kind, decision). outcomes: by result. open_intents: allowed requests with
    no outcome (under way, or a crash came between). torn_bytes: at the end, of a write nobody was told about.
    """

    records: int
    bytes: int
    torn_bytes: int
    types: Mapping[str, int]
    decisions: Mapping[tuple[str, str], int]
    outcomes: Mapping[str, int]
    open_intents: int


class LogDisagrees(Exception):
    """The first record that disagrees: its number, its place in the journal in bytes, and what is wrong."""

    def __init__(self, *, seq: int, offset: int, what: str) -> None:
        super().__init__(f"record {seq} at byte {offset}: {what}")
        self.seq = seq
        self.offset = offset
        self.what = what


def verify(folder: Path, on_progress: Callable[[int], None] | None = None) -> Report:
    """Check the log in `folder`, beside a running writer too. `on_progress` hears how many records were read.

    Raises LogDisagrees for the first record that is wrong, LogMissing where there is no log.
    """
    ledger = Ledger()
    try:
        with JournalReader(folder) as journal:
            for frame in journal.frames():
                _check_frame(ledger, frame)
                if on_progress is not None and journal.size % PROGRESS_EVERY == 0:
                    on_progress(journal.size)
            if on_progress is not None:
                on_progress(journal.size)
            return _report(ledger, journal)
    except DamagedJournal as damage:
        raise LogDisagrees(seq=damage.seq, offset=damage.offset, what=str(damage)) from damage


def _check_frame(ledger: Ledger, frame: Frame) -> None:
    try:
        ledger.enter(decode(frame.payload))
    except EntryInvalid as error:
        raise LogDisagrees(seq=frame.seq, offset=frame.offset, what=str(error)) from error


def _report(ledger: Ledger, journal: JournalReader) -> Report:
    return Report(
        records=journal.size,
        bytes=journal.offset,
        torn_bytes=journal.torn_bytes,
        types=dict(ledger.types),
        decisions=dict(ledger.decisions),
        outcomes=dict(ledger.outcomes),
        open_intents=ledger.open_intents,
    )
