"""The hash of any complete subtree of a log, out of its tiles: what proofs are made of.

Reads tiles through `Published` and nothing else. What it gives is as good as the tiles: whoever makes a proof of it
checks the proof against a signed root before it leaves.
"""

from functools import lru_cache
from typing import Final

from audit.merkle import root_of
from audit.published import NotPublished, Published
from audit.tiles import HASHES, Tile, TileInvalid, unpack_tile

_BITS: Final = 8  # binary levels in a tile
_KEPT_TILES: Final = 256  # of 8 KiB each


class TreeHashes:
    """`hash_at` for the tree of `size` leaves that the tiles of a log describe."""

    def __init__(self, published: Published, size: int) -> None:
        self._published = published
        self._size = size
        self._tile = lru_cache(maxsize=_KEPT_TILES)(self._read_tile)

    def hash_at(self, level: int, index: int) -> bytes:
        """The root over the leaves [index * 2**level, (index + 1) * 2**level).

        Raises NotPublished, TileInvalid, LogUnavailable; ValueError where the tree does not reach.
        """
        if (index + 1) << level > self._size:
            raise ValueError(f"a tree of {self._size} has no subtree {index} of level {level}")
        above, below = divmod(level, _BITS)
        number, place = divmod(index << below, HASHES)
        return root_of(self._tile(above, number)[place : place + (1 << below)])

    def _read_tile(self, level: int, number: int) -> list[bytes]:
        width = min(HASHES, (self._size >> (_BITS * level)) - number * HASHES)
        hashes = unpack_tile(self._content(level, number, width))
        if len(hashes) < width:
            raise TileInvalid(f"{Tile(level, number, width).path} holds {len(hashes)} hashes")
        return hashes

    def _content(self, level: int, number: int, width: int) -> bytes:
        try:
            return self._published.get(Tile(level, number, width).path)
        except NotPublished:
            if width == HASHES:
                raise
            # A partial tile may go once the full one is there.
            return self._published.get(Tile(level, number).path)
