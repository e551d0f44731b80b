"""One `git receive-pack` in a quarantine: the agent's bytes in, git's answer out, and in between the hook's question.

Knows git's protocol and nothing of policy. The report, which says how the push ended, is held back to the end, so that
what is to be said about it stands in front of it. Memory does not grow with the pack.
"""

import asyncio
import contextlib
import json
import shlex
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.git import hook
from gateway.git.checks import Update
from gateway.git.mirror import disk_is_full
from gateway.git.process import GIT, keep, started
from gateway.git.quarantine import Quarantine
from gateway.git.wire import (
    FLUSH,
    PROGRESS,
    REPORT,
    NotPackets,
    Packets,
    capabilities,
    packet,
    packet_length,
    refusals_in,
    told,
)
from sandbox.git_environment import git_environment

MOST_UPDATES = 100
_BAND = 4
"""Where a packet on a band says which; its content begins behind that."""
_READ = 65_536
_KEPT = 8192
"""How much is kept of what git told the agent last."""

Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the hook asks: may these refs change so. `objects` is the folder of what was received."""

    objects: str
    updates: tuple[Update, ...]
    whole: bool
    """False where there are more updates than are read."""

    @property
    def readable(self) -> bool:
        """Whether every ref's name is text."""
        return all(update.name.isprintable() for update in self.updates)


class Listener(Protocol):
    """Who hears what is said about a change while it is judged."""

    async def say(self, text: str) -> None:
        """Take one text."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The hook's side of a push: says a line to the agent."""

    writer: asyncio.StreamWriter

    async def say(self, text: str) -> None:
        """Print a text as `remote:` lines. A hook that is gone hears nothing."""
        await self._send({"say": text})

    async def end(self, *, accepted: bool) -> None:
        """Let git go on, or refuse the push."""
        await self._send({"exit": 0 if accepted else hook.REFUSED})

    async def _send(self, document: dict[str, object]) -> None:
        with contextlib.suppress(ConnectionError):
            self.writer.write(json.dumps(document).encode() + b"\n")
            await self.writer.drain()


_DISK_FULL = (
    "push.disk_full",
    "The gateway has no space left to receive the push.",
    "Tell the operator of this gateway the decision id.",
)
_TOO_LARGE = (
    "push.pack_too_large",
    "The push is larger than this service takes.",
    "Push less at once, and leave large files out.",
)
_INVALID = (
    "push.pack_invalid",
    "Git cannot take what was pushed: it is damaged, or holds objects that git refuses (the lines above say which).",
    "Check your clone with `git fsck --full`, make the commits again from a fresh clone, and push again.",
)

