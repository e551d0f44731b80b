"""A server on a unix socket that answers as a broken OPA would; it speaks bytes, not HTTP, so that it can lie."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class FakeOpa:
    """Answers the n-th question with the n-th of `answers`, and all further ones with the last."""

    def __init__(self, socket_path: Path, *answers: Answer) -> None:
        self.socket_path = socket_path
        self.questions: list[tuple[str, Any]] = []
        """Path and parsed body of everything that was asked."""
        self.connections = 0
        self._answers = answers
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, self.socket_path)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        for _turn in range(10):  # asyncio loses a connection that it is accepting when its server is closed
            await asyncio.sleep(0)
        self._server.close()
        self.drop_connections()
        await self._server.wait_closed()
        for writer in tuple(self._writers):
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def drop_connections(self) -> None:
        """Close every connection, as an OPA does that ends."""
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                length = next(
                    int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")
                )
                body = json.loads(await reader.readexactly(length))
                place = min(len(self.questions), len(self._answers) - 1)
                self.questions.append((head[0].split(" ")[1], body))
                await self._answers[place](writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            writer.close()


def raw(*pieces: bytes) -> Answer:
    """These bytes, whatever they are."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return answer


def body(content: bytes | dict[str, Any], status: int = 200, kind: str = "application/json") -> Answer:
    """A proper HTTP answer with this body."""
    content = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
    return raw(head.encode() + content)


def then_close(answer: Answer) -> Answer:
    """The same, and the connection closed after it."""

    async def closing(writer: asyncio.StreamWriter) -> None:
        await answer(writer)
        writer.close()

    return closing


def after(event: asyncio.Event, answer: Answer) -> Answer:
    """The same, once the test lets it go."""

    async def waiting(writer: asyncio.StreamWriter) -> None:
        await event.wait()
        await answer(writer)

    return waiting


async def silence(writer: asyncio.StreamWriter) -> None:
    """No answer; the connection stays open."""


def document(**changes: Any) -> dict[str, Any]:
    """A decision document that allows, with these fields changed."""
    allowed: dict[str, Any] = {
        "version": "1",
        "allow": True,
        "reasons": [],
        "obligations": [],
        "hold": None,
        "cacheable_s": 0,
    }
    return allowed | changes


def denial(code: str) -> dict[str, Any]:
    """A decision document that denies with this code."""
    reason = {"code": code, "message": "no", "remedy": "none", "rule": "data.request"}
    return document(allow=False, reasons=[reason])
