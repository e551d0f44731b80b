"""Runs probes and judges each. Whatever goes wrong in one is its own verdict, never its silence.

Probes that leave the parts alone run a few at a time; those that kill parts or end workflows run one after another.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from proof.model import Group, Reached, Result, Runs, Unsound, judge
from proof.world import World

PROBE_S = 60.0
AT_ONCE = 4
ALONE = frozenset({Group.FAIL_CLOSED, Group.AFTER_END})
"""Groups whose probes disturb every other."""


class Probe(Protocol):
    """One row of any table: what it is called, what it proves, and its runs."""

    @property
    def name(self) -> str:
        """A name that no other probe has."""

    @property
    def group(self) -> Group:
        """What it attacks."""

    @property
    def proves(self) -> str:
        """What holds where it is proven."""

    async def runs(self, world: World) -> Runs:
        """Run it."""


async def try_one(probe: Probe, world: World) -> Result:
    """Run one probe and judge it; it never raises, and takes at most `PROBE_S` seconds."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(PROBE_S):
            runs = await probe.runs(world)
    except Exception as error:  # noqa: BLE001 - whatever it was, the probe shows nothing
        runs = Runs(Unsound(f"{type(error).__name__}: {error}"), Unsound("it did not come to that"))
    verdict, why = judge(probe.group, runs)
    fired = isinstance(runs.control, Reached)
    return Result(
        probe.name, probe.group, probe.proves, verdict, why, fired, round(time.monotonic() - began, 3)
    )


async def try_all(probes: Iterable[Probe], groups: tuple[Group, ...], world: World) -> AsyncIterator[Result]:
    """Every probe of these groups, group by group; results come in the tables' order."""
    kept = tuple(probes)
    for group in groups:
        places = asyncio.Semaphore(1 if group in ALONE else AT_ONCE)
        tasks = [asyncio.create_task(_in_turn(places, each, world)) for each in kept if each.group is group]
        try:
            for task in tasks:
                yield await task
        finally:
            for task in tasks:
                task.cancel()


async def _in_turn(places: asyncio.Semaphore, probe: Probe, world: World) -> Result:
    async with places:
        return await try_one(probe, world)
