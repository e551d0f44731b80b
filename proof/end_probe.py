"""Probes of what is left after the end of a workflow: its channel, its connections, its streams, its tokens, its room.

Each control is the same thing a moment before the end.
"""

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from proof.answers import read_answer
from proof.catalogue import PRISONER
from proof.control import Workflow
from proof.introspection import is_active
from proof.model import Group, Outcome, Reached, Runs, Stopped
from proof.parts import REPOSITORY, alive, processes
from proof.waiting import until
from proof.world import World

WITHIN_S: Final = 1.0
"""How soon an end takes effect everywhere."""
_APPEARS_S: Final = 15.0
_ANSWER_S: Final = 3.0
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class EndProbe:
    """One thing that must end; `run` looks at it before and after."""

    name: str
    proves: str
    run: Callable[[World], Awaitable[Runs]]
    group: Group = Group.AFTER_END

    async def runs(self, world: World) -> Runs:
        """Look before and after."""
        return await self.run(world)


async def new_connections(world: World) -> Runs:
    """A connection made after the end."""
    async with world.control.workflow(PRISONER) as workflow:
        control = await _served(world, workflow)
        await world.control.end(workflow.id)
        await asyncio.sleep(WITHIN_S)
        walled = await _served(world, workflow)
        left = workflow.path.exists()
    return Runs(control, Reached("the socket is still there") if left else walled)


async def kept_connection(world: World) -> Runs:
    """A connection from before the end."""
    async with world.control.workflow(PRISONER) as workflow:
        reader, writer = await workflow.open()
        control = await _asked_on(world, reader, writer)
        await world.control.end(workflow.id)
        await asyncio.sleep(WITHIN_S)
        walled = await _asked_on(world, reader, writer)
        writer.close()
    return Runs(control, walled)


async def open_stream(world: World) -> Runs:
    """An answer that was still coming."""
    async with world.control.workflow(PRISONER) as workflow:
        reader, writer = await workflow.open()
        writer.write(
            f"GET /{world.layout.static_service}/stream HTTP/1.1\r\nhost: proxy\r\n\r\n".encode("ascii")
        )
        ticks = 0
        while ticks < 5:  # noqa: PLR2004 - enough to know that it streams
            ticks += (await asyncio.wait_for(reader.read(65_536), 5)).count(b"tick")
        await world.control.end(workflow.id)
        late = await _after(reader, WITHIN_S)
        writer.close()
    return Runs(Reached(f"{ticks} ticks came"), Reached("it went on") if late else Stopped("it was cut"))


async def token_at_services(world: World) -> Runs:
    """A copy of the token, at a service that asks the issuer."""
    async with world.control.workflow(PRISONER) as workflow:
        token = workflow.tokens[world.layout.jwt_service]
        control = _active(await is_active(world, token))
        await world.control.end(workflow.id)
        return Runs(control, _active(await is_active(world, token)))


async def token_at_gateway(world: World) -> Runs:
    """A copy of the tokens, for a channel of one's own."""
    started = await world.control.start(PRISONER)
    tokens = [each["token"] for each in started["tokens"]]
    before, _ = await world.control.opens(started["workflow"], tokens)
    await world.control.end(started["workflow"])
    await asyncio.sleep(WITHIN_S)
    after, _ = await world.control.opens(started["workflow"], tokens)
    return Runs(_opened(before), _opened(after))


async def renewal(world: World) -> Runs:
    """Fresh tokens for an ended workflow."""
    started = await world.control.start(PRISONER)
    renew = f"/workflows/{started['workflow']}/tokens"
    before = (await world.control.issuer.post(renew)).status_code
    await world.control.end(started["workflow"])
    after = (await world.control.issuer.post(renew)).status_code
    return Runs(_opened(before), _opened(after))


async def expiry(world: World) -> Runs:
    """A workflow whose time is over, with nobody who ends it."""
    async with world.control.workflow(PRISONER, ttl_s=2) as workflow:
        control = await _served(world, workflow)
        await asyncio.sleep(2 + WITHIN_S)
        return Runs(control, await _served(world, workflow))


