"""Holds and what persons say of them, as the command line sees the gateway's admin API.

Promises: a word that does not count is `NotPossible` with the gateway's own reason, and says what to do.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from workflows.control import Control, LineStream, Reply
from workflows.failure import NotPossible

Answer = TypeVar("Answer")
PERFORM_S = 120.0
"""An approval may make the call, and the service may take its time."""
ACCOUNT_S = 30.0
"""The log is read back for it."""


class Approval(msgspec.Struct, frozen=True):
    """One person's yes; `at` in Unix seconds."""

    approver: str
    at: int


class Performed(msgspec.Struct, frozen=True):
    """What became of a call that an approval made; `status` is the service's, 0 where it gave none."""

    decision: str
    status: int
    result: str


class Hold(msgspec.Struct, frozen=True):
    """A held call as the gateway computed it; times in Unix seconds."""

    hold: str
    state: Literal["open", "approved", "refused", "used", "void", "expired"]
    template: str
    workflow: str
    role: str
    service: str
    route: str
    target: str
    body_bytes: int
    digest: str
    decision: str
    revision: str
    opened_at: int
    expires_at: int
    approvers: tuple[str, ...]
    needed: int
    approved_by: tuple[Approval, ...]
    refused_by: str | None
    reason: str
    why: str = ""
    """What policy said."""
    by_people: bool = False
    """Whether an approval makes the call at once; else the agent repeats it."""
    used_by: str = ""
    """The decision that spent the approval."""
    change: str = ""
    """The decision on the change that the call would make, where it is one on a repository."""
    performed: Performed | None = None


class Waiting(msgspec.Struct, frozen=True):
    """Holds that wait, oldest first, and how many there are in all."""

    count: int
    holds: tuple[Hold, ...]


class Reason(msgspec.Struct, frozen=True):
    """One reason of a recorded decision."""

    code: str
    rule: str
    message: str
    audience: str


class Recorded(msgspec.Struct, frozen=True):
    """One recorded decision; `time` in milliseconds. `input` is what policy was shown, None where it was forgotten."""

    id: str
    kind: str
    decision: str
    time: int
    revision: str
    reasons: tuple[Reason, ...]
    input: dict[str, Any] | None


class Judged(msgspec.Struct, frozen=True):
    """What a jury came to, of the call itself or of the pull request that it merges.

    `deliberation` is the whole of it, None where it was forgotten.
    """

    about: Literal["call", "proposal"]
    time: int
    state: str
    votes: str
    deliberation: dict[str, Any] | None


class Sent(msgspec.Struct, frozen=True):
    """What the agent wrote; `body` is base64."""

    content_type: str
    body: str


class Account(msgspec.Struct, frozen=True):
    """All that is known behind a hold. None where there is nothing of it, or the log no longer tells it."""

    hold: Hold
    credential: str
    """The reference of the credential that the approved call takes."""
    protected: dict[str, tuple[str, ...]]
    """Path to the classes that protect it."""
    request: Recorded | None
    change: Recorded | None
    jury: Judged | None
    sent: Sent | None


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class Grant(msgspec.Struct, frozen=True):
    """A standing grant; times in Unix seconds."""

    grant: str
    at: int
    by: str
    template: str
    role: str
    service: str
    route: str
    expires_at: int
    revision: str


class Grants(msgspec.Struct, frozen=True):
    """Those that stand."""

    grants: tuple[Grant, ...]


class Terms(msgspec.Struct, frozen=True):
    """What is granted, and for how many seconds."""

    template: str
    role: str
    service: str
    route: str
    for_s: int


class ApprovalsClient:
    """Asks and tells the gateway of one home, at its own socket or at the one for approvers beside the operator."""

    def __init__(self, socket: Path, *, beside: bool = False) -> None:
        self._control = Control("gateway", socket, _BESIDE) if beside else Control("gateway", socket)

    async def waiting(self, limit: int) -> Waiting:
        """What waits now."""
        return _read(await self._control.ask("GET", f"/holds?limit={limit}"), Waiting)

    async def show(self, hold: str) -> Hold:
        """One hold. Raises `NotPossible` where there is none."""
        return _read(await self._control.ask("GET", f"/holds/{_name(hold)}"), Hold)

    async def account(self, hold: str) -> Account:
        """One hold with all that stands behind it. Raises `NotPossible` where there is none."""
        target = f"/holds/{_name(hold)}/account"
        return _read(await self._control.ask("GET", target, within_s=ACCOUNT_S), Account)

    async def approve(self, hold: str) -> Hold:
        """Say yes. Raises `NotPossible` where that does not count."""
        answer = await self._control.ask("POST", f"/holds/{_name(hold)}/approve", {}, within_s=PERFORM_S)
        return _read(answer, Hold)

    async def refuse(self, hold: str, reason: str) -> Hold:
        """Say no. Raises `NotPossible` where that does not count."""
        answer = await self._control.ask("POST", f"/holds/{_name(hold)}/refuse", {"reason": reason})
        return _read(answer, Hold)

    async def grants(self) -> Grants:
        """The standing grants."""
        return _read(await self._control.ask("GET", "/grants"), Grants)

    async def grant(self, terms: Terms) -> Grant:
        """Give one. Raises `NotPossible` where it would not count."""
        return _read(await self._control.ask("POST", "/grants", terms), Grant)

    async def revoke(self, grant: str) -> None:
        """Take one back. Raises `NotPossible` where there is none."""
        _read(await self._control.ask("DELETE", f"/grants/{_name(grant)}"), dict)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[LineStream]:
        """Each hold as a line, from those that wait now on."""
        async with self._control.stream("GET", "/holds/watch", {}) as lines:
            yield lines

    async def close(self) -> None:
        """Close the connection."""
        await self._control.close()


def _name(hold: str) -> str:
    if not hold.isascii() or not hold.replace("-", "").isalnum():
        raise NotPossible(
            "There is no such hold.", f"{hold!r:.60} is not the name of one.", _LIST, code="hold.unknown"
        )
    return hold


def _read(reply: Reply, kind: type[Answer]) -> Answer:
    if reply.succeeded:
        return reply.read(kind)
    problem = reply.read(_Problem)
    raise NotPossible("That was not heard.", f"{problem.message} [{problem.code}]", _LIST, code=problem.code)


_LIST = "`doorless approvals list` shows what waits, `doorless approvals show ID` what became of a hold."
_BESIDE = (
    "Only persons whom the home's approvals.yaml names are heard there, and only from the group of that socket. "
    "Ask the operator whether you are one, and whether the home is up."
)
