"""The change that a pull request proposes, by two commits in the mirror of its repository: what a jury is to see.

Names in the body are looked up at the upstream and never trusted to be there. Knows nothing of policy.
"""

from collections.abc import Awaitable, Callable

import msgspec

from decision.catalogue import Service
from gateway.call import Call
from gateway.caller import Caller
from gateway.credentials import CredentialUnavailable
from gateway.git.mirror import Mirror, MirrorFailed
from gateway.git.remote import RemoteUnreachable
from gateway.git.repository import Repository, repository_of

PROPOSES = "create-pr"
"""The type of output that proposes a change."""

Read = Callable[[Service, Repository, Caller], Awaitable[Mirror]]


class _Body(msgspec.Struct, frozen=True):
    base: str
    head: str


class NoChange(Exception):
    """The change cannot be shown; the text is for the operator."""


async def proposed_change(call: Call, caller: Caller, body: bytes, read: Read) -> dict[str, str] | None:
    """Where the proposed change lies: `repository`, `base`, `head`; None for what proposes none.

    Raises `NoChange` where one is proposed that is not there, or that cannot be fetched.
    """
    if call.output != PROPOSES or call.service.git is None:
        return None
    repository = repository_of(call.service.name, call.question.params)
    if repository is None:
        raise NoChange("the address names no repository")
    try:
        asked = msgspec.json.decode(body, type=_Body)
        mirror = await read(call.service, repository, caller)
    except (msgspec.DecodeError, CredentialUnavailable, RemoteUnreachable, MirrorFailed, OSError) as error:
        raise NoChange(type(error).__name__) from error
    commits = {name: mirror.commit(f"refs/heads/{branch}") for name, branch in _branches(asked)}
    missing = [name for name, commit in commits.items() if not commit]
    if missing:
        raise NoChange(f"there is no such branch: {', '.join(missing)}")
    return {"repository": str(mirror.folder), **commits}


def _branches(asked: _Body) -> tuple[tuple[str, str], ...]:
    return (("base", asked.base), ("head", asked.head))
