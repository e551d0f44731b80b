"""Spawning bubblewrap for a room and waiting until the first process inside says that the room stands.

I/O only, no policy. Promises that nothing of ours is inherited but what bubblewrap itself reads and closes, that
bubblewrap's own environment is empty (the agent can read it in /proc/1), and that a failed start leaves nothing.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sandbox.inside import READY
from sandbox.output import escape
from sandbox.room import Descriptors, Host, Room, bwrap_options, environment, generated_files, inner_argv
from sandbox.seccomp import filter_programs

_START_S = 20.0
_LAST_WORDS_S = 5.0


class RoomBroken(Exception):
    """The room could not be built; the text is what bubblewrap or the first process inside said."""


@dataclass(frozen=True)
class Launched:
    """A standing room: bubblewrap, our end of the control socket, and a pidfd of the room's process 1."""

    process: asyncio.subprocess.Process
    control: socket.socket
    init: int


@dataclass(frozen=True)
class _Wires:
    """What bubblewrap is handed: the descriptors named in its options, and all that must be passed on."""

    named: Descriptors
    options: int
    info: int

    @property
    def passed(self) -> tuple[int, ...]:
        return (
            self.options,
            self.named.info,
            *self.named.filters,
            *(number for _, number in self.named.files),
        )


async def launch(room: Room, host: Host) -> Launched:
    """Build the room and start the agent in it. Raises RoomRefused, RoomBroken or SandboxUnavailable.

    A cancelled launch is carried to its end and the room ended then: bubblewrap killed while it starts leaves its
    child behind (containers/bubblewrap#633).
    """
    building = asyncio.create_task(_build(room, host))
    try:
        return await asyncio.shield(building)
    except asyncio.CancelledError:
        await asyncio.shield(asyncio.create_task(_undo(building)))
        raise


async def _undo(building: asyncio.Task[Launched]) -> None:
    with contextlib.suppress(Exception):  # what failed to stand needs no ending
        launched = await building
        launched.control.close()
        signal.pidfd_send_signal(launched.init, signal.SIGKILL)
        os.close(launched.init)
        await launched.process.wait()


async def _build(room: Room, host: Host) -> Launched:
    variables = environment(room, host)
    ours, theirs = socket.socketpair()
    with contextlib.ExitStack() as undo:
        undo.callback(ours.close)
        with theirs, _wires(room, host) as wires:
            argv = (host.bwrap, "--args", str(wires.options), "--", *inner_argv(room, host))
            process = await _spawn(argv, theirs, wires)
            info = os.dup(wires.info)
        try:
            await _greet(ours, process, variables)
            init = _process_1(info)
        except BaseException:
            ours.close()
            await _abandon(process)
            raise
        finally:
            os.close(info)
        undo.pop_all()
        return Launched(process, ours, init)


@contextlib.contextmanager
def _wires(room: Room, host: Host) -> Iterator[_Wires]:
    with contextlib.ExitStack() as held:

        def memory(content: bytes) -> int:
            number = os.memfd_create("doorless")
            held.callback(os.close, number)
            with os.fdopen(os.dup(number), "wb") as file:
                file.write(content)
            os.lseek(number, 0, os.SEEK_SET)
            return number

        read, write = os.pipe()
        held.callback(os.close, read)
        held.callback(os.close, write)
        files = generated_files(room, host).items()
        named = Descriptors(
            filters=tuple(memory(program) for program in filter_programs()),
            info=write,
            files=tuple((name, memory(text.encode())) for name, text in files),
        )
        # Through a descriptor, because the agent can read the command line in /proc/1 and it would name host folders.
        options = b"".join(os.fsencode(option) + b"\0" for option in bwrap_options(room, host, named))
        yield _Wires(named, options=memory(options), info=read)


async def _spawn(argv: tuple[str, ...], control: socket.socket, wires: _Wires) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=control.fileno(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
        cwd="/",
        close_fds=True,
        pass_fds=wires.passed,
        start_new_session=True,  # Ctrl-C is for whoever started the room: it then stops it with grace
    )


async def _greet(
    control: socket.socket, process: asyncio.subprocess.Process, variables: Mapping[str, str]
) -> None:
    """Hand over the environment and wait for the first process inside. Raises RoomBroken."""
    loop = asyncio.get_running_loop()
    control.setblocking(False)
    block = b"\0".join(os.fsencode(f"{name}={value}") for name, value in variables.items())
    word = b""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_START_S):
            await loop.sock_sendall(control, len(block).to_bytes(4, "big") + block)
            word = await loop.sock_recv(control, 1)
    if word != READY:
        raise RoomBroken(await _last_words(process))


async def _last_words(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_S):
            said = await process.stderr.read()
    return escape(said.decode(errors="backslashreplace").strip()) or f"no answer within {_START_S:.0f} s"


async def _abandon(process: asyncio.subprocess.Process) -> None:
    # Not killed at once, for the same reason: our end of the control socket is closed, and the first process inside
    # ends the room as soon as it looks.
    try:
        async with asyncio.timeout(_START_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def _process_1(info: int) -> int:
    # bubblewrap wrote this before the room existed, so one read has it all.
    return os.pidfd_open(json.loads(os.read(info, 4096))["child-pid"])
