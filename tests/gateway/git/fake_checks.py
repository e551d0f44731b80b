"""Checks that do as they are told: what real ones would not say, or only after minutes."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.gateway.peers import Loop

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


def facts(asked: dict[str, Any]) -> tuple[int, bytes]:
    """A small harmless change to the refs that were asked about, described."""
    refs = ",".join(
        f'{{"name":"{ref["name"]}","old":"{ref["old"]}","new":"{ref["new"]}","change":"create"}}'
        for ref in asked["updates"]
    )
    body = (
        f'{{"facts":{{"refs":[{refs}],"base":{{"ref":"main","commit":"{asked["base"]}"}},"head":"{asked["updates"][0]["new"]}",'
        f'"merge_base":"{asked["base"]}","files":[],"touched":[],"commits":[],"secrets":[],"irregular":[],'
        '"totals":{"files":0,"lines":0,"bytes":0}},'
        '"protected_change":{"grants_subset":false,"new_deny_rule":false}}'
    )
    return 200, body.encode()


class FakeChecks:
    """The checks' socket. `describe` and `evidence` say what is answered; each question is kept."""

    def __init__(self, loop: Loop, socket: Path) -> None:
        self._loop = loop
        self.describe: Answer = facts
        self.evidence: list[bytes] = []
        self.patience = threading.Event()
        """While it is cleared nothing is described."""
        self.patience.set()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._runner: web.AppRunner = loop.run(self._start(socket))

    def close(self) -> None:
        """Stop serving."""
        self._loop.run(self._runner.cleanup())

    async def _start(self, socket: Path) -> web.AppRunner:
        application = web.Application()
        application.router.add_post("/describe", self._describe)
        application.router.add_post("/evidence", self._evidence)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(socket)).start()
        return runner

    async def _describe(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.asked.append(("describe", asked))
        await asyncio.to_thread(self.patience.wait, 30)
        status, body = self.describe(asked)
        return web.Response(status=status, body=body, content_type="application/json")

    async def _evidence(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(("evidence", await request.json()))
        answer = web.StreamResponse()
        await answer.prepare(request)
        for line in self.evidence:
            await answer.write(line + b"\n")
        return answer
