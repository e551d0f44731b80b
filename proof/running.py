"""One attempt, run: in a room as any agent is, or outside with nothing in its way; and what it told.

Starting a room is the sandbox's own code. What the attempt told is read here and judged elsewhere.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from proof import kernel
from proof.control import Workflow
from proof.world import World, python
from sandbox.room import Limits, Room
from sandbox.run import Running, start

_OUTSIDE_S = 20.0
_INSIDE_S = 20.0


@dataclass(frozen=True, slots=True)
class Said:
    """What an attempt printed and how it ended; `line` is its own account, None where it gave none."""

    code: int
    output: str
    line: Mapping[str, Any] | None = field(default=None)

    @property
    def reached(self) -> bool:
        """Whether the attempt says that it got there."""
        return self.line is not None and bool(self.line["reached"])

    @property
    def got(self) -> str:
        """What it got hold of."""
        return "" if self.line is None else str(self.line["got"])

    @property
    def number(self) -> str:
        """The name of the error that stopped it."""
        return "" if self.line is None else str(self.line["number"])

    @property
    def why(self) -> str:
        """What stopped it, or how it ended where it gave no account."""
        if self.line is None:
            return f"it ended with {self.code}: {self.output.strip()[-200:]}"
        return ": ".join(filter(None, (str(self.line["number"]), str(self.line["why"]))))


def command(attempt: str, arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The command line of an attempt."""
    return (python(), "-E", "-s", "-S", "-m", "proof.attempts", attempt, json.dumps(arguments))


async def outside(world: World, attempt: str, arguments: Mapping[str, str]) -> Said:
    """Run it with everything that this world itself may do."""
    process = await asyncio.create_subprocess_exec(
        *command(attempt, arguments),
        cwd=world.agent_folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        close_fds=False,
        start_new_session=True,
        preexec_fn=kernel.inherit_everything,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_OUTSIDE_S):
            output = await process.stdout.read()
            code = await process.wait()
    except TimeoutError:
        return Said(-1, f"no end within {_OUTSIDE_S:.0f} s")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return read(code, output.decode("utf-8", "replace"))


async def inside(
    world: World, workflow: Workflow, attempt: str, arguments: Mapping[str, str], limits: Limits | None = None
) -> Said:
    """Run it in a room on a workflow's channel, to its end."""
    output: list[str] = []
    async with await room(world, workflow, command(attempt, arguments), output, limits) as running:
        ended = await running.wait()
    return read(ended.code, "".join(output))


async def room(
    world: World, workflow: Workflow, argv: tuple[str, ...], output: list[str], limits: Limits | None = None
) -> Running:
    """A started room; what the agent prints is added to `output`. Raises as `sandbox.run.start`."""
    wanted = Room(
        argv=argv,
        env={"DOORLESS_URL": "http://127.0.0.1:8080"},
        channel_folder=PurePosixPath(workflow.path.parent),
        uid=workflow.uid if world.host.is_root else None,
        agent_folder=PurePosixPath(world.agent_folder),
        forbidden=(PurePosixPath(world.layout.home),),
        limits=limits or Limits(wall_s=_INSIDE_S),
    )
    return await start(wanted, lambda _, text: output.append(text), world.host)


def read(code: int, output: str) -> Said:
    """The attempt's own account, which is its last line, and everything around it."""
    for line in reversed(output.splitlines()):
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict) and {"reached", "got", "number", "why"} <= found.keys():
                return Said(code, output, found)
    return Said(code, output)
