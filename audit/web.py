"""Serving a small Starlette application on one socket until SIGTERM: for the log's read-only face and the witness.

Knows nothing of what is served. Promises a ready line only when the socket answers, no server header, and an end within
a few seconds of the signal.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from audit.faults import SocketRefused
from serving.listening import SocketError, listen_tcp, listen_unix
from serving.server import QuietServer

_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: a unix socket, or a host and port."""

    path: Path | None
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`unix:PATH` or `HOST:PORT` (port 0: a free one). Raises ValueError."""
        if text.startswith(_UNIX) and len(text) > len(_UNIX):
            return cls(Path(text.removeprefix(_UNIX)))
        host, colon, port = text.rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) >= 1 << 16:
            raise ValueError(f"{text!r} is neither unix:PATH nor HOST:PORT")
        return cls(None, host.removeprefix("[").removesuffix("]"), int(port))


@contextlib.contextmanager
def listening(address: Address) -> Iterator[socket.socket]:
    """A listening socket. A unix socket lets anybody connect whom its folder lets pass. Raises SocketRefused."""
    try:
        listener = (
            listen_tcp(address.host, address.port)
            if address.path is None
            else listen_unix(address.path, 0o666)
        )
    except SocketError as error:
        raise SocketRefused(f"cannot listen: {error}") from error
    try:
        yield listener
    finally:
        listener.close()
        if address.path is not None:
            address.path.unlink(missing_ok=True)


def serve(app: ASGIApp, listener: socket.socket, name: str) -> None:
    """Serve until SIGTERM or SIGINT. Says `NAME: ready, ADDRESS` on standard output when it answers."""
    asyncio.run(_run(QuietServer(app), listener, name))


async def _run(server: QuietServer, listener: socket.socket, name: str) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    # The socket listens already: who connects from here on is answered.
    print(f"{name}: ready, {_shown(listener)}", flush=True)
    await server.serve(sockets=[listener])


def _shown(listener: socket.socket) -> str:
    bound = listener.getsockname()
    return f"{_UNIX}{bound}" if isinstance(bound, str) else f"{bound[0]}:{bound[1]}"
