"""Every tree of a change held against those it comes from, in one run of git.

Three views: the final diff against the merge base, what other merge bases and base itself show beside it, and each step.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.differences import differences
from checks.faults import CannotDescribe, Code, GitFailed
from checks.git import Git
from checks.history import History, doing, pairs
from checks.objects import empty_tree
from checks.raw_diff import Entry
from checks.tree_facts import NewTree, walk
from decision.change import IrregularFact


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared.

    final: entries of the final diff; with several merge bases: against the first of them, where base differs too.
    beside: the same for the others. steps: what each commit does, with its id. trees: every folder that a commit changes. whole: no commit was left out.
    odd: what is irregular, where the trees are such that git cannot compare them; then there is nothing else.
    """

    ends: tuple[str, str]
    final: tuple[Entry, ...] = ()
    beside: tuple[Entry, ...] = ()
    steps: tuple[tuple[str, Entry], ...] = ()
    trees: tuple[NewTree, ...] = ()
    whole: bool = True
    odd: tuple[IrregularFact, ...] = ()

    def touching(self) -> Iterator[Entry]:
        """Every entry of a file that the change touches on its way or in the end."""
        yield from self.final
        yield from self.beside
        yield from (entry for _, entry in self.steps if not entry.is_tree)


def compare(git: Git, history: History, base: str, head: str) -> Compared:
    """Compare all trees. Raises as `Git.stream`, and `CannotDescribe` where trees cannot be compared for no odd reason."""
    ends = [(history.trees[each], history.trees[head]) for each in history.merge_bases]
    ends = ends or [(empty_tree(head), history.trees[head])]
    beside = [(history.trees[base], history.trees[head]), *ends[1:]] if len(ends) > 1 else []
    steps = [pair for commit in history.commits for pair in pairs(history, commit)]
    asked = [ends[0], *beside, *steps]
    try:
        found = differences(git, asked)
    except GitFailed as failure:
        return _walked(git, history, ends[0], failure)
    if not found:
        return Compared(ends[0], whole=False)
    final, others, compared = found[0], found[1 : 1 + len(beside)], found[1 + len(beside) :]
    by_commit = list(_by_commit(history, compared))
    return Compared(
        ends=ends[0],
        final=tuple(_unlike_base(final, others)),
        beside=tuple(entry for entries in others[1:] for entry in _unlike_base(entries, others)),
        steps=tuple((commit, entry) for commit, entries in by_commit for entry in entries),
        trees=(*_roots(history), *_folders(by_commit)),
        whole=len(found) == len(asked),
    )


def _by_commit(history: History, compared: Sequence[Sequence[Entry]]) -> Iterator[tuple[str, list[Entry]]]:
    at = 0
    for commit in history.commits:
        count = len(pairs(history, commit))
        own = compared[at : at + count]
        at += count
        if len(own) == count:
            yield commit.id, doing(history, commit, own)


def _unlike_base(entries: Sequence[Entry], others: Sequence[Sequence[Entry]]) -> list[Entry]:
    """The files among the entries; where there are several merge bases, without those that are as base has them.

    others: what differs from base, and then from each further merge base; empty where there is one merge base.
    """
    files = [entry for entry in entries if not entry.is_tree]
    if not others:
        return files
    differing = {entry.path for entry in others[0]}
    return [entry for entry in files if entry.path in differing]


def _roots(history: History) -> list[NewTree]:
    return [
        NewTree(b"", commit.tree, tuple(history.trees[parent] for parent in commit.parents))
        for commit in history.commits
    ]


def _folders(by_commit: Sequence[tuple[str, list[Entry]]]) -> list[NewTree]:
    found: list[NewTree] = []
    for _, entries in by_commit:
        olds: dict[tuple[bytes, str], list[str]] = {}
        for entry in entries:
            if entry.new_mode == "040000":
                olds.setdefault((entry.path, entry.new), []).extend([entry.old] if entry.old_mode else [])
        found += [NewTree(path, new, tuple(old)) for (path, new), old in olds.items()]
    return found


def _walked(git: Git, history: History, ends: tuple[str, str], failure: GitFailed) -> Compared:
    """Trees that git cannot compare are read by ourselves, to say why."""
    odd = tuple(walk(git, dict.fromkeys(commit.tree for commit in history.commits)))
    if not odd:
        raise CannotDescribe(Code.CORRUPT, f"The trees cannot be compared: {failure.said}.") from failure
    why = IrregularFact(kind="unreadable", path="", detail="git cannot compare the trees of this change")
    return Compared(ends, odd=(*odd, why))
