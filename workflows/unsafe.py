"""Agents without a room, for debugging only (`--unsafe-no-sandbox`): an ordinary process of the caller.

It still gets nothing but its own environment, and the gateway's socket by loopback; but it can reach whatever
its user can. The workflow's task text says so, and with it the log.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from sandbox import inside
from sandbox.room import FORWARDER_PORT
from workflows.environment import Inside, Work, agent_environment
from workflows.failure import SandboxBroken
from workflows.model import Channel, Task

MARK = "[no sandbox] "
"""What the task text of such a workflow begins with, so that its records can be told from all others."""


@dataclass(frozen=True, slots=True)
class Forwarder:
    """The room's own first process, alone. It ends when `control` is closed, by us or by our death."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket

    def stop(self) -> None:
        """End it."""
        self.control.close()
        self.process.kill()
        self.process.wait()


_FORWARDER_ENVIRONMENT = b"PATH=/usr/bin:/bin"


class BareAgent:
    """A process group without a room, and the forwarder beside it."""

    def __init__(self, process: asyncio.subprocess.Process, forwarder: Forwarder) -> None:
        self._process = process
        self._forwarder = forwarder

    async def wait(self) -> int:
        """Its exit code; 128 + n for signal n."""
        code = await self._process.wait()
        return code if code >= 0 else 128 - code

    async def stop(self, grace_s: float) -> None:
        """End its process group and the forwarder. A program that left the group is not found: no room holds it."""
        _signal_group(self._process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            _signal_group(self._process.pid, signal.SIGKILL)
            await self._process.wait()
        _signal_group(self._process.pid, signal.SIGKILL)
        self._forwarder.stop()


class NoRooms:
    """Starts each agent as an ordinary process of this user."""

    async def prepare(self, task: Task) -> None:
        """There is nothing to find out where there are no walls."""

    async def start(self, task: Task, channel: Channel, work: Work, shapes: dict[str, str]) -> BareAgent:
        """Start the task's program with no walls around it. Raises `SandboxBroken`."""
        around = Inside(
            socket=str(channel.socket),
            home=str(Path.home()),
            temporary=os.environ.get("TMPDIR", "/tmp"),  # noqa: S108 - the caller's own
        )
        programs = tuple(os.environ.get("PATH", os.defpath).split(":"))
        environment = agent_environment(work, shapes, programs, around)
        forwarder = _start_forwarder(channel)
        try:
            process = await asyncio.create_subprocess_exec(
                *(*_dying(), *task.command), env=environment, start_new_session=True
            )
        except BaseException:
            forwarder.stop()
            raise
        return BareAgent(process, forwarder)


def _start_forwarder(channel: Channel) -> Forwarder:
    """As the workflow's uid where we are root, because the gateway checks who connects."""
    uid = str(channel.uid)
    # One setpriv for both: the kernel forgets a death signal when credentials change (prctl(2)).
    who = ("--reuid", uid, "--regid", uid, "--clear-groups") if os.geteuid() == 0 else ()
    folder = os.open(channel.socket.parent, os.O_PATH)
    # Through the descriptor: the workflow's uid may not walk the home's own folders, only the channel's.
    path = f"/proc/self/fd/{folder}/{channel.socket.name}"
    # As text: the workflow's uid need not be able to enter the folder that Doorless is installed in.
    source = Path(inside.__file__).read_text(encoding="utf-8")
    program = (sys.executable, "-I", "-S", "-c", source, str(FORWARDER_PORT), path, "CORE=0", "--")
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(
            # The forwarder lives as long as its agent; this one only waits, and dies with it.
            (*_dying(), *who, *program, *_dying(), "sleep", "infinity"),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            pass_fds=(folder,),
            start_new_session=True,
        )
    finally:
        theirs.close()
        os.close(folder)
    forwarder = Forwarder(process, ours)
    if not _greeted(ours):
        forwarder.stop()
        raise SandboxBroken(
            "No agent was started.",
            "The loopback forwarder did not start; what it said stands above.",
            f"Port {FORWARDER_PORT} on loopback must be free; as root, Python must be readable for every user.",
        )
    return forwarder


def _greeted(control: socket.socket) -> bool:
    """Hand over an environment, as the room's builder does; whether the forwarder then said that it listens."""
    try:
        control.sendall(len(_FORWARDER_ENVIRONMENT).to_bytes(4, "big") + _FORWARDER_ENVIRONMENT)
        return control.recv(1) == inside.READY
    except OSError:
        return False


def _dying() -> tuple[str, ...]:
    """Words before a command that make it die with the process that started it."""
    found = shutil.which("setpriv")
    if found is None:
        raise SandboxBroken(
            "No agent was started.", "The program setpriv is missing.", "Install the package util-linux."
        )
    return (found, "--pdeathsig", "KILL")


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
