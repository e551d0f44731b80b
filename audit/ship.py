"""Copies what is sealed to a second place, and checks both ends against the tree: bundles, tiles, checkpoints, keys.

Promises that the copy's `checkpoint` is written only when all that it covers was read back, so that a crash leaves
nothing that the next run does not mend; and that nothing immutable is ever written over. The journal and
the side store are not copied: what is not sealed has no proof, and what can be forgotten must not be in a second place.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from audit.checkpoint import Checkpoint, CheckpointInvalid, parse_checkpoint
from audit.checkpoints import CHECKPOINTS
from audit.cosigned import COSIGNED
from audit.destination import CopiedLog, Destination
from audit.faults import LogFault
from audit.files import DRAFT
from audit.history import SealedLog
from audit.keys import read_vkeys
from audit.merkle import Frontier, leaf_hash, root_of
from audit.note import NoteInvalid, open_note
from audit.published import CHECKPOINT, NotPublished
from audit.testimony import ENTERED_WITHIN_S
from audit.tiles import (
    HASHES,
    Bundle,
    Tile,
    TileInvalid,
    bundles_at,
    pack_tile,
    tiles_at,
    unpack_bundle,
    unpack_tile,
)
from audit.tree_hashes import TreeHashes

_BITS: Final = 8
_LOOK_AGAIN_S: Final = 0.05
Part = TypeVar("Part", Bundle, Tile)


class ShipRefused(LogFault):
    """One of the two ends is not what the tree says, or the copy is one of another history. Nothing was lost."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a run did. size: entries that the copy covers now. before: those that it covered already."""

    size: int
    before: int
    files: int
    bytes: int


def ship(
    log: Path, destination: Destination, on_progress: Callable[[int, int], None] | None = None
) -> Shipped:
    """Bring the copy up to the newest checkpoint. `on_progress` hears (entries checked and copied, of how many).

    Raises ShipRefused, LogFault where the log does not read, OSError where an end cannot be used.
    """
    return _Run(log, destination).ship(on_progress)


def signed_checkpoint(log: Path, note: bytes) -> Checkpoint:
    """The checkpoint of a note that a key of the log signed. Raises ShipRefused."""
    try:
        return parse_checkpoint(open_note(note, read_vkeys(log)).text)
    except (NoteInvalid, CheckpointInvalid) as error:
        raise ShipRefused(f"not a checkpoint that this log signed: {error}") from error


def copied_checkpoint(log: Path, sealed: SealedLog, destination: Destination) -> Checkpoint | None:
    """What the copy covers, if it is one of this very history; None for an empty one. Raises ShipRefused."""
    note = destination.get(CHECKPOINT)
    if note is None:
        return None
    copied = signed_checkpoint(log, note)
    if copied.origin != sealed.origin:
        raise ShipRefused(
            f"the copy is one of {copied.origin}, this log is {sealed.origin}: name another place"
        )
    if copied.size > sealed.size or sealed.root_at(copied.size) != copied.root:
        raise ShipRefused(
            f"the copy's signed checkpoint of {copied.size} entries is no earlier state of this log, which has "
            f"{sealed.size}: one of the two was rolled back or rewritten. Keep both as they are"
        )
    return copied


