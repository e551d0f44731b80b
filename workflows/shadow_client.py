"""A candidate policy in the shadow of the one in force, as the command line sees the gateway's admin API."""

from pathlib import Path
from typing import Literal

import msgspec

from workflows.control import Control, Reply
from workflows.failure import NotPossible
from workflows.gateway_client import ConfigurationError, PolicyRefused

START_S = 60.0
"""A candidate is built and tried before it is asked."""


class Kind(msgspec.Struct, frozen=True):
    """Answers that would have been others: of whom, from what to what, by which rule, with some decision ids."""

    role: str
    live: str
    candidate: str
    rule: str
    count: int
    examples: tuple[str, ...]


class Shadow(msgspec.Struct, frozen=True):
    """What is asked and what came of it; `since` in Unix seconds."""

    state: Literal["off", "running", "ended"]
    problem: str = ""
    policies: str = ""
    revision: str = ""
    since: int = 0
    asked: int = 0
    agreed: int = 0
    flips: int = 0
    waiting: int = 0
    skipped: int = 0
    not_compared: int = 0
    errors: dict[str, int] = {}
    kinds: tuple[Kind, ...] = ()


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Refused(msgspec.Struct, frozen=True):
    errors: tuple[ConfigurationError, ...]


class ShadowClient:
    """Asks and tells the gateway of one home."""

    def __init__(self, socket: Path) -> None:
        self._control = Control("gateway", socket)

    async def start(self, policies: Path) -> Shadow | PolicyRefused:
        """Ask the policies of a folder from here on. Raises `NotPossible` where others are asked already."""
        asked = {"policies": str(policies)}
        reply = await self._control.ask("POST", "/policy/shadow", asked, within_s=START_S)
        if reply.status == 422:  # noqa: PLR2004 - the status that carries the errors
            return PolicyRefused(reply.read(_Refused).errors)
        return _read(reply)

    async def status(self) -> Shadow:
        """What is asked now."""
        return _read(await self._control.ask("GET", "/policy/shadow"))

    async def stop(self) -> Shadow:
        """Ask no more; what came of it. Raises `NotPossible` where nothing is asked."""
        return _read(await self._control.ask("DELETE", "/policy/shadow"))

    async def close(self) -> None:
        """Close the connection."""
        await self._control.close()


def _read(reply: Reply) -> Shadow:
    if reply.succeeded:
        return reply.read(Shadow)
    problem = reply.read(_Problem)
    remedy = "`doorless policy shadow status` shows what is asked; `doorless policy shadow stop` ends it."
    why = f"{problem.message} [{problem.code}]"
    raise NotPossible("The shadow was not changed.", why, remedy, code=problem.code)
