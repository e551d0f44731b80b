"""The open journal of the one writer: append a batch durably, read records back.

Promises that `append` returns only after the batch is on the disk, and that the first failure of a write or sync
ends it for good: a retry could "succeed" and hide what was lost. Knows nothing of sockets, locks or entries.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from audit.faults import LogFault, LogPoisoned
from audit.folder import ACKNOWLEDGED, open_journal, pack_mark, read_mark, reader_of, write_all
from audit.frames import MAX_FRAME_BYTES, Scan, pack_frames
from audit.recovery import INDEX_EVERY, Recovered, recover


class Journal:
    """Made by `open_recovered`. Not thread-safe: one owner."""

    def __init__(self, journal: int, mark: int, recovered: Recovered) -> None:
        self._journal = journal
        self._mark = mark
        self._index = recovered.index
        self._size = recovered.size
        self._end = recovered.end
        self._failure: OSError | None = None
        self.torn = recovered.torn

    @classmethod
    def open_recovered(cls, folder: Path) -> "Journal":
        """Verify and mend the journal in `folder` (the caller holds its lock).

        Raises LogMissing, DamagedJournal, or LogPoisoned where the disk refuses.
        """
        opened: list[int] = []
        try:
            opened.append(open_journal(folder, os.O_RDWR))
            acknowledged = read_mark(folder)
            opened.append(os.open(folder / ACKNOWLEDGED, os.O_WRONLY | os.O_CLOEXEC))
            return cls(opened[0], opened[1], recover(folder, opened[0], opened[1], acknowledged))
        except (LogFault, OSError) as error:
            for descriptor in opened:
                os.close(descriptor)
            if isinstance(error, LogFault):
                raise
            raise LogPoisoned(f"{folder}: cannot make the journal ready: {error}") from error

    @property
    def size(self) -> int:
        """Records that are durable."""
        return self._size

    def append(self, payloads: Sequence[bytes]) -> int:
        """Make a batch durable, in order; the number of its first record. Raises LogPoisoned, then always."""
        if self._failure is not None:
            raise LogPoisoned(f"the log is poisoned: {self._failure}")
        first = self._size
        frames = pack_frames(payloads, first)
        try:
            # Crash before or inside this write: any part of the batch may be there, in any order of pages. No
            # frame of it proves another (all say durable = first), so recovery may cut from the first bad one.
            write_all(self._journal, b"".join(frames), self._end)
            # Crash here: as above; what happens to be whole is kept, though nobody was told.
            os.fdatasync(self._journal)
            # Crash here: durable, but nobody was told. Recovery keeps it and moves the mark.
            write_all(self._mark, pack_mark(first + len(frames)), 0)
        except OSError as error:
            self._failure = error
            raise LogPoisoned(f"the log is poisoned: {error}") from error
        # Crash from here on: the mark says that these records may have been acknowledged; losing one is damage.
        self._advance(frames)
        return first

    def read(self, first: int, count: int, max_bytes: int) -> list[tuple[int, bytes]]:
        """Up to `count` durable records from `first` on; at least one if there is one, then up to `max_bytes`."""
        if first >= self._size or count == 0:
            return []
        step = first // INDEX_EVERY
        scan = Scan(
            reader_of(self._journal), self._index[step], step * INDEX_EVERY, chunk_bytes=2 * MAX_FRAME_BYTES
        )
        records: list[tuple[int, bytes]] = []
        taken = 0
        for frame in scan:
            if frame.seq < first:
                continue
            taken += len(frame.payload)
            if records and taken > max_bytes:
                break
            records.append((frame.seq, frame.payload))
            if len(records) == count or frame.seq == self._size - 1:
                break
        return records

    def close(self) -> None:
        """Let go of the files. What was acknowledged is durable already; the mark is synced as a courtesy."""
        try:
            if self._failure is None:
                os.fsync(self._mark)
        finally:
            os.close(self._mark)
            os.close(self._journal)

    def _advance(self, frames: Sequence[bytes]) -> None:
        for frame in frames:
            if self._size % INDEX_EVERY == 0:
                self._index.append(self._end)
            self._end += len(frame)
            self._size += 1
