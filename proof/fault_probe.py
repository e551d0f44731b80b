"""A probe of failing closed: a part is hurt from outside while requests go on.

Nothing may arrive at the service without an allow that stands in the log, and where policy or log cannot answer,
nothing may arrive at all. Afterwards the parts heal by themselves.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import httpx

from audit.entry import DecisionEntry
from proof.answers import read_answer
from proof.catalogue import PRISONER
from proof.control import Workflow
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.parts import alive
from proof.waiting import until
from proof.world import World

_ANSWER_S: Final = 1.0
_HEALS_S: Final = 25.0
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """A signal to the processes whose command line holds `words`; `undone` by another, or by their supervisor."""

    words: tuple[str, ...]
    number: signal.Signals
    undone: signal.Signals | None = None


@dataclass(frozen=True, slots=True)
class FaultProbe:
    """One fault. `silences`: while it lasts nothing at all may pass; `requests`: how many are tried meanwhile.

    `ends`: the workflow that was under way must not be served any more once all is well again.
    """

    name: str
    proves: str
    fault: Fault
    silences: bool
    requests: int
    ends: bool = False
    group: Group = Group.FAIL_CLOSED

    async def runs(self, world: World) -> Runs:
        """Ask before, ask while the fault lasts, ask until all is well again."""
        async with world.control.workflow(PRISONER) as workflow:
            before = world.new_mark()
            status = await _ask(world, workflow, before)
            if status != _OK or not world.upstream.heard(before):
                return Runs(Stopped(f"it did not work before the fault either ({status})"), Stopped(""))
            walled = await self._faulty(world, workflow)
            healed = await _healed(world)
            if self.ends and healed and await _outlives(world, workflow):
                walled = Reached("the workflow outlived the part that knew of it")
        control: Outcome = Reached("served before, and again afterwards")
        return Runs(control if healed else Unsound("the parts did not heal by themselves"), walled)

    async def _faulty(self, world: World, workflow: Workflow) -> Outcome:
        marks = [world.new_mark() for _ in range(self.requests)]
        hurt = world.parts.signal(self.fault.number, *self.fault.words)
        if not hurt:
            return Unsound(f"no process to hurt: {' '.join(self.fault.words)}")
        try:
            if self.fault.undone is None:
                await until(lambda: not any(map(alive, hurt)), _ANSWER_S)
            # All at once: what hangs for a second is replaced, and what replaced it answers rightly.
            statuses = await asyncio.gather(*(_ask(world, workflow, mark) for mark in marks))
        finally:
            if self.fault.undone is not None:
                world.parts.signal(self.fault.undone, *self.fault.words)
        await _healed(world)  # what was under way has then been settled
        return self._judged(world, marks, statuses)

    def _judged(self, world: World, marks: list[str], statuses: list[int]) -> Outcome:
        arrived = [mark for mark in marks if world.upstream.heard(mark)]
        if self.silences and arrived:
            return Reached(f"{len(arrived)} of {len(marks)} requests arrived at the service")
        allowed = allowed_paths(world)
        unrecorded = [mark for mark in arrived if not any(mark in path for path in allowed)]
        if unrecorded:
            return Reached(f"{len(unrecorded)} requests arrived without an allow in the log")
        shown = ", ".join(str(status or "an end") for status in sorted(set(statuses)))
        return Stopped(
            f"{len(marks)} requests, {len(arrived)} arrived, each allowed in the log; answers: {shown}"
        )


@dataclass(frozen=True, slots=True)
class ChangeProbe:
    """A change of the policy's files: what was allowed before must not be any more, or what was denied stay denied."""

    name: str
    proves: str
    change: Callable[[str], str]
    """From the text of roles.yaml to another."""
    target: str
    """What is asked; `{mark}` stands for the mark."""
    allowed_before: bool
    group: Group = Group.FAIL_CLOSED

    async def runs(self, world: World) -> Runs:
        """Ask before, change, ask, change back, ask."""
        file = world.layout.policies / "roles.yaml"
        text = file.read_text()
        async with world.control.workflow(PRISONER) as workflow:
            control = await self._control(world, workflow)
            try:
                file.write_text(self.change(text))
                await world.control.gateway.post("/policy/reload")
                mark = world.new_mark()
                status = await _ask(world, workflow, mark, self.target)
                arrived = world.upstream.heard(mark)
            finally:
                file.write_text(text)
                await world.control.gateway.post("/policy/reload")
        healed = await _healed(world)
        walled = Reached("it was let through") if arrived or status == _OK else Stopped(f"answered {status}")
        return Runs(control if healed else Unsound("it did not work afterwards"), walled)

    async def _control(self, world: World, workflow: Workflow) -> Outcome:
        target = self.target if self.allowed_before else "/{service}/m/{mark}"
        mark = world.new_mark()
        status = await _ask(world, workflow, mark, target)
        return (
            Reached("served before") if world.upstream.heard(mark) else Stopped(f"answered {status} before")
        )


async def _ask(world: World, workflow: Workflow, mark: str, target: str = "/{service}/m/{mark}") -> int:
    named = target.format(service=world.layout.static_service, mark=mark)
    try:
        return read_answer(await workflow.get(named, _ANSWER_S)).status
    except OSError:
        return 0


async def _healed(world: World) -> bool:
    """Whether a new workflow is served again, within `_HEALS_S` seconds and with nobody's help."""
    return await _becomes(lambda: _served(world))


async def _served(world: World) -> bool:
    async with world.control.workflow(PRISONER) as workflow:
        return await _ask(world, workflow, world.new_mark()) == _OK


async def _outlives(world: World, workflow: Workflow) -> bool:
    """Whether a workflow is still served a while after it should have ended."""

    async def refused() -> bool:
        return await _ask(world, workflow, world.new_mark()) != _OK

    return not await _becomes(refused)


async def _becomes(held: Callable[[], Awaitable[bool]]) -> bool:
    end = asyncio.get_running_loop().time() + _HEALS_S
    while asyncio.get_running_loop().time() < end:
        try:
            if await held():
                return True
        except (httpx.HTTPError, OSError, StopAsyncIteration):
            pass
        await asyncio.sleep(0.1)
    return False


def allowed_paths(world: World) -> set[str]:
    """The paths of every request that the log says was allowed."""
    entries = (stored.entry for stored in world.entries())
    return {
        str(entry.input["path"])
        for entry in entries
        if isinstance(entry, DecisionEntry)
        and entry.decision == "allow"
        and entry.kind == "request"
        and entry.input
    }
