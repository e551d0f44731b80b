"""The files of one log: names, deliberate creation, the acknowledged mark, durable small writes.

Promises that nothing here creates a log except `create`, and that what these functions wrote is on the disk
when they return. The folder holds

    journal        the records (see `frames`)
    acknowledged   how many records anybody may have been told about
    torn-<seq>     bytes of a torn tail that recovery cut off, kept aside
    writer.pid     who holds the lock; text for people, the lock itself is on the folder
"""

import os
import struct
import zlib
from pathlib import Path
from typing import Final

from audit.faults import DamagedJournal, LogExists, LogMissing
from audit.frames import FILE_HEAD, ReadAt

JOURNAL: Final = "journal"
ACKNOWLEDGED: Final = "acknowledged"
_MARK: Final = struct.Struct(">QI")


def create(folder: Path) -> None:
    """Make an empty log in `folder`, which must not exist yet or be empty; its parent must exist.

    Raises LogExists if something is there, LogMissing if the parent is not. A crash in between leaves a folder
    without `journal`, which nobody takes for a log: remove it and create again.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError as error:
        raise LogMissing(f"{folder.parent} does not exist: create it first") from error
    except FileExistsError as error:
        raise LogExists(f"{folder} is not a folder") from error
    if any(folder.iterdir()):
        raise LogExists(f"{folder} is not empty: a log is only created in an empty folder")
    write_durably(folder / ACKNOWLEDGED, pack_mark(0))
    write_durably(folder / JOURNAL, FILE_HEAD)  # last: only now it is a log
    sync_folder(folder)
    sync_folder(folder.parent)


def open_journal(folder: Path, flags: int) -> int:
    """File descriptor of the journal. Raises LogMissing, or DamagedJournal if it does not begin as one."""
    try:
        descriptor = os.open(folder / JOURNAL, flags | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LogMissing(
            f"there is no log in {folder}: `doorless init` creates it (or: python -m audit create --log {folder})"
        ) from error
    if os.pread(descriptor, len(FILE_HEAD), 0) != FILE_HEAD:
        os.close(descriptor)
        raise DamagedJournal(f"{folder / JOURNAL} does not begin as a journal of this form")
    return descriptor


def reader_of(descriptor: int) -> ReadAt:
    """A `ReadAt` over an open file: short only at the end of the file, whatever a single read returns."""

    def read_at(offset: int, size: int) -> bytes:
        piece = os.pread(descriptor, size, offset)
        pieces = [piece]
        while piece and len(piece) < size:
            offset, size = offset + len(piece), size - len(piece)
            piece = os.pread(descriptor, size, offset)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    return read_at


def pack_mark(acknowledged: int) -> bytes:
    """The content of the file `acknowledged`: a count and its CRC-32, 12 bytes, one disk sector at most."""
    return _MARK.pack(acknowledged, zlib.crc32(acknowledged.to_bytes(8, "big")))


def read_mark(folder: Path) -> int:
    """How many records may have been acknowledged. Raises DamagedJournal if the file is missing or wrong.

    The mark is written after the sync and before the reply, and not synced itself: it is never ahead of the
    disk, survives a kill, and may be behind after a power failure.
    """
    path = folder / ACKNOWLEDGED
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    if len(content) == _MARK.size and content == pack_mark(_MARK.unpack(content)[0]):
        return int(_MARK.unpack(content)[0])
    raise DamagedJournal(f"{path} is missing or does not match its checksum")


def write_all(descriptor: int, content: bytes, offset: int) -> None:
    """Write everything at `offset`, however many pieces the kernel takes it in. Raises OSError."""
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        if written == 0:
            raise OSError("the kernel took none of the bytes and named no error")
        view = view[written:]
        offset += written


def write_durably(path: Path, content: bytes) -> None:
    """Create `path`, which must not exist, with this content on the disk. The folder is the caller's to sync."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, content, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable (a new file's name is not, until its folder is synced)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