class _Run:
    """One run: the log as its newest checkpoint says, and where it goes."""

    def __init__(self, log: Path, destination: Destination) -> None:
        self._log = log
        self._destination = destination
        self._note = (log / CHECKPOINT).read_bytes()
        self._sealed = SealedLog(log)
        self._newest = signed_checkpoint(log, self._note)
        self._files = self._bytes = 0

    def ship(self, on_progress: Callable[[int, int], None] | None) -> Shipped:
        """See `ship`."""
        copied = copied_checkpoint(self._log, self._sealed, self._destination)
        before = copied.size if copied is not None else 0
        for bundle in _new(bundles_at(self._newest.size), before):
            self._ship_bundle(bundle)
            if on_progress is not None:
                on_progress(bundle.number * HASHES + bundle.width, self._newest.size)
        for tile in _new(tiles_at(self._newest.size), before):
            if tile.level > 0:
                self._ship_tile(tile, before)
        self._check_root()
        for file in sorted(self._log.glob("*.vkey")):
            self._put_growing(file.name, file.read_bytes())
        # Crash before this: the copy's checkpoint is the older one, and every file that it needs is still there.
        self._put_growing(CHECKPOINT, self._note)
        # Crash before this: the copy's history ends before its newest checkpoint. `verify` says so, the next run adds it.
        for name, content in _histories(self._log, self._note):
            self._put_growing(name, content)
        return Shipped(self._newest.size, before, self._files, self._bytes)

    def _ship_bundle(self, bundle: Bundle) -> None:
        """A bundle and its level-0 tile, which must be the hashes of its entries."""
        content, hashes = self._read(bundle), self._read(Tile(0, *bundle))
        try:
            leaves = pack_tile([leaf_hash(entry) for entry in unpack_bundle(content)])
        except TileInvalid as error:
            raise ShipRefused(f"{self._log / bundle.path}: {error}") from error
        if leaves != hashes:
            raise ShipRefused(f"{self._log / bundle.path} does not hold the entries that the tree covers")
        self._put_immutable(bundle.path, content)
        self._put_immutable(Tile(0, *bundle).path, hashes)

    def _ship_tile(self, tile: Tile, before: int) -> None:
        """A tile of level 1 and up, whose hashes must be those of the full tiles below it."""
        content = self._read(tile)
        below = tile.level - 1
        for place, known in enumerate(unpack_tile(content)):
            child = Tile(below, tile.number * HASHES + place)
            if _ends_at(child) > before and root_of(unpack_tile(self._read(child))) != known:
                raise ShipRefused(f"{self._log / tile.path} does not fit {child.path} below it")
        self._put_immutable(tile.path, content)

    def _check_root(self) -> None:
        copy = TreeHashes(CopiedLog(self._destination), self._newest.size)
        try:
            root = Frontier.at(self._newest.size, copy.hash_at).root()
        except (NotPublished, TileInvalid) as error:
            raise ShipRefused(f"the copy does not read back: {error}") from error
        if root != self._newest.root:
            raise ShipRefused("the copy's tiles do not give the root that the checkpoint states")

    def _read(self, part: Bundle | Tile) -> bytes:
        """The file of a part; where the full one is there by now, the beginning of it."""
        try:
            return (self._log / part.path).read_bytes()
        except FileNotFoundError:
            pass
        try:
            return self._beginning(part)
        except (FileNotFoundError, TileInvalid) as error:
            raise ShipRefused(f"{self._log / part.path} is missing") from error

    def _beginning(self, part: Bundle | Tile) -> bytes:
        content = (self._log / part._replace(width=HASHES).path).read_bytes()
        if isinstance(part, Tile):
            return pack_tile(unpack_tile(content)[: part.width])
        entries = unpack_bundle(content)[: part.width]
        return content[: sum(2 + len(entry) for entry in entries)]

    def _put_immutable(self, name: str, content: bytes) -> None:
        there = self._destination.get(name)
        if there is None:
            self._put(name, content)
        elif there != content:
            raise ShipRefused(
                f"the copy has another {name} already, and such a file never changes: keep both"
            )

    def _put_growing(self, name: str, content: bytes) -> None:
        there = self._destination.get(name)
        if there == content:
            return
        if there is not None and name.startswith(CHECKPOINTS) and not content.startswith(there):
            raise ShipRefused(f"the copy's {name} holds checkpoints that this log does not have: keep both")
        self._put(name, content)

    def _put(self, name: str, content: bytes) -> None:
        self._destination.put(name, content)
        if self._destination.get(name) != content:
            raise ShipRefused(f"{name} does not read back as it was written: do not trust that place")
        self._files += 1
        self._bytes += len(content)


def _new(parts: Iterator[Part], before: int) -> Iterator[Part]:
    """Those that a copy of so many entries cannot have whole."""
    return (part for part in parts if _ends_at(part) > before)


def _ends_at(part: Bundle | Tile) -> int:
    """How many entries the tree has where the part ends."""
    level = part.level if isinstance(part, Tile) else 0
    return (part.number * HASHES + part.width) << (_BITS * level)


def _histories(log: Path, newest: bytes) -> list[tuple[str, bytes]]:
    """The files of signed and of cosigned checkpoints, as far as they stood when `newest` was signed.

    A writer enters a checkpoint in the history right after it has published it. Raises ShipRefused if that never comes.
    """
    last = msgspec.json.encode(newest.decode()) + b"\n"
    until = time.monotonic() + ENTERED_WITHIN_S
    while not (signed := _up_to(log, last)):
        if time.monotonic() > until:
            raise ShipRefused(
                "the newest checkpoint does not stand in the history: start the writer, and ship again"
            )
        time.sleep(_LOOK_AGAIN_S)
    cosigned = (file for file in sorted((log / COSIGNED).glob("[a-z]*")) if not file.name.endswith(DRAFT))
    return [*signed, *((f"{COSIGNED}/{file.name}", _whole_lines(file.read_bytes())) for file in cosigned)]


def _up_to(log: Path, last: bytes) -> list[tuple[str, bytes]]:
    """The files of the history up to this line; none if it is not there."""
    found: list[tuple[str, bytes]] = []
    for file in sorted((log / CHECKPOINTS).glob("[0-9]*")):
        before, line, _ = file.read_bytes().partition(last)
        found.append((f"{CHECKPOINTS}/{file.name}", before + line))
        if line:
            return found
    return []


def _whole_lines(content: bytes) -> bytes:
    """Without a line that is being written."""
    return content[: content.rfind(b"\n") + 1]
