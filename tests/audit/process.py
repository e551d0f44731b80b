"""A real audit writer process, started and ended by a test."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 30.0


class WriterProcess:
    """`python -m audit` on a log. `ready` is its ready line, or "" if it ended before."""

    def __init__(self, log: Path, socket: Path, wrapper: Sequence[str] = ()) -> None:
        self._process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "audit", "--log", str(log), "--socket", str(socket)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.socket = socket
        self.pid = self._process.pid
        self.ready = self._read_line()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self.wait()

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self._process.send_signal(signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Any other signal."""
        self._process.send_signal(number)

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
                assert selector.select(timeout=until - time.monotonic()), "the writer did not become ready"
                piece = os.read(self._process.stdout.fileno(), 4096)
                if not piece:
                    break
                line += piece
        return line.decode()
