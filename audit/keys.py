"""The private keys of the log: one that signs, and during a rotation the one that will.

A key is a text file (mode 0600) in a folder of its own (0700), in the form that signed-note tools use:
`PRIVATE+KEY+<name>+<key id>+<base64(type || seed)>`. Promises that a key is never shown and never outlives its use: the
old one is written over when the first checkpoint that carries both signatures is on the disk.
"""

import base64
import binascii
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from audit.entry import EventEntry
from audit.faults import KeyRefused, LogExists, LogMissing, LogPoisoned
from audit.files import replace_durably, sync_folder, write_durably
from audit.note import ED25519, KEY_BYTES, NoteInvalid, Signer, Verifier, parse_vkey
from audit.rotation import EVENT, new_key_of, rotation_entry

CURRENT: Final = "current"
NEXT: Final = "next"
_HEAD: Final = "PRIVATE+KEY"
_FIELDS: Final = 5


def new_name() -> str:
    """A name for a new log: `doorless.local/` and 60 random bits, so that no two logs share one."""
    return f"doorless.local/{base64.b32encode(secrets.token_bytes(10)).decode('ascii').lower()[:12]}"


def create_keys(folder: Path, name: str) -> Signer:
    """Make the first key of the log called `name` in `folder`, which must not exist or be empty.

    Raises LogExists, LogMissing (no parent), or NoteInvalid for an impossible name.
    """
    seed = secrets.token_bytes(KEY_BYTES)
    signer = Signer(name, seed)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError as error:
        raise LogMissing(f"{folder.parent} does not exist: create it first") from error
    except FileExistsError as error:
        raise LogExists(f"{folder} is not a folder") from error
    if any(folder.iterdir()):
        raise LogExists(f"{folder} is not empty: a key is never written over")
    write_durably(folder / CURRENT, _text_of(signer, seed))
    sync_folder(folder)
    sync_folder(folder.parent)
    return signer


def write_vkey(log: Path, verifier: Verifier) -> None:
    """Put a public key into the log's folder, as a file that any verifier can be given."""
    replace_durably(log / f"{verifier.key_id.hex()}.vkey", f"{verifier.vkey}\n".encode())


def read_vkeys(log: Path) -> tuple[Verifier, ...]:
    """The public keys that lie in the log's folder. They say who claims to have signed, not whom to trust."""
    return tuple(parse_vkey(file.read_text(encoding="utf-8")) for file in sorted(log.glob("*.vkey")))


class Keyring:
    """The keys of one log. `rotated_at` is the number of the entry that brings in the next key, once it is durable."""

    def __init__(self, folder: Path) -> None:
        """Read the keys. Raises KeyRefused."""
        self._folder = folder
        self.current = _read(folder / CURRENT)
        self.next = _read(folder / NEXT) if (folder / NEXT).exists() else None
        self.rotated_at: int | None = None

    @property
    def name(self) -> str:
        """The log's name: origin of its checkpoints and name of its keys."""
        return self.current.verifier.name

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        """The public halves of all keys here."""
        return tuple(key.verifier for key in (self.current, self.next) if key is not None)

    def signers(self, size: int) -> tuple[Signer, ...]:
        """Who signs a checkpoint of that size: both keys, if it is the first that covers the rotation."""
        if self.next is not None and self.rotated_at is not None and size > self.rotated_at:
            return (self.current, self.next)
        return (self.current,)

    def begin_rotation(self, time: int) -> EventEntry:
        """Make the next key; the entry that has to become durable before it counts. Raises LogPoisoned."""
        if self.rotated_at is not None:
            raise KeyRefused("a rotation of the log's key is under way: try again in a second")
        seed = secrets.token_bytes(KEY_BYTES)
        self.next = Signer(self.name, seed)
        try:
            replace_durably(self._folder / NEXT, _text_of(self.next, seed))
        except OSError as error:
            raise LogPoisoned(f"the next key cannot be stored: {error}") from error
        # Crash here: the key is there and no entry names it; the next start forgets it.
        return rotation_entry(self.current, self.next.verifier, time)

    def recall_rotation(
        self, events: Iterable[tuple[int, EventEntry]], signed_by: Iterable[Verifier]
    ) -> None:
        """After a start: is the next key in use, on its way, or was it never announced?

        `events`: the (number, event) pairs that no checkpoint covers. `signed_by`: who signed the last checkpoint.
        """
        if self.next is None:
            return
        for seq, event in events:
            if event.event == EVENT and self._announces(event):
                self.rotated_at = seq
                return
        if self.next.verifier in signed_by:
            self.rotated_at = -1  # whatever its number was, a signed checkpoint covers it
            return
        (self._folder / NEXT).unlink()
        self.next = None

    def finish_rotation(self, log: Path) -> None:
        """The first checkpoint with both signatures is published: from here on the new key signs alone.

        Crash before the rename: the last checkpoint carries both signatures, and the next start does this again.
        """
        if self.next is None:
            raise ValueError("there is no rotation to finish")
        write_vkey(log, self.next.verifier)
        (self._folder / NEXT).replace(self._folder / CURRENT)
        sync_folder(self._folder)
        self.current, self.next, self.rotated_at = self.next, None, None

    def _announces(self, event: EventEntry) -> bool:
        try:
            announced = new_key_of(event, [self.current.verifier])
        except NoteInvalid:
            return False
        return self.next is not None and announced == self.next.verifier


def _text_of(signer: Signer, seed: bytes) -> bytes:
    material = base64.b64encode(bytes([ED25519]) + seed).decode("ascii")
    return f"{_HEAD}+{signer.verifier.name}+{signer.verifier.key_id.hex()}+{material}\n".encode()


def _read(file: Path) -> Signer:
    """The key in a file. Raises KeyRefused; never says what stands in it."""
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise KeyRefused(f"{file} can be read by others: chmod 600 {file}, and rotate the log's key")
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRefused(f"the log's key cannot be read: {error}. Put it back from a copy") from error
    fields = text.strip().split("+", _FIELDS - 1)
    if len(fields) == _FIELDS and "+".join(fields[:2]) == _HEAD:
        try:
            material = base64.b64decode(fields[4], validate=True)
            signer = Signer(fields[2], material[1:])
        except (binascii.Error, NoteInvalid):
            pass
        else:
            if material[0] == ED25519 and signer.verifier.key_id.hex() == fields[3]:
                return signer
    raise KeyRefused(f"{file} holds no private key of a log. Put it back from a copy")
