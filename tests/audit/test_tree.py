"""The tree over what is durable: each cut names the files that are new, and nothing twice."""

from audit.edge import Edge
from audit.tiles import Bundle, bundles_at, tiles_at
from audit.tree import Tree
from tests.audit.samples import small_entries

ENTRIES = small_entries(1_000)


def test_cuts_together_are_all_files_of_each_size() -> None:
    """After each cut, everything that its size needs was named by it or by an earlier one, and full files only once."""
    tree, full = Tree(Edge(), []), set[object]()
    for size in (1, 255, 256, 257, 700, 1_000):
        for start in range(tree.size, size, 100):
            tree.grow(ENTRIES[start : min(start + 100, size)])
        assert tree.pending == size - tree.sealed
        sealing = tree.cut()
        named = {bundle for bundle, _ in sealing.bundles} | {tile for tile, _ in sealing.tiles}
        assert not named & full
        full |= {part for part in named if part.width == 256}
        assert named | full >= {*tiles_at(size), *bundles_at(size)}
        assert (sealing.size, tree.pending, tree.pending_bytes) == (size, 0, 0)


def test_bundles_hold_the_entries_of_their_place() -> None:
    """Entry n stands in bundle n // 256 at n % 256, however the records came in."""
    tree = Tree(Edge(), [])
    for start in range(0, 600, 37):
        tree.grow(ENTRIES[start : min(start + 37, 600)])
    bundles = dict(tree.cut().bundles)
    assert list(bundles) == [Bundle(0), Bundle(1), Bundle(2, 88)]
    assert [entry for entries in bundles.values() for entry in entries] == ENTRIES[:600]


def test_what_was_cut_does_not_change_any_more() -> None:
    """A sealing is written by another thread while the tree grows on."""
    tree = Tree(Edge(), [])
    tree.grow(ENTRIES[:300])
    sealing = tree.cut()
    before = [list(hashes) for _, hashes in sealing.tiles], [list(entries) for _, entries in sealing.bundles]
    tree.grow(ENTRIES[300:900])
    assert before == (
        [list(hashes) for _, hashes in sealing.tiles],
        [list(entries) for _, entries in sealing.bundles],
    )
