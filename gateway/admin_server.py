"""Serves a control application on a unix socket that only this user can open; uvicorn without its signals.

Each request says who is at the other end of its socket, by the kernel's account: nothing that is sent can change it.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.holding.approvals_api import PEER_KEY
from serving.listening import listen_unix
from serving.peers import peer_uid


class PeerProtocol(HttpToolsProtocol):
    """Puts the uid of the peer into the scope of each request."""

    def on_message_begin(self) -> None:
        """httptools: a request begins."""
        super().on_message_begin()
        scope: Any = self.scope
        scope[PEER_KEY] = peer_uid(self.transport.get_extra_info("socket"))


class _QuietServer(Server):
    """A server whose process has its own signal handling."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield


@contextlib.asynccontextmanager
async def serve_admin(application: Starlette, path: Path) -> AsyncIterator[None]:
    """Serve `application` at `path`, mode 0600, while the context lasts. Raises `SocketError`."""
    config = Config(
        app=application,
        http=PeerProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _QuietServer(config)
    with _listening(path) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


@contextlib.contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    listener = listen_unix(path)
    try:
        yield listener
    finally:
        path.unlink(missing_ok=True)