async def lease(world: World) -> Runs:
    """A workflow whose orchestrator is gone, while its agent's connection lives."""
    started = await world.control.start(PRISONER)
    token = next(each["token"] for each in started["tokens"] if each["audience"] == world.layout.jwt_service)
    tokens = [each["token"] for each in started["tokens"]]
    control: Outcome = Stopped("its channel never opened")
    # `opens` lets the channel's lease go as soon as it has it.
    status, _ = await world.control.opens(started["workflow"], tokens)
    if status == _OK:
        control = _opened(status)
    await asyncio.sleep(WITHIN_S)
    return Runs(control, _active(await is_active(world, token)))


async def orchestrator_killed(world: World) -> Runs:
    """`doorless run` killed with no time to tidy up: its agent, its room, its channel, its tokens."""
    mark = world.new_mark()
    before = {each["workflow"] for each in await _channels(world)}
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "doorless",
            "run",
            "--home",
            str(world.layout.home),
            "--role",
            PRISONER,
            "--",
        ),
        *("sh", "-c", f": {mark}; while :; do sleep 1; done"),
        cwd=world.agent_folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": "/usr/bin:/bin"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    agents = await _appearing(mark)
    control: Outcome = Reached("an agent ran") if agents else Stopped("no agent ran")
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await asyncio.sleep(WITHIN_S)
    left = [pid for pid in agents if alive(pid)]
    channels = {each["workflow"] for each in await _channels(world)} - before
    if left or channels:
        return Runs(control, Reached(f"{len(left)} processes and {len(channels)} channels are left"))
    return Runs(control, Stopped("no process and no channel is left"))


async def kill_switch(world: World) -> Runs:
    """Everything ended at once."""
    async with world.control.workflow(PRISONER) as workflow:
        token = workflow.tokens[world.layout.jwt_service]
        control = await _served(world, workflow)
        await world.control.issuer.delete("/workflows", params={"reason": "revoked"})
        await asyncio.sleep(WITHIN_S)
        walled = await _served(world, workflow)
        if isinstance(walled, Stopped) and (await is_active(world, token) or await _channels(world)):
            walled = Reached("a token or a channel is left")
    return Runs(control, walled)


async def _served(world: World, workflow: Workflow) -> Outcome:
    mark = world.new_mark()
    status = 0
    with contextlib.suppress(OSError):
        status = read_answer(await workflow.get(f"/{world.layout.static_service}/m/{mark}")).status
    return _outcome(world, mark, status)


async def _asked_on(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Outcome:
    mark = world.new_mark()
    status = 0
    request = f"GET /{world.layout.static_service}/m/{mark} HTTP/1.1\r\nhost: proxy\r\n\r\n"
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
        writer.write(request.encode("ascii"))
        async with asyncio.timeout(_ANSWER_S):
            head = await reader.readuntil(b"\r\n\r\n")
            status = read_answer(head).status
            # To its end: what is left unread would be taken for the next answer.
            await reader.readexactly(_length(head))
    return _outcome(world, mark, status)


def _length(head: bytes) -> int:
    found = re.search(rb"(?im)^content-length:\s*(\d+)", head)
    return int(found[1]) if found else 0


def _outcome(world: World, mark: str, status: int) -> Outcome:
    if status == _OK or world.upstream.heard(mark):
        return Reached(f"answered {status}, and it arrived at the service")
    return Stopped(f"answered {status}" if status else "no connection is served")


async def _after(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Whether a stream still brings anything later than so many seconds from now."""
    until = asyncio.get_running_loop().time() + seconds
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds * 3):
            while await reader.read(65_536):
                if asyncio.get_running_loop().time() > until:
                    return True
    return False


async def _channels(world: World) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await world.control.gateway.get("/channels")).json()["channels"]
    return found


async def _appearing(mark: str) -> tuple[int, ...]:
    await until(lambda: _shells(mark), _APPEARS_S)
    return _shells(mark)


def _shells(mark: str) -> tuple[int, ...]:
    return tuple(pid for pid, words in processes() if words[0] == "sh" and mark in " ".join(words))


def _active(active: bool) -> Outcome:
    return (
        Reached("the issuer says that it counts")
        if active
        else Stopped("the issuer says that it does not count")
    )


def _opened(status: int) -> Outcome:
    return Reached("it was given") if status == _OK else Stopped(f"answered {status}")
