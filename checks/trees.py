"""Raw tree objects, read byte by byte: entries, and everything about one tree that is not as git writes it; pure.

git's own tools tidy up what they show (modes) and trust what they read (order); here nothing is tidied or trusted.
"""

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from checks.names import Oddity, oddities
from decision.change import IrregularKind
from decision.path_patterns import fold

TREE_MODE = b"40000"
_MODES = frozenset({b"100644", b"100755", b"120000", b"160000", TREE_MODE})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in the tree."""

    mode: bytes
    name: bytes
    id: str


@dataclass(frozen=True, slots=True)
class Tree:
    """The entries of a tree in their order. `rest`: bytes at the end that are no entry."""

    entries: tuple[Entry, ...]
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class TreeOddity:
    """Something irregular in one tree: about the entry of this name, or about all of it (`None`)."""

    kind: IrregularKind
    name: bytes | None
    detail: str


def parse(content: bytes, id_bytes: int) -> Tree:
    """The tree, as far as it can be read (gitformat: mode, blank, name, NUL, id). Never raises."""
    entries: list[Entry] = []
    at = 0
    while at < len(content):
        nul = content.find(b"\0", at)
        mode, blank, name = content[at:nul].partition(b" ")
        end = nul + 1 + id_bytes
        if nul < 0 or not blank or not mode or end > len(content):
            return Tree(tuple(entries), content[at:])
        entries.append(Entry(mode, name, content[nul + 1 : end].hex()))
        at = end
    return Tree(tuple(entries))


def irregularities(tree: Tree) -> frozenset[TreeOddity]:
    """Everything in this tree that no tree of an ordinary git would hold, or that a checkout could mistake."""
    return frozenset((*_names(tree), *_modes(tree), *_shape(tree), *_twins(tree)))


def _names(tree: Tree) -> Iterator[TreeOddity]:
    for entry in tree.entries:
        found: tuple[Oddity, ...] = oddities(entry.name)
        for kind, why in found:
            yield TreeOddity(kind, entry.name, why)


def _modes(tree: Tree) -> Iterator[TreeOddity]:
    for entry in tree.entries:
        if entry.mode not in _MODES:
            yield TreeOddity("mode", entry.name, entry.mode.decode("ascii", "backslashreplace")[:20])


def _shape(tree: Tree) -> Iterator[TreeOddity]:
    if tree.rest:
        yield TreeOddity("unreadable", None, "the tree is cut off or not a tree")
    seen: set[bytes] = set()
    for entry in tree.entries:
        if entry.name in seen:
            yield TreeOddity("unreadable", entry.name, "two entries of one name")
        seen.add(entry.name)
    keys = [_order(entry) for entry in tree.entries]
    if any(after < before for before, after in itertools.pairwise(keys)):
        yield TreeOddity("unreadable", None, "the entries are not in git's order")


def _order(entry: Entry) -> bytes:
    # A folder sorts as if its name ended in a slash.
    return entry.name + b"/" if entry.mode.lstrip(b"0") == TREE_MODE else entry.name


def _twins(tree: Tree) -> Iterator[TreeOddity]:
    groups: dict[str, set[bytes]] = defaultdict(set)
    for entry in tree.entries:
        try:
            groups[fold(entry.name.decode("utf-8"))].add(entry.name)
        except UnicodeDecodeError:
            continue  # it is irregular by itself
    for names in groups.values():
        if len(names) > 1:
            first, *others = sorted(names)
            yield from (TreeOddity(_kind(first, other), other, _beside(first)) for other in others)


def _kind(first: bytes, other: bytes) -> IrregularKind:
    return "unicode_twin" if _composed(first) == _composed(other) else "case_twin"


def _composed(name: bytes) -> str:
    return unicodedata.normalize("NFC", name.decode())


def _beside(name: bytes) -> str:
    return f"beside {name.decode()!r}"
