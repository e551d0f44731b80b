"""The gateway as the orchestrator and the command line see it: its admin API on a unix socket.

A channel is a lease: the answer that opened it stays open, and the channel lives exactly as long as that does.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import msgspec

from workflows.control import Control, LineStream, Reply
from workflows.failure import Failure, NotPossible, Unreachable
from workflows.model import Channel, Token


class _Event(msgspec.Struct, frozen=True):
    """One line of the lease."""

    event: Literal["opened", "closed"]
    workflow: str = ""
    socket: str = ""
    uid: int = -1
    expires_at: int = 0
    reason: str = ""


class _Service(msgspec.Struct, frozen=True):
    errors: str
    git: str = ""


class _Status(msgspec.Struct, frozen=True):
    services: dict[str, _Service] = {}


class _Reloaded(msgspec.Struct, frozen=True):
    revision: str
    changed: bool


class ConfigurationError(msgspec.Struct, frozen=True):
    """One thing that is wrong in a policy folder, and where. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str


class _NotReloaded(msgspec.Struct, frozen=True):
    errors: tuple[ConfigurationError, ...]


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """The error shape of each service, and where the repositories are of each that has a git side; by name."""

    shapes: dict[str, str]
    git: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The gateway decides by this revision; `changed` says whether it is a new one."""

    revision: str
    changed: bool


@dataclass(frozen=True, slots=True)
class PolicyRefused:
    """The gateway keeps the policy that it had; these are the reasons."""

    errors: tuple[ConfigurationError, ...]


class Lease:
    """An open channel. It closes when the context that gave it is left, or from the other side."""

    def __init__(self, channel: Channel, lines: LineStream) -> None:
        self.channel = channel
        # One reader for the whole lease: cancelling a read would close the connection, and with it the channel.
        self._reading = asyncio.create_task(_closing(lines))

    async def lost(self) -> str:
        """Wait until the channel is closed from the other side; the gateway's reason, or `gateway_gone`."""
        return await asyncio.shield(self._reading)

    async def release(self) -> None:
        """Read no more."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


async def _closing(lines: LineStream) -> str:
    while True:
        event = await lines.next(_Event)
        if event is None:
            return "gateway_gone"
        if event.event == "closed":
            return event.reason


class GatewayClient:
    """Opens channels, renews their tokens, reloads policy. Usable as an asynchronous context manager."""

    def __init__(self, socket: Path) -> None:
        self._control = Control("gateway", socket)

    async def __aenter__(self) -> Self:
        """Nothing is connected before the first question."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self._control.close()

    @asynccontextmanager
    async def channel(self, workflow: str, tokens: Iterable[Token]) -> AsyncIterator[Lease]:
        """Open the workflow's channel with its tokens and hold the lease; leaving closes the channel."""
        asked = {"workflow": workflow, "tokens": _compact(tokens)}
        async with self._control.stream("POST", "/channels", asked) as lines:
            if lines.status != 200:  # noqa: PLR2004
                raise _failure(await lines.reply(), f"The gateway opened no channel for {workflow}.")
            event = await lines.next(_Event)
            if event is None or event.event != "opened":
                reason = "" if event is None else f" ({event.reason})"
                raise Unreachable(
                    f"The gateway opened no channel for {workflow}.",
                    f"It closed the lease at once{reason}.",
                    "See what `doorless up` printed.",
                )
            lease = Lease(Channel(event.workflow, Path(event.socket), event.uid, event.expires_at), lines)
            try:
                yield lease
            finally:
                await lease.release()

    async def renew(self, workflow: str, tokens: Iterable[Token]) -> None:
        """Give an open channel new tokens."""
        reply = await self._control.ask("PUT", f"/channels/{workflow}/tokens", {"tokens": _compact(tokens)})
        if not reply.succeeded:
            raise _failure(reply, f"The gateway took no new tokens for {workflow}.")

    async def services(self) -> Services:
        """What an agent's surroundings depend on, of each service of the current catalogue."""
        reply = await self._control.ask("GET", "/status")
        if not reply.succeeded:
            raise _failure(reply, "The gateway does not say how it is.")
        known = reply.read(_Status).services
        return Services(
            shapes={name: service.errors for name, service in known.items()},
            git={name: service.git for name, service in known.items() if service.git},
        )

    async def status(self) -> dict[str, object]:
        """The gateway's own account of itself, as it gives it."""
        reply = await self._control.ask("GET", "/status")
        if not reply.succeeded:
            raise _failure(reply, "The gateway does not say how it is.")
        return reply.read(dict[str, object])

    async def close_all(self) -> None:
        """Close every channel at once."""
        reply = await self._control.ask("DELETE", "/channels?reason=revoked")
        if not reply.succeeded:
            raise _failure(reply, "The channels were not closed.")

    async def reload(self) -> Reloaded | PolicyRefused:
        """Read the policy folder again now, and decide by it from here on if it is sound."""
        reply = await self._control.ask("POST", "/policy/reload")
        if reply.status == 422:  # noqa: PLR2004 - the status that carries the errors
            return PolicyRefused(reply.read(_NotReloaded).errors)
        if not reply.succeeded:
            raise _failure(reply, "The policy was not reloaded.")
        answer = reply.read(_Reloaded)
        return Reloaded(answer.revision, answer.changed)


def _compact(tokens: Iterable[Token]) -> list[str]:
    return [token.compact for token in tokens]


def _failure(reply: Reply, what: str) -> Failure:
    problem = reply.read(_Problem)
    why = f"{problem.message or f'It answered HTTP {reply.status}.'} [{problem.code or 'no_code'}]"
    remedy = "See what `doorless up` printed; `doorless doctor` shows what runs."
    if reply.status >= 500:  # noqa: PLR2004
        return Unreachable(what, why, remedy)
    return NotPossible(what, why, remedy, code=problem.code)
