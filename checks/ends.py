"""The two ends of a change: the base commit, the head commit, and what would happen to each ref."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from checks.change import Change, Update, is_none
from checks.faults import CannotDescribe, Code, GitFailed
from checks.git import Git
from checks.objects import Header, headers
from decision.change import RefFact

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Ends:
    """base and head: commits that are there; head is empty where refs are only deleted."""

    base: str
    head: str
    refs: tuple[RefFact, ...]


def ends_of(git: Git, change: Change) -> Ends:
    """The ends, each a commit that is there. Raises `CannotDescribe`, and as `Git.stream`."""
    named = {each for update in change.updates for each in (update.old, update.new)}
    known = headers(git, sorted(each for each in {change.base, *named} if _ID.fullmatch(each)))
    if change.base not in known or known[change.base].type != "commit":
        raise CannotDescribe(
            Code.BASE_MISSING, f"The base {change.base_ref or change.base} is no commit of this repository."
        )
    heads = list(dict.fromkeys(update.new for update in change.updates if not is_none(update.new)))
    if len(heads) > 1:
        raise CannotDescribe(Code.SEVERAL_HEADS, "The refs of one push lead to different commits.")
    head = _commit(git, heads[0], known) if heads else ""
    return Ends(change.base, head, tuple(_ref(git, update, known) for update in change.updates))


def _commit(git: Git, head: str, known: Mapping[str, Header]) -> str:
    """The commit that the id means: itself, or what a tag leads to."""
    kind = known[head].type if head in known else "missing"
    if kind == "tag":
        try:
            return git.run("rev-parse", "--verify", "--end-of-options", f"{head}^{{commit}}").decode().strip()
        except GitFailed:
            kind = "tag that leads to no commit"
    if kind != "commit":
        raise CannotDescribe(Code.HEAD_MISSING, f"The head {head} is no commit of this repository ({kind}).")
    return head


def _ref(git: Git, update: Update, known: Mapping[str, Header]) -> RefFact:
    return RefFact(name=update.name, old=update.old, new=update.new, change=_change(git, update, known))


def _change(
    git: Git, update: Update, known: Mapping[str, Header]
) -> Literal["create", "update", "delete", "force"]:
    if is_none(update.new):
        return "delete"
    if is_none(update.old):
        return "create"
    both = (update.old, update.new)
    if any(each not in known or known[each].type != "commit" for each in both):
        return "force"  # what is not seen to descend does not
    try:
        git.run("merge-base", "--is-ancestor", *both)
    except GitFailed as failure:
        if failure.status == 1:
            return "force"
        raise
    return "update"
