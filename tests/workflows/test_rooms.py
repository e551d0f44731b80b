"""What a task needs of the sandbox: limits, the agent's own Python, and a folder that is refused."""

import asyncio
import dataclasses
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from sandbox.host import gather_host, with_environment
from sandbox.room import Limits
from tests.workflows.parts import TASK
from workflows.environment import Work
from workflows.model import Channel
from workflows.rooms import SandboxRooms, limits_for


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every uid may enter."""
    with tempfile.TemporaryDirectory(prefix="rm-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_room_lives_a_little_longer_than_its_workflow() -> None:
    """The workflow's own deadline comes first, so that it ends as what it is; processor time grows with it."""
    assert limits_for(10).wall_s > 10
    assert limits_for(10).cpu_s == Limits().cpu_s
    assert limits_for(3600).cpu_s == 3600


def test_the_agents_environment_comes_first_with_the_python_it_was_made_of(folder: Path) -> None:
    """The virtual environment and its base are shown, and lead the PATH; without one nothing changes."""
    (folder / "bin").mkdir()
    (folder / "base" / "bin").mkdir(parents=True)
    (folder / "base" / "bin" / "python3").touch()
    (folder / "bin" / "python").symlink_to(folder / "base" / "bin" / "python3")
    host = gather_host()
    shown = with_environment(host, folder).prefixes
    assert shown[:2] == (PurePosixPath(folder), PurePosixPath(folder / "base"))
    assert shown[2:] == host.prefixes
    assert with_environment(host, None) == host


def test_a_folder_with_the_home_in_it_is_not_shown(folder: Path) -> None:
    """The agent gets no folder then, and a person is told."""
    (folder / "home").mkdir()
    warned: list[str] = []
    said: list[str] = []
    rooms = SandboxRooms(folder / "home", None, lambda _, text: said.append(text), warned.append)
    asyncio.run(_visit(rooms, folder, folder))
    assert len(warned) == 1
    assert str(folder / "home") in warned[0]
    assert "".join(said) == "/work\n"


def test_an_agent_reads_its_folder(folder: Path) -> None:
    """An ordinary folder is /agent, and the environment is the one that was made for it."""
    agents = folder / "agents"
    agents.mkdir()
    said: list[str] = []
    rooms = SandboxRooms(folder / "home", None, lambda _, text: said.append(text), said.append)
    asyncio.run(_visit(rooms, folder, agents))
    assert "".join(said) == "/agent\n"


async def _visit(rooms: SandboxRooms, folder: Path, agent_folder: Path) -> None:
    channel_folder = folder / "home" / "channel"
    channel_folder.mkdir(parents=True)
    task = dataclasses.replace(TASK, command=("pwd",), agent_folder=agent_folder)
    channel = Channel("wf-a", channel_folder / "gw.sock", 60001 if os.geteuid() == 0 else os.geteuid(), 0)
    await rooms.prepare(task)
    work = Work("wf-a", "r", "", (), 2**40)
    agent = await rooms.start(task, channel, work, {})
    try:
        assert await agent.wait() == 0
    finally:
        await agent.stop(1)


def test_the_start_is_refused_from_a_room_that_cannot_be(folder: Path) -> None:
    """A channel folder that holds the home is a clear failure, and no process is left."""
    from workflows.failure import CannotStart

    rooms = SandboxRooms(folder / "home", None, lambda *_: None, lambda _: None)
    (folder / "home").mkdir()
    task = dataclasses.replace(TASK, command=(sys.executable,), agent_folder=None)
    channel = Channel("wf-a", folder / "gw.sock", 60001 if os.geteuid() == 0 else os.geteuid(), 0)

    async def work() -> None:
        await rooms.prepare(task)
        with pytest.raises(CannotStart, match="home"):
            await rooms.start(task, channel, Work("wf-a", "r", "", (), 2**33), {})

    asyncio.run(work())
