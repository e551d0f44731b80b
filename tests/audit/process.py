"""A real audit writer process, started and ended by a test."""

from collections.abc import Sequence
from pathlib import Path

from tests.audit.programs import Program


class WriterProcess(Program):
    """`python -m audit` on a log. `ready` is its ready line, or "" if it ended before."""

    def __init__(self, log: Path, socket: Path, wrapper: Sequence[str] = ()) -> None:
        super().__init__("audit", ["--log", str(log), "--socket", str(socket)], wrapper)
        self.socket = socket

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        super().kill()
        self.wait()
