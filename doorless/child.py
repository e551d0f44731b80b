"""One part as a child process: started, watched for its ready line, its output passed on, surely stopped.

A child leads a process group of its own: signals of the terminal reach the supervisor alone, and what a child
leaves behind is killed with its group.
"""

import asyncio
import collections
import os
import re
import signal
from collections.abc import Callable

from doorless.parts import Part

_LONGEST_LINE = 8192
_REMEMBERED_LINES = 20
_READY = re.compile(r"(?:[a-z]+: )?ready\b")

Say = Callable[[str, str], None]
"""Takes the name of a part and one line for the operator."""


class Child:
    """A running part. `ready` is set once; `remembered` holds its last lines."""

    def __init__(self, part: Part, process: asyncio.subprocess.Process, say: Say) -> None:
        self.part = part
        self.process = process
        self.ready = asyncio.Event()
        self.remembered: collections.deque[str] = collections.deque(maxlen=_REMEMBERED_LINES)
        self._say = say
        assert process.stdout is not None
        self._reading = asyncio.create_task(self._read(process.stdout))

    async def ended(self) -> int:
        """Wait for its end; the exit code, negative for a signal. All its output has been passed on."""
        code = await self.process.wait()
        # A grandchild may hold the pipe open for ever; what it says no longer concerns this part.
        await asyncio.wait({self._reading}, timeout=0.5)
        self._reading.cancel()
        return code

    async def stop(self) -> None:
        """SIGTERM, its time, then SIGKILL for it and all of its group."""
        if self.process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), self.part.stop_within_s)
            except TimeoutError:
                self._say(self.part.name, f"did not stop within {self.part.stop_within_s:.0f} s; killed")
        self.kill()
        await self.ended()

    def kill(self) -> None:
        """SIGKILL for it and all of its group."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _signal(self, number: signal.Signals) -> None:
        try:
            self.process.send_signal(number)
        except ProcessLookupError:
            return

    async def _read(self, stream: asyncio.StreamReader) -> None:
        held = b""
        while chunk := await stream.read(65536):
            *lines, held = (held + chunk).split(b"\n")
            for line in lines:
                self._take(line)
            if len(held) > _LONGEST_LINE:
                self._take(held)
                held = b""
        if held:
            self._take(held)

    def _take(self, raw: bytes) -> None:
        line = printable(raw[:_LONGEST_LINE].decode("utf-8", "replace").rstrip())
        if not self.ready.is_set() and _READY.match(line):
            self.ready.set()
            return
        self.remembered.append(line)
        self._say(self.part.name, line)


async def start_child(part: Part, say: Say) -> Child:
    """Start a part. Call it from the main thread: its death signal fires when the thread that started it ends."""
    process = await asyncio.create_subprocess_exec(
        *part.argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    return Child(part, process, say)


def printable(text: str) -> str:
    """The text with every control character escaped, so that no log line can speak to a terminal."""
    return "".join(each if each.isprintable() or each == "\t" else ascii(each)[1:-1] for each in text)
