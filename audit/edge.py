"""The right edge of the tree: at each level the hashes that do not fill a tile yet. All it takes to go on.

Pure. Promises that a partial tile is never hashed into its parent and that no tile is empty: what is handed out is
exactly what c2sp.org/tlog-tiles wants to lie on the disk for the tree of this size.
"""

from collections.abc import Callable, Sequence
from typing import Self

from audit.merkle import Frontier, root_of
from audit.tiles import HASHES, Tile

_LEVEL_BITS = HASHES.bit_length() - 1
TileHashes = tuple[Tile, Sequence[bytes]]


class Edge:
    """Grows by leaf hashes; hands out each tile when it is full, and the partial ones of a size when asked."""

    def __init__(self) -> None:
        self._rows: list[list[bytes]] = [[]]
        self.size = 0

    @classmethod
    def at(cls, size: int, read_tile: Callable[[Tile], list[bytes]]) -> Self:
        """The edge of the tree of that size, from its partial tiles. Passes on what `read_tile` raises."""
        edge = cls()
        edge._rows = []
        level, hashes = 0, size
        while hashes or not level:
            number, width = divmod(hashes, HASHES)
            edge._rows.append(read_tile(Tile(level, number, width)) if width else [])
            level, hashes = level + 1, number
        edge.size = size
        return edge

    @property
    def leaves(self) -> Sequence[bytes]:
        """The leaf hashes that fill no tile yet."""
        return self._rows[0]

    def extend(self, leaves: Sequence[bytes]) -> list[TileHashes]:
        """Add leaves by their hashes; the tiles that became full, each after those below it."""
        full: list[TileHashes] = []
        number = self.size // HASHES
        row = self._rows[0]
        row += leaves
        self.size += len(leaves)
        while len(row) >= HASHES:
            hashes = row[:HASHES]
            del row[:HASHES]
            full.append((Tile(0, number), hashes))
            self._rise(root_of(hashes), number, full)
            number += 1
        return full

    def partial(self) -> list[TileHashes]:
        """The partial tiles of the tree of this size."""
        return [
            (Tile(level, self.size >> _LEVEL_BITS * (level + 1), len(row)), tuple(row))
            for level, row in enumerate(self._rows)
            if row
        ]

    def root(self) -> bytes:
        """The root over all leaves."""
        return Frontier.at(self.size, self._hash_at).root()

    def _rise(self, root: bytes, number: int, full: list[TileHashes]) -> None:
        """Enter the root of full tile `number` of level 0 at level 1, and on where that fills a tile."""
        level = 0
        while True:
            level += 1
            if level == len(self._rows):
                self._rows.append([])
            row = self._rows[level]
            row.append(root)
            if len(row) < HASHES:
                return
            self._rows[level] = []
            number //= HASHES
            full.append((Tile(level, number), row))
            root = root_of(row)

    def _hash_at(self, level: int, index: int) -> bytes:
        """A complete subtree of this size's decomposition: a slice of one row, always."""
        row, height = divmod(level, _LEVEL_BITS)
        begin = (index << height) % HASHES
        return root_of(self._rows[row][begin : begin + (1 << height)])
