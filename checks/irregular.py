"""What is irregular about the paths that a change touches; pure. What is irregular in trees is in `tree_facts`.

Promises each irregular thing once, in the order of its kind and path.
"""

from collections.abc import Iterable, Iterator

from checks.limits import MOST_FACTS
from checks.names import LONGEST_PATH, oddities, shown
from checks.raw_diff import Entry
from decision.change import IrregularFact, IrregularKind

_MODES: dict[str, IrregularKind] = {"120000": "symlink", "160000": "gitlink"}
_BY_LAST_NAME: frozenset[IrregularKind] = frozenset({"gitattributes", "gitmodules"})


def of_paths(entries: Iterable[Entry]) -> Iterator[IrregularFact]:
    """Links, files that steer git, and paths that are not UTF-8, among the entries that a change touches."""
    for entry in entries:
        if entry.is_tree:
            continue
        for mode, word in ((entry.new_mode, "is"), (entry.old_mode, "was")):
            if mode in _MODES:
                yield _fact(_MODES[mode], entry.path, f"{word} a {_MODES[mode]}")
        for kind, detail in oddities(entry.path.rpartition(b"/")[2]):
            if kind in _BY_LAST_NAME:
                yield _fact(kind, entry.path, detail)
        if len(entry.path) > LONGEST_PATH:
            yield _fact("bad_name", entry.path, f"longer than {LONGEST_PATH} bytes")
        if not _is_utf_8(entry.path):
            yield _fact("not_utf8", entry.path, "not UTF-8")


def unreadable(entries: Iterable[Entry], blobs: Iterable[str]) -> Iterator[IrregularFact]:
    """The paths whose new content is not among `blobs`, the ids that are there and are blobs."""
    there = set(blobs)
    for entry in entries:
        if entry.new_mode in {"", "160000"} or entry.is_tree or entry.new in there:
            continue
        yield _fact("unreadable", entry.path, "its content is not there, or is no file")


def in_order(facts: Iterable[IrregularFact]) -> tuple[IrregularFact, ...]:
    """Each once, by kind, path and detail; at most `MOST_FACTS`, and `truncated` where there are more."""
    every = sorted(set(facts), key=lambda fact: (fact.kind, fact.path, fact.detail))
    if len(every) <= MOST_FACTS:
        return tuple(every)
    return (*every[:MOST_FACTS], truncated("irregular places", MOST_FACTS))


def truncated(what: str, most: int) -> IrregularFact:
    """That there is more than the facts say."""
    return IrregularFact(kind="truncated", path="", detail=f"more than {most} {what}")


def _fact(kind: IrregularKind, path: bytes, detail: str) -> IrregularFact:
    return IrregularFact(kind=kind, path=shown(path), detail=detail)


def _is_utf_8(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
