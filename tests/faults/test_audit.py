"""The log's writer killed, stopped, on a failing disk and on a full one: nothing passes unrecorded, and it heals."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from audit.folder import create
from audit.verify import verify
from tests.faults.load import account
from tests.faults.stack import Home

ENOUGH = 2_000
CODE = "log_unavailable"

as_root = pytest.mark.skipif(os.getuid() != 0, reason="tracing a running process and mounting take root")


def test_audit_killed(home: Home) -> None:
    """The writer killed under load: 503 until the supervisor's new one has replayed the journal, then calls pass.

    Guard removed (a receipt before the writer's acknowledgement): the witness saw calls without an earlier durable allow.
    """
    with home.load(32) as load:
        first = home.part("audit")
        killed = time.monotonic()
        home.signal(first, signal.SIGKILL)
        load.refused(CODE, 32)  # all connections once: how many more depends on the machine
        load.recovered()
        print(f"outage {load.outage(killed):.2f} s")
        assert load.passed_between_refusals(killed) == []
        load.total(ENOUGH)
        assert home.part("audit") != first
    counted = account(load)
    print(counted)
    assert set(counted.refused) == {CODE}
    verify(home.log)


def test_audit_stopped(home: Home) -> None:
    """The writer stopped: every call is refused after two seconds, and what it records late is not done late.

    Guard removed (two seconds made sixty): nothing was refused within forty seconds.
    """
    with home.load(128) as load:
        with home.stopped("audit"):
            load.refused(CODE, 1)
            refusing = time.monotonic()
            load.refused(CODE, 250)  # two rounds of all connections, two seconds each
            now = time.monotonic()
        going = time.monotonic()
        load.recovered()
        print(f"outage {load.outage(going):.2f} s")
        load.total(ENOUGH)
    counted = account(load)
    print(counted)
    assert load.passed(refusing, now) == []
    # All that waited is answered at once: a question may miss OPA's quarter of a second then.
    assert set(counted.refused) <= {CODE, "pdp_unavailable"}
    assert counted.unanswered >= 250


@as_root
@pytest.mark.parametrize("fault", ["fdatasync:error=EIO:when=1", "pwrite64:error=EIO:when=3"])
def test_audit_disk_error(home: Home, fault: str) -> None:
    """A sync or write that fails under load: the writer ends, another replays the journal, and calls pass again.

    Guard removed (the writer goes on after the error): `log_unavailable` for good, 70,563 times.
    """
    with home.load(32) as load:
        first = home.part("audit")
        said = home.said()
        with _Traced(first, fault) as since:
            load.refused(CODE, 32)  # all connections once: how many more depends on the machine
            load.recovered()
        print(f"outage {load.outage(since):.2f} s")
        load.total(ENOUGH)
        assert home.part("audit") != first
    counted = account(load)
    print(counted)
    assert set(counted.refused) == {CODE}
    assert "audit   | ended with exit code 74" in home.said().removeprefix(said)
    verify(home.log)


class _Traced:
    """A tracer that makes a system call of a running process fail; gives the moment at which it began."""

    def __init__(self, pid: int, fault: str) -> None:
        call = fault.partition(":")[0]
        self._pid = pid
        self._argv = ["strace", "-f", "-q", "-o", "/dev/null", "-p", str(pid)]
        self._argv += ["-e", f"trace={call}", "-e", f"inject={fault}"]

    def __enter__(self) -> float:
        self._tracer = subprocess.Popen(self._argv)
        return time.monotonic()

    def __exit__(self, *_: object) -> None:
        try:
            self._tracer.wait(10)  # it ends with what it traced
        finally:
            self._tracer.kill()
            self._tracer.wait()


@pytest.fixture
def small() -> Iterator[tuple[Home, Path]]:
    """A home whose log lies on a disk of eight megabytes."""

    def mount(home: Home, undo: ExitStack) -> None:
        for folder in home.log.parent.glob("log*"):
            shutil.rmtree(folder)
        home.log.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(home.log)], check=True)
        undo.callback(subprocess.run, ["umount", "-l", str(home.log)], check=True)
        create(home.log)

    made = Home(prepare=mount)
    yield made, made.log / "ballast"
    made.close()


@as_root
def test_audit_disk_full(small: tuple[Home, Path]) -> None:
    """A full disk under load: the writer ends at each attempt, all is refused; with room it serves again by itself.

    Guard removed (the writer goes on after the error): it was one attempt, and `log_unavailable` for good.
    """
    home, ballast = small
    with home.load(32) as load:
        said = home.said()
        with ballast.open("wb", buffering=0) as file:
            while _fits(file.fileno()):
                pass
        load.refused(CODE, 1_000)
        load.wait(lambda: home.said().removeprefix(said).count("ended with exit code 74") > 1, "two attempts")
        ballast.unlink()
        room = time.monotonic()
        load.recovered()
        print(f"outage {load.outage(room):.2f} s after there was room")
        load.total(ENOUGH)
    counted = account(load)
    print(counted)
    assert set(counted.refused) == {CODE}
    verify(home.log)


def _fits(file: int) -> bool:
    try:
        return os.write(file, bytes(4096)) == 4096
    except OSError:
        return False
