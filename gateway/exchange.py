"""One request and its answer on an agent's connection: the ASGI side of the proxy, with its byte counts.

Knows nothing of policy. An answer is either whole (`answer`) or streamed (`begin`, `write`, `end`).
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from gateway.body import Receive, RequestBody
from gateway.protocol import SCOPE_KEY
from gateway.request import RawRequest
from gateway.wire import Headers, announced_body

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Exchange:
    """A request as it stood on the wire, its body, and the way back."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        line = scope[SCOPE_KEY]
        # A tuple: what arrives later cannot change what was judged.
        self.raw = RawRequest(scope["method"], line.target, tuple(scope["headers"]), line.flaw)
        self.body = RequestBody(receive, _length(self.raw))
        self._send = send
        self.last = self.raw.flaw is not None
        """Whether the connection ends with this answer."""
        self.status = 0
        self.bytes_out = 0

    async def begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the head of an answer."""
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, chunk: bytes) -> None:
        """Send a part of the answer's body; waits while the client does not read."""
        self.bytes_out += len(chunk)
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self) -> None:
        """The answer is complete."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer. A request whose body was not read to its end ends the connection with it."""
        closing = ((b"connection", b"close"),) if self.last or not self.body.complete else ()
        await self.begin(status, [*headers, *closing])
        self.bytes_out += len(body)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _length(raw: RawRequest) -> int:
    """The announced length of the body; a request with a flaw has none that could be trusted."""
    return 0 if raw.flaw is not None else announced_body(raw.headers)
