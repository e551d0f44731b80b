"""The folders of one log: where they are, deliberate creation, the acknowledged mark.

Promises that nothing creates a log except `create`, and that what it wrote is on the disk when it returns. Three places:

    <log>          for readers     checkpoint, tile/…, *.vkey, checkpoints/… (see `publisher`, `checkpoints`)
                   the writer's    journal/… (see `segments`), acknowledged: how many records anybody may have been
                                   told about, torn-<seq>: a torn tail that recovery cut off, writer.pid: who holds the
                                   lock, text for people
    <log>-key      the private key (see `keys`)
    <log>-signed   the last signed checkpoint, apart from the log that it speaks about (see `signed`)
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from audit.checkpoint import Checkpoint
from audit.checkpoints import History, create_history
from audit.faults import DamagedJournal, KeyRefused, LogExists, LogMissing
from audit.files import sync_folder, write_durably
from audit.keys import create_keys, new_name, write_vkey
from audit.merkle import EMPTY_ROOT
from audit.note import NoteInvalid, sign_note
from audit.segments import JOURNAL, create_segment
from audit.signed import CHECKPOINT, create_store

ACKNOWLEDGED: Final = "acknowledged"
_MARK: Final = struct.Struct(">QI")

__all__ = ["ACKNOWLEDGED", "CHECKPOINT", "JOURNAL", "Places", "create", "pack_mark", "read_mark"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of one log are."""

    log: Path
    keys: Path
    signed: Path

    @classmethod
    def beside(cls, log: Path, keys: Path | None = None, signed: Path | None = None) -> Self:
        """The usual places: what is not named lies beside the log."""
        return cls(
            log, keys or log.with_name(f"{log.name}-key"), signed or log.with_name(f"{log.name}-signed")
        )


def create(log: Path | Places, name: str | None = None) -> Places:
    """Make an empty log, its key and its store; each folder must not exist yet or be empty, its parent must exist.

    `name` is what the log is called in its checkpoints; without one it gets one of its own. Raises LogExists,
    LogMissing (no parent), KeyRefused (impossible name). A crash in between leaves a folder without `journal`,
    which nobody takes for a log: remove all three and create again.
    """
    places = log if isinstance(log, Places) else Places.beside(log)
    _make_empty(places.log)
    try:
        signer = create_keys(places.keys, name or new_name())
    except NoteInvalid as error:
        raise KeyRefused(f"the log cannot have this name: {error}") from error
    note = sign_note(Checkpoint(signer.verifier.name, 0, EMPTY_ROOT).text(), [signer])
    create_store(places.signed, note)
    create_history(places.log)
    history = History(places.log)
    history.append(note)
    history.close()
    write_vkey(places.log, signer.verifier)
    write_durably(places.log / CHECKPOINT, note)
    write_durably(places.log / ACKNOWLEDGED, pack_mark(0))
    create_segment(places.log, 0)  # last: only now it is a log
    sync_folder(places.log)
    sync_folder(places.log.parent)
    return places


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


def _make_empty(log: Path) -> None:
    try:
        log.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError as error:
        raise LogMissing(f"{log.parent} does not exist: create it first") from error
    except FileExistsError as error:
        raise LogExists(f"{log} is not a folder") from error
    if any(log.iterdir()):
        raise LogExists(f"{log} is not empty: a log is only created in an empty folder")