Judge = Callable[[Asked, Gate], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Received:
    """How a push ended, by git's own account."""

    asked: bool
    """Whether it came as far as the hook's question."""
    unpacked: str
    """`ok`, or what was wrong with the pack."""
    refused: tuple[str, ...]
    """Why git refused refs by itself."""
    said: bytes
    """The end of what git complained about."""

    def problem(self) -> tuple[str, str, str]:
        """Code, message and remedy of a push that git itself did not take."""
        if disk_is_full(self.said):
            return _DISK_FULL
        if b"exceeds maximum allowed size" in self.said:
            return _TOO_LARGE
        return _INVALID


class Receiver:
    """Receives pushes; `hooks` is the folder of the one hook, `home` an empty one."""

    def __init__(self, hooks: Path, home: Path) -> None:
        self._hooks = hooks
        self._home = home
        _write_hook(hooks)

    async def advertisement(self, quarantine: Quarantine) -> AsyncGenerator[bytes, None]:
        """The refs that a push starts from, as `git receive-pack` shows them."""
        argv = (GIT, "receive-pack", "--stateless-rpc", "--http-backend-info-refs", str(quarantine.folder))
        async with started(argv, self._environment()) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            while chunk := await process.stdout.read(_READ):
                yield chunk

    async def receive(
        self, quarantine: Quarantine, limit: int, body: AsyncIterator[bytes], judge: Judge, write: Write
    ) -> "Report":
        """Receive a push of at most `limit` bytes, have it judged, and pass on what git tells, but for the report.

        Raises what `body` and `write` raise.
        """
        ours, theirs = socket.socketpair()
        argv = (GIT, "receive-pack", "--stateless-rpc", str(quarantine.folder))
        environment = self._environment(limit) | {hook.GATE: str(theirs.fileno())}
        with ours, theirs:
            async with started(argv, environment, pass_fds=(theirs.fileno(),)) as process:
                theirs.close()
                push = _Push(process, write)
                asking = asyncio.create_task(push.ask(ours, judge))
                try:
                    await push.pass_both_ways(body)
                except BaseExceptionGroup as failures:
                    # One of the two ways broke, and the other ended with it: whoever called knows the one.
                    raise failures.exceptions[0] from None
                finally:
                    asking.cancel()
                    await asyncio.gather(asking, return_exceptions=True)
        return push.report()

    def _environment(self, limit: int = 1) -> dict[str, str]:
        settings = (
            ("core.hooksPath", str(self._hooks)),
            ("receive.fsckObjects", "true"),
            ("receive.maxInputSize", str(limit)),
            ("receive.unpackLimit", "1"),  # a pack is passed on as it came; loose objects are packed anew
            ("receive.autogc", "false"),
            ("receive.updateServerInfo", "false"),
            ("receive.advertiseAtomic", "true"),
            ("receive.advertisePushOptions", "false"),
            ("receive.denyDeletes", "false"),  # policy says so, with a reason that leads on
            ("receive.denyNonFastForwards", "false"),
            ("receive.keepAlive", "5"),
            ("core.alternateRefsPrefixes", "refs/none/"),  # the mirror's refs are in the quarantine already
        )
        return git_environment(str(self._home), settings)


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a push, not told to the agent yet."""

    received: Received
    packets: bytes
    """The report as git wrote it."""
    banded: bool

    def ending(self, text: str) -> bytes:
        """The last bytes of the answer, with a text in front of the report where the client can show one."""
        return (told(text) if text and self.banded else b"") + self.packets

    def as_published(self, updates: tuple[Update, ...]) -> bytes:
        """The report of a push that the upstream has: what git says of the quarantine does not matter any more."""
        if not self.received.refused and self.received.unpacked == "ok":
            return self.packets
        lines = (b"unpack ok\n", *(b"ok %b\n" % update.name.encode() for update in updates))
        report = b"".join(map(packet, lines)) + FLUSH
        return packet(REPORT + report) + FLUSH if self.banded else report


class _Push:
    """The moving parts of one push."""

    def __init__(self, process: asyncio.subprocess.Process, write: Write) -> None:
        self._process = process
        self._write = write
        self._banded = False
        self._asked = False
        self._report = b""
        self._held = b""
        self._said = b""
        self._heard = b""

    async def pass_both_ways(self, body: AsyncIterator[bytes]) -> None:
        process = self._process
        assert process.stderr is not None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feed(body))
            tasks.create_task(self._tell())
            said = tasks.create_task(keep(process.stderr))
        self._said = said.result()
        await process.wait()

    async def _feed(self, body: AsyncIterator[bytes]) -> None:
        """Everything that the agent sends is read, also behind the point where git has had enough."""
        stdin = self._process.stdin
        assert stdin is not None
        begun: bytes | None = b""
        async for chunk in body:
            if begun is not None:
                begun = self._look(begun + chunk)
            # A git that has had enough has closed its end; uvloop says so by a RuntimeError.
            with contextlib.suppress(ConnectionError, RuntimeError):
                if not stdin.is_closing():
                    stdin.write(chunk)
                    await stdin.drain()
        with contextlib.suppress(ConnectionError):
            stdin.close()

    def _look(self, begun: bytes) -> bytes | None:
        """Read from the first packet whether the client shows text; nothing once that is known."""
        try:
            if len(begun) < _BAND or len(begun) < packet_length(begun[:_BAND]):
                return begun
            first = begun[_BAND : packet_length(begun[:_BAND])]
        except NotPackets:
            return None
        self._banded = bool({b"side-band-64k", b"side-band"} & capabilities(first))
        return None

    async def _tell(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        packets = Packets()
        while chunk := await stdout.read(_READ):
            if not self._banded:
                self._report += chunk
                self._held += chunk
                continue
            for each in packets.feed(chunk):
                if each[_BAND : _BAND + 1] == PROGRESS:
                    self._heard = (self._heard + each[_BAND + 1 :])[-_KEPT:]
                    await self._write(each)
                else:
                    self._held += each
                    self._report += each[_BAND + 1 :] if each[_BAND : _BAND + 1] == REPORT else b""

    async def ask(self, ours: socket.socket, judge: Judge) -> None:
        """Answer the hook's one question."""
        reader, writer = await asyncio.open_unix_connection(sock=ours.dup(), limit=4 * hook.LONGEST)
        try:
            line = await reader.readline()
            if not line:
                return
            self._asked = True
            gate = Gate(writer)
            await gate.end(accepted=await judge(_asked(line), gate))
        finally:
            writer.close()

    def report(self) -> Report:
        unpacked: bytes = b""
        refused: tuple[bytes, ...] = ()
        with contextlib.suppress(NotPackets):
            unpacked, refused = refusals_in(self._report)
        received = Received(
            self._asked,
            unpacked.decode("utf-8", "replace"),
            tuple(why.decode("utf-8", "replace") for why in refused),
            self._heard + self._said,
        )
        return Report(received, self._held or FLUSH, self._banded)


def _asked(line: bytes) -> Asked:
    document = json.loads(line)
    updates = tuple(
        Update(name=name, old=old, new=new)
        for old, new, name in (update.split(" ", 2) for update in document["updates"])
    )
    whole = document["whole"] and len(updates) <= MOST_UPDATES
    return Asked(document["objects"], updates, whole)


def _write_hook(hooks: Path) -> None:
    hooks.mkdir(mode=0o700, exist_ok=True)
    program = hooks / "pre-receive"
    argv = shlex.join((sys.executable, "-I", "-S", str(Path(hook.__file__).resolve())))
    program.write_text(f"#!/bin/sh\nexec {argv}\n", encoding="utf-8")
    program.chmod(0o700)
