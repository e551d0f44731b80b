"""Tells every listener which workflows end, at that moment: the stream behind `GET /endings`.

A listener first hears which are active, then each ending, and a ping while nothing happens. One that does not
keep up is cut off, never waited for; it connects again and hears the active ones anew.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable

import msgspec
from starlette.types import Receive, Scope, Send

from issuer.workflows import Workflow

PING_S = 5.0
MAX_BEHIND = 256
"""How many endings a listener may be behind before it is cut off."""


class Endings:
    """The meeting point of `Workflows` and the listeners. For one event loop."""

    def __init__(self, active: Callable[[], list[str]]) -> None:
        """`active` tells the ids that are active now."""
        self._active = active
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    def publish(self, workflow: Workflow) -> None:
        """Tell everybody that it has ended. Does not wait and does not raise."""
        line = _line({"ended": workflow.id, "reason": str(workflow.ended_reason)})
        for queue in list(self._listeners):
            if queue.qsize() < MAX_BEHIND:
                queue.put_nowait(line)
            else:
                self._cut(queue)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for queue in list(self._listeners):
            self._cut(queue)

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """The lines for one listener, until it is cut off."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        # No await between the two: an ending falls either into the first line or into the queue.
        self._listeners.add(queue)
        first = _line({"active": self._active()})
        try:
            yield first
            while not self._closed:
                try:
                    line = await asyncio.wait_for(queue.get(), PING_S)
                except TimeoutError:
                    line = _line({"ping": int(time.time())})
                if line is None:
                    return
                yield line
        finally:
            self._listeners.discard(queue)

    def _cut(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._listeners.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)


class LineStream:
    """An ASGI application that answers one request with lines of JSON, until they or the reader end."""

    def __init__(self, lines: AsyncGenerator[bytes, None]) -> None:
        """`lines` is consumed once."""
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the head and the lines; a line that is not taken within a ping's time ends the stream."""
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async with contextlib.aclosing(self._lines) as lines:
            async for line in lines:
                async with asyncio.timeout(PING_S):
                    await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _line(document: dict[str, object]) -> bytes:
    return msgspec.json.encode(document) + b"\n"
