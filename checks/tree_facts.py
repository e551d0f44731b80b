"""What is irregular in the trees that a change brings: names, modes, shape, twins; not what base holds already.

A tree is read where git says that it is new; where git itself cannot compare the trees, all of them are walked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from checks.git import Git
from checks.names import shown
from checks.objects import contents
from checks.trees import TREE_MODE, Tree, TreeOddity, irregularities, parse
from decision.change import IrregularFact

MOST_TREES = 200_000


@dataclass(frozen=True, slots=True)
class NewTree:
    """A folder as some commit has it. olds: the same folder in the parents, where they have it."""

    path: bytes
    id: str
    olds: tuple[str, ...]


def tree_facts(git: Git, trees: Iterable[NewTree]) -> Iterator[IrregularFact]:
    """What is irregular in new trees and was not so in a parent's. Raises as `Git.stream`."""
    every = list(trees)
    odd = _odd(git, {tree.id for tree in every})
    suspects = [tree for tree in every if odd.get(tree.id)]
    before = _odd(git, {old for tree in suspects for old in tree.olds})
    for tree in suspects:
        inherited = frozenset[TreeOddity]().union(*(before.get(old, frozenset()) for old in tree.olds))
        yield from (_fact(tree.path, oddity) for oddity in odd[tree.id] - inherited)


def walk(git: Git, roots: Iterable[str]) -> Iterator[IrregularFact]:
    """What is irregular anywhere below these trees, folder by folder, however git reads it. Raises as `Git.stream`."""
    level = dict.fromkeys(roots, b"")
    seen = set(level)
    while level:
        if len(seen) > MOST_TREES:
            yield IrregularFact(kind="truncated", path="", detail=f"more than {MOST_TREES} folders")
            return
        read = {each.id: each for each in contents(git, level)}
        below: dict[str, bytes] = {}
        for name, path in level.items():
            if name not in read or read[name].type != "tree":
                yield IrregularFact(kind="unreadable", path=shown(path), detail="a folder that is not there")
                continue
            tree = parse(read[name].content, len(name) // 2)
            yield from (_fact(path, oddity) for oddity in irregularities(tree))
            below |= {each: _join(path, inside) for each, inside in _folders(tree) if each not in seen}
        seen |= below.keys()
        level = below


def _odd(git: Git, ids: Collection[str]) -> Mapping[str, frozenset[TreeOddity]]:
    """The irregular ones among these trees, each with what is irregular about it."""
    found = {}
    with closing(contents(git, ids)) as trees:
        for each in trees:
            if odd := irregularities(parse(each.content, len(each.id) // 2)):
                found[each.id] = odd
    return found


def _folders(tree: Tree) -> Iterator[tuple[str, bytes]]:
    return ((entry.id, entry.name) for entry in tree.entries if entry.mode.lstrip(b"0") == TREE_MODE)


def _fact(folder: bytes, oddity: TreeOddity) -> IrregularFact:
    path = folder if oddity.name is None else _join(folder, oddity.name)
    return IrregularFact(kind=oddity.kind, path=shown(path), detail=oddity.detail)


def _join(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name
