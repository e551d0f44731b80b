"""The model provider behind the gateway in the proof: a stand-in that keeps whatever it is asked.

Started when the first probe needs it; ends with the world.
"""

import asyncio
import contextlib
import socket

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proof.catalogue import MODELS_PORT
from proof.vendors.server import Vendors
from serving.server import QuietServer


class Models:
    """Speaks like its vendor, and takes any key. `asked` is every body that came, as it came."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._server: QuietServer | None = None
        self._serving: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Serve, if that has not begun. Raises `OSError` where it cannot."""
        if self._server is not None:
            return
        listener = socket.create_server(("127.0.0.1", MODELS_PORT))
        self._server = QuietServer(_Keeping(Vendors().application(), self.asked))
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))

    def heard(self, text: str) -> bool:
        """Whether any model was asked something with this text in it."""
        return any(text.encode() in body for body in self.asked)

    async def close(self) -> None:
        """Serve no more."""
        if self._server is not None and self._serving is not None:
            self._server.stop()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._serving, 5)


class _Keeping:
    """ASGI wrapper that keeps every body on its way to the application."""

    def __init__(self, app: ASGIApp, kept: list[bytes]) -> None:
        self._app = app
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at = len(self._kept)
        self._kept.append(b"")

        async def keep() -> Message:
            message = await receive()
            self._kept[at] += message.get("body", b"")
            return message

        await self._app(scope, keep, send)
