"""One channel protocol in this process: a real unix socket, the real parser, and an application that remembers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from uvicorn.server import ServerState

from gateway.channels import config_of
from gateway.protocol import SCOPE_KEY, ChannelProtocol, Deadlines

GET = b"GET /a HTTP/1.1\r\nHost: proxy\r\n\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n"
SHORT = Deadlines(head_s=0.2, stalled_s=0.2)

App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


class Shown(NamedTuple):
    """What an application saw of one request."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    flaw: str


class Witness:
    """An application that reads everything, answers `ok`, and remembers."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.cancelled = 0
        self.wait = asyncio.Event()
        self.wait.set()
        self.answer: App | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        line = scope[SCOPE_KEY]
        headers, flaw = tuple(scope["headers"]), line.flaw.code if line.flaw else ""
        if self.answer is not None and not flaw:
            await self.answer(scope, receive, send)
            return
        try:
            await self.wait.wait()
            body = b"" if flaw else await _body(receive)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        self.shown.append(Shown(scope["method"], line.target, headers, body, flaw))
        await answer_with(send, 200 if not flaw else line.flaw.status)


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body + b"<gone>"
        body, more = body + message["body"], message["more_body"]
    return body


async def answer_with(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


class Room:
    """What a connection asks about itself: everybody is admitted."""

    def __init__(self) -> None:
        self.connections: set[ChannelProtocol] = set()

    def admits(self, peer_uid: int, connections: int) -> bool:
        return peer_uid >= 0 and connections >= 0

    def joined(self, connection: ChannelProtocol) -> None:
        self.connections.add(connection)

    def left(self, connection: ChannelProtocol) -> None:
        self.connections.discard(connection)

    @property
    def only(self) -> ChannelProtocol:
        """The one connection there is."""
        [connection] = self.connections
        return connection


class Client:
    """The other end, as a plain socket: what arrived can be read whatever became of what was sent."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._loop = asyncio.get_running_loop()
        self._sending: asyncio.Task[None] | None = None

    async def send(self, *parts: bytes) -> None:
        """Send each part in a write of its own, and let the other end read in between."""
        for part in parts:
            with contextlib.suppress(ConnectionError):
                await self._loop.sock_sendall(self._socket, part)
            for _ in range(3):
                await asyncio.sleep(0)

    def push(self, data: bytes) -> None:
        """Send as much as the other end takes, and do not wait for it."""
        self._sending = self._loop.create_task(self.send(data))

    async def some(self) -> bytes:
        """What arrives next; nothing at the end."""
        return await asyncio.wait_for(self._loop.sock_recv(self._socket, 65536), 5)

    async def rest(self) -> bytes:
        """Everything until the other end closes."""
        received = b""
        with contextlib.suppress(ConnectionError):
            while chunk := await self.some():
                received += chunk
        return received

    def leave(self) -> None:
        """Hang up."""
        if self._sending is not None:
            self._sending.cancel()
        self._socket.close()


@contextlib.asynccontextmanager
async def connected(
    folder: Path, app: Any, deadlines: Deadlines = SHORT, keep_alive_s: int = 5
) -> AsyncIterator[tuple[Client, Room]]:
    """One client on a channel's protocol."""
    room, state, config = Room(), ServerState(), config_of(app)
    config.timeout_keep_alive = keep_alive_s
    loop = asyncio.get_running_loop()
    place = folder / "s"
    server = await loop.create_unix_server(
        lambda: ChannelProtocol(config, state, room, deadlines), str(place)
    )
    made = socket.socket(socket.AF_UNIX)
    made.setblocking(False)
    await loop.sock_connect(made, str(place))
    client = Client(made)
    await until(lambda: room.connections)
    try:
        yield client, room
    finally:
        client.leave()
        server.close()
        for connection in list(room.connections):
            connection.cut()
        await until(lambda: not room.connections and not state.tasks)
        place.unlink()


async def until(holds: Callable[[], Any]) -> None:
    """Come back when something holds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for is another party's state
            await asyncio.sleep(0.001)
