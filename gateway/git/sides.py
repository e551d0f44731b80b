"""What a proposal means now at its upstream: two commits, fetched into the mirror that pushes use.

The branches are those that the body names, or that the forge says a pull request has; what they are, git says.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from decision.catalogue import Service
from decision.model import Deny
from gateway.call import Call
from gateway.caller import Caller
from gateway.credentials import CredentialUnavailable
from gateway.git.mirror import BRANCHES, Mirror, MirrorFailed
from gateway.git.proposal import (
    BRANCH_MISSING,
    HEAD_MOVED,
    UNREAD,
    UNTOLD,
    WITH_QUERY,
    Branches,
    action_of,
    merge_of,
    merged,
    opened,
)
from gateway.git.remote import RemoteUnreachable
from gateway.git.repository import Repository, repository_of
from gateway.upstream import Upstreams

_LOGGER = logging.getLogger("gateway.git")

Read = Callable[[Service, Repository, Caller], Awaitable[Mirror]]
"""A repository as its upstream has it now."""


@dataclass(frozen=True, slots=True)
class Sides:
    """What a proposal means now at its upstream."""

    repository: Repository
    branches: Branches
    base: str
    head: str
    mirror: Mirror


class Looking:
    """Looks at proposals' commits."""

    def __init__(self, read: Read, upstreams: Upstreams) -> None:
        self._read = read
        self._upstreams = upstreams

    async def now(self, call: Call, caller: Caller, body: bytes) -> Sides | Deny:
        """The commits of a proposal; or why there are none. It fetches, each time."""
        repository = repository_of(call.service.name, call.question.params)
        if repository is None:
            return UNREAD
        named = await self._named(call, caller, body, repository)
        if isinstance(named, Deny):
            return named
        try:
            mirror = await self._read(call.service, repository, caller)
        except (CredentialUnavailable, RemoteUnreachable, MirrorFailed, OSError) as error:
            _LOGGER.warning("%s: what it proposes cannot be read: %s", call.id, error)
            return UNREAD
        base, head = (mirror.commit(BRANCHES + name) for name in (named.base, named.head))
        if not base or not head:
            return BRANCH_MISSING
        if named.head_is not in {"", head}:
            return HEAD_MOVED
        return Sides(repository, named, base, head, mirror)

    async def _named(
        self, call: Call, caller: Caller, body: bytes, repository: Repository
    ) -> Branches | Deny:
        if call.question.query:
            return WITH_QUERY
        match action_of(call):
            case "create-pr":
                return opened(body)
            case "merge":
                asked = merge_of(body)
                if isinstance(asked, Deny):
                    return asked
                document = await self._pull(call, caller, repository)
                return UNTOLD if document is None else merged(document, repository, asked.sha)
            case None:
                raise AssertionError("only what proposes a change is described")
            case _ as never:
                assert_never(never)

    async def _pull(self, call: Call, caller: Caller, repository: Repository) -> bytes | None:
        """A pull request as its forge tells of it, asked with the credential of the route and for the gateway itself."""
        number = call.question.params.get("number", "")
        if not (number.isascii() and number.isdecimal()):
            return None
        route = next((one for one in call.service.routes if one.id == call.question.route), None)
        reference = None if route is None else route.credential
        path = f"/repos/{repository.full_name}/pulls/{number}"
        return await self._upstreams.read(call.service, path, reference, caller)
