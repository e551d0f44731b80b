"""The open journal of the one writer: append a batch durably, read records back, let go of what is sealed.

Promises that `append` returns only after the batch is on the disk, and that the first failure of a write or sync
ends it for good: a retry could "succeed" and hide what was lost. Knows nothing of sockets, locks or entries.
"""

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.faults import LogFault, LogPoisoned
from audit.files import reader_of, write_all
from audit.folder import ACKNOWLEDGED, pack_mark, read_mark
from audit.frames import MAX_FRAME_BYTES, Scan, pack_frames
from audit.recovery import INDEX_EVERY, OpenSegment, Recovered, close_all, recover
from audit.segments import SEGMENT_BYTES, create_segment, segments_of


class Journal:
    """Made by `open_recovered`. Not thread-safe: one owner."""

    def __init__(self, log: Path, mark: int, recovered: Recovered) -> None:
        self._log = log
        self._mark = mark
        self._segments = recovered.segments
        self._size = recovered.size
        self._sealed = list(recovered.sealed)
        self._failure: OSError | None = None
        self.torn = recovered.torn

    @classmethod
    def open_recovered(cls, log: Path, sealed: int = 0) -> "Journal":
        """Verify and mend the journal in `log` from record `sealed` on (the caller holds the log's lock).

        Raises LogMissing, LogOfOldForm, DamagedJournal, or LogPoisoned where the disk refuses.
        """
        try:
            recovered = recover(log, _read_mark(log), sealed)
        except OSError as error:
            raise _not_ready(log, error) from error
        mark = -1
        try:
            mark = os.open(log / ACKNOWLEDGED, os.O_WRONLY | os.O_CLOEXEC)
            # Crash here: the mark is behind the journal. The next start writes the unmarked records once more.
            write_all(mark, pack_mark(recovered.size), 0)
            os.fsync(mark)
        except OSError as error:
            close_all(recovered.segments)
            if mark >= 0:
                os.close(mark)
            raise _not_ready(log, error) from error
        return cls(log, mark, recovered)

    @property
    def size(self) -> int:
        """Records of the log, all durable."""
        return self._size

    @property
    def first(self) -> int:
        """The first record that is still in the journal; those before it are sealed."""
        return self._segments[0].first

    def append(self, payloads: Sequence[bytes]) -> int:
        """Make a batch durable, in order; the number of its first record. Raises LogPoisoned, then always."""
        if self._failure is not None:
            raise LogPoisoned(f"the log is poisoned: {self._failure}")
        first = self._size
        frames = pack_frames(payloads, first)
        try:
            segment = self._segment_to_write()
            # Crash before or inside this write: any part of the batch may be there, in any order of pages. No
            # frame of it proves another (all say durable = first), so recovery may cut from the first bad one.
            write_all(segment.descriptor, b"".join(frames), segment.end)
            # Crash here: as above; what happens to be whole is kept, though nobody was told.
            os.fdatasync(segment.descriptor)
            # Crash here: durable, but nobody was told. Recovery keeps it and moves the mark.
            write_all(self._mark, pack_mark(first + len(frames)), 0)
        except OSError as error:
            self._failure = error
            raise LogPoisoned(f"the log is poisoned: {error}") from error
        # Crash from here on: the mark says that these records may have been acknowledged; losing one is damage.
        self._advance(segment, frames)
        return first

    def read(self, first: int, count: int, max_bytes: int) -> list[tuple[int, bytes]]:
        """Up to `count` durable records from `first` on, which is in the journal.

        At least one if there is one, then up to `max_bytes`; where a segment ends it may be fewer.
        """
        if not self.first <= first < self._size or count == 0:
            return []
        place = bisect_right(self._segments, first, key=lambda segment: segment.first) - 1
        segment = self._segments[place]
        later = self._segments[place + 1].first if place + 1 < len(self._segments) else self._size
        step = (first - segment.first) // INDEX_EVERY
        scan = Scan(
            reader_of(segment.descriptor),
            segment.index[step],
            segment.first + step * INDEX_EVERY,
            chunk_bytes=2 * MAX_FRAME_BYTES,
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
            if len(records) == count or frame.seq == later - 1:
                break
        return records

    def payloads(self, first: int) -> Iterator[bytes]:
        """All durable records from `first` on, which is in the journal or at its end."""
        for segment in self._segments:
            scan = Scan(reader_of(segment.descriptor), seq=segment.first)
            yield from (frame.payload for frame in scan if frame.seq >= first)

    def let_go(self, sealed: int) -> tuple[Path, ...]:
        """Close the segments whose records are all before `sealed`; they may be removed then. Never the last."""
        while len(self._segments) > 1 and self._segments[1].first <= sealed:
            segment = self._segments.pop(0)
            os.close(segment.descriptor)
            self._sealed.append(segment.path)
        gone, self._sealed = tuple(self._sealed), []
        return gone

    def close(self) -> None:
        """Let go of the files. What was acknowledged is durable already; the mark is synced too. Raises LogPoisoned."""
        try:
            if self._failure is None:
                os.fsync(self._mark)
        except OSError as error:
            raise LogPoisoned(f"the acknowledged mark cannot be synced: {error}") from error
        finally:
            os.close(self._mark)
            close_all(self._segments)

    def _segment_to_write(self) -> OpenSegment:
        """The last segment, or a new one behind it when that is full: a batch never stands in two."""
        last = self._segments[-1]
        if last.end < SEGMENT_BYTES:
            return last
        # Crash inside: the new segment is there and empty, or it is not; everything before it is durable.
        created = create_segment(self._log, self._size)
        descriptor = os.open(created.path, os.O_RDWR | os.O_CLOEXEC)
        self._segments.append(OpenSegment(created.first, created.path, descriptor))
        return self._segments[-1]

    def _advance(self, segment: OpenSegment, frames: Sequence[bytes]) -> None:
        for frame in frames:
            if (self._size - segment.first) % INDEX_EVERY == 0:
                segment.index.append(segment.end)
            segment.end += len(frame)
            self._size += 1


def _read_mark(log: Path) -> int:
    """The mark, where there is a log. Raises LogMissing, LogOfOldForm or DamagedJournal."""
    segments_of(log)  # says that there is no log before anything says that a file of it is missing
    return read_mark(log)


def _not_ready(log: Path, error: OSError) -> LogFault:
    return LogPoisoned(f"{log}: cannot make the journal ready: {error}")
