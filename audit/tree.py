"""The tree over what is durable, and what of it is not sealed yet.

Pure. `grow` takes durable records in the order of the journal; `cut` says which files have to lie on the disk before
a checkpoint of this size may be signed. Promises that what was cut is never asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from audit.edge import Edge, TileHashes
from audit.merkle import leaf_hash
from audit.tiles import HASHES, Bundle

BundleEntries = tuple[Bundle, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Sealing:
    """A state of the tree to be signed, and the files that it needs and that may not be there yet."""

    size: int
    root: bytes
    bundles: tuple[BundleEntries, ...]
    tiles: tuple[TileHashes, ...]


class Tree:
    """Edge of the tree, the entries of the last bundle, and what became full since the last cut."""

    def __init__(self, edge: Edge, entries: Sequence[bytes]) -> None:
        """`entries`: those of the partial bundle at the edge's size."""
        self._edge = edge
        self._entries = list(entries)
        self._bundles: list[BundleEntries] = []
        self._tiles: list[TileHashes] = []
        self.sealed = edge.size
        self.pending_bytes = 0

    @property
    def size(self) -> int:
        """Records taken in."""
        return self._edge.size

    @property
    def pending(self) -> int:
        """Records that no sealing holds."""
        return self.size - self.sealed

    def grow(self, entries: Sequence[bytes]) -> None:
        """Take in records that are durable."""
        number = self.size // HASHES
        self._tiles += self._edge.extend([leaf_hash(entry) for entry in entries])
        self.pending_bytes += sum(map(len, entries))
        held = self._entries
        held += entries
        while len(held) >= HASHES:
            self._bundles.append((Bundle(number), held[:HASHES]))
            del held[:HASHES]
            number += 1

    def cut(self) -> Sealing:
        """All that is not sealed, as of now; from here on it counts as sealed."""
        bundles, tiles = self._bundles, self._tiles
        if self._entries:
            bundles.append((Bundle(self.size // HASHES, len(self._entries)), tuple(self._entries)))
        sealing = Sealing(self.size, self._edge.root(), tuple(bundles), (*tiles, *self._edge.partial()))
        self._bundles, self._tiles = [], []
        self.sealed, self.pending_bytes = self.size, 0
        return sealing
