"""The right edge: whatever the steps in which it grew, its tiles and root are those of the definition."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings, strategies as st

from audit.edge import Edge
from audit.merkle import Frontier, leaf_hash
from audit.tiles import HASHES, Tile, tiles_at

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]


def grown(steps: Sequence[int]) -> tuple[Edge, dict[Tile, list[bytes]]]:
    """An edge that grew in these steps, and the full tiles that it handed out."""
    edge, full = Edge(), dict[Tile, list[bytes]]()
    for step in steps:
        for tile, hashes in edge.extend(LEAVES[edge.size : edge.size + step]):
            assert tile not in full
            full[tile] = list(hashes)
    return edge, full


@given(st.lists(st.integers(min_value=0, max_value=700), max_size=8))
@example([255, 1])
@example([256])
@example([0])
@settings(deadline=None, max_examples=60)
def test_tiles_and_root_are_those_of_the_size(steps: list[int]) -> None:
    """Every tile of the size is handed out once, full ones when they fill, partial ones when asked; the root fits."""
    edge, full = grown(steps)
    partial = {tile: list(hashes) for tile, hashes in edge.partial()}
    assert edge.size == sum(steps)
    assert full.keys() | partial.keys() == set(tiles_at(edge.size))
    assert all(len(hashes) == tile.width for tile, hashes in (full | partial).items())
    frontier = Frontier()
    for leaf in LEAVES[: edge.size]:
        frontier.append(leaf)
    assert edge.root() == frontier.root()


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_an_edge_is_taken_up_again_from_its_partial_tiles(size: int) -> None:
    """From the partial tiles alone: the same root, and it grows on as if it had never stopped."""
    edge, _ = grown([size])
    partial = {tile: list(hashes) for tile, hashes in edge.partial()}
    again = Edge.at(size, lambda tile: partial[tile].copy())
    assert again.root() == edge.root()
    more = [leaf_hash(b"more%d" % number) for number in range(600)]
    assert again.extend(more) == edge.extend(more)
    assert again.root() == edge.root()
    assert again.partial() == edge.partial()


def test_a_partial_tile_is_not_hashed_into_its_parent() -> None:
    """Level 1 holds the roots of full tiles only."""
    edge, full = grown([3 * HASHES + 7])
    widths = {tile.level: tile.width for tile, _ in edge.partial()}
    assert widths == {0: 7, 1: 3}
    assert len(full) == 3
