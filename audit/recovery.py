"""What a new writer does with the journal that it finds, before it serves anybody.

Promises: every acknowledged record is kept, or `DamagedJournal` is raised and nothing was touched; no byte is
thrown away; whatever is served afterwards is on the disk; a crash at any point below is mended by the next start,
because every step can be repeated.
"""

import os
from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from audit.faults import DamagedJournal
from audit.files import reader_of, sync_folder, write_all
from audit.frames import CHUNK_BYTES, FILE_HEAD, ReadAt, Scan, find_proof
from audit.segments import Segment, open_segment, segments_of

INDEX_EVERY: Final = 64


@dataclass(slots=True)
class OpenSegment:
    """A segment that verified, open for reading and writing.

    end: where the next frame goes, in bytes. index: offset of every 64th record of the segment.
    """

    first: int
    path: Path
    descriptor: int
    end: int = len(FILE_HEAD)
    index: "array[int]" = field(default_factory=lambda: array("Q"))


@dataclass(frozen=True, slots=True)
class Recovered:
    """A journal that verified.

    segments: in order, at least one. size: records of the log. torn: where the bytes of a torn tail were kept, if
    there was one. sealed: segments that hold nothing which is not sealed, to be removed.
    """

    segments: list[OpenSegment]
    size: int
    torn: Path | None
    sealed: tuple[Path, ...]


def recover(log: Path, acknowledged: int, sealed: int) -> Recovered:
    """Verify the journal from record `sealed` on, cut a torn tail, make the rest durable.

    `acknowledged` is what the mark says, `sealed` the size of the last signed checkpoint, before which the journal
    need not reach back. Raises LogMissing, LogOfOldForm, DamagedJournal, and OSError where the disk refuses.
    """
    found = segments_of(log)
    obsolete = [early.path for early, later in pairwise(found) if later.first <= sealed]
    found = found[len(obsolete) :]
    if found[0].first > sealed:
        raise DamagedJournal(
            f"{found[0].path.parent}: records {sealed} to {found[0].first - 1} are neither sealed nor in the journal",
            seq=sealed,
            acknowledged=found[0].first,
        )
    opened: list[OpenSegment] = []
    try:
        for segment, later in pairwise(found):
            opened.append(_open_whole(segment, later.first))
        size, torn = _recover_last(log, found[-1], max(acknowledged, sealed), opened)
    except BaseException:
        close_all(opened)
        raise
    return Recovered(opened, size, torn, tuple(obsolete))


def close_all(segments: list[OpenSegment]) -> None:
    """Let go of the files."""
    for segment in segments:
        os.close(segment.descriptor)


def check_end(file: Path, read_at: ReadAt, scan: Scan, acknowledged: int) -> None:
    """Raise DamagedJournal if records from where the scan stopped had been acknowledged.

    Two witnesses can say so: the mark, and any later frame whose batch was put together after they were durable.
    """
    acknowledged = max(acknowledged, find_proof(read_at, scan.offset, scan.seq))
    if acknowledged > scan.seq:
        raise DamagedJournal(
            f"{file}: record {scan.seq} at byte {scan.offset} does not read, but {acknowledged} "
            "records had been acknowledged",
            seq=scan.seq,
            offset=scan.offset,
            acknowledged=acknowledged,
        )


def _open_whole(segment: Segment, until: int) -> OpenSegment:
    """A segment that another follows: that one was begun when all records of this one were durable."""
    opened = OpenSegment(segment.first, segment.path, open_segment(segment, os.O_RDWR))
    try:
        _check_whole(opened, until)
    except BaseException:
        os.close(opened.descriptor)
        raise
    return opened


def _check_whole(segment: OpenSegment, until: int) -> None:
    scan = _scan_into(segment, until)[0]
    check_end(segment.path, reader_of(segment.descriptor), scan, until)
    if scan.seq != until or os.fstat(segment.descriptor).st_size != scan.offset:
        raise DamagedJournal(
            f"{segment.path} holds more than the records up to {until - 1}, where the next segment begins",
            seq=until,
            offset=scan.offset,
        )


def _recover_last(
    log: Path, segment: Segment, acknowledged: int, opened: list[OpenSegment]
) -> tuple[int, Path | None]:
    """Verify and mend the segment that was being written; how many records the log has, and the torn tail's place."""
    last = OpenSegment(segment.first, segment.path, open_segment(segment, os.O_RDWR))
    opened.append(last)
    read_at = reader_of(last.descriptor)
    scan, unacknowledged_from = _scan_into(last, acknowledged)
    check_end(segment.path, read_at, scan, acknowledged)
    size = os.fstat(last.descriptor).st_size
    torn = _cut_torn_tail(log, last.descriptor, scan) if size > scan.offset else None
    _write_again(last.descriptor, read_at, unacknowledged_from, scan.offset)
    sync_folder(segment.path.parent)  # its name may be as young as its last record
    return scan.seq, torn


def _scan_into(segment: OpenSegment, acknowledged: int) -> tuple[Scan, int]:
    """Scan a segment and note what it holds; the scan at its end, and where records nobody was told about begin."""
    scan = Scan(reader_of(segment.descriptor), seq=segment.first)
    unacknowledged_from = scan.offset
    for frame in scan:
        if (frame.seq - segment.first) % INDEX_EVERY == 0:
            segment.index.append(frame.offset)
        if frame.seq == acknowledged - 1:
            unacknowledged_from = scan.offset
    segment.end = scan.offset
    return scan, unacknowledged_from


def _cut_torn_tail(folder: Path, journal: int, scan: Scan) -> Path:
    """Move what follows the last good record into a file of its own.

    Order: copy, sync the copy, give it its name, sync the folder, and only then shorten the journal.
    Crash before the name: a `.part` file that the next start writes over. Crash between name and shortening:
    the bytes stand in both places, and the next start keeps a second copy. Crash after: done.
    """
    part = folder / f"torn-{scan.seq}.part"
    copy = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        offset = scan.offset
        while chunk := os.pread(journal, CHUNK_BYTES, offset):
            write_all(copy, chunk, offset - scan.offset)
            offset += len(chunk)
        os.fsync(copy)
    finally:
        os.close(copy)
    kept = _free_name(folder / f"torn-{scan.seq}")
    part.rename(kept)
    sync_folder(folder)
    os.ftruncate(journal, scan.offset)
    os.fsync(journal)
    return kept


def _free_name(wanted: Path) -> Path:
    name, turn = wanted, 1
    while name.exists():
        turn += 1
        name = wanted.with_name(f"{wanted.name}-{turn}")
    return name


def _write_again(journal: int, read_at: ReadAt, start: int, end: int) -> None:
    """Write the records that nobody was told about once more, in place, and sync.

    After a failed fsync Linux marks the pages clean though the disk never got them: they read well now and are
    gone after a power failure, and a later fsync reports success. Writing makes them dirty again, so that this
    fsync speaks about them too. A crash in the middle leaves the same bytes as before.
    """
    for offset in range(start, end, CHUNK_BYTES):
        write_all(journal, read_at(offset, min(CHUNK_BYTES, end - offset)), offset)
    os.fsync(journal)
