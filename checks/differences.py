"""Trees compared by git, many pairs in one go: every path and folder at which they differ.

Reads ids and modes only, never content. More entries than the limit are not read: then pairs are missing at the end.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing

from checks.faults import GitFailed
from checks.git import Git
from checks.raw_diff import Entry, Pair, UnexpectedForm, records

MOST_ENTRIES = 200_000

_ARGUMENTS = (
    *("diff-tree", "--stdin", "-r", "-t", "--raw", "-z", "--no-abbrev"),
    *("--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"),
)


def differences(git: Git, pairs: Sequence[tuple[str, str]]) -> list[list[Entry]]:
    """The entries at which each pair of trees (old, new) differs, in the order of the pairs.

    Fewer results than pairs: there are more than `MOST_ENTRIES` entries. Raises as `Git.stream`, `GitFailed` where a
    tree cannot be read, and `UnexpectedForm`.
    """
    given = "".join(f"{old} {new}\n" for old, new in pairs).encode("ascii")
    with closing(git.stream(*_ARGUMENTS, given=given)) as said:
        return _sorted(said, pairs)


def _sorted(said: Iterable[bytes], pairs: Sequence[tuple[str, str]]) -> list[list[Entry]]:
    found: list[list[Entry]] = []
    total = 0
    for record in records(said):
        match record:
            case Pair(old, new):
                if len(found) == len(pairs) or (old, new) != pairs[len(found)]:
                    raise _skipped(pairs, found)
                found.append([])
            case Entry():
                if not found:
                    raise UnexpectedForm("an entry before a heading")
                found[-1].append(record)
                total += 1
                if total > MOST_ENTRIES:
                    return found[:-1]
    if len(found) < len(pairs):
        raise _skipped(pairs, found)
    return found


def _skipped(pairs: Sequence[tuple[str, str]], found: Sequence[object]) -> GitFailed:
    """Git passes over a pair whose first tree it cannot read, without a word and without a status."""
    place = min(len(found), len(pairs) - 1)
    return GitFailed("diff-tree", 0, f"the trees {' and '.join(pairs[place])} were not compared")
