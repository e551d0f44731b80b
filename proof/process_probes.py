"""Probes of the room that need a watcher of their own: what is left after its end, and what it prints."""

import contextlib
import os
import signal
from dataclasses import dataclass
from typing import Final

from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.parts import processes
from proof.running import command, inside, outside, read, room
from proof.waiting import until
from proof.world import World
from sandbox.room import Limits

_APPEARS_S: Final = 5.0
_CAP: Final = 65_536


@dataclass(frozen=True, slots=True)
class SurvivorProbe:
    """A process that detaches itself from everything: does it live on when its room has ended?

    `killed`: the room is ended from outside; otherwise its agent ends by itself.
    """

    name: str
    proves: str
    killed: bool
    group: Group = Group.PROCESSES

    async def runs(self, world: World) -> Runs:
        """Leave one behind outside, then inside."""
        mark = world.new_mark()
        await outside(world, "processes.leave_behind", {"mark": mark})
        control: Outcome = Stopped("it did not live on even outside")
        if await _appears(mark):
            control = Reached("it lives on")
        _end(mark)
        return Runs(control, await self._inside(world))

    async def _inside(self, world: World) -> Outcome:
        mark, output = world.new_mark(), list[str]()
        attempt = "processes.leave_behind_and_stay" if self.killed else "processes.leave_behind"
        argv = command(attempt, {"mark": mark})
        async with await room(world, world.prisoner, argv, output) as running:
            if self.killed:
                if not await _appears(mark):
                    return Unsound(f"it never ran: {''.join(output)[-200:]}")
                await running.stop(0)
            ended = await running.wait()
        left = _holding(mark)
        _end(mark)
        if left:
            return Reached(f"{len(left)} processes outlived their room")
        said = read(ended.code, "".join(output))
        return Stopped("nothing is left") if self.killed or said.line else Unsound(said.why)


@dataclass(frozen=True, slots=True)
class OutputProbe:
    """An agent that prints without end and speaks to the terminal of whoever watches."""

    name: str = "output"
    proves: str = "what an agent prints is capped, and no terminal obeys it"
    group: Group = Group.PROCESSES

    async def runs(self, world: World) -> Runs:
        """Print outside, then inside."""
        size = {"size": str(_CAP * 4)}
        free = await outside(world, "share.flood", size)
        held = await inside(world, world.prisoner, "share.flood", size, Limits(output_bytes=_CAP))
        return Runs(
            _judged(free.output, Stopped("nothing was printed")), _judged(held.output, Stopped("capped"))
        )


def _judged(output: str, otherwise: Outcome) -> Outcome:
    if not output:
        return Unsound("nothing was printed")
    if "\x1b" in output or len(output) > 2 * _CAP:
        return Reached(f"{len(output)} characters, escapes and all")
    return otherwise


async def _appears(mark: str) -> bool:
    return await until(lambda: _holding(mark), _APPEARS_S)


def _holding(mark: str) -> tuple[int, ...]:
    """The shells that were left behind; the attempt itself names the mark too, but is no shell."""
    return tuple(pid for pid, words in processes() if words[0] == "sh" and mark in " ".join(words))


def _end(mark: str) -> None:
    for pid in _holding(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
