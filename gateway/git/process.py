"""Runs one git: argument list, whole environment, bounded time and output; its process group ends with it.

Nothing is inherited. Promises that whoever waits and goes away leaves no process behind.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

GIT = "git"
KEPT_BYTES = 64 * 1024
"""How much of what a git prints is kept; the rest is read and forgotten."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a git ended; `code` is -1 where its time ran out."""

    code: int
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        """What it complained about, for the operator's log."""
        return self.err.decode("utf-8", "replace").strip()[-2000:]


@asynccontextmanager
async def started(
    argv: Sequence[str], environment: Mapping[str, str], *, pass_fds: Sequence[int] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running git in a process group of its own; whatever of it is left when the context ends is killed."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(environment),
        cwd="/",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def run(
    argv: Sequence[str], environment: Mapping[str, str], *, within_s: float, given: bytes = b""
) -> Ended:
    """Run a git that reads what is `given` to its end, or to the end of its time."""
    async with started(argv, environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            async with asyncio.timeout(within_s), asyncio.TaskGroup() as tasks:
                tasks.create_task(_feed(process.stdin, given))
                out = tasks.create_task(keep(process.stdout))
                err = tasks.create_task(keep(process.stderr))
        except TimeoutError:
            return Ended(-1, b"", f"not done within {within_s:.0f} s".encode())
        return Ended(await process.wait(), out.result(), err.result())


async def _feed(stdin: asyncio.StreamWriter, given: bytes) -> None:
    # A git that has had enough has closed its end; uvloop says so by a RuntimeError.
    with contextlib.suppress(ConnectionError, RuntimeError):
        if given:
            stdin.write(given)
            await stdin.drain()
        stdin.close()


async def keep(stream: asyncio.StreamReader) -> bytes:
    """All of a stream is read; its first bytes are kept."""
    kept = b""
    while chunk := await stream.read(65_536):
        kept += chunk[: KEPT_BYTES - len(kept)]
    return kept
