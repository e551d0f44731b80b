"""Jurors as workflows: each is started at the issuer and given a channel at the gateway, like any agent, and ended.

It asks for what it wants as anybody does, over the two control sockets. Promises that no workflow is left open.
"""

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from checks.jury.model import Juror
from checks.jury.room import Seat

_PATIENCE_S = 10.0
_LONGEST_S = 300
"""The life of a token; a deliberation is shorter."""


class NoSeat(Exception):
    """A juror could not be given a workflow; the text says what the issuer or the gateway said."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The control sockets of issuer and gateway."""

    issuer: Path
    gateway: Path

    @asynccontextmanager
    async def seat(self, juror: Juror, seconds: float) -> AsyncIterator[Seat]:
        """A workflow with an open channel for this juror, for as long as the context lasts. Raises `NoSeat`."""
        async with _client(self.issuer) as issuer, _client(self.gateway) as gateway:
            started = await _started(issuer, juror, min(_LONGEST_S, int(seconds) + 30))
            try:
                async with _channel(gateway, started) as seat:
                    yield seat
            finally:
                with contextlib.suppress(httpx.HTTPError):
                    await issuer.delete(f"/workflows/{started['workflow']}", params={"reason": "completed"})


async def _started(issuer: httpx.AsyncClient, juror: Juror, ttl_s: int) -> dict[str, Any]:
    asked = {"role": juror.role, "ttl_s": ttl_s, "task": f"juror {juror.name}"}
    try:
        answer = await issuer.post("/workflows", json=asked)
    except httpx.HTTPError as error:
        raise NoSeat(f"the issuer: {type(error).__name__}") from None
    if not answer.is_success:
        raise NoSeat(f"the issuer: {answer.text[:500]}")
    started: dict[str, Any] = answer.json()
    return started


@asynccontextmanager
async def _channel(gateway: httpx.AsyncClient, started: dict[str, Any]) -> AsyncIterator[Seat]:
    tokens = [each["token"] for each in started["tokens"]]
    asked = {"workflow": started["workflow"], "tokens": tokens}
    async with contextlib.AsyncExitStack() as stack:
        try:
            lease = await stack.enter_async_context(
                gateway.stream("POST", "/channels", json=asked, timeout=None)
            )
            if not lease.is_success:
                raise NoSeat(f"the gateway: {(await lease.aread())[:500]!r}")
            # The lines are kept: letting go of them would let go of the lease, and so of the channel.
            lines = lease.aiter_lines()
            opened = json.loads(await anext(lines))
        except (httpx.HTTPError, StopAsyncIteration, ValueError) as error:
            raise NoSeat(f"the gateway: {type(error).__name__}") from None
        yield Seat(Path(opened["socket"]).parent, opened["uid"])


def _client(place: Path) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(uds=str(place), verify=False)
    return httpx.AsyncClient(
        transport=transport, base_url="http://control", timeout=_PATIENCE_S, trust_env=False
    )
