"""The real parts of the home under proof, as `doorless up` runs them, and the faults that are put upon them.

Faults come from outside (signals); the product knows nothing of them.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from proof.settings import Layout
from proof.waiting import until

REPOSITORY = Path(__file__).resolve().parents[1]
_READY_S = 30.0
_STOP_S = 15.0
_LAST_WORDS = 20


class NeverReady(Exception):
    """The parts did not start, or did not come back; the text is what they said."""


class Parts:
    """A running `doorless up`. What it says is kept, for the case that it fails."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._said: list[str] = []

    @classmethod
    @asynccontextmanager
    async def started(cls, layout: Layout) -> AsyncIterator[Self]:
        """Run the parts for as long as the context lasts. Raises `NeverReady`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "doorless", "up", "--home", str(layout.home)),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        parts = cls(process)
        reading = asyncio.create_task(parts._wait_and_read())
        try:
            await parts._ready()
            yield parts
        finally:
            await parts._stop(reading)

    @property
    def last_words(self) -> tuple[str, ...]:
        """What the parts said last."""
        return tuple(self._said[-_LAST_WORDS:])

    def pids(self, *words: str) -> tuple[int, ...]:
        """The processes whose command lines hold all these words, one after another."""
        return tuple(pid for pid, command in processes() if _holds(command, words))

    def signal(self, number: signal.Signals, *words: str) -> tuple[int, ...]:
        """Send a signal to them; who got it."""
        found = self.pids(*words)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return found

    @property
    def _is_ready(self) -> bool:
        return any(line.startswith("ready") for line in self._said)

    async def _ready(self) -> None:
        await until(lambda: self._is_ready or self._process.returncode is not None, _READY_S)
        if not self._is_ready:
            raise NeverReady("\n".join(self.last_words))

    async def _wait_and_read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self._said.append(line.decode("utf-8", "replace").rstrip())
        await self._process.wait()

    async def _stop(self, reading: "asyncio.Task[None]") -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(reading, _STOP_S)
        except TimeoutError:
            self._process.kill()


def processes() -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Every living process of this world with its command line; zombies have none."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (place / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if words != [""]:
                found.append((int(place.name), tuple(words)))
    return tuple(found)


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def _holds(command: tuple[str, ...], words: tuple[str, ...]) -> bool:
    width = len(words)
    return any(command[at : at + width] == words for at in range(len(command) - width + 1))
