"""Drops the beginning of a log: whole sealed bundles and their level-0 tiles, and nothing above them.

Promises that every bundle that goes was compared, byte for byte, with the shipped copy and with the tree, under a
checkpoint that the copy holds and a quorum of witnesses cosigned; and that `pruned` says so before the first one goes.
What is left still proves every later entry, and every root from there on (c2sp.org/tlog-tiles, "Pruning").
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audit import side_store
from audit.cosigned import newest_cosigned
from audit.destination import FolderDestination
from audit.entry import DecisionEntry, Entry, decode
from audit.history import SealedLog
from audit.merkle import leaf_hash, root_of
from audit.note import NoteInvalid, Verifier, open_note
from audit.published import CHECKPOINT, PublishedFolder
from audit.retention import Pruned, first_kept, write_pruned
from audit.ship import ShipRefused, copied_checkpoint, signed_checkpoint
from audit.tiles import HASHES, Bundle, Tile, TileInvalid, parse_path, unpack_bundle
from audit.tree_hashes import TreeHashes

_BUNDLE_LEVEL: Final = 8  # the root over a bundle is a hash of this binary level


class PruneRefused(ShipRefused):
    """Nothing was dropped; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """Who must have cosigned before anything is dropped: `needed` of `witnesses`; 0 asks for none."""

    witnesses: tuple[Verifier, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go: the entries from `first` up to `pruned.first`, and the documents beside the log that they name."""

    first: int
    sides: tuple[str, ...]
    pruned: Pruned

    @property
    def entries(self) -> int:
        """How many entries would go."""
        return self.pruned.first - self.first


def plan(log: Path, copy: FolderDestination, quorum: Quorum, before_ms: int) -> Plan:
    """What may be dropped of the entries before a time (milliseconds): nothing, if `entries` is 0.

    Raises PruneRefused or ShipRefused where the copy, the tree and the cosignatures do not allow it.
    """
    sealed = SealedLog(log)
    copied = copied_checkpoint(log, sealed, copy)
    if copied is None:
        raise PruneRefused(f"{copy.folder} holds no copy of this log: ship it there before")
    note = _cosigned_note(log, quorum) if quorum.needed else (copy.get(CHECKPOINT) or b"")
    behind = signed_checkpoint(log, note)
    if sealed.root_at(behind.size) != behind.root:
        raise PruneRefused(
            "the cosigned checkpoint is no state of this log: keep everything, and look into it"
        )
    first = first_kept(log)
    hashes = TreeHashes(PublishedFolder(log), sealed.size)
    until, sides = first, list[str]()
    for number in range(first // HASHES, min(copied.size, behind.size) // HASHES):
        entries = _compared(log, copy, number, hashes)
        if max(entry.time for entry in entries) >= before_ms:  # clocks are set back, the last may be older
            break
        until = (number + 1) * HASHES
        sides += [
            each.side for each in entries if isinstance(each, DecisionEntry) and isinstance(each.side, str)
        ]
    pruned = Pruned(
        first=until, shipped_to=str(copy.folder), witnessed=quorum.needed > 0, checkpoint=note.decode()
    )
    return Plan(first, tuple(sides), pruned)


def prune(log: Path, planned: Plan) -> None:
    """Drop what was planned. Raises OSError; what a crash leaves over goes with the next pruning."""
    write_pruned(log, planned.pruned)
    # Crash from here on: the files that are still there are below `first`, and nobody asks for them.
    for file in list(_files_below(log, planned.pruned.first)):
        file.unlink()
    for digest in planned.sides:
        side_store.forget(log, digest)


def _cosigned_note(log: Path, quorum: Quorum) -> bytes:
    note = newest_cosigned(log)
    if note is None:
        raise PruneRefused("no checkpoint of this log is cosigned yet")
    try:
        opened = open_note(note, quorum.witnesses)
    except NoteInvalid as error:
        raise PruneRefused(f"the newest cosigned checkpoint does not hold: {error}") from error
    if len(opened.names) < quorum.needed:
        raise PruneRefused(f"{len(opened.names)} witnesses cosigned, {quorum.needed} are needed")
    return note


def _compared(log: Path, copy: FolderDestination, number: int, hashes: TreeHashes) -> list[Entry]:
    """The entries of a bundle which the copy holds byte for byte, and which the tree covers. Raises PruneRefused."""
    for part in (Bundle(number), Tile(0, number)):
        content = (log / part.path).read_bytes()
        if copy.get(part.path) != content:
            raise PruneRefused(f"the copy of {part.path} is not the same: ship it again, to another place")
        if isinstance(part, Bundle):
            encoded = unpack_bundle(content)
    if root_of(map(leaf_hash, encoded)) != hashes.hash_at(_BUNDLE_LEVEL, number):
        raise PruneRefused(f"{Bundle(number).path} does not hold what the tree covers")
    return [decode(each) for each in encoded]


def _files_below(log: Path, first: int) -> Iterator[Path]:
    """Bundles and level-0 tiles that end at `first` or before."""
    for folder in ("entries", "0"):
        for file in (log / "tile" / folder).rglob("*"):
            with suppress(TileInvalid):
                part = parse_path(file.relative_to(log).as_posix())
                if file.is_file() and part.number * HASHES + part.width <= first:
                    yield file
