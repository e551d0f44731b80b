"""A process outside that attempts go for: it runs as the agents' own uid, lets itself be traced, and holds a secret.

So it is the room that protects it, and nothing else.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from proof.parts import alive
from proof.world import SECRET_VARIABLE, World, python


@dataclass(frozen=True, slots=True)
class Victim:
    """A running victim, and where in its memory the secret stands."""

    pid: int
    address: int

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        return alive(self.pid)

    @property
    def facts(self) -> dict[str, str]:
        """What arguments of an attempt may name."""
        return {"victim_pid": str(self.pid), "victim_address": str(self.address)}


@asynccontextmanager
async def victim(world: World) -> AsyncIterator[Victim]:
    """A victim for one attempt."""
    secret = world.plants.secrets["victim"]
    process = await asyncio.create_subprocess_exec(
        *(python(), "-E", "-s", "-S", "-m", "proof.attempts.victim", str(world.prisoner.uid), secret),
        *(str(world.plants.handed),),
        cwd=world.agent_folder,
        env={**os.environ, SECRET_VARIABLE: secret},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        address = int(await process.stdout.readline())
        yield Victim(process.pid, address)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
