"""Programs that the benchmark starts, and what the kernel says of them: processor time, memory, children.

Promises that what was started here ends with the context that started it, and with the benchmark itself.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

_STOP_WITHIN_S = 15.0
_libc = ctypes.CDLL(None, use_errno=True)


def pinned(core: int, argv: list[str]) -> list[str]:
    """The command line that runs `argv` on one core, and ends it when its parent ends."""
    return ["setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", str(core), *argv]


def unpinned(argv: list[str]) -> list[str]:
    """The command line that only ends `argv` when its parent ends."""
    return ["setpriv", "--pdeathsig", "KILL", *argv]


@contextlib.contextmanager
def running(
    argv: list[str], folder: Path, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program in `folder`, its stdout on a pipe and its stderr in `log`; leaving stops it and its group.

    It is in a session of its own: Ctrl-C reaches the benchmark alone, which stops everything in order.
    """
    with (
        log.open("ab") as errors,
        subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            stop(process)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM and its time, then SIGKILL for it and all of its group."""
    process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its threads, ended ones too, have used (clock_getcpuclockid(3))."""
    clock = ctypes.c_int()
    problem = _libc.clock_getcpuclockid(pid, ctypes.byref(clock))
    if problem:
        raise OSError(problem, os.strerror(problem), f"pid {pid}")
    return time.clock_gettime(clock.value)


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had resident (proc_pid_status(5), VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def pss_megabytes(pid: int) -> float:
    """Memory of a process, shared pages divided among those who share them (proc(5), smaps_rollup)."""
    return _rollup_megabytes(pid, "Pss:")


def own_megabytes(pid: int) -> float:
    """Memory that is a process's alone, whatever other programs run: no pages of files."""
    return _rollup_megabytes(pid, "Pss_Anon:")


def _rollup_megabytes(pid: int, key: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return 0.0


def descendants(pid: int) -> tuple[int, ...]:
    """Every process below this one, itself not counted."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (parent := _parent(folder)) is not None:
            children.setdefault(parent, []).append(int(folder.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return tuple(found)


def _parent(folder: Path) -> int | None:
    try:
        stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
        return None
    return int(stat.rpartition(")")[2].split()[1])


def command_line(pid: int) -> list[str]:
    """The arguments of a process; none where it has ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return raw.decode("utf-8", "replace").split("\0")[:-1]


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run this process, and what it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
