"""Checks for bots and CI over HTTP: a git bundle in, an id at once, the result when it is there.

TCP on loopback behind a bearer token. A bundle is laid into a repository of its own that goes when its check is done,
so no bot's objects meet another's. Results are kept in memory, the latest ones only.
"""

import asyncio
import contextlib
import hmac
import secrets
import shutil
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from checks.check import Asked, CouldNotRun
from checks.describe_api import refused
from checks.engine import NoEngine
from checks.faults import CannotDescribe, GitFailed
from checks.git import Git
from checks.result import CheckResult

MAX_BUNDLE_BYTES = 256 * 2**20
MOST_WAITING = 20
MOST_KEPT = 200
_UNBUNDLE_S = 60.0
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[transfer]\n\tfsckObjects = true\n"

Check = Callable[[Asked], Awaitable[CheckResult]]


@dataclass(slots=True)
class _Job:
    """One bundle on its way: where it lies, what is asked about it, what came of it."""

    folder: Path
    asked: Asked
    answer: dict[str, Any] = field(default_factory=lambda: {"state": "waiting"})


class _NoBundle(Exception):
    """The bundle cannot be used; the text says why."""


class BotsApi:
    """The handlers and the queue; `work` runs the checks, one after the other, on the main thread."""

    def __init__(self, check: Check, token: str) -> None:
        self._check = check
        self._token = token
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(MOST_WAITING)

    @property
    def routes(self) -> list[Route]:
        """Every route for bots, and nothing else."""
        return [
            Route("/checks", self.ask, methods=["POST"]),
            Route("/checks/{name}", self.tell, methods=["GET"]),
        ]

    async def ask(self, request: Request) -> Response:
        """202 with the id of a new check; 400, 401, 413 or 503."""
        if not self._may(request):
            return _not_allowed()
        role, base, head = (request.query_params.get(name, "") for name in ("role", "base", "head"))
        if not (role and base and head):
            return refused(
                400, "request.invalid", "role, base and head are needed.", "Name each in the query."
            )
        if self._queue.full():
            return refused(
                503, "checks.busy", f"{MOST_WAITING} checks wait already.", "Try again in a minute."
            )
        folder = Path(await asyncio.to_thread(mkdtemp, prefix="doorless-bundle-"))
        try:
            await _receive(request, folder / "bundle")
        except (_NoBundle, ClientDisconnect) as error:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            return refused(413, "request.too_large", f"{error}", "Send the commits of one change.")
        name = f"c-{secrets.token_hex(16)}"
        self._jobs[name] = job = _Job(folder, Asked(folder / "repository", base, head, role))
        while len(self._jobs) > MOST_KEPT:
            self._jobs.popitem(last=False)
        await self._queue.put(job)
        return Response(msgspec.json.encode({"id": name}), 202, media_type="application/json")

    async def tell(self, request: Request) -> Response:
        """200 with `state` (waiting, running, done, could_not_run) and, when done, `result`; 401 or 404."""
        if not self._may(request):
            return _not_allowed()
        job = self._jobs.get(request.path_params["name"])
        if job is None:
            return refused(
                404, "checks.unknown", "There is no such check.", "Results are kept for a while; ask again."
            )
        return Response(msgspec.json.encode(job.answer), media_type="application/json")

    async def work(self) -> None:
        """Run what waits, for ever."""
        while True:
            job = await self._queue.get()
            job.answer = {"state": "running", "since": int(time.time())}
            try:
                job.answer = await self._answer(job)
            finally:
                await asyncio.to_thread(shutil.rmtree, job.folder, ignore_errors=True)

    async def _answer(self, job: _Job) -> dict[str, Any]:
        try:
            asked = await asyncio.to_thread(_unbundled, job)
            return {"state": "done", "result": msgspec.to_builtins(await self._check(asked))}
        except _NoBundle as error:
            return _failed("bundle_invalid", f"{error}", "Make it with: git bundle create FILE BASE HEAD")
        except (CouldNotRun, NoEngine, CannotDescribe) as error:
            return _failed(error.code, error.message, error.remedy)
        except Exception as error:  # noqa: BLE001 - one check that breaks must not end the others
            return _failed("broken", f"{type(error).__name__}: {error}", "Report this.")

    def _may(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {self._token}".encode())


def bot_token(path: Path) -> str:
    """The token in a file, which is made where it is missing (mode 0600). Raises OSError."""
    with contextlib.suppress(FileExistsError):
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


async def _receive(request: Request, place: Path) -> None:
    size = 0
    with place.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BUNDLE_BYTES:
                raise _NoBundle(f"A bundle has at most {MAX_BUNDLE_BYTES} bytes.")
            await asyncio.to_thread(file.write, chunk)


def _unbundled(job: _Job) -> Asked:
    """The bundle's objects in a repository, and the ids that its names mean."""
    repository, home = job.asked.repository, job.folder / "home"
    for folder in (home, repository / "objects", repository / "refs"):
        folder.mkdir(parents=True)
    (repository / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    (repository / "config").write_text(_CONFIG, encoding="ascii")
    git = Git(repository, home, time.monotonic() + _UNBUNDLE_S)
    try:
        said = git.run("bundle", "unbundle", str(job.folder / "bundle"))
    except GitFailed as failure:
        raise _NoBundle(f"git cannot read the bundle: {failure.said}") from None
    named: dict[str, str] = {}
    for line in said.decode("utf-8", "replace").splitlines():
        commit, _, name = line.partition(" ")
        named |= {name: commit, name.removeprefix("refs/heads/"): commit}
    base, head = (named.get(each, each) for each in (job.asked.base, job.asked.head))
    return Asked(repository, base, head, job.asked.role)


def _failed(code: str, message: str, remedy: str) -> dict[str, Any]:
    return {"state": "could_not_run", "code": code, "message": message, "remedy": remedy}


def _not_allowed() -> Response:
    return refused(
        401, "request.not_allowed", "The bearer token is missing or wrong.", "Read it from the token file."
    )
