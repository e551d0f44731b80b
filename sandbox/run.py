"""Starting a room and watching it to its end.

What the room is stands in `sandbox.room`, how it is spawned in `sandbox.launch`. Promises that its output arrives
harmless and capped, and that when `wait` or `stop` returns no process of the room is left.
"""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, Literal, Self

from sandbox.folders import RoomRefused
from sandbox.host import gather_host
from sandbox.inside import TERMINATE
from sandbox.launch import Launched, launch
from sandbox.output import Stream, Transcript
from sandbox.room import Host, Limits, Room, check_room
from sandbox.seccomp import filter_programs

OnOutput = Callable[[Stream, str], None]
Cause = Literal["exited", "stopped", "deadline"]
_DEADLINE_GRACE_S = 2.0
_CHUNK = 65_536


@dataclass(frozen=True)
class Ended:
    """How a room ended: the agent's exit code (128+n for signal n), and whether it or we ended it."""

    code: int
    cause: Cause


async def start(room: Room, on_output: OnOutput, host: Host | None = None) -> "Running":
    """Build the room, start the agent, and return once it runs.

    `on_output` gets the agent's output as safe text, per stream; if it raises, the room is ended and `wait` raises
    the same. Raises RoomRefused (the room must not be), RoomBroken (it could not be built), SandboxUnavailable
    (this machine lacks something), RuntimeError outside the main thread: the room dies with the spawning *thread*.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a room is started from the main thread: it ends when its thread ends")
    here = await asyncio.to_thread(gather_host) if host is None else host
    room = _resolved(room)
    check_room(room, here)
    await asyncio.to_thread(filter_programs)
    return Running(await launch(room, here), room.limits, on_output)


class Running:
    """A room with an agent in it, made by `start`. As an async context manager it is ended on leaving."""

    def __init__(self, launched: Launched, limits: Limits, on_output: OnOutput) -> None:
        self._launched: Final = launched
        self._on_output: Final = on_output
        self._transcript: Final = Transcript(limits.output_bytes)
        self._cause: Cause = "exited"
        self._failure: Exception | None = None
        self._end: Final = asyncio.create_task(self._watch())
        self._deadline: Final = asyncio.create_task(self._expire(limits.wall_s))

    async def __aenter__(self) -> Self:
        """Return this room."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the room at once, however the block was left."""
        await self.stop(0)

    async def wait(self) -> Ended:
        """Return when the agent has ended and no process of the room is left. Raises what `on_output` raised."""
        return await asyncio.shield(self._end)

    async def stop(self, grace_s: float) -> Ended:
        """Ask the agent to end (SIGTERM to its group), kill all after `grace_s` seconds, return when it is gone."""
        await self._finish("stopped", grace_s)
        return await self.wait()

    async def _finish(self, cause: Cause, grace_s: float) -> None:
        if self._launched.process.returncode is None and self._cause == "exited":
            self._cause = cause
        if grace_s > 0 and not self._end.done():
            with contextlib.suppress(OSError):
                self._launched.control.send(TERMINATE)
            await asyncio.wait({self._end}, timeout=grace_s)
        if not self._end.done():
            self._kill()

    async def _expire(self, wall_s: float) -> None:
        await asyncio.sleep(wall_s)
        await self._finish("deadline", _DEADLINE_GRACE_S)

    async def _watch(self) -> Ended:
        process = self._launched.process
        try:
            _, _, code = await asyncio.gather(self._pump("stdout"), self._pump("stderr"), self._exit_code())
        finally:
            self._deadline.cancel()
            self._launched.control.close()
            os.close(self._launched.init)
        if self._failure is not None:
            raise self._failure
        assert process.returncode is not None
        return Ended(code, self._cause)

    async def _exit_code(self) -> int:
        code = await self._launched.process.wait()
        # The kernel kills the room when bubblewrap is gone; asking as well costs nothing. A pid namespace's
        # process 1 reports its death only after every other process in it was reaped.
        self._kill()
        await _readable(self._launched.init)
        return code if code >= 0 else 128 - code

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._launched.init, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            self._launched.process.kill()

    async def _pump(self, stream: Stream) -> None:
        process = self._launched.process
        source = process.stdout if stream == "stdout" else process.stderr
        assert source is not None
        while chunk := await source.read(_CHUNK):
            self._show(stream, chunk)
        self._show(stream, b"")

    def _show(self, stream: Stream, chunk: bytes) -> None:
        # After a failure the rest is read and dropped: a full pipe would keep the room from ending.
        if self._failure is not None:
            return
        try:
            text = self._transcript.feed(stream, chunk)
            if text:
                self._on_output(stream, text)
        except Exception as failure:  # noqa: BLE001 - raised again by wait
            self._failure = failure
            self._kill()


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _resolved(room: Room) -> Room:
    try:
        return replace(
            room,
            channel_folder=_real(room.channel_folder),
            agent_folder=None if room.agent_folder is None else _real(room.agent_folder),
            forbidden=tuple(PurePosixPath(Path(path).resolve()) for path in room.forbidden),
        )
    except OSError as reason:
        raise RoomRefused(f"{reason.filename}: {reason.strerror}") from reason


def _real(folder: PurePosixPath) -> PurePosixPath:
    path = Path(folder).resolve(strict=True)
    if not path.is_dir():
        raise RoomRefused(f"{folder} is not a folder")
    return PurePosixPath(path)
