"""A probe of a push as a way out: a key hidden somewhere in it, sent straight to the forge, and through the gateway.

The control brings the forge's own token and lands. Through the gateway the key must be found, wherever it stands.
"""

import asyncio
import base64
import contextlib
import secrets
import string
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proof.catalogue import FORGE, FORGE_PORT, PUSHER
from proof.control import Workflow
from proof.git_forge import REPOSITORY, git, try_git
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.world import World

_LETTERS: Final = string.ascii_letters + string.digits
_FOUND: Final = b"[change.secret_found]"


@dataclass(frozen=True, slots=True)
class Work:
    """One clone: where it is, and as whom it commits."""

    folder: Path
    settings: dict[str, str]

    async def commit(self, path: str, content: str, message: str) -> None:
        """Write a file and commit it."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        await self.run("add", "--all")
        await self.run("commit", "--quiet", "--message", message)

    async def run(self, *words: str, given: bytes = b"") -> bytes:
        """Run git in it."""
        return await git(self.folder, *words, given=given, settings=self.settings)


Hide = Callable[[Work, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class PushProbe:
    """One place in a push. `hide` puts a key there; a key in the branch's own name needs nothing hidden."""

    place: str
    hide: Hide
    in_branch: bool = False
    group: Group = Group.CHANGES

    @property
    def name(self) -> str:
        """What it is called."""
        return f"push-{self.place}"

    @property
    def proves(self) -> str:
        """What holds where it is proven."""
        return f"what looks like a key does not leave in a push: {self.place.replace('-', ' ')}"

    async def runs(self, world: World) -> Runs:
        """Push it straight to the forge, then through the gateway."""
        await world.forge.ready()
        basic = base64.b64encode(f"x:{world.forge.token}".encode()).decode()
        direct = f"http://127.0.0.1:{FORGE_PORT}/{REPOSITORY}"
        control = await self._push(world, direct, f"Authorization: Basic {basic}", "nobody")
        async with world.control.workflow(PUSHER) as workflow, _door(workflow) as port:
            through = f"http://127.0.0.1:{port}/{FORGE}/git/{REPOSITORY}"
            walled = await self._push(world, through, "Host: proxy", workflow.id)
        return Runs(control, walled)

    async def _push(self, world: World, url: str, header: str, workflow: str) -> Outcome:
        canary = "ghp_" + "".join(secrets.choice(_LETTERS) for _ in range(36))
        place = world.place / world.new_mark()
        place.mkdir()
        settings = _settings(header, workflow)
        await git(place, "clone", "--quiet", url, "clone", settings=settings)
        work = Work(place / "clone", settings)
        await self.hide(work, canary)
        branch = f"refs/heads/agent/{workflow}/{canary if self.in_branch else self.place}"
        code, said = await try_git(work.folder, "push", "origin", f"HEAD:{branch}", settings=settings)
        if await world.forge.holds(canary):
            return Reached("the forge has it")
        if code and _FOUND in said:
            return Stopped("refused: change.secret_found")
        return Unsound(f"neither there nor found: {said.decode('utf-8', 'replace')[-300:]}")


def _settings(header: str, workflow: str) -> dict[str, str]:
    found = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header}
    for who in ("AUTHOR", "COMMITTER"):
        found |= {f"GIT_{who}_NAME": PUSHER, f"GIT_{who}_EMAIL": f"{workflow}@agents.doorless.local"}
    return found


@asynccontextmanager
async def _door(workflow: Workflow) -> AsyncIterator[int]:
    """A port that leads to a workflow's channel, as a room's forwarder does."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gateway_reader, gateway_writer = await workflow.open()
        await asyncio.gather(_copy(reader, gateway_writer), _copy(gateway_reader, writer))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
