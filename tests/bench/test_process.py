import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.process import (
    command_line,
    cpu_seconds,
    descendants,
    on_core,
    pinned,
    pss_megabytes,
    running,
    unpinned,
)

SLEEPER = ["sh", "-c", "sleep 300 & echo $!; wait"]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until_gone(pid: int) -> None:
    end = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < end, f"{pid} is still there"
        time.sleep(0.01)


def grandchild(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_when_a_measurement_fails(tmp_path: Path, failure: type[BaseException]) -> None:
    """Leaving a program's context, by an error or by Ctrl-C too, ends it and what it started."""
    below: list[int] = []

    def measure() -> None:
        with running(SLEEPER, tmp_path, tmp_path / "log") as process:
            below.append(grandchild(process))
            raise failure

    with pytest.raises(failure):
        measure()
    until_gone(below[0])


def test_what_was_started_dies_with_its_parent(tmp_path: Path) -> None:
    """A benchmark that is killed outright leaves none of its programs behind."""
    program = f"import subprocess, sys; subprocess.run({unpinned(['sleep', '300'])!r})"
    with running([sys.executable, "-c", program], tmp_path, tmp_path / "log") as parent:
        end = time.monotonic() + 10
        while not (below := [pid for pid in descendants(parent.pid) if command_line(pid)[:1] == ["sleep"]]):
            assert time.monotonic() < end
            time.sleep(0.01)
        parent.kill()
        until_gone(below[0])


def test_the_whole_tree_below_a_process_is_found(tmp_path: Path) -> None:
    """Children of children count, the process itself does not."""
    with running(SLEEPER, tmp_path, tmp_path / "log") as process:
        below = grandchild(process)
        assert below in descendants(os.getpid())
        assert descendants(process.pid) == (below,)
        assert command_line(below) == ["sleep", "300"]


def test_a_program_runs_on_the_core_it_was_given(tmp_path: Path) -> None:
    """A pinned program may use that one core only."""
    core = max(os.sched_getaffinity(0))
    argv = pinned(core, [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"])
    with running(argv, tmp_path, tmp_path / "log") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"{%d}\n" % core


def test_our_own_cores_come_back() -> None:
    """Measuring on one core gives the others back, after an error too."""
    before = os.sched_getaffinity(0)

    def measure() -> None:
        with on_core(min(before)):
            assert os.sched_getaffinity(0) == {min(before)}
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        measure()
    assert os.sched_getaffinity(0) == before


def test_processor_time_counts_work_and_not_waiting(tmp_path: Path) -> None:
    """The processor time of another process grows by what it works, and stands still while it waits."""
    program = "import sys, time\nwhile time.process_time() < 0.2: pass\nprint('done', flush=True)\nsys.stdin.read(); time.sleep(300)"
    with running([sys.executable, "-c", program], tmp_path, tmp_path / "log") as process:
        assert process.stdout is not None
        process.stdout.readline()
        end = time.monotonic() + 10
        worked = cpu_seconds(process.pid)
        while (now := cpu_seconds(process.pid)) != worked:  # it has yet to fall asleep
            assert time.monotonic() < end
            worked = now
            time.sleep(0.05)
        assert worked >= 0.2
    with pytest.raises(OSError, match="pid"):
        cpu_seconds(process.pid)


def test_memory_is_what_a_process_really_has(tmp_path: Path) -> None:
    """Fifty megabytes more that a process touches are fifty more in its share."""
    program = "print('ready', flush=True)\nheld = bytearray(b'x') * (50 << 20)\nprint('held', flush=True)\nimport time; time.sleep(300)"
    with running([sys.executable, "-c", program], tmp_path, tmp_path / "log") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        assert 50 <= pss_megabytes(process.pid) < 100
