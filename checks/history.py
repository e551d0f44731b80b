"""The commits that base does not reach, and what each of them does to which path.

What a merge takes over unchanged from a parent that base reaches is base's own and is not the merge's doing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.commits import Commit, parse
from checks.faults import CannotDescribe, Code, GitFailed
from checks.git import Git
from checks.limits import MOST_COMMITS
from checks.objects import contents, empty_tree
from checks.raw_diff import Entry


@dataclass(frozen=True, slots=True)
class History:
    """commits: oldest first, at most `MOST_COMMITS`. trees: commit to root tree, for them and for their parents."""

    commits: tuple[Commit, ...]
    trees: dict[str, str]
    merge_bases: tuple[str, ...]
    truncated: bool

    @property
    def new(self) -> frozenset[str]:
        """The ids of the commits that base does not reach."""
        return frozenset(commit.id for commit in self.commits)


def read_history(git: Git, base: str, head: str) -> History:
    """The history between two commits. Raises `GitFailed` where it is not whole, `CannotDescribe`."""
    listed = git.run(
        *("rev-list", "--topo-order", "--reverse", f"--max-count={MOST_COMMITS + 1}", head, f"^{base}", "--")
    )
    ids = listed.decode("ascii").split()
    commits = _commits(git, ids)
    new = set(ids)
    begins = {parent for commit in commits for parent in commit.parents} - new
    # Where all of it begins at base, base is the one merge base, and git need not be asked; an odd commit may have
    # other parents to git than to us.
    known = begins == {base} and not any(commit.oddities for commit in commits)
    merge_bases = (base,) if known else _merge_bases(git, base, head)
    others = [each for each in (*sorted(begins), *merge_bases, base, head) if each not in new]
    every = (*commits, *_commits(git, others))
    return History(
        commits=commits[-MOST_COMMITS:],
        trees={commit.id: commit.tree for commit in every},
        merge_bases=merge_bases,
        truncated=len(ids) > MOST_COMMITS,
    )


def pairs(history: History, commit: Commit) -> list[tuple[str, str]]:
    """The trees to compare for one commit: each parent's with its own; nothing with its own for a root."""
    trees = [history.trees[parent] for parent in commit.parents] or [empty_tree(commit.id)]
    return [(tree, commit.tree) for tree in trees]


def doing(history: History, commit: Commit, compared: Sequence[Sequence[Entry]]) -> list[Entry]:
    """What the commit does: the entries at which it differs from a parent, without what base's own side brings.

    compared: the differences of its `pairs`, in their order.
    """
    if len(compared) == 1:
        return list(compared[0])
    seen = [{(entry.path, entry.is_tree) for entry in entries} for entries in compared]
    of_base = [keys for keys, parent in zip(seen, commit.parents, strict=True) if parent not in history.new]
    return [
        entry
        for entries in compared
        for entry in entries
        if all((entry.path, entry.is_tree) in keys for keys in of_base)
    ]


def _commits(git: Git, ids: Sequence[str]) -> tuple[Commit, ...]:
    found = {each.id: each for each in contents(git, ids)}
    commits = []
    for each in ids:
        commit = parse(each, found[each].content) if each in found and found[each].type == "commit" else None
        if commit is None:
            raise CannotDescribe(Code.CORRUPT, f"The commit {each} is missing, or is no commit.")
        commits.append(commit)
    return tuple(commits)


def _merge_bases(git: Git, base: str, head: str) -> tuple[str, ...]:
    try:
        return tuple(git.run("merge-base", "--all", base, head).decode("ascii").split())
    except GitFailed as failure:
        if failure.status == 1 and not failure.said:  # git-merge-base(1): they have no common ancestor
            return ()
        raise
