"""The machine that is measured: what it is, and whether a figure from it would mean anything."""

import contextlib
import os
import platform
import socket
import time
from pathlib import Path

from bench.failure import CannotMeasure
from tools import debian

PLACE = Path("/var/tmp")  # a disk, where /tmp may be memory
_NOT_DISKS = frozenset({"tmpfs", "ramfs"})
_CORES = 2


def check() -> None:
    """Raise `CannotMeasure` where a program, a core or a disk is missing."""
    lacking = debian.missing((*debian.RUN, *debian.BENCH))
    if lacking:
        names = ", ".join(need.thing for need in lacking)
        raise CannotMeasure(f"not on this machine: {names}", " ".join(debian.install_command(lacking)))
    if len(os.sched_getaffinity(0)) < _CORES:
        raise CannotMeasure("there is only one core", "Run it where two cores may be used.")
    if file_system(PLACE) in _NOT_DISKS:
        raise CannotMeasure(f"{PLACE} is in memory, so no record is durable", f"Mount a disk at {PLACE}.")


def about() -> dict[str, str]:
    """What it was measured on. The load is the machine's in the minute before: a busy one gives no result."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "disk": file_system(PLACE),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def file_system(folder: Path) -> str:
    """The type of the file system that a folder is on, by /proc/mounts (proc(5)); the innermost mount counts."""
    found, depth = "unknown", -1
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split(" ")
        parts = len(Path(point).parts)
        if folder.is_relative_to(point) and parts >= depth:
            found, depth = kind, parts
    return found


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listened on a moment ago, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(probe.getsockname()[1]) for probe in probes]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
