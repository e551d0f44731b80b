"""Agents in rooms: what a task needs of the sandbox, and the sandbox's failures in our words.

The room itself is `sandbox`'s. Nothing of the Doorless home is ever shown inside.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sandbox.binary import SandboxUnavailable
from sandbox.folders import RoomRefused, check_agent_folder
from sandbox.host import find_door, gather_host, with_environment
from sandbox.launch import RoomBroken
from sandbox.probe import Broken, Works, probe
from sandbox.room import Host, Limits, Room
from sandbox.run import OnOutput, Running, start
from workflows.environment import Work, agent_environment
from workflows.failure import CannotStart, SandboxBroken
from workflows.model import Channel, Task

_MARGIN_S = 2.0


class RoomAgent:
    """A running room, as the lifecycle sees it."""

    def __init__(self, running: Running) -> None:
        self._running = running

    async def wait(self) -> int:
        """The agent's exit code."""
        return (await self._running.wait()).code

    async def stop(self, grace_s: float) -> None:
        """End the room and everything in it."""
        await self._running.stop(grace_s)


class SandboxRooms:
    """Starts each agent in a room of its own."""

    def __init__(
        self, home: Path, virtual_environment: Path | None, output: OnOutput, warn: Callable[[str], None]
    ) -> None:
        """`virtual_environment` is the agent's own, where it has one; its programs come first."""
        self._forbidden = (PurePosixPath(home.resolve()),)
        self._virtual_environment = virtual_environment
        self._output = output
        self._warn = warn
        self._host: Host | None = None
        self._agent_folder: PurePosixPath | None = None

    async def prepare(self, task: Task) -> None:
        """Prove that rooms hold here, and decide what the agent may read. Raises `SandboxBroken`."""
        match await probe():
            case Broken(reason=reason, remedy=remedy):
                raise SandboxBroken(
                    "No agent was started: rooms do not hold on this machine.", reason, remedy
                )
            case Works():
                self._host = with_environment(gather_host(), self._virtual_environment)
        if task.agent_folder is not None:
            self._agent_folder = self._shown(self._host, task.agent_folder)

    async def start(self, task: Task, channel: Channel, work: Work, shapes: dict[str, str]) -> RoomAgent:
        """Start the task's program in a room; after `prepare`. Raises `SandboxBroken`, `CannotStart`."""
        assert self._host is not None, "prepare comes first"
        room = Room(
            argv=task.command,
            env=agent_environment(work, shapes, tuple(f"{prefix}/bin" for prefix in self._host.prefixes)),
            channel_folder=PurePosixPath(channel.socket.parent),
            uid=channel.uid if self._host.is_root else None,
            agent_folder=self._agent_folder,
            forbidden=self._forbidden,
            limits=limits_for(work.expires_at - time.time()),
        )
        try:
            return RoomAgent(await start(room, self._output, self._host))
        except SandboxUnavailable as missing:
            raise SandboxBroken("No agent was started.", f"{missing.reason}.", missing.remedy) from None
        except RoomBroken as broken:
            raise SandboxBroken(
                "No agent was started.", f"Its room could not be built: {broken}.", "Ask `doorless doctor`."
            ) from None
        except RoomRefused as refused:
            raise CannotStart("No agent was started.", f"Its room was refused: {refused}.", "") from None

    def _shown(self, host: Host, folder: Path) -> PurePosixPath | None:
        """The folder, if an agent may see it; otherwise the agent runs without, and a person is told why."""
        real = PurePosixPath(folder.resolve())
        try:
            check_agent_folder(real, host.homes, self._forbidden)
        except RoomRefused as refused:
            self._warn(f"the agent does not see the current folder: {refused}")
            return None
        door = find_door(folder.resolve())
        if door is not None:
            self._warn(f"the agent does not see the current folder: {door} is a socket, a pipe or a device")
            return None
        return real


def limits_for(left_s: float) -> Limits:
    """The room's bounds for a workflow that has so long to live: the workflow's own deadline comes first."""
    ordinary = Limits()
    return replace(ordinary, wall_s=left_s + _MARGIN_S, cpu_s=max(ordinary.cpu_s, int(left_s)))
