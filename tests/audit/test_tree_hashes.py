"""Hashes of complete subtrees out of tiles, against the reference."""

from pathlib import Path

import pytest

from audit.published import NotPublished, PublishedFolder
from audit.tiles import TileInvalid
from audit.tree_hashes import TreeHashes
from tests.audit.reference_tlog import ReferenceLog
from tests.audit.samples import small_entries
from tests.audit.sealed_logs import make_sealed

ENTRIES = small_entries(1_000)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sealed(tmp_path_factory.mktemp("hashes") / "log", ENTRIES).log


def test_every_complete_subtree(log: Path) -> None:
    """At every level and place the root of the definition; where the tree does not reach there is none."""
    reference, hashes = ReferenceLog(ENTRIES), TreeHashes(PublishedFolder(log), 1_000)
    for level in range(10):
        for index in range(1_000 >> level):
            assert hashes.hash_at(level, index) == reference.mth(index << level, (index + 1) << level)
        with pytest.raises(ValueError, match="no subtree"):
            hashes.hash_at(level, 1_000 >> level)


def test_a_partial_tile_that_became_full(log: Path) -> None:
    """Asked for a size whose partial tile is gone, it reads the beginning of the full one; what is nowhere is missing."""
    old = TreeHashes(PublishedFolder(log), 300)
    assert old.hash_at(0, 299) == ReferenceLog(ENTRIES).mth(299, 300)
    with pytest.raises(NotPublished):
        TreeHashes(PublishedFolder(log), 5_000).hash_at(0, 4_999)


def test_a_tile_that_is_too_short(log: Path) -> None:
    """Half a tile gives no hash."""
    tile = log / "tile/0/001"
    before = tile.read_bytes()
    tile.write_bytes(before[:64])
    with pytest.raises(TileInvalid):
        TreeHashes(PublishedFolder(log), 1_000).hash_at(0, 300)
    tile.write_bytes(before)
