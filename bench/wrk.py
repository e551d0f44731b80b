"""wrk, the load: one thread, one URL, a number of connections that are kept open (a closed loop).

Promises that a run with one wrong answer or one broken connection is no figure: it is `CannotMeasure`.
"""

import asyncio
import os
from pathlib import Path

import msgspec

from bench.failure import CannotMeasure
from bench.process import pinned

_SCRIPT = Path(__file__).with_name("report.lua")
_PACED = Path(__file__).with_name("paced.lua")
_MARK = "REPORT "


class Load(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one run of wrk saw. `bad_status`: answers of 400 and above."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    bad_status: int
    socket_errors: int

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.duration_us * 1e6


def arguments(url: str, connections: int, seconds: int, *, paced: bool = False) -> list[str]:
    """The command line. `Host: proxy` is the one name that every channel answers to."""
    script = str(_PACED if paced else _SCRIPT)
    return [
        *("wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"),
        *("--latency", "--script", script, "--header", "Host: proxy", url),
    ]


def read(output: str) -> Load:
    """The report in wrk's output. Raises `CannotMeasure` where there is none, or where it is not spotless."""
    line = next((line for line in output.splitlines() if line.startswith(_MARK)), None)
    if line is None:
        raise CannotMeasure(f"wrk gave no report: {output.strip()[-400:]}", "Try the same URL with curl.")
    load = msgspec.json.decode(line[len(_MARK) :], type=Load)
    if load.bad_status or load.socket_errors or not load.requests:
        raise CannotMeasure(
            f"of {load.requests} requests {load.bad_status} were refused, {load.socket_errors} broke",
            "See what `doorless up` said above; a figure with refusals in it would be wrong.",
        )
    return load


async def run(core: int, url: str, connections: int, seconds: int, pace_ms: float | None = None) -> Load:
    """Load `url` for so long, at full speed or with `pace_ms` between the requests. Cancelling it ends wrk."""
    paced = {} if pace_ms is None else {"PACE_MS": f"{pace_ms:.3f}", "PACE_REPORT": str(_SCRIPT)}
    process = await asyncio.create_subprocess_exec(
        *pinned(core, arguments(url, connections, seconds, paced=bool(paced))),
        env=os.environ | paced,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return read(output.decode("utf-8", "replace"))
