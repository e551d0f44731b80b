"""Git's own server program as an ASGI answer: `git http-backend`, which speaks CGI (git-http-backend(1), RFC 3875).

Bodies stream both ways. Nothing is decided here: who may come in is known before.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tenants.services.problems import Problem

_CHUNK = 65_536
_CARRIED = {
    "content-type": "CONTENT_TYPE",
    "content-length": "CONTENT_LENGTH",
    "content-encoding": "HTTP_CONTENT_ENCODING",
    "git-protocol": "HTTP_GIT_PROTOCOL",
}
"""What of a request's header the program reads, and under which name."""


async def answer(request: Request, repositories: Path) -> Response:
    """The answer of `git http-backend` to a request for a path below `repositories`."""
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(request, repositories),
    )
    feeding = asyncio.create_task(_feed(request, process))
    try:
        status, headers = await _head(process)
    except BaseException:
        await _end(process, feeding)
        raise
    return _Streamed(_body(process, feeding), status, headers)


class _Streamed(Response):
    """An answer that streams while its request is still read: Starlette's own would read the request's body away."""

    def __init__(self, chunks: AsyncGenerator[bytes, None], status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status_code=status, headers=headers)
        del self.headers["content-length"]
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _environment(request: Request, repositories: Path) -> dict[str, str]:
    carried = {
        name: request.headers[header] for header, name in _CARRIED.items() if header in request.headers
    }
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_PROJECT_ROOT": str(repositories),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.url.path,
        "QUERY_STRING": request.url.query,
        # Whoever is named here may push.
        "REMOTE_USER": "token",
        **carried,
    }


async def _feed(request: Request, process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    with contextlib.suppress(ConnectionError, ClientDisconnect):
        async for chunk in request.stream():
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()


async def _head(process: asyncio.subprocess.Process) -> tuple[int, Mapping[str, str]]:
    assert process.stdout is not None
    headers: dict[str, str] = {}
    while line := (await process.stdout.readline()).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if not headers:
        raise Problem(503, "git_failed", "Git gave no answer.")
    status = int(headers.pop("status", "200").split()[0])
    return status, headers


async def _body(
    process: asyncio.subprocess.Process, feeding: "asyncio.Task[None]"
) -> AsyncGenerator[bytes, None]:
    assert process.stdout is not None
    try:
        while chunk := await process.stdout.read(_CHUNK):
            yield chunk
    finally:
        await _end(process, feeding)


async def _end(process: asyncio.subprocess.Process, feeding: "asyncio.Task[None]") -> None:
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    if process.returncode is None:
        # Not `process.kill()`: it reaps a process that has just ended, which asyncio then waits for in vain.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await process.wait()
