"""The supervisor with parts of our own making: start, restart, stop, and what it says."""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from doorless.child import Child, printable, start_child
from doorless.parts import Part
from doorless.problem import ExitCode, Problem
from doorless.supervisor import Supervisor
from tests.doorless.conftest import until

READY = "import time, sys; print('ready', flush=True); "


def part(name: str, program: str, *, needs: str = "", stop_within_s: float = 5.0) -> Part:
    """A part that is a few lines of Python."""
    return Part(name, (sys.executable, "-c", program), stop_within_s, needs)


def within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, or fail."""
    asyncio.run(asyncio.wait_for(work, seconds))


def test_a_part_starts_when_what_it_needs_is_ready(tmp_path: Path) -> None:
    """The second program is started only after the first said that it is ready."""
    mark = tmp_path / "mark"
    first = part("audit", f"import pathlib; pathlib.Path({str(mark)!r}).touch(); {READY} time.sleep(60)")
    second = part(
        "issuer", f"import os; assert os.path.exists({str(mark)!r}); {READY} time.sleep(60)", needs="audit"
    )

    async def work() -> None:
        supervisor = Supervisor((second, first))
        try:
            await supervisor.start()
        finally:
            await supervisor.stop()

    within(30, work())


def test_a_part_that_ends_before_it_is_ready_fails_the_start_with_its_own_words() -> None:
    """The problem names the part, its exit code and what it said."""
    broken = part("gateway", "print('roles.yaml:3:1: unknown role'); raise SystemExit(78)")

    async def work() -> None:
        supervisor = Supervisor((broken,))
        with pytest.raises(Problem) as failed:
            await supervisor.start()
        await supervisor.stop()
        assert failed.value.what == "The gateway did not start."
        assert "exit code 78" in failed.value.why
        assert "roles.yaml:3:1" in failed.value.why
        assert failed.value.code == ExitCode.FAILED

    within(30, work())


def test_a_part_that_ends_is_started_again_and_waits_longer_each_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each crash is said, and the pause doubles."""
    count = tmp_path / "count"
    crashing = part("audit", f"{READY} open({str(count)!r}, 'a').write('x'); sys.exit(74)")

    async def work() -> None:
        supervisor = Supervisor((crashing,))
        await supervisor.start()
        watching = asyncio.ensure_future(supervisor.watch())
        while len(count.read_text() if count.exists() else "") < 4:  # noqa: ASYNC110 - the part only writes a file
            await asyncio.sleep(0.02)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await supervisor.stop()

    within(60, work())
    said = capfd.readouterr().err
    pauses = [line.rpartition("restarting in ")[2] for line in said.splitlines() if "restarting" in line]
    assert pauses[:3] == ["0.1 s", "0.2 s", "0.4 s"]
    assert "audit   | ended with exit code 74" in said


def test_a_part_that_ignores_sigterm_is_killed_with_its_group(capfd: pytest.CaptureFixture[str]) -> None:
    """After its time a part is killed, and so is what it started."""
    stubborn = part(
        "issuer",
        "import signal, subprocess; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen(['sleep', '600']);" + READY + "time.sleep(600)",
        stop_within_s=0.3,
    )

    async def work() -> None:
        supervisor = Supervisor((stubborn,))
        await supervisor.start()
        child = supervisor.children["issuer"]
        group = child.process.pid
        await supervisor.stop()
        assert child.process.returncode == -9
        until(lambda: not _members(group), "the whole group is gone")

    within(30, work())
    assert "did not stop within" in capfd.readouterr().err


def test_what_a_part_says_is_passed_on_line_by_line_and_harmless() -> None:
    """Lines come with their part's name; control characters are escaped; endless lines are cut."""
    said: list[tuple[str, str]] = []
    noisy = part(
        "gateway", r"print('a\x1b[2Jb'); print('x' * 20000); print('audit: ready, 3 records'); print('end')"
    )

    async def work() -> None:
        child: Child = await start_child(noisy, lambda name, line: said.append((name, line)))
        assert await child.ended() == 0
        assert child.ready.is_set()

    within(30, work())
    assert said[0] == ("gateway", "a\\x1b[2Jb")
    assert max(len(line) for _, line in said) <= 8192
    assert said[-1] == ("gateway", "end")
    assert ("gateway", "audit: ready, 3 records") not in said, "the ready line is for the supervisor"


def test_printable_leaves_nothing_that_a_terminal_obeys() -> None:
    """C0, C1, bidirectional overrides and lone surrogates are escaped; letters of any script are not."""
    assert printable("ä\t\x07\x9b\u202e\ud800é") == "ä\t\\x07\\x9b\\u202e\\ud800é"


def _members(group: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(folder.name))
    return found
