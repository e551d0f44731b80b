"""The single writer of one log folder: the lock, and the journal behind it.

Promises that two writers never hold one folder, also if one of them is another process or another user. The
kernel drops the lock when the process ends, however it ends.
"""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from audit.entry import decode
from audit.faults import LogLocked, LogMissing
from audit.journal import Journal

PID_FILE: Final = "writer.pid"


class Writer:
    """Holds the folder from construction to `close`."""

    def __init__(self, folder: Path) -> None:
        """Lock, replay, verify. Raises LogMissing, LogLocked, DamagedJournal or LogPoisoned."""
        self._lock = _lock_folder(folder)
        try:
            self.journal = Journal.open_recovered(folder)
        except BaseException:
            os.close(self._lock)
            raise

    def append(self, payloads: Sequence[bytes]) -> int:
        """Make entries durable that `check` let pass; the number of the first. Raises LogPoisoned."""
        return self.journal.append(payloads)

    def close(self) -> None:
        """Let go of the folder."""
        try:
            self.journal.close()
        finally:
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check(payload: bytes) -> None:
    """Raise EntryInvalid unless the payload is a canonical entry: what is in the log cannot be mended later."""
    decode(payload)


def _lock_folder(folder: Path) -> int:
    """Lock the folder itself: unlike a lock file it cannot be removed and made anew behind our back."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LogMissing(
            f"there is no log in {folder}: `doorless init` creates it (or: python -m audit create --log {folder})"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        holder = _read_holder(folder / PID_FILE)
        raise LogLocked(
            f"{folder} is held by another audit writer (pid {holder}): stop that one first"
        ) from error
    with contextlib.suppress(OSError):  # text for people: on a full disk the lock still counts
        (folder / PID_FILE).write_text(f"{os.getpid()}\n", encoding="ascii")
    return descriptor


def _read_holder(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip() or "unknown"
    except (OSError, ValueError):
        return "unknown"
