"""Where every request enters a reference service: the body is read whole, up to a limit, before any handler.

Promise: with a request log, one line per request is in the file before the service answers, so that a test or
a person can see what an upstream really received. No header value and no body is ever written, only digests.
"""

import hashlib
import os
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenants.services.problems import Problem, problem_answer

BODY_LIMIT = 65_536  # bytes; the largest body any route of ours has a use for is far smaller


class RequestLine(msgspec.Struct, frozen=True):
    """One line of the request log.

    `target` is the request target as received, `headers` the sorted header names, duplicates kept. A digest is
    the hex SHA-256 of the exact value (several values joined by a line feed), "" where the header was absent.
    """

    method: str
    target: str
    headers: list[str]
    authorization_sha256: str
    api_key_sha256: str
    body_sha256: str
    body_bytes: int


class RequestLog:
    """An append-only JSONL file, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        """Open `path` for appending; raises OSError where that is impossible."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def write(self, line: RequestLine) -> None:
        """Append one line with a single write, so that lines of two services never mix."""
        os.write(self._descriptor, msgspec.json.encode(line) + b"\n")


class Intake:
    """ASGI wrapper: reads the body, writes the request line, hands both on to `app`."""

    def __init__(self, app: ASGIApp, log: RequestLog | None) -> None:
        """Wrap `app`; `log` None means that no line is written."""
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read_body(receive)
        if body is None:
            refusal = Problem(413, "body_too_large", f"A body may hold {BODY_LIMIT} bytes here.")
            await problem_answer(refusal)(scope, receive, send)
            return
        if self._log is not None:
            self._log.write(request_line(scope, body))
        await self._app(scope, _replay(body, receive), send)


def request_line(scope: Scope, body: bytes) -> RequestLine:
    """Describe one received request: names and digests, no values."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    query: bytes = scope["query_string"]
    target: bytes = scope["raw_path"] + (b"?" + query if query else b"")
    return RequestLine(
        method=scope["method"],
        target=target.decode("latin-1"),
        headers=sorted(name.decode("latin-1") for name, _ in headers),
        authorization_sha256=_digest(headers, b"authorization"),
        api_key_sha256=_digest(headers, b"x-api-key"),
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_bytes=len(body),
    )


def _digest(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    values = [value for key, value in headers if key == name]
    return hashlib.sha256(b"\n".join(values)).hexdigest() if values else ""


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body, or None where it is over the limit."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body read before, then what the connection itself says."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
