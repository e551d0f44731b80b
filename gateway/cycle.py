"""One request's turn on a connection, and when its connection may be read: uvicorn's two classes, made strict.

Here lives what uvicorn's cycle and flow control leave open: framing of answers that have no body, and reading
on while requests already wait. Nothing here parses, judges or decides.
"""

from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application

_WITHOUT_BODY = frozenset({204, 304})


class Cycle(RequestResponseCycle):
    """One request and its answer.

    Promises: an answer that can have no body names no length that it would have to keep (RFC 9110, 8.6: a 304 may
    name one; uvicorn would wait for those bytes and break the connection).
    """

    begun = False
    """Whether the application has seen this request: from then on a flaw cannot be added any more."""

    async def run_asgi(self, app: "ASGI3Application") -> None:
        """Let the application answer."""
        self.begun = True
        await super().run_asgi(app)

    async def send(self, message: MutableMapping[str, Any]) -> None:  # type: ignore[override]
        """Pass one part of the answer on."""
        if message["type"] == "http.response.start" and message["status"] in _WITHOUT_BODY:
            headers = [header for header in message["headers"] if header[0].lower() != b"content-length"]
            message = {**message, "headers": headers}
        await super().send(message)  # type: ignore[arg-type]

    def abandon(self) -> None:
        """The client left: nothing more is sent, and whoever waits for its body is told."""
        self.disconnected = True
        self.message_event.set()


class Flow(FlowControl):
    """Flow control that reads on only while `may_read`, whoever asks for more.

    uvicorn resumes with every answer and every look at a body, so that a client that never stops pipelining would
    fill the memory.
    """

    def __init__(self, transport: "asyncio.Transport", may_read: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._may_read = may_read

    def resume_reading(self) -> None:
        """Read on, unless requests wait already or nothing more is to be read."""
        if self._may_read():
            super().resume_reading()
