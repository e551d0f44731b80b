"""A probe of the log service: words that an agent wrote, looked for in what the meta-workflow would read.

The control is the log itself: it must hold the words, or their absence from the open part of an answer shows nothing.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

import httpx

from audit.entry import encode
from audit.log_service import Places, application
from audit.query import Filter, select
from proof.control import Workflow
from proof.model import Group, Outcome, Reached, Runs, Stopped, Unsound
from proof.world import World

_PATIENCE_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.2
_FOUND: Final = 200


@dataclass(frozen=True, slots=True)
class LogProbe:
    """One place in which an agent may write. `request`: a request's first lines, with {service} and {mark}."""

    name: str
    proves: str
    request: str
    role: str
    group: Group = Group.LOG

    async def runs(self, world: World) -> Runs:
        """Write the mark, find it in the log, then look at what the service answers."""
        mark = world.new_mark()
        service = world.layout.static_service
        head = (
            self.request.format(service=service, mark=mark) + "\r\nhost: proxy\r\nconnection: close\r\n\r\n"
        )
        async with world.control.workflow(self.role) as workflow:
            await workflow.exchange(head.encode("ascii"), _PATIENCE_S)
            written = self._written(world, workflow, mark)
            control: Outcome = Reached("the log holds it") if written else Stopped("it came to no entry")
            return Runs(control, await self._read(world, workflow, mark))

    def _written(self, world: World, workflow: Workflow, mark: str) -> bool:
        found = select(world.entries(), Filter(workflow=workflow.id))
        return any(mark in encode(stored.entry).decode() for stored in found)

    async def _read(self, world: World, workflow: Workflow, mark: str) -> Outcome:
        """What the service says of the workflow, as soon as the entry with the mark is sealed."""
        for _ in range(int(_PATIENCE_S / _LOOK_EVERY_S)):
            entries = await _answered(world, workflow)
            if any(mark in json.dumps({**entry, "untrusted": ""}) for entry in entries):
                return Reached("the service answered it unmarked")
            if any(mark in json.dumps(entry) for entry in entries):
                return Stopped("it stands marked as untrusted, and nowhere else")
            await asyncio.sleep(_LOOK_EVERY_S)
        return Unsound("the service never told of that entry")


async def _answered(world: World, workflow: Workflow) -> list[dict[str, Any]]:
    """The service's own code over the real log, with an index and a secret of this moment."""
    secret = secrets.token_hex(16)
    app = application(Places(world.layout.log, world.place / "log-probe" / "log.sqlite"), secret)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://log") as client:
        headers = {"authorization": f"Bearer {secret}"}
        answer = await client.get("/entries", params={"workflow": workflow.id}, headers=headers)
    entries: list[dict[str, Any]] = answer.json()["entries"] if answer.status_code == _FOUND else []
    return entries
