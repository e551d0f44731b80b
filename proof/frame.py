"""Runs probes one after another and judges each. Whatever goes wrong in one is its own verdict, never its silence."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import Protocol

from proof.model import Group, Reached, Result, Runs, Unsound, judge
from proof.world import World

PROBE_S = 60.0


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


def chosen(probes: Iterable[Probe], groups: tuple[Group, ...]) -> Iterator[Probe]:
    """The probes of these groups, in the groups' order."""
    kept = tuple(probes)
    return (probe for group in groups for probe in kept if probe.group is group)
