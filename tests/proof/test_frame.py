import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

from proof import frame
from proof.frame import AT_ONCE, Probe, try_all, try_one
from proof.model import Group, Reached, Result, Runs, Stopped, Verdict
from proof.world import World

NO_WORLD = cast("World", None)
SOUND = Runs(Reached("heard"), Stopped("refused"))


@dataclass
class FakeProbe:
    """A probe whose runs are whatever the test says."""

    run: Callable[[], Coroutine[Any, Any, Runs]]
    name: str = "fake"
    group: Group = Group.NETWORK
    proves: str = "something"

    async def runs(self, world: World) -> Runs:
        """Run it."""
        assert world is NO_WORLD
        return await self.run()


@dataclass
class Crowd:
    """Counts how many probes run at the same time."""

    now: int = 0
    most: int = 0
    order: list[int] = field(default_factory=list)

    def probe(self, number: int, group: Group) -> Probe:
        async def run() -> Runs:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.02 / (number + 1))
            self.now -= 1
            return SOUND

        return FakeProbe(run, f"fake-{number}", group)


def collect(probes: list[Probe], *groups: Group) -> list[Result]:
    async def run() -> list[Result]:
        return [result async for result in try_all(probes, groups, NO_WORLD)]

    return asyncio.run(run())


async def sound() -> Runs:
    return SOUND


async def broken() -> Runs:
    raise RuntimeError("the room could not be built")


def test_a_sound_probe_is_proven() -> None:
    """Name, group and reason travel into the result. Returning SILENT always failed here."""
    result = asyncio.run(try_one(FakeProbe(sound), NO_WORLD))
    assert (result.name, result.verdict, result.why, result.fired) == (
        "fake",
        Verdict.PROVEN,
        "refused",
        True,
    )


def test_a_probe_that_breaks_is_silent_and_never_proven() -> None:
    """An exception in a probe is its verdict, and the others go on. Without the catch the whole proof ended."""
    results = collect([FakeProbe(broken), FakeProbe(sound, "next")], Group.NETWORK)
    assert [result.verdict for result in results] == [Verdict.SILENT, Verdict.PROVEN]
    assert "the room could not be built" in results[0].why
    assert not results[0].fired


def test_a_probe_that_hangs_is_silent() -> None:
    """A probe has a deadline. Without it this test never ended."""

    async def hang() -> Runs:
        await asyncio.Event().wait()
        return SOUND

    before, frame.PROBE_S = frame.PROBE_S, 0.05
    try:
        result = asyncio.run(try_one(FakeProbe(hang), NO_WORLD))
    finally:
        frame.PROBE_S = before
    assert result.verdict is Verdict.SILENT


def test_results_come_in_the_tables_order_and_only_of_the_groups_asked_for() -> None:
    """The slowest first probe still comes first. Yielding as they ended gave 3, 2, 1, 0."""
    crowd = Crowd()
    probes = [crowd.probe(number, Group.HOST) for number in range(4)] + [FakeProbe(sound)]
    results = collect(probes, Group.HOST)
    assert [result.name for result in results] == [f"fake-{number}" for number in range(4)]


def test_probes_that_disturb_others_run_alone() -> None:
    """A few at a time, but one by one where parts are killed. An empty ALONE ran four of them at once."""
    crowd, alone = Crowd(), Crowd()
    collect([crowd.probe(number, Group.HOST) for number in range(9)], Group.HOST)
    collect([alone.probe(number, Group.FAIL_CLOSED) for number in range(9)], Group.FAIL_CLOSED)
    assert crowd.most == AT_ONCE
    assert alone.most == 1
