"""Minutes of load below the peak, and what the memory of every part does meanwhile.

The peak is measured first, in the same run. Each piece of the load has a workflow of its own, as agents have.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import wrk
from bench.channel import open_channel, relay
from bench.figure import Section
from bench.home import Ports, Stack
from bench.load import MANY, Counted
from bench.process import own_megabytes
from bench.targets import figure
from bench.upstream import nginx
from bench.wrk import Load

SHARE = 0.7
"""Of the peak's requests/s."""
WARM_UP = 2
"""Pieces after which pools and caches are full."""
PIECES = 12
_COMPARED = 3
"""The first pieces after warming up, and the last: their medians are compared, as a collector moves single ones."""
_PIECE_S = 30
_PEAK_S = 5
_PARTS = ("gateway", "audit", "opa", "issuer")


@dataclass(frozen=True, slots=True)
class _Soak:
    """What every piece needs."""

    stack: Stack
    folder: Path
    ports: Ports
    core: int
    counted: Counted

    async def piece(self, seconds: int, pace_ms: float | None) -> Load:
        """One workflow's load, paced or at full speed."""
        log = self.folder / "relay.log"
        async with open_channel(self.stack.root) as channel:
            with relay(self.ports.relay, channel.socket, channel.uid, self.core, log) as ours:
                load = await wrk.run(self.core, f"{ours}/items/items", MANY, seconds, pace_ms)
        self.counted.add(load, MANY)
        return load


def measure(stack: Stack, folder: Path, ports: Ports, core: int) -> tuple[Section, Counted]:
    """Load for five minutes at `SHARE` of the peak; the figures, and what the log must hold."""
    soak = _Soak(stack, folder, ports, core, Counted())
    with nginx(folder, ports.upstream, core):
        peak = uvloop.run(soak.piece(_PEAK_S, None))
        # A request at this load takes about half of what it takes at the peak.
        pace_ms = MANY / (SHARE * peak.per_second) * 1000 - peak.p50_us / 2000
        rates, memory = [], []
        for number in range(PIECES):
            rates.append(uvloop.run(soak.piece(_PIECE_S, pace_ms)).per_second)
            memory.append({part: own_megabytes(stack.part(part)) for part in _PARTS})
            print(f"  {time.strftime('%H:%M:%S')}  piece {number + 1} of {PIECES}", flush=True)
    whole = [sum(parts.values()) for parts in memory[WARM_UP:]]
    growth = (statistics.median(whole[-_COMPARED:]) / statistics.median(whole[:_COMPARED]) - 1) * 100
    rows = [
        figure(f"soak_{part}_mb", f"{part}, MB after each piece", "MB", [m[part] for m in memory])
        for part in _PARTS
    ]
    return Section(
        "five minutes below the peak",
        (
            figure("soak_share", "requests/s by the peak's", "x", [rate / peak.per_second for rate in rates]),
            *rows,
            figure("soak_growth_pct", "all parts: the last pieces against the first", "%", [growth]),
        ),
    ), soak.counted
