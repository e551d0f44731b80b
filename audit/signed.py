"""The store apart: the last checkpoint that was signed, changed by compare-and-swap, and only ever for a larger one.

It lies in a folder of its own (another disk, if the operator likes), so that a log's folder that was set back is
noticed at the next start. Promises that a swap is on the disk when it returns, and that two holders never exist.
"""

import fcntl
import os
from pathlib import Path
from typing import Final, Self

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint
from audit.faults import LogBehind, LogExists, LogLocked, LogMissing
from audit.files import replace_durably, sync_folder, write_durably
from audit.note import NoteMalformed, split_note

CHECKPOINT: Final = "checkpoint"


def create_store(folder: Path, note: bytes) -> None:
    """Make the store with the first checkpoint, in a folder that must not exist or be empty.

    Raises LogExists, or LogMissing if the parent is not there.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError as error:
        raise LogMissing(f"{folder.parent} does not exist: create it first") from error
    except FileExistsError as error:
        raise LogExists(f"{folder} is not a folder") from error
    if any(folder.iterdir()):
        raise LogExists(f"{folder} is not empty: what was signed is never written over")
    write_durably(folder / CHECKPOINT, note)
    sync_folder(folder)
    sync_folder(folder.parent)


class SignedStore:
    """Holds the store's folder from construction to `close`. `note` is what it holds."""

    def __init__(self, folder: Path) -> None:
        """Lock and read it. Raises LogMissing or LogLocked."""
        self._file = folder / CHECKPOINT
        try:
            self._lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise LogMissing(_missing(folder, error)) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.note = self._file.read_bytes()
        except BlockingIOError as error:
            os.close(self._lock)
            raise LogLocked(f"{folder} is held by another audit writer: stop that one first") from error
        except OSError as error:
            os.close(self._lock)
            raise LogMissing(_missing(folder, error)) from error

    def swap(self, note: bytes) -> None:
        """Replace what we know to be there by a larger checkpoint, durably.

        Raises LogBehind if something else is there by now, or the new one does not go on from the old one; OSError.
        """
        found = self._file.read_bytes()
        if found != self.note:
            raise LogBehind(f"{self._file} was changed by somebody else while this writer held it")
        old, new = checkpoint_of(found), checkpoint_of(note)
        if new.size < old.size or (new.size == old.size and new.root != old.root) or new.origin != old.origin:
            raise LogBehind(
                f"a checkpoint of {new.size} entries cannot follow the one of {old.size} in {self._file}"
            )
        replace_durably(self._file, note)
        self.note = note

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def checkpoint_of(note: bytes) -> Checkpoint:
    """What a note says, whoever signed it. Raises LogBehind if it says nothing."""
    try:
        return parse_checkpoint(split_note(note)[0])
    except (NoteMalformed, CheckpointInvalid) as error:
        raise LogBehind(f"a stored checkpoint does not read: {error}") from error


def _missing(folder: Path, error: OSError) -> str:
    return (
        f"the store of the last signed checkpoint cannot be read: {error}. It is made with the log and belongs to it: "
        f"put {folder} back from a copy"
    )
