"""The tree against RFC 6962's definitions and the vectors that other implementations publish."""

import hashlib
import random

import pytest

from audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.audit.reference_tlog import ReferenceLog

# The eight leaves and the roots after each of them as google/certificate-transparency publishes them with its tests.
LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")] + [
    bytes(range(0x50, 0x58)),
    bytes(range(0x60, 0x70)),
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100]


def reference(size: int) -> ReferenceLog:
    return ReferenceLog([b"entry %d" % number for number in range(size)])


def test_published_roots() -> None:
    """The roots are those that certificate-transparency's own tests have for the same eight leaves."""
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT == hashlib.sha256(b"").digest()
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        frontier.append(leaf_hash(leaf))
        assert frontier.root().hex() == root
    assert root_of(map(leaf_hash, LEAVES)).hex() == ROOTS[-1]


@pytest.mark.parametrize("size", [0, *SIZES, 255, 256, 257])
def test_roots(size: int) -> None:
    """A frontier, all leaves at once, and a frontier taken up in the middle come to the recursive definition's root."""
    log = reference(size)
    frontier = Frontier()
    for entry in log.entries:
        frontier.append(leaf_hash(entry))
    taken_up = Frontier.at(size, lambda level, index: log.mth(index << level, (index + 1) << level))
    assert frontier.root() == root_of(map(leaf_hash, log.entries)) == taken_up.root() == log.root()
    twin = taken_up.copy()
    twin.append(leaf_hash(b"more"))
    frontier.append(leaf_hash(b"more"))
    assert twin.root() == frontier.root()
    assert taken_up.root() == log.root()


@pytest.mark.parametrize("size", SIZES)
def test_inclusion(size: int) -> None:
    """Every leaf has the proof of the definition; it verifies there and nowhere else."""
    log = reference(size)
    for index in range(size):
        proof = inclusion_proof(index, size, lambda level, at: log.mth(at << level, (at + 1) << level))
        leaf = leaf_hash(log.entries[index])
        assert proof == log.path(index, 0, size)
        assert verify_inclusion(index, size, leaf, proof, log.root())
        assert not verify_inclusion(index, size, leaf_hash(b"other"), proof, log.root())
        assert not verify_inclusion(index, size, leaf, [*proof, proof[0] if proof else leaf], log.root())
        assert not any(
            verify_inclusion(other, size, leaf, proof, log.root()) for other in range(size) if other != index
        )
        if proof:
            assert not verify_inclusion(index, size, leaf, proof[:-1], log.root())


@pytest.mark.parametrize("new", SIZES)
def test_consistency(new: int) -> None:
    """Every pair of sizes has the proof of the definition; no changed proof, root or size passes."""
    log = reference(new)
    chance = random.Random(new)
    for old in range(new + 1):
        proof = consistency_proof(old, new, lambda level, at: log.mth(at << level, (at + 1) << level))
        assert proof == ([] if old == 0 else log.subproof(old, 0, new, known=True))
        assert verify_consistency(old, new, log.root(old), log.root(), proof)
        assert not verify_consistency(old, new, leaf_hash(b"other"), log.root(), proof)
        if old > 0:
            assert not verify_consistency(old, new, log.root(old), leaf_hash(b"other"), proof)
        if proof:
            wrong = list(proof)
            wrong[chance.randrange(len(wrong))] = node_hash(b"a", b"b")
            assert not verify_consistency(old, new, log.root(old), log.root(), wrong)
            assert not verify_consistency(old, new, log.root(old), log.root(), proof[:-1])
            assert not verify_consistency(old, new, log.root(old), log.root(), [*proof, proof[0]])


def test_impossible_questions() -> None:
    """Places outside the tree have no proof and verify nothing; an old tree larger than the new one never passes."""
    log = reference(4)
    for index, size in ((-1, 4), (4, 4), (0, 0)):
        with pytest.raises(ValueError, match="not in a tree"):
            inclusion_proof(index, size, lambda _level, _index: b"")
        assert not verify_inclusion(index, size, leaf_hash(b"entry 0"), [], log.root())
    with pytest.raises(ValueError, match="no beginning"):
        consistency_proof(5, 4, lambda _level, _index: b"")
    assert not verify_consistency(5, 4, log.root(), log.root(), [])
    assert not verify_consistency(0, 0, EMPTY_ROOT, log.root(), [])
