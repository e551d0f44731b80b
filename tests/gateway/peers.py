"""The gateway's neighbours as fakes that can fail: an upstream that speaks raw bytes, and an issuer.

Each runs on a loop of its own in a thread, so that tests read as plain conversations.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from issuer.keyset import SigningKey, generate_key, write_jwks
from issuer.token import Claims, sign
from tests.canaries import CANARIES

T = TypeVar("T")
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def close(self) -> None:
        """End the loop and all that still runs on it."""
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    async def _cancel_all(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass(frozen=True)
class Received:
    """One request as the upstream received it, byte for byte."""

    head: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        """The request line."""
        return self.head.split(b"\r\n", 1)[0]

    @property
    def headers(self) -> dict[bytes, bytes]:
        """Headers by lower-case name."""
        lines = self.head.split(b"\r\n")[1:]
        return {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in lines)
            if name
        }


Answer = Callable[["Received", asyncio.StreamWriter], Awaitable[None]]
Conversation = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class FakeUpstream:
    """A TCP server that keeps every request as raw bytes and answers whatever it is told to.

    `answer` is raw bytes, or a coroutine function that writes by itself (slowly, wrongly, or not at all).
    `conversation`, where it is set, has each connection from the head of its next request on, and then it closes.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.received: list[Received] = []
        self.answer: bytes | Answer = OK
        self.conversation: Conversation | None = None
        self.connections = 0
        self._server = loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def reset(self) -> None:
        """Forget what was received and answer `OK` again."""
        self.received.clear()
        self.answer = OK
        self.conversation = None
        self.connections = 0

    def close(self) -> None:
        """Stop listening."""
        self._loop.loop.call_soon_threadsafe(self._server.close)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if self.conversation is not None:
                    await self.conversation(head, reader, writer)
                    return
                request = Received(head, b"")
                request = Received(head, await _read_body(reader, request.headers))
                self.received.append(request)
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                    await writer.drain()
                else:
                    await self.answer(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _read_body(reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
    if b"content-length" in headers:
        return await reader.readexactly(int(headers[b"content-length"]))
    body = b""
    if headers.get(b"transfer-encoding") == b"chunked":
        while size := int((await reader.readline()).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readline()
    return body


class FakeIssuer:
    """The issuer's control socket as the gateway sees it: keys, endings, and word of ends."""

    URL = "http://issuer.test"

    def __init__(self, loop: Loop, socket: Path) -> None:
        self.key: SigningKey = generate_key()
        self.active: list[str] = []
        self.told: list[tuple[str, str]] = []
        self._streams: dict[web.StreamResponse, asyncio.Event] = {}
        self._loop = loop
        self._runner: web.AppRunner = loop.run(self._start(socket))

    def token(self, workflow: str, audience: str, *words: str, role: str, ttl_s: int = 300) -> str:
        """A token that verifies, of a workflow that is active from then on."""
        now = int(time.time())
        if workflow not in self.active:
            self.active.append(workflow)
        token = sign(
            Claims(
                issuer=self.URL,
                audience=audience,
                workflow=workflow,
                role=role,
                scope=words,
                txn="txn-1",
                jti=f"jti-{time.monotonic_ns()}",
                issued_at=now,
                expires_at=now + ttl_s,
            ),
            self.key,
        )
        CANARIES.watch(f"token of {workflow} for {audience}", token.rpartition(".")[2])
        return token

    def end(self, workflow: str, reason: str = "revoked") -> None:
        """Say on every open stream that a workflow has ended."""
        self.active = [each for each in self.active if each != workflow]
        self._loop.run(self._say(b'{"ended": "%s", "reason": "%s"}\n' % (workflow.encode(), reason.encode())))

    def forget_everything(self) -> None:
        """Be a freshly started issuer: nobody is active, and every stream begins anew."""
        self.active = []
        self._loop.run(self._hang_up())

    def close(self) -> None:
        """Stop serving."""
        self._loop.run(self._runner.cleanup())

    async def _start(self, socket: Path) -> web.AppRunner:
        application = web.Application()
        application.router.add_get("/.well-known/jwks.json", self._jwks)
        application.router.add_get("/endings", self._endings)
        application.router.add_delete("/workflows/{workflow}", self._ended)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.UnixSite(runner, str(socket)).start()
        return runner

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(write_jwks([self.key.public()]))

    async def _endings(self, request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        names = ",".join(f'"{name}"' for name in self.active)
        await stream.write(f'{{"active": [{names}]}}\n'.encode())
        hung_up = self._streams[stream] = asyncio.Event()
        try:
            await hung_up.wait()
        finally:
            self._streams.pop(stream, None)
        return stream

    async def _ended(self, request: web.Request) -> web.Response:
        self.told.append((request.match_info["workflow"], request.query["reason"]))
        return web.json_response({})

    async def _say(self, line: bytes) -> None:
        for stream in list(self._streams):
            with contextlib.suppress(ConnectionResetError):  # whoever listened there has gone
                await stream.write(line)

    async def _hang_up(self) -> None:
        for hung_up in self._streams.values():
            hung_up.set()
