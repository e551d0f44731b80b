"""The main measurement: requests through the gateway and directly to the upstream, turn about.

One core holds gateway, audit writer and OPA; the other wrk, relay and nginx. Every decision is asked, every token
injected, every record durable; `counted` is held against the log afterwards.
"""

from dataclasses import dataclass, field
from pathlib import Path

from bench import process, wrk
from bench.channel import open_channel, relay
from bench.figure import Figure, Section, ratios
from bench.home import Ports, Stack
from bench.settings import Effort
from bench.targets import figure
from bench.upstream import nginx
from bench.wrk import Load

MANY = 32
_WARM_UP_S = 1
_PARTS = ("gateway", "audit", "opa")


@dataclass(slots=True)
class Counted:
    """What the log must hold afterwards: so many calls got a whole answer, so many more may be cut off at the end."""

    answered: int = 0
    under_way: int = 0

    def add(self, load: Load, connections: int) -> None:
        """Count one run: when it ends, each connection may have one call under way."""
        self.answered += load.requests
        self.under_way += connections


@dataclass(slots=True)
class _Runs:
    """The runs of one number of connections: what wrk saw, and what each request cost each part in microseconds."""

    ours: list[Load] = field(default_factory=list)
    direct: list[Load] = field(default_factory=list)
    costs: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in _PARTS})


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every run needs."""

    pids: dict[str, int]
    ours: str
    direct: str
    core: int
    counted: Counted

    async def round(self, runs: _Runs, connections: int, seconds: int) -> None:
        """One run through the gateway, and one without it."""
        before = {part: process.cpu_seconds(pid) for part, pid in self.pids.items()}
        load = await wrk.run(self.core, self.ours, connections, seconds)
        for part, pid in self.pids.items():
            runs.costs[part].append((process.cpu_seconds(pid) - before[part]) / load.requests * 1e6)
        self.counted.add(load, connections)
        runs.ours.append(load)
        runs.direct.append(await wrk.run(self.core, self.direct, connections, max(1, seconds // 2)))


async def measure(
    stack: Stack, folder: Path, ports: Ports, core: int, effort: Effort
) -> tuple[Section, Counted]:
    """Run all rounds with the load on `core`; the figures, and what the log must hold."""
    many, alone, counted = _Runs(), _Runs(), Counted()
    log = folder / "relay.log"
    with nginx(folder, ports.upstream, core) as socket:
        async with open_channel(stack.root) as channel:
            with (
                relay(ports.relay, channel.socket, channel.uid, core, log) as ours,
                relay(ports.direct, socket, 0, core, log) as direct,
            ):
                pids = {part: stack.part(part) for part in _PARTS}
                bench = _Bench(pids, f"{ours}/items/items", f"{direct}/items", core, counted)
                await bench.round(_Runs(), MANY, _WARM_UP_S)
                for _ in range(effort.rounds):
                    await bench.round(many, MANY, effort.load_s)
                    await bench.round(alone, 1, effort.alone_s)
    return Section("through the gateway", tuple(_figures(many, alone))), counted


def _figures(many: _Runs, alone: _Runs) -> list[Figure]:
    ours = [load.per_second for load in many.ours]
    direct = [load.per_second for load in many.direct]
    p50, p50_direct = _p50(alone.ours), _p50(alone.direct)
    return [
        figure("requests_s", "requests/s, 32 connections", "1/s", ours),
        figure("requests_s_direct", "the same, directly to the upstream", "1/s", direct),
        figure("requests_ratio", "ours by direct", "x", list(ratios(tuple(ours), tuple(direct)))),
        figure("p50_many_ms", "p50, 32 connections", "ms", _p50(many.ours)),
        figure("p99_many_ms", "p99, 32 connections", "ms", [load.p99_us / 1000 for load in many.ours]),
        figure("gateway_cpu_us", "gateway, processor time a request", "us", many.costs["gateway"]),
        figure("audit_cpu_us", "audit writer, the same", "us", many.costs["audit"]),
        figure("opa_cpu_us", "OPA, the same", "us", many.costs["opa"]),
        figure("p50_alone_ms", "p50, one connection", "ms", p50),
        figure("p50_alone_direct_ms", "the same, directly to the upstream", "ms", p50_direct),
        figure(
            "p50_added_ms",
            "added by the gateway",
            "ms",
            [a - b for a, b in zip(p50, p50_direct, strict=True)],
        ),
        figure(
            "gateway_cpu_alone_us", "gateway, processor time, one connection", "us", alone.costs["gateway"]
        ),
        figure("opa_cpu_alone_us", "OPA, the same", "us", alone.costs["opa"]),
    ]


def _p50(loads: list[Load]) -> list[float]:
    return [load.p50_us / 1000 for load in loads]
