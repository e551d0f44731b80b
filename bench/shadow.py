"""What asking a candidate policy costs the one in force: requests per second with and without, turn about.

The candidate is the home's own policies, so that it has as much to do as the one in force and never differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import process, wrk
from bench.channel import open_channel, relay
from bench.failure import CannotMeasure
from bench.figure import Figure
from bench.home import Ports, Stack
from bench.load import MANY
from bench.settings import Effort
from bench.targets import figure
from bench.upstream import nginx
from doorless.home import Home
from workflows.gateway_client import PolicyRefused
from workflows.shadow_client import ShadowClient

_WARM_UP_S = 1


@dataclass(slots=True)
class Shadowed:
    """The runs on one number of cores."""

    lost: list[float] = field(default_factory=list)
    """Of requests per second, in percent."""
    gateway: list[float] = field(default_factory=list)
    """What the gateway takes more for each request, in percent of its processor time."""
    left_out: list[float] = field(default_factory=list)
    """Of the questions, in percent: skipped, or still waiting at the end."""

    def add(self, without: "Run", shadowed: "Run", seen: tuple[int, int]) -> None:
        """One run without and one with; `seen` is how many were asked and how many were not."""
        self.lost.append(100 * (1 - shadowed.per_second / without.per_second))
        self.gateway.append(100 * (shadowed.cpu_us / without.cpu_us - 1))
        self.left_out.append(100 * seen[1] / max(1, sum(seen)))


@dataclass(frozen=True, slots=True)
class Run:
    """Requests per second, and the gateway's processor time for each in microseconds."""

    per_second: float
    cpu_us: float


async def measure_shadow(stack: Stack, folder: Path, ports: Ports, core: int, effort: Effort) -> Shadowed:
    """Run all rounds with the load on `core`. Raises `CannotMeasure`."""
    found = Shadowed()
    with nginx(folder, ports.upstream, core):
        async with open_channel(stack.root) as channel:
            with relay(ports.relay, channel.socket, channel.uid, core, folder / "relay.log") as ours:
                url = f"{ours}/items/items"
                await wrk.run(core, url, MANY, _WARM_UP_S)
                for _ in range(effort.rounds):
                    without = await _load(stack, core, url, effort)
                    await _start(stack.root)
                    shadowed = await _load(stack, core, url, effort)
                    found.add(without, shadowed, await _stop(stack.root))
    return found


async def _load(stack: Stack, core: int, url: str, effort: Effort) -> Run:
    gateway = stack.part("gateway")
    before = process.cpu_seconds(gateway)
    load = await wrk.run(core, url, MANY, effort.alone_s)
    return Run(load.per_second, (process.cpu_seconds(gateway) - before) / load.requests * 1e6)


def figures(cores: str, key: str, found: Shadowed) -> Sequence[Figure]:
    """The rows of one number of cores."""
    return (
        figure(f"shadow_lost_{key}_pct", f"requests/s that a shadow takes, {cores}", "%", found.lost),
        figure(f"shadow_gateway_{key}_pct", "what the gateway takes more of a processor", "%", found.gateway),
        figure(f"shadow_left_out_{key}_pct", "what it did not get to, of the questions", "%", found.left_out),
    )


async def _start(root: Path) -> None:
    home = Home(root)
    client = ShadowClient(home.gateway_socket)
    try:
        begun = await client.start(home.policies)
    finally:
        await client.close()
    if isinstance(begun, PolicyRefused):
        raise CannotMeasure(
            f"the candidate was refused: {begun.errors[0].message}", "`doorless policy check`"
        )


async def _stop(root: Path) -> tuple[int, int]:
    """How many questions the candidate was asked, and how many it was not."""
    client = ShadowClient(Home(root).gateway_socket)
    try:
        waiting = (await client.status()).waiting
        ended = await client.stop()
    finally:
        await client.close()
    if ended.errors or ended.flips or ended.problem:
        raise CannotMeasure(
            f"the candidate erred: {ended.errors} {ended.problem}", "Run the tests of gateway/."
        )
    return ended.asked, ended.skipped + waiting
