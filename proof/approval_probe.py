"""A probe of approvals: a call that cannot be undone, made with less than a person's yes to that very call.

The control is the same call with that yes: it must arrive at the service, or its absence shows nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from proof.answers import read_answer
from proof.catalogue import ERASER
from proof.control import Workflow
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.world import World

_ARRIVAL_S: Final = 0.05
_PATIENCE_S: Final = 5.0
_FORBIDDEN: Final = 403
_HOLD: Final = re.compile(rb"(?im)^x-doorless-hold: (\S+)")


@dataclass(frozen=True, slots=True)
class Eraser:
    """One workflow that asks for what cannot be undone, and the person who may approve it."""

    world: World
    workflow: Workflow

    async def send(self, word: str, query: str = "", body: bytes = b"") -> bytes:
        """Ask for it; the whole answer."""
        target = f"/{self.world.layout.static_service}/erase/{word}{query}"
        head = f"POST {target} HTTP/1.1\r\nhost: proxy\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        return await self.workflow.exchange(head.encode("ascii") + body, _PATIENCE_S)

    async def held(self, word: str) -> str:
        """The hold of that call; empty where it was not held."""
        found = _HOLD.search(await self.send(word))
        return found[1].decode("ascii") if found else ""

    async def approved(self, word: str) -> None:
        """Have that call held, and approve it as the person at the operator's socket."""
        await self.world.control.gateway.post(f"/holds/{await self.held(word)}/approve")


Attempt = Callable[[Eraser, str], Awaitable[bytes]]
"""Asks for the erasure of a mark; gives back the answer that must be a refusal."""


@dataclass(frozen=True, slots=True)
class ApprovalProbe:
    """One way to do without. `allowed`: how often the mark may arrive."""

    name: str
    proves: str
    attempt: Attempt
    allowed: int = 0
    group: Group = Group.APPROVALS

    async def runs(self, world: World) -> Runs:
        """Erase with a yes, then without."""
        mark = world.new_mark()
        async with world.control.workflow(ERASER) as workflow:
            eraser = Eraser(world, workflow)
            await eraser.approved(mark)
            answer = await eraser.send(mark)
            await asyncio.sleep(_ARRIVAL_S)
            arrived = world.upstream.heard(mark)
            control: Outcome = Reached("it was made") if arrived else Stopped(f"not made: {answer[:200]!r}")
            return Runs(control, await self._without(world, eraser))

    async def _without(self, world: World, eraser: Eraser) -> Outcome:
        mark = world.new_mark()
        answer = read_answer(await self.attempt(eraser, mark))
        await asyncio.sleep(_ARRIVAL_S)
        if world.upstream.count(mark) > self.allowed:
            return Reached("the service behind the gateway received it")
        recorded = world.decision(answer.decision)
        if answer.status != _FORBIDDEN or recorded is None or recorded.decision == "allow":
            return Unsound(f"it was answered {answer.status}, and its refusal does not stand in the log")
        return Stopped(f"{answer.status} {recorded.reasons[0].code}")
