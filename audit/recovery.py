"""What a new writer does with the journal that it finds, before it serves anybody.

Promises: every acknowledged record is kept, or `DamagedJournal` is raised and nothing was touched; no byte is
thrown away; whatever is served afterwards is on the disk; a crash at any point below is mended by the next start,
because every step can be repeated.
"""

import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit.faults import DamagedJournal
from audit.folder import JOURNAL, pack_mark, reader_of, sync_folder, write_all
from audit.frames import CHUNK_BYTES, ReadAt, Scan, find_proof

INDEX_EVERY: Final = 64


@dataclass(frozen=True, slots=True)
class Recovered:
    """A journal that verified.

    size: records. end: where the next frame goes, in bytes. index: offset of every 64th record.
    torn: where the bytes of a torn tail were kept, if there was one.
    """

    size: int
    end: int
    index: "array[int]"
    torn: Path | None


def recover(folder: Path, journal: int, mark: int, acknowledged: int) -> Recovered:
    """Verify the journal (open files: `journal`, `mark`), cut a torn tail, make the rest durable.

    `acknowledged` is what the mark says. Raises DamagedJournal, and OSError where the disk refuses.
    """
    read_at = reader_of(journal)
    scan = Scan(read_at)
    index, unacknowledged_from = array("Q"), scan.offset
    for frame in scan:
        if frame.seq % INDEX_EVERY == 0:
            index.append(frame.offset)
        if frame.seq == acknowledged - 1:
            unacknowledged_from = scan.offset
    check_end(folder, read_at, scan, acknowledged)
    torn = _cut_torn_tail(folder, journal, scan) if os.fstat(journal).st_size > scan.offset else None
    _write_again(journal, read_at, unacknowledged_from, scan.offset)
    # Crash here: the mark is behind the journal. The next start repeats the step above.
    write_all(mark, pack_mark(scan.seq), 0)
    os.fsync(mark)
    return Recovered(scan.seq, scan.offset, index, torn)


def check_end(folder: Path, read_at: ReadAt, scan: Scan, acknowledged: int) -> None:
    """Raise DamagedJournal if records from where the scan stopped had been acknowledged.

    Two witnesses can say so: the mark, and any later frame whose batch was put together after they were durable.
    """
    acknowledged = max(acknowledged, find_proof(read_at, scan.offset, scan.seq))
    if acknowledged > scan.seq:
        raise DamagedJournal(
            f"{folder / JOURNAL}: record {scan.seq} at byte {scan.offset} does not read, but {acknowledged} "
            "records had been acknowledged",
            seq=scan.seq,
            offset=scan.offset,
            acknowledged=acknowledged,
        )


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
