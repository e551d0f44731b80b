"""Fakes of the issuer, the gateway and the sandbox: real HTTP on real unix sockets, each able to fail."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from workflows.environment import Work
from workflows.model import Channel, Parts, Task

TASK = Task("crash-tracker", "count", 60, ("read:crash-reports",), ("agent",), None)
WORKFLOW = "wf-aaaaaaaaaaaaaaaaaaaa"


@dataclass
class World:
    """What the fakes do, and everything that happened, in order."""

    happened: list[str] = field(default_factory=list)
    asked: list[object] = field(default_factory=list)
    refuse_start: tuple[int, dict[str, object]] | None = None
    refuse_channel: tuple[int, dict[str, object]] | None = None
    refuse_renewal: tuple[int, dict[str, object]] | None = None
    refuse_end: tuple[int, dict[str, object]] | None = None
    refuse_rooms: Exception | None = None
    lives_s: float = 60
    token_lives_s: float = 60
    close_lease: asyncio.Event = field(default_factory=asyncio.Event)
    close_reason: str = "workflow_revoked"
    agent_ends: asyncio.Event = field(default_factory=asyncio.Event)
    agent_code: int = 0

    def token(self) -> dict[str, object]:
        expires_at = int(time.time() + self.token_lives_s)
        return {
            "audience": "crash-reporting",
            "scope": ["read:x"],
            "token": "eyJ.canary",
            "expires_at": expires_at,
        }


class FakeIssuer:
    """The issuer's control API."""

    def __init__(self, world: World) -> None:
        self.world = world

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/workflows", self.start, methods=["POST"]),
                Route("/workflows/{workflow}/tokens", self.renew, methods=["POST"]),
                Route("/workflows/{workflow}", self.end, methods=["DELETE"]),
            ]
        )

    async def start(self, request: Request) -> Response:
        self.world.asked.append(await request.json())
        if self.world.refuse_start:
            status, document = self.world.refuse_start
            return JSONResponse(document, status)
        self.world.happened.append("started")
        expires_at = int(time.time() + self.world.lives_s)
        answer = {"workflow": WORKFLOW, "role": "crash-tracker", "decision": "d-a", "expires_at": expires_at}
        return JSONResponse(answer | {"tokens": [self.world.token()]}, 201)

    async def renew(self, request: Request) -> Response:
        assert request.path_params["workflow"] == WORKFLOW
        if self.world.refuse_renewal:
            status, document = self.world.refuse_renewal
            return JSONResponse(document, status)
        self.world.happened.append("renewed")
        return JSONResponse({"tokens": [self.world.token()]})

    async def end(self, request: Request) -> Response:
        self.world.happened.append(f"ended {request.query_params['reason']}")
        if self.world.refuse_end:
            status, document = self.world.refuse_end
            return JSONResponse(document, status)
        return JSONResponse({"workflow": request.path_params["workflow"], "state": "ended"})


class FakeGateway:
    """The gateway's admin API."""

    def __init__(self, world: World) -> None:
        self.world = world

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/channels", self.open, methods=["POST"]),
                Route("/channels/{workflow}/tokens", self.put, methods=["PUT"]),
                Route("/status", self.status),
            ]
        )

    async def open(self, request: Request) -> Response:
        asked = await request.json()
        assert asked == {"workflow": WORKFLOW, "tokens": ["eyJ.canary"]}
        if self.world.refuse_channel:
            status, document = self.world.refuse_channel
            return JSONResponse(document, status)
        return StreamingResponse(self._lease(), media_type="application/x-ndjson")

    async def _lease(self) -> AsyncIterator[bytes]:
        opened = {
            "event": "opened",
            "workflow": WORKFLOW,
            "socket": "/x/gw.sock",
            "uid": 60001,
            "expires_at": 0,
        }
        try:
            self.world.happened.append("opened")
            yield json.dumps(opened).encode() + b"\n"
            await self.world.close_lease.wait()
            yield json.dumps({"event": "closed", "reason": self.world.close_reason}).encode() + b"\n"
        finally:
            self.world.happened.append("closed")

    async def put(self, request: Request) -> Response:
        self.world.happened.append("put")
        return JSONResponse({"workflow": request.path_params["workflow"]})

    async def status(self, _: Request) -> Response:
        return JSONResponse({"revision": "ab", "services": {"crash-reporting": {"errors": "problem"}}})


class FakeAgent:
    """An agent that ends when the test says so."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def wait(self) -> int:
        await self.world.agent_ends.wait()
        return self.world.agent_code

    async def stop(self, grace_s: float) -> None:
        assert grace_s > 0
        self.world.happened.append("stopped")


class FakeRooms:
    """A sandbox that works, or fails as the test says."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def prepare(self, task: Task) -> None:
        assert task.command
        self.world.happened.append("prepared")

    async def start(self, task: Task, channel: Channel, work: Work, shapes: dict[str, str]) -> FakeAgent:
        assert (task, channel.workflow, work.workflow) == (TASK, WORKFLOW, WORKFLOW)
        assert shapes == {"crash-reporting": "problem"}
        if self.world.refuse_rooms:
            raise self.world.refuse_rooms
        self.world.happened.append("agent")
        return FakeAgent(self.world)


@contextlib.asynccontextmanager
async def parts(world: World, folder: Path) -> AsyncIterator[Parts]:
    """Both fakes, serving."""
    issuer, gateway = folder / "issuer.sock", folder / "gateway.sock"
    async with _serving(FakeIssuer(world).app(), issuer), _serving(FakeGateway(world).app(), gateway):
        yield Parts(issuer, gateway, folder)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def _serving(app: Starlette, path: Path) -> AsyncIterator[None]:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    config = uvicorn.Config(app, lifespan="off", log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
