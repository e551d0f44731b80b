"""The checks as the gateway sees them, as a fake: every document is what it should be, and says what a test tells it."""

import hashlib
from pathlib import Path

from aiohttp import web

from tests.gateway.peers import Loop


class FakeChecks:
    """Answers POST /validate; `schema` and `jury` are what it finds out."""

    def __init__(self, loop: Loop, socket: Path) -> None:
        self.schema = "passed"
        self.jury = "passed"
        self._loop = loop
        self._runner = loop.run(self._start(socket))

    async def _start(self, socket: Path) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/validate", self._validate)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(socket)).start()
        return runner

    async def _validate(self, request: web.Request) -> web.Response:
        asked = await request.json()
        jury = self.jury if asked["jury"] else "absent"
        return web.json_response(
            {
                "digest": hashlib.sha256(asked["body"].encode()).hexdigest(),
                "results": [{"kind": "schema", "state": self.schema}, {"kind": "jury", "state": jury}],
            }
        )

    def close(self) -> None:
        """Answer no more."""
        self._loop.run(self._runner.cleanup())
