"""The body of one request on its way to the upstream: counted, bounded in size and in silence.

Chunks pass as they arrive; nothing is collected but what a refusal has to drain.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

IDLE_S = 30.0
"""How long a client may be silent in the middle of a body."""

DRAIN_BYTES = 256 * 1024
DRAIN_S = 1.0

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class BodyTooLarge(Exception):
    """The body went over the limit that policy set."""


class ClientGone(Exception):
    """The client left, or fell silent, before its body was complete."""


class RequestBody:
    """Reads one request's body once."""

    def __init__(self, receive: Receive, announced: int, *, idle_s: float = IDLE_S) -> None:
        self._receive = receive
        self._idle_s = idle_s
        self._done = announced == 0
        self._ahead = b""
        self.announced = announced
        self.count = 0
        """Bytes read so far."""
        self.failure: BodyTooLarge | ClientGone | None = None
        """What broke the body off: a client library that reads it may wrap the exception beyond recognition."""

    @property
    def complete(self) -> bool:
        """Whether everything that the client announced was read."""
        return self._done

    async def chunks(self, limit: int | None) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises `BodyTooLarge` before the first byte over `limit`, `ClientGone`."""
        chunk, self._ahead = self._ahead, b""
        while chunk or not self._done:
            chunk = chunk or await self._next(self._idle_s)
            if limit is not None and self.count > limit:
                self.failure = BodyTooLarge()
                raise self.failure
            if chunk:
                yield chunk
            chunk = b""

    async def read_ahead(self, limit: int) -> bytes | None:
        """The whole body, if it has at most `limit` bytes; `chunks` gives it all the same. Raises `ClientGone`."""
        if self.announced > limit:
            return None
        while not self._done and self.count <= limit:
            self._ahead += await self._next(self._idle_s)
        return self._ahead if self._done and self.count <= limit else None

    async def drain(self) -> bytes:
        """What is left of the body, within small limits, so that a refused connection can be used again."""
        read = bytearray(self._ahead)
        try:
            async with asyncio.timeout(DRAIN_S):
                while not self._done and len(read) < DRAIN_BYTES:
                    read += await self._next(DRAIN_S)
        except (TimeoutError, ClientGone):
            pass
        return bytes(read)

    async def _next(self, patience_s: float) -> bytes:
        try:
            async with asyncio.timeout(patience_s):
                message = await self._receive()
        except TimeoutError:
            self.failure = ClientGone("silent in the middle of a body")
            raise self.failure from None
        if message["type"] != "http.request":
            self.failure = ClientGone("left in the middle of a body")
            raise self.failure
        self._done = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        self.count += len(chunk)
        return chunk


def body_of(sent: bytes) -> RequestBody:
    """A body that is all there."""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": sent, "more_body": False}

    return RequestBody(receive, len(sent))
