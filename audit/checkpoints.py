"""Every checkpoint that was ever signed, for ever: files of JSON lines that only grow, below `checkpoints/`.

A line is one signed note as a JSON string. Promises that a published checkpoint stands here, durably, before the next
one is signed; a line that a crash cut short is no line, and the next start of the writer enters it again.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from audit.faults import DamagedLog
from audit.files import sync_folder, write_all, write_durably

CHECKPOINTS: Final = "checkpoints"
NOTES_PER_FILE: Final = 4_096
_DIGITS: Final = 8


def read_checkpoints(log: Path) -> Iterator[bytes]:
    """The signed notes of the log in this folder, oldest first. Raises DamagedLog for a line that is none."""
    for file in _files(log):
        yield from _notes(file)


def latest_checkpoints(log: Path, count: int) -> list[bytes]:
    """The newest notes of the history, oldest first; fewer where there are no more. Raises DamagedLog."""
    latest: list[bytes] = []
    for file in reversed(_files(log)):
        latest = [*_notes(file), *latest][-count:]
        if len(latest) == count:
            break
    return latest


def create_history(log: Path) -> None:
    """Make the empty history of a new log. The log's folder is the caller's to sync."""
    folder = log / CHECKPOINTS
    folder.mkdir(mode=0o700)
    write_durably(folder / f"{0:0{_DIGITS}}", b"")
    sync_folder(folder)


class History:
    """The one who writes it. The caller holds the log's lock. `latest` is the newest note, None where there is none."""

    def __init__(self, log: Path) -> None:
        """Open the newest file; a line that a crash cut short is cut off, the last whole one is written again.

        After a failed sync it may stand in memory only, though it reads well (see `recovery`). Raises DamagedLog, OSError.
        """
        files = _files(log)
        if not files:
            raise DamagedLog(f"{log / CHECKPOINTS} holds no checkpoints: every log has one from its birth on")
        self.latest = next(iter(latest_checkpoints(log, 1)), None)
        self._folder = log / CHECKPOINTS
        self._number = int(files[-1].name)
        self._descriptor = os.open(files[-1], os.O_RDWR | os.O_CLOEXEC)
        content = files[-1].read_bytes()
        self._end = content.rfind(b"\n") + 1
        self._count = content.count(b"\n")
        if self._end < len(content):
            os.ftruncate(self._descriptor, self._end)
        last = content.rfind(b"\n", 0, max(0, self._end - 1)) + 1
        write_all(self._descriptor, content[last : self._end], last)
        os.fsync(self._descriptor)

    def append(self, note: bytes) -> None:
        """Add a note; it is on the disk when this returns. Raises OSError."""
        if self._count >= NOTES_PER_FILE:
            self._next_file()
        line = msgspec.json.encode(note.decode()) + b"\n"
        write_all(self._descriptor, line, self._end)
        os.fdatasync(self._descriptor)
        self._end += len(line)
        self._count += 1
        self.latest = note

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _next_file(self) -> None:
        file = self._folder / f"{self._number + 1:0{_DIGITS}}"
        write_durably(file, b"")
        sync_folder(self._folder)
        os.close(self._descriptor)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        self._number, self._end, self._count = self._number + 1, 0, 0


def _files(log: Path) -> list[Path]:
    return sorted(file for file in (log / CHECKPOINTS).glob("[0-9]*") if len(file.name) == _DIGITS)


def _notes(file: Path) -> Iterator[bytes]:
    for number, line in enumerate(
        file.read_bytes().split(b"\n")[:-1]
    ):  # what follows the last newline was cut short
        try:
            note = msgspec.json.decode(line, type=str)
        except ValueError as error:
            raise DamagedLog(f"{file}: line {number + 1} is no checkpoint: {error}") from error
        if msgspec.json.encode(note) != line:  # one spelling: a changed byte is a changed line
            raise DamagedLog(f"{file}: line {number + 1} is not spelled as it was written")
        yield note.encode()
