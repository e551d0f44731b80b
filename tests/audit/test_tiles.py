"""Names and bytes of tiles against the examples of c2sp.org/tlog-tiles and the reference."""

import pytest
from hypothesis import given, strategies as st

from audit.tiles import (
    Bundle,
    Tile,
    TileInvalid,
    bundle_path,
    bundles_at,
    pack_bundle,
    pack_tile,
    parse_path,
    tile_path,
    tiles_at,
    unpack_bundle,
    unpack_tile,
)
from tests.audit.reference_tlog import ReferenceLog, number


def test_names_of_the_specification() -> None:
    """Index 1234067 is x001/x234/067; partial tiles carry their width."""
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(63, 5, 112) == "tile/63/005.p/112"
    assert bundle_path(273, 1) == "tile/entries/273.p/1"


@given(st.integers(0, 63), st.integers(0, 2**55), st.integers(1, 256))
def test_names_there_and_back(level: int, index: int, width: int) -> None:
    """Every name parses to what it was made of and is the one the reference writes."""
    tile, bundle = Tile(level, index, width), Bundle(index, width)
    assert parse_path(tile.path) == tile
    assert parse_path(bundle.path) == bundle
    assert tile.path.partition(".p")[0] == f"tile/{level}/{number(index)}"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "tile/0/001.p",
        "tile/0/001/",
        "/tile/0/001",
        "tile/0/../0/001",
        "tile//0/001",
        "tile/entries/x1/001",
        "tile/entry/001",
        "tile/0/\u0660\u0660\u0661",
        "tile/0/001\n",
    ],
)
def test_one_spelling(path: str) -> None:
    """A name with another spelling, a level beyond 63 or a width beyond 255 is refused, never repaired."""
    with pytest.raises(TileInvalid):
        parse_path(path)


def test_impossible_tiles() -> None:
    """What has no name or no content raises instead of writing something near it."""
    for level, index, width in ((64, 0, 256), (-1, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(TileInvalid):
            tile_path(level, index, width)
    with pytest.raises(TileInvalid):
        bundle_path(0, 0)
    for entries in ([], [b""] * 257, [b"x" * 65_536]):
        with pytest.raises(TileInvalid):
            pack_bundle(entries)
    for hashes in ([], [b"h" * 32] * 257):
        with pytest.raises(TileInvalid):
            pack_tile(hashes)
    for content in (b"", b"x", b"h" * 33, b"h" * 8224):
        with pytest.raises(TileInvalid):
            unpack_tile(content)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 513, 70_000, 65_536])
def test_the_tiles_of_a_size(size: int) -> None:
    """A tree of 70,000 is 273 full tiles and a partial one of 112, 1 and 17, and 1; others as the reference has them."""
    names = [tile.path for tile in tiles_at(size)] + [bundle.path for bundle in bundles_at(size)]
    assert len(names) == len(set(names))
    if size == 70_000:
        assert [tile for tile in tiles_at(size) if tile.width != 256 or tile.level] == [
            Tile(0, 273, 112),
            Tile(1, 0),
            Tile(1, 1, 17),
            Tile(2, 0, 1),
        ]
    if size < 1000:
        assert set(names) == set(ReferenceLog([b"e"] * size).files())


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_bundles_there_and_back(entries: list[bytes]) -> None:
    """A bundle gives back its entries; with a byte less or more it is no bundle or holds other entries."""
    content = pack_bundle(entries)
    assert unpack_bundle(content) == entries
    for changed in (content[:-1], content + b"\x00"):
        with pytest.raises(TileInvalid):
            unpack_bundle(changed)


def test_a_bundle_of_257() -> None:
    """Nothing is read beyond the 256th entry: a longer bundle is refused."""
    with pytest.raises(TileInvalid, match="more than 256"):
        unpack_bundle(b"\x00\x01e" * 257)


def test_tiles_there_and_back() -> None:
    """A tile gives back its hashes."""
    hashes = [bytes([number]) * 32 for number in range(256)]
    assert unpack_tile(pack_tile(hashes)) == hashes
    assert len(pack_tile(hashes)) == 8192
