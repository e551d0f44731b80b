"""Recomputes the sealed part of a log from its entries up: every bundle, every tile of every level, every root.

Reads through `Published` and judges nothing but hashes. Promises that entries are handed on in order and only after
their bundle matched its tile, and that the first entry that disagrees is named.
"""

from collections.abc import Callable, Sequence
from typing import Final

from audit.disagreement import LogDisagrees
from audit.edge import Edge
from audit.merkle import HASH_BYTES, leaf_hash, root_of
from audit.published import NotPublished, Published
from audit.tiles import HASHES, Bundle, Tile, TileInvalid, unpack_bundle, unpack_tile

TakeEntry = Callable[[int, bytes], None]
_HIGHEST: Final = 8  # levels: 256**8 entries are more than a size can say


class Recomputation:
    """The tree of the `limit` leaves that a log publishes, read from entry `first` on; what is before it was pruned."""

    def __init__(self, published: Published, limit: int, first: int, take: TakeEntry) -> None:
        """`take` gets each entry. Raises LogDisagrees if the tiles above what was pruned do not fit each other."""
        self._published = published
        self._limit = limit
        self._take = take
        self._edge = Edge.at(first, self._hashes_before)
        self._entries: list[bytes] = []  # of the bundle that is being handed on
        self._leaves: list[bytes] = []
        self._check_pruned(first)

    @property
    def size(self) -> int:
        """Entries so far."""
        return self._edge.size

    def root(self) -> bytes:
        """The root over the entries so far."""
        return self._edge.root()

    def advance_to(self, size: int) -> None:
        """Hand on entries up to that size, at most the limit. Raises LogDisagrees, LogUnavailable, and what `take` does."""
        while self.size < size:
            number, place = divmod(self.size, HASHES)
            if place == 0:
                self._read(Bundle(number, min(HASHES, self._limit - number * HASHES)))
            end = min(size - number * HASHES, len(self._entries))
            for at in range(place, end):
                self._take(number * HASHES + at, self._entries[at])
            for full in self._edge.extend(self._leaves[place:end]):
                self._compare(*full)

    def finish(self) -> None:
        """Compare the partial tiles, once the limit is reached. Raises LogDisagrees."""
        for partial in self._edge.partial():
            self._compare(*partial)

    def _read(self, bundle: Bundle) -> None:
        """Take up a bundle, compared with its level-0 tile."""
        begin = bundle.number * HASHES
        try:
            entries = unpack_bundle(self._get(bundle))[: bundle.width]
        except TileInvalid as error:
            raise LogDisagrees(seq=begin, place=bundle.path, what=str(error)) from error
        if len(entries) < bundle.width:
            what = f"the bundle ends after {len(entries)} entries"
            raise LogDisagrees(seq=begin + len(entries), place=bundle.path, what=what)
        self._entries, self._leaves = entries, [leaf_hash(entry) for entry in entries]
        self._compare(Tile(0, bundle.number, bundle.width), self._leaves)

    def _compare(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        """Hold the tile that is published against the hashes that the entries give."""
        stated = self._tile(tile)
        if stated == list(hashes):
            return
        span = HASHES**tile.level
        place = next(at for at, hashed in enumerate(hashes) if stated[at] != hashed)
        what = "the tile has another hash than the entry" + (
            f" and the {span - 1} that follow it" if tile.level else ""
        )
        seq = (tile.number * HASHES + place) * span
        raise LogDisagrees(seq=seq, place=tile.path, what=what)

    def _tile(self, tile: Tile) -> list[bytes]:
        content = self._get(tile)[: tile.width * HASH_BYTES]
        try:
            hashes = unpack_tile(content)
        except TileInvalid as error:
            raise LogDisagrees(seq=_first_of(tile), place=tile.path, what=str(error)) from error
        if len(hashes) < tile.width:
            what = f"the tile ends after {len(hashes)} hashes"
            raise LogDisagrees(seq=_first_of(tile), place=tile.path, what=what)
        return hashes

    def _get(self, wanted: Tile | Bundle) -> bytes:
        """The file of that name; the full one where a partial one is gone, as it may be once the full one is there."""
        try:
            try:
                content = self._published.get(wanted.path)
            except NotPublished:
                if wanted.width == HASHES:
                    raise
                return self._published.get(wanted._replace(width=HASHES).path)
        except NotPublished as error:
            raise LogDisagrees(
                seq=_first_of(wanted), place=wanted.path, what="the file is missing"
            ) from error
        if _width(wanted, content) > wanted.width:
            raise LogDisagrees(
                seq=_first_of(wanted), place=wanted.path, what="the file holds more than its name says"
            )
        return content

    def _hashes_before(self, tile: Tile) -> list[bytes]:
        """The hashes at the edge of what was pruned: the beginning of a tile that goes on after it."""
        return self._tile(self._as_published(tile))[: tile.width]

    def _check_pruned(self, first: int) -> None:
        """From level 1 on the tiles above what was pruned are there: each must be what its parent says."""
        for level in range(1, _HIGHEST):
            for number in range(first // HASHES ** (level + 1)):
                tile, above = Tile(level, number), self._as_published(Tile(level + 1, number // HASHES))
                if root_of(self._tile(tile)) != self._tile(above)[number % HASHES]:
                    what = f"the tile does not fit the one above it, {above.path}"
                    raise LogDisagrees(seq=_first_of(tile), place=tile.path, what=what)

    def _as_published(self, tile: Tile) -> Tile:
        """The tile of that number, as wide as it is at the limit."""
        width = (self._limit // HASHES**tile.level) - tile.number * HASHES
        return tile._replace(width=min(HASHES, width))


def _first_of(wanted: Tile | Bundle) -> int:
    level = wanted.level if isinstance(wanted, Tile) else 0
    return int(wanted.number * HASHES ** (level + 1))


def _width(wanted: Tile | Bundle, content: bytes) -> int:
    """How many hashes or entries there are, a broken rest counted as one; a full bundle is counted by who unpacks it."""
    if isinstance(wanted, Tile):
        return -(-len(content) // HASH_BYTES)
    if wanted.width == HASHES:
        return HASHES
    try:
        return len(unpack_bundle(content))
    except TileInvalid:
        return wanted.width
