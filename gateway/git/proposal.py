"""What a call proposes to a repository: to open a pull request, or to merge one; read from its body and the forge's answer.

Pure. Branches are short names, and what they are now nobody here knows. Nothing is taken that a forge could read
otherwise: a fork, another repository, a pull request that is no longer open.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from decision.model import Deny, gateway_denial
from gateway.call import Call
from gateway.git.receipt_line import reads_like_one
from gateway.git.repository import Repository

Action = Literal["create-pr", "merge"]
_ACTIONS: dict[str, Action] = {"create-pr": "create-pr", "merge-pr": "merge"}
"""By the type of the body."""


@dataclass(frozen=True, slots=True)
class Branches:
    """What is proposed, by names; `head_is` and `base_is` are the commits that somebody said they are, or empty."""

    base: str
    head: str
    head_is: str = ""


class NewPull(msgspec.Struct, frozen=True):
    """What matters of the body of POST /pulls."""

    base: str
    head: str
    title: str = ""
    body: str = ""
    commit: str = ""


class Merge(msgspec.Struct, frozen=True):
    """What matters of the body of PUT /pulls/{number}/merge."""

    sha: str
    commit_title: str = ""
    commit_message: str = ""


class _Home(msgspec.Struct, frozen=True):
    full_name: str


class _Side(msgspec.Struct, frozen=True):
    ref: str
    sha: str
    repo: _Home | None = None
    """Nothing where the fork is gone."""


class _Pull(msgspec.Struct, frozen=True):
    state: str
    base: _Side
    head: _Side


def action_of(call: Call) -> Action | None:
    """What a call does to a repository, where it is a proposal; a service without git has nothing to describe."""
    return _ACTIONS.get(call.output) if call.service.git is not None else None


def opened(body: bytes) -> Branches | Deny:
    """The branches that the body of a new pull request names. It was validated."""
    try:
        asked = msgspec.json.decode(body, type=NewPull)
    except msgspec.DecodeError:
        return _UNREADABLE
    if reads_like_one(f"{asked.title}\n{asked.body}"):
        return RECEIPT_FORGED
    return Branches(asked.base, asked.head, asked.commit)


def merge_of(body: bytes) -> Merge | Deny:
    """The commit that a merge names, and its words. It was validated."""
    try:
        asked = msgspec.json.decode(body, type=Merge)
    except msgspec.DecodeError:
        return _UNREADABLE
    return RECEIPT_FORGED if reads_like_one(f"{asked.commit_title}\n{asked.commit_message}") else asked


def merged(document: bytes, repository: Repository, sha: str) -> Branches | Deny:
    """The branches of a pull request as its forge tells of it, where its head is still the commit `sha`."""
    try:
        pull = msgspec.json.decode(document, type=_Pull)
    except msgspec.DecodeError:
        return UNTOLD
    if pull.state != "open":
        return _NOT_OPEN
    homes = {side.repo.full_name.casefold() if side.repo else "" for side in (pull.base, pull.head)}
    if homes != {repository.full_name.casefold()}:
        return _FOREIGN
    return Branches(pull.base.ref, pull.head.ref, sha) if pull.head.sha == sha else HEAD_MOVED


_AGAIN = "Read the branch again, and send the call once more for the commit that it has now."

_UNREADABLE = gateway_denial(
    "proposal.body_invalid", "The body does not say what is proposed.", "Name the branches, or the commit."
)
RECEIPT_FORGED = gateway_denial(
    "proposal.receipt_forged",
    "The text holds what reads like a receipt of this gateway, which only the gateway writes.",
    "Leave it out: the gateway adds its own line.",
)
WITH_QUERY = gateway_denial(
    "proposal.query",
    "A proposal says all that it says in its body, which was validated; a forge might read the query beside it.",
    "Send the call without a query.",
)
HEAD_MOVED = gateway_denial(
    "proposal.head_moved", "The head is not the commit that the call names, or is it no more.", _AGAIN
)
BRANCH_MISSING = gateway_denial(
    "proposal.branch_missing",
    "The repository has no branch of the name that base or head has; names of branches alone are taken.",
    "Push the branch first, and name it without refs/heads/, owner or commit.",
)
_NOT_OPEN = gateway_denial(
    "proposal.not_open", "The pull request is not open.", "Open another one, if the change is still wanted."
)
_FOREIGN = gateway_denial(
    "proposal.foreign_repository",
    "The pull request comes from another repository, which nobody described here.",
    "Push the change to a branch of this repository, and propose that.",
)
UNTOLD = gateway_denial(
    "proposal.pull_unreadable",
    "The forge did not tell what this pull request is, so its change cannot be judged.",
    "Try again shortly; if it lasts, tell the operator of this gateway the decision id.",
    retry="retry",
)
UNREAD = gateway_denial(
    "proposal.repository_unreadable",
    "The repository cannot be read at its upstream now, so what is proposed cannot be judged.",
    "Try again shortly; if it lasts, tell the operator of this gateway the decision id.",
    retry="retry",
)
GONE = frozenset(denial.reasons[0].code for denial in (HEAD_MOVED, BRANCH_MISSING, _NOT_OPEN, _FOREIGN))
"""By these codes a proposal is no more what it was; the others say that nobody can tell now."""
