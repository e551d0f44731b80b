"""The witness's own folder: its key, the logs that it knows, the last checkpoint that it cosigned of each, evidence.

    key                    its private key (0600), as signed-note tools write it
    name.vkey              its public key, to be handed to logs
    logs/<origin hash>/    keys: the log's public keys, one a line; checkpoint: the last one cosigned, with both signatures
    evidence/              what logs signed and must not have signed, beside what had been cosigned

Promises that nothing is created implicitly, and that what was written is on the disk when a call returns.
"""

import base64
import binascii
import contextlib
import fcntl
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from audit.faults import DamagedLog, KeyRefused, LogExists, LogLocked, LogMissing
from audit.files import replace_durably, sync_folder, write_durably
from audit.note import COSIGNATURE, KEY_BYTES, NoteInvalid, Signer, Verifier, parse_vkey
from audit.statements import Statement, StatementInvalid, statement

MAX_EVIDENCE: Final = 1_000  # files: a log that lies does so for ever, the first lies are the proof
_KEY: Final = "key"
_PUBLIC: Final = "name.vkey"
_LOGS: Final = "logs"
_KEYS: Final = "keys"
_LATEST: Final = "checkpoint"
_EVIDENCE: Final = "evidence"
_HEAD: Final = "PRIVATE+KEY"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A signed note that does not fit what was cosigned. `proof`: the hashes that came with it, in base64."""

    kind: str
    time: int
    why: str
    submitted: str
    cosigned: str
    proof: list[str]


def create(folder: Path, name: str) -> Verifier:
    """Make a witness called `name` in a folder that must not exist or be empty; its public key.

    Raises LogExists, LogMissing (no parent), KeyRefused (impossible name).
    """
    seed = secrets.token_bytes(KEY_BYTES)
    try:
        signer = Signer(name, seed, COSIGNATURE)
    except NoteInvalid as error:
        raise KeyRefused(f"the witness cannot have this name: {error}") from error
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError as error:
        raise LogMissing(f"{folder.parent} does not exist: create it first") from error
    except FileExistsError as error:
        raise LogExists(f"{folder} is not a folder") from error
    if any(folder.iterdir()):
        raise LogExists(f"{folder} is not empty: a witness is only created in an empty folder")
    (folder / _LOGS).mkdir(mode=0o700)
    (folder / _EVIDENCE).mkdir(mode=0o700)
    write_durably(folder / _PUBLIC, f"{signer.verifier.vkey}\n".encode())
    material = base64.b64encode(bytes([COSIGNATURE]) + seed).decode("ascii")
    text = f"{_HEAD}+{name}+{signer.verifier.key_id.hex()}+{material}\n"
    write_durably(folder / _KEY, text.encode())  # last: only now it is a witness
    sync_folder(folder)
    return signer.verifier


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else serves this witness meanwhile; the kernel lets go of it with the process. Raises LogLocked."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise LogLocked(f"{folder} is held by another witness process: stop that one first") from error
    finally:
        os.close(descriptor)


def add_log(folder: Path, verifier: Verifier) -> None:
    """Know a log from now on, or one more key of it. Raises LogMissing, DamagedLog."""
    if not (folder / _KEY).is_file():
        raise LogMissing(f"there is no witness in {folder}: `doorless witness run` creates it")
    place = folder / _LOGS / origin_hash(verifier.name)
    known = LogState(place).keys
    if verifier in known:
        return
    place.mkdir(mode=0o700, exist_ok=True)
    replace_durably(place / _KEYS, "".join(f"{key.vkey}\n" for key in (*known, verifier)).encode())
    sync_folder(place.parent)


def read_signer(folder: Path) -> Signer:
    """The witness's key. Raises LogMissing, KeyRefused; never says what stands in the file."""
    file = folder / _KEY
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise KeyRefused(f"{file} can be read by others: chmod 600 {file}, and make a new witness")
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise LogMissing(f"there is no witness in {folder}: create it first") from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyRefused(f"{file} cannot be read: {error}") from error
    fields = text.removeprefix(f"{_HEAD}+").split("+", 2)
    try:
        material = base64.b64decode(fields[-1], validate=True)
        signer = Signer(fields[0], material[1:], COSIGNATURE)
    except (binascii.Error, ValueError) as error:
        raise KeyRefused(f"{file} holds no private key") from error
    if material[:1] != bytes([COSIGNATURE]) or fields[1:2] != [signer.verifier.key_id.hex()]:
        raise KeyRefused(f"{file} holds no private key of a witness")
    return signer


@dataclass(frozen=True, slots=True)
class LogState:
    """What the witness knows of one log; `place` need not exist."""

    place: Path

    @property
    def keys(self) -> tuple[Verifier, ...]:
        """The log's keys; none where the log is not known. Raises DamagedLog."""
        try:
            lines = (self.place / _KEYS).read_text(encoding="utf-8").splitlines()
            return tuple(parse_vkey(line) for line in lines)
        except FileNotFoundError:
            return ()
        except ValueError as error:
            raise DamagedLog(f"{self.place / _KEYS} cannot be read: {error}") from error

    @property
    def latest(self) -> Statement | None:
        """The last checkpoint that was cosigned. Raises DamagedLog: then nothing of this log may be cosigned."""
        file = self.place / _LATEST
        try:
            return statement(file.read_bytes(), str(file))
        except FileNotFoundError:
            return None
        except StatementInvalid as error:
            raise DamagedLog(str(error)) from error

    def advance(self, note: bytes) -> None:
        """Replace the last checkpoint, durably; only after this a cosignature may leave. Raises OSError."""
        replace_durably(self.place / _LATEST, note)


def state_of(folder: Path, origin: str) -> LogState:
    """What the witness in `folder` knows of the log of that origin."""
    return LogState(folder / _LOGS / origin_hash(origin))


def state_by_hash(folder: Path, name: str) -> LogState:
    """Like `state_of`, by the hash that stands in addresses: 64 hexadecimal digits."""
    return LogState(folder / _LOGS / name)


def keep_evidence(folder: Path, evidence: Evidence) -> Path | None:
    """Keep it; where it lies. The same note is kept once; None if it is not kept. Raises OSError."""
    place = folder / _EVIDENCE
    digest = hashlib.sha256(evidence.submitted.encode() + evidence.cosigned.encode()).hexdigest()[:32]
    file = place / f"{evidence.kind}-{digest}.json"
    if file.exists() or len(os.listdir(place)) >= MAX_EVIDENCE:  # noqa: PTH208  # only counted
        return None
    replace_durably(file, msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n")
    return file


def origin_hash(origin: str) -> str:
    """SHA-256 of an origin in hexadecimal: how the protocol names a log in an address."""
    return hashlib.sha256(origin.encode()).hexdigest()
