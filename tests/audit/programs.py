"""The log's small programs as real processes: started, waited for, surely ended."""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0


class Program:
    """`python -m MODULE ARGUMENTS`. `ready` is its ready line, or "" if it ended before."""

    def __init__(self, module: str, arguments: Sequence[str], wrapper: Sequence[str] = ()) -> None:
        self._process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.ready = self._read_line()

    @property
    def address(self) -> str:
        """What it said that it listens on."""
        return self.ready.rpartition(", ")[2].strip()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self.signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Any other signal, unless it is over."""
        self._process.send_signal(number)

    def stop(self) -> tuple[int, str]:
        """SIGTERM; exit code and what it said on stderr."""
        self.terminate()
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Exit code (minus the signal if one ended it) and what it said on stderr."""
        _, complaint = self._process.communicate(timeout=DEADLINE_S)
        return self._process.returncode, complaint.decode()

    def end(self) -> None:
        """Make sure that it is gone, whatever state the test left it in."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)  # and what a wrapper started
        self._process.communicate(timeout=DEADLINE_S)

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        line, until = b"", time.monotonic() + DEADLINE_S
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                assert selector.select(timeout=until - time.monotonic()), "it did not become ready"
                piece = os.read(self._process.stdout.fileno(), 4096)
                if not piece:
                    break
                line += piece
        return line.decode()


@contextlib.contextmanager
def running(module: str, *arguments: str) -> Iterator[Program]:
    """The program, ended afterwards whatever the test did."""
    program = Program(module, arguments)
    try:
        yield program
    finally:
        program.end()


def exit_code(main: Callable[[Sequence[str]], int], *arguments: str) -> int:
    """How a program ends with these arguments, run in this process: for what ends at once."""
    try:
        return main(arguments)
    except SystemExit as wrong_flags:
        return int(wrong_flags.code or 0)


def wait_until(true: Callable[[], object], what: str) -> None:
    """Poll until `true()` is, or fail saying what was waited for."""
    until = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < until, f"waited in vain: {what}"
        time.sleep(0.02)
