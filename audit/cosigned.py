"""What witnesses cosigned, in the log's folder: every such note for ever, and the newest that has its quorum.

`cosigned/notes` is JSON lines, a signed note with its cosignatures as a JSON string each, that only grow;
`cosigned/checkpoint` is replaced whole. Promises that what was added is on the disk, and that a line that a crash cut
short is taken for what it is. One process writes here: the one that asks the witnesses.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from audit.faults import DamagedLog
from audit.files import replace_durably, sync_folder, write_all

COSIGNED: Final = "cosigned"
_NOTES: Final = "notes"
_NEWEST: Final = "checkpoint"


def read_cosigned(log: Path) -> Iterator[bytes]:
    """Every cosigned note, oldest first; none where no witness was ever asked. Raises DamagedLog."""
    path = log / COSIGNED / _NOTES
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file):
                if line.endswith(b"\n"):  # else it was cut short, or is being written
                    yield _note_of(path, number, line)
    except FileNotFoundError:
        return


def newest_cosigned(log: Path) -> bytes | None:
    """The newest note that has its quorum of cosignatures; None where there is none yet."""
    try:
        return (log / COSIGNED / _NEWEST).read_bytes()
    except FileNotFoundError:
        return None


def add_cosigned(log: Path, note: bytes, *, has_quorum: bool) -> None:
    """Add a note with its cosignatures. Raises OSError."""
    folder = log / COSIGNED
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / _NOTES, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = _end_of_lines(descriptor)
        os.ftruncate(descriptor, end)
        # Crash here or inside the write: a line without its end, cut off by the next call and skipped by readers.
        write_all(descriptor, msgspec.json.encode(note.decode()) + b"\n", end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(folder)
    if has_quorum:
        # Crash before this: the note stands in the history; the next one with a quorum becomes the newest.
        replace_durably(folder / _NEWEST, note)


def _end_of_lines(descriptor: int) -> int:
    """Where the last whole line ends: looked for backwards, the file only grows."""
    position = os.fstat(descriptor).st_size
    while position > 0:
        begin = max(0, position - 65_536)
        newline = os.pread(descriptor, position - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        position = begin
    return 0


def _note_of(path: Path, number: int, line: bytes) -> bytes:
    try:
        note = msgspec.json.decode(line, type=str)
    except ValueError as error:
        raise DamagedLog(f"{path}: line {number + 1} is no note: {error}") from error
    if msgspec.json.encode(note) + b"\n" != line:  # one spelling: a changed byte is a changed line
        raise DamagedLog(f"{path}: line {number + 1} is not spelled as it was written")
    return note.encode()
