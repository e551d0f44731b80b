"""Server-sent events through the gateway: what each one costs its process.

16 streams, once as fast as they pass, and once with 200 events a second each: then nearly every event wakes the
gateway by itself, as those of a model do.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from bench import process
from bench.channel import open_channel, relay
from bench.failure import CannotMeasure
from bench.figure import Section
from bench.home import Ports, Stack
from bench.load import Counted
from bench.settings import Effort
from bench.targets import figure
from bench.upstream import EVENT, event_source

_STREAMS = 16
_PAUSE_S = 0.005
_REQUEST = b"GET /feed/events HTTP/1.1\r\nhost: proxy\r\naccept: text/event-stream\r\n\r\n"


async def measure(
    stack: Stack, folder: Path, ports: Ports, core: int, effort: Effort
) -> tuple[Section, Counted]:
    """Follow all streams, at full speed and at a model's; the figures, and what the log must hold."""
    fast, slow = [
        await _through(stack, folder, ports, core, _Pace(effort, pause)) for pause in (0.0, _PAUSE_S)
    ]
    figures = (
        figure("event_cpu_us", "gateway, processor time an event, at full speed", "us", fast.costs),
        figure("events_s", "events/s that passed", "1/s", fast.rates),
        figure("event_slow_cpu_us", "the same, 200 events a second on each", "us", slow.costs),
        figure("events_slow_s", "events/s that passed", "1/s", slow.rates),
    )
    return Section("server-sent events, 16 streams", figures), Counted(under_way=2 * _STREAMS)


@dataclass(frozen=True, slots=True)
class _Pace:
    """How long is measured, and how long each stream pauses between two events."""

    effort: Effort
    pause_s: float


@dataclass(frozen=True, slots=True)
class _Passed:
    """Runs of one pace: microseconds an event, events a second."""

    costs: list[float]
    rates: list[float]


async def _through(stack: Stack, folder: Path, ports: Ports, core: int, pace: _Pace) -> _Passed:
    async with event_source(ports.events, pace.pause_s), open_channel(stack.root) as channel:
        with relay(ports.relay, channel.socket, channel.uid, core, folder / "relay.log"):
            return await _follow(stack.part("gateway"), ports.relay, pace.effort)


async def _follow(gateway: int, port: int, effort: Effort) -> _Passed:
    seen = [0]
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(_STREAMS)]
    readers = [asyncio.create_task(_count(reader, seen)) for reader, _ in streams]
    for _, writer in streams:
        writer.write(_REQUEST)
    costs: list[float] = []
    rates: list[float] = []
    try:
        await asyncio.sleep(effort.part_s / 3)  # the streams begin; what that costs is a request's cost
        for _ in range(effort.rounds):
            before, events, began = process.cpu_seconds(gateway), seen[0], time.monotonic()
            await asyncio.sleep(effort.part_s)
            passed = seen[0] - events
            if not passed:
                raise CannotMeasure(
                    "no event passed", "See what `doorless up` said, and `doorless log tail`."
                )
            costs.append((process.cpu_seconds(gateway) - before) / passed * 1e6)
            rates.append(passed / (time.monotonic() - began))
    finally:
        for task in readers:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for _, writer in streams:
            writer.close()
    return _Passed(costs, rates)


async def _count(reader: asyncio.StreamReader, seen: list[int]) -> None:
    marks = EVENT.split(b"\n")[0] + b"\n"
    while chunk := await reader.read(65536):
        seen[0] += chunk.count(marks)
