"""Names and bytes of tiles and entry bundles, exactly as c2sp.org/tlog-tiles has them.

Pure. Promises one spelling for each name (what parses is what would be written), and that an empty tile, an entry
over 65,535 bytes or a bundle with a rest has no form.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from audit.merkle import HASH_BYTES

HASHES: Final = 256
MAX_LEVEL: Final = 63
_LENGTH: Final = struct.Struct(">H")
_MAX_ENTRY: Final = 0xFFFF
_NAME: Final = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


class TileInvalid(ValueError):
    """A name or content that c2sp.org/tlog-tiles does not allow; the text says why."""


class Tile(NamedTuple):
    """One tile of hashes: `width` hashes of subtrees of 256**level leaves, from hash number * 256 of its level on."""

    level: int
    number: int
    width: int = HASHES

    @property
    def path(self) -> str:
        """Its name under the log's prefix."""
        return tile_path(self.level, self.number, self.width)


class Bundle(NamedTuple):
    """The entries from number * 256 on, `width` of them."""

    number: int
    width: int = HASHES

    @property
    def path(self) -> str:
        """Its name under the log's prefix."""
        return bundle_path(self.number, self.width)


def tile_path(level: int, index: int, width: int = HASHES) -> str:
    """`tile/<L>/<N>[.p/<W>]`. Raises TileInvalid."""
    if not 0 <= level <= MAX_LEVEL:
        raise TileInvalid(f"there is no level {level}: 0 to {MAX_LEVEL}")
    return f"tile/{level}/{_number(index, width)}"


def bundle_path(index: int, width: int = HASHES) -> str:
    """`tile/entries/<N>[.p/<W>]`. Raises TileInvalid."""
    return f"tile/entries/{_number(index, width)}"


def parse_path(path: str) -> Tile | Bundle:
    """What a name stands for. Raises TileInvalid unless it is spelled as the functions above spell it."""
    matched = _NAME.fullmatch(path)
    if matched is None:
        raise TileInvalid(f"not the name of a tile or bundle: {path!r:.100}")
    kind, number, partial = matched.groups()
    index = int(number.replace("x", "").replace("/", ""))
    width = HASHES if partial is None else int(partial)
    named: Tile | Bundle = Bundle(index, width) if kind == "entries" else Tile(int(kind), index, width)
    if named.path != path:
        raise TileInvalid(f"{path!r} is spelled {named.path!r}")
    return named


def tiles_at(size: int) -> Iterator[Tile]:
    """Every tile of a tree of that size, level by level, partial ones last in their level; none is empty."""
    level, hashes = 0, size
    while hashes:
        for index in range(hashes // HASHES):
            yield Tile(level, index)
        if hashes % HASHES:
            yield Tile(level, hashes // HASHES, hashes % HASHES)
        level, hashes = level + 1, hashes // HASHES


def bundles_at(size: int) -> Iterator[Bundle]:
    """Every bundle of a tree of that size, in order."""
    for index in range(size // HASHES):
        yield Bundle(index)
    if size % HASHES:
        yield Bundle(size // HASHES, size % HASHES)


def pack_bundle(entries: Sequence[bytes]) -> bytes:
    """Big-endian uint16 length and bytes of each entry. Raises TileInvalid for none, too many or too long ones."""
    if not 1 <= len(entries) <= HASHES:
        raise TileInvalid(f"{len(entries)} entries make no bundle: 1 to {HASHES}")
    if max(map(len, entries)) > _MAX_ENTRY:
        raise TileInvalid(f"an entry takes more than {_MAX_ENTRY} bytes")
    return b"".join([part for entry in entries for part in (_LENGTH.pack(len(entry)), entry)])


def unpack_bundle(content: bytes) -> list[bytes]:
    """The entries of a bundle. Raises TileInvalid if it is empty, ends inside an entry or holds over 256."""
    entries: list[bytes] = []
    position, end = 0, len(content)
    while position < end and len(entries) < HASHES:
        if end - position < _LENGTH.size:
            raise TileInvalid(f"the bundle ends inside the length of its entry {len(entries)}")
        (length,) = _LENGTH.unpack_from(content, position)
        position += _LENGTH.size
        if end - position < length:
            raise TileInvalid(f"the bundle ends inside its entry {len(entries)}")
        entries.append(content[position : position + length])
        position += length
    if position < end:
        raise TileInvalid(f"the bundle holds more than {HASHES} entries")
    if not entries:
        raise TileInvalid("the bundle is empty")
    return entries


def pack_tile(hashes: Sequence[bytes]) -> bytes:
    """The content of a tile. Raises TileInvalid for none or too many hashes."""
    if not 1 <= len(hashes) <= HASHES:
        raise TileInvalid(f"{len(hashes)} hashes make no tile: 1 to {HASHES}")
    return b"".join(hashes)


def unpack_tile(content: bytes) -> list[bytes]:
    """The hashes of a tile. Raises TileInvalid if it is empty, too large or no row of whole hashes."""
    if not 0 < len(content) <= HASHES * HASH_BYTES or len(content) % HASH_BYTES:
        raise TileInvalid(f"{len(content)} bytes make no tile")
    return [content[at : at + HASH_BYTES] for at in range(0, len(content), HASH_BYTES)]


def _number(index: int, width: int) -> str:
    if index < 0 or not 1 <= width <= HASHES:
        raise TileInvalid(f"there is no tile {index} of width {width}")
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
    return name if width == HASHES else f"{name}.p/{width}"
