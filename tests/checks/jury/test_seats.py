"""Jurors as workflows, at an issuer and a gateway that can refuse: whatever happens, no workflow is left open."""

import asyncio
import contextlib
import json
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from checks.jury.model import Budget, Juror, Roster
from checks.jury.seated import Seated
from checks.jury.seats import Doors, NoSeat
from serving.server import QuietServer

ROSTER = Roster(
    tuple(Juror(name, name, "openai", "openai", "m", "juror") for name in ("first", "second", "third")),
    Budget(seconds=60),
    "/nowhere",
)


@dataclass
class Home:
    """An issuer and a gateway; `started`, `open` and `ended` are workflows."""

    refuse_start: str = ""
    """The juror whose workflow the issuer refuses."""
    refuse_channel: str = ""
    """The juror whose channel the gateway refuses."""
    asked: list[dict[str, object]] = field(default_factory=list)
    started: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)

    async def start(self, request: Request) -> Response:
        """POST /workflows."""
        asked = await request.json()
        self.asked.append(asked)
        name = str(asked["task"]).removeprefix("juror ")
        if name == self.refuse_start:
            return JSONResponse({"message": "no such role"}, 403)
        self.started.add(f"wf-{name}")
        token = {"audience": "openai", "token": f"eyJ.{name}"}
        return JSONResponse({"workflow": f"wf-{name}", "tokens": [token]}, 201)

    async def end(self, request: Request) -> Response:
        """DELETE /workflows/WF."""
        self.ended.add(request.path_params["workflow"])
        return JSONResponse({})

    async def channel(self, request: Request) -> Response:
        """POST /channels: a lease that lasts as long as its reader."""
        workflow = str((await request.json())["workflow"])
        if workflow == f"wf-{self.refuse_channel}":
            return JSONResponse({"message": "no"}, 409)
        return StreamingResponse(self._lease(workflow), media_type="application/x-ndjson")

    async def _lease(self, workflow: str) -> AsyncIterator[bytes]:
        self.open.add(workflow)
        try:
            yield json.dumps({"socket": f"/ch/{workflow}/gw.sock", "uid": 60001}).encode() + b"\n"
            await asyncio.sleep(60)
        finally:
            self.open.remove(workflow)


@contextlib.asynccontextmanager
async def doors(home: Home, folder: Path) -> AsyncIterator[Doors]:
    """Both sockets, answered."""
    issuer = Starlette(
        routes=[
            Route("/workflows", home.start, methods=["POST"]),
            Route("/workflows/{workflow}", home.end, methods=["DELETE"]),
        ]
    )
    gateway = Starlette(routes=[Route("/channels", home.channel, methods=["POST"])])
    async with _served(issuer, folder / "issuer"), _served(gateway, folder / "gateway"):
        yield Doors(folder / "issuer", folder / "gateway")


@contextlib.asynccontextmanager
async def _served(app: Starlette, place: Path) -> AsyncIterator[None]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        server = QuietServer(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.stop()
            await serving


@pytest.fixture
def folder() -> Iterator[Path]:
    """A path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="dl-") as name:
        yield Path(name)


async def gone(home: Home) -> None:
    """Wait until no channel is open."""
    async with asyncio.timeout(10):
        while home.open:  # noqa: ASYNC110 - the servers have no event for it
            await asyncio.sleep(0.01)


def test_each_juror_is_a_workflow_for_as_long_as_the_case_lasts(folder: Path) -> None:
    """A role, a time that is a little longer than the budget, one channel each; afterwards nothing is left."""
    home = Home()

    async def case() -> None:
        async with doors(home, folder) as both:
            async with Seated(ROSTER, both):
                assert home.open == {"wf-first", "wf-second", "wf-third"}
                assert home.ended == set()
            await gone(home)

    asyncio.run(case())
    assert home.ended == home.started == {"wf-first", "wf-second", "wf-third"}
    assert {(asked["role"], asked["ttl_s"]) for asked in home.asked} == {("juror", 90)}


@pytest.mark.parametrize(
    ("home", "says"),
    [(Home(refuse_start="second"), "no such role"), (Home(refuse_channel="third"), "the gateway")],
)
def test_where_one_cannot_be_seated_nobody_sits(folder: Path, home: Home, says: str) -> None:
    """`NoSeat` says who refused, and those who sat already are let go."""

    async def case() -> None:
        async with doors(home, folder) as both:
            with pytest.raises(NoSeat, match=says):
                await Seated(ROSTER, both).__aenter__()
            await gone(home)

    asyncio.run(case())
    assert home.ended == home.started


def test_where_nothing_answers_there_is_no_seat(folder: Path) -> None:
    """No issuer: at once, and by its name."""

    async def case() -> None:
        with pytest.raises(NoSeat, match="the issuer"):
            await Seated(ROSTER, Doors(folder / "issuer", folder / "gateway")).__aenter__()

    asyncio.run(case())
