"""Server-sent events through the gateway: what each one costs its process.

16 streams of 200 events a second each: every event is its own packet, as those of a model are.
"""

import asyncio
import time
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
_REQUEST = b"GET /feed/events HTTP/1.1\r\nhost: proxy\r\naccept: text/event-stream\r\n\r\n"


async def measure(
    stack: Stack, folder: Path, ports: Ports, core: int, effort: Effort
) -> tuple[Section, Counted]:
    """Follow all streams; the figures, and what the log must hold."""
    async with event_source(ports.events), open_channel(stack.root) as channel:
        with relay(ports.relay, channel.socket, channel.uid, core, folder / "relay.log"):
            costs, rates = await _follow(stack.part("gateway"), ports.relay, effort)
    return Section(
        "server-sent events, 16 streams",
        (
            figure("event_cpu_us", "gateway, processor time an event", "us", costs),
            figure("events_s", "events/s that passed", "1/s", rates),
        ),
    ), Counted(under_way=_STREAMS)


async def _follow(gateway: int, port: int, effort: Effort) -> tuple[list[float], list[float]]:
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
    return costs, rates


async def _count(reader: asyncio.StreamReader, seen: list[int]) -> None:
    marks = EVENT.split(b"\n")[0] + b"\n"
    while chunk := await reader.read(65536):
        seen[0] += chunk.count(marks)
