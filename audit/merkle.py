"""The Merkle tree of the log: hashes, roots, inclusion and consistency proofs (RFC 6962 section 2.1, RFC 9162 2.1).

Pure. Knows no files and no tiles: whoever asks for a proof brings `hash_at`, which gives the hash of a complete
subtree. Promises that a proof made here verifies here, and that `verify_*` never raises on hostile proofs.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Self

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

HashAt = Callable[[int, int], bytes]
"""`hash_at(level, index)`: the root over the leaves [index * 2**level, (index + 1) * 2**level)."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The complete subtrees of a tree that only grows, largest first: all it takes to go on and to know the root."""

    __slots__ = ("_hashes", "size")

    def __init__(self) -> None:
        self._hashes: list[bytes] = []
        self.size = 0

    @classmethod
    def at(cls, size: int, hash_at: HashAt) -> Self:
        """The frontier of the tree of that size, from its complete subtrees."""
        frontier = cls()
        frontier._hashes = [hash_at(level, index) for level, index in _complete(0, size)]
        frontier.size = size
        return frontier

    def append(self, leaf: bytes) -> None:
        """Add one leaf by its hash. One node hash on average."""
        rest, joined = self.size, leaf
        while rest & 1:
            joined = node_hash(self._hashes.pop(), joined)
            rest >>= 1
        self._hashes.append(joined)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return _join(self._hashes)

    def copy(self) -> "Frontier":
        """One that grows apart from this."""
        twin = Frontier()
        twin._hashes = self._hashes.copy()
        twin.size = self.size
        return twin


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes, or of a tile's hashes over the subtree that it spans."""
    row = list(leaves)
    if not row or len(row) & (len(row) - 1):
        frontier = Frontier()
        for leaf in row:
            frontier.append(leaf)
        return frontier.root()
    sha256 = hashlib.sha256
    while len(row) > 1:  # a power of two: row by row, which is what a full tile costs
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Hashes from the leaf's sibling up to the root's child (RFC 6962 2.1.1). Raises ValueError outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_root_between(middle, end, hash_at))
            end = middle
        else:
            path.append(_root_between(begin, middle, hash_at))
            begin = middle
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash stands at `index` in the tree of that size and root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, joined = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            joined = node_hash(sibling, joined)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            joined = node_hash(joined, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and joined == root


def consistency_proof(old: int, new: int, hash_at: HashAt) -> list[bytes]:
    """That the tree of `old` leaves is the beginning of that of `new` (RFC 6962 2.1.2); empty for 0 and for equal.

    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} has no beginning of {old}")
    if old in {0, new}:
        return []
    begin, end, path, whole = (
        0,
        new,
        [],
        True,
    )  # whole: the old tree is a complete subtree that is known already
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(_root_between(middle, end, hash_at))
            end = middle
        else:
            path.append(_root_between(begin, middle, hash_at))
            begin, whole = middle, False
    if not whole:
        path.append(_root_between(begin, end, hash_at))
    return path[::-1]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the old tree is the beginning of the new one (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return not proof and old_root == new_root
    if not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_joined = new_joined = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_joined, new_joined = node_hash(sibling, old_joined), node_hash(sibling, new_joined)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_joined = node_hash(new_joined, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old_joined == old_root and new_joined == new_root


def _split(leaves: int) -> int:
    """The largest power of two below `leaves`, which is over 1."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _complete(begin: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees, as (level, index), that make up [begin, end); `begin` is aligned as a tree's halves are."""
    parts = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        parts.append((level, begin >> level))
        begin += 1 << level
    return parts


def _root_between(begin: int, end: int, hash_at: HashAt) -> bytes:
    return _join([hash_at(level, index) for level, index in _complete(begin, end)])


def _join(subtrees: Sequence[bytes]) -> bytes:
    if not subtrees:
        return EMPTY_ROOT
    joined = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        joined = node_hash(left, joined)
    return joined
