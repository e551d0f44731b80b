"""Serving a small Starlette application on one socket until SIGTERM: for the log's read-only face and the witness.

Knows nothing of what is served. Promises a ready line only when the socket answers, no server header, and an end within
a few seconds of the signal.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from audit.faults import SocketRefused

STOP_WITHIN_S: Final = 2
MOST_CONNECTIONS: Final = 512
_UNIX: Final = "unix:"


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
    listener = _listen_tcp(address) if address.path is None else _listen_unix(address.path)
    try:
        yield listener
    finally:
        listener.close()
        if address.path is not None:
            address.path.unlink(missing_ok=True)


def serve(app: ASGIApp, listener: socket.socket, name: str) -> None:
    """Serve until SIGTERM or SIGINT. Says `NAME: ready, ADDRESS` on standard output when it answers."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        timeout_keep_alive=30,
    )
    asyncio.run(_run(_Server(config), listener, name))


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again after its end, which would be an exit code of its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _run(server: _Server, listener: socket.socket, name: str) -> None:
    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    # The socket listens already: who connects from here on is answered.
    print(f"{name}: ready, {_shown(listener)}", flush=True)
    await server.serve(sockets=[listener])


def _shown(listener: socket.socket) -> str:
    bound = listener.getsockname()
    return f"{_UNIX}{bound}" if isinstance(bound, str) else f"{bound[0]}:{bound[1]}"


def _listen_tcp(address: Address) -> socket.socket:
    try:
        return socket.create_server((address.host, address.port), backlog=128)
    except OSError as error:
        raise SocketRefused(f"cannot listen on {address.host}:{address.port}: {error}") from error


def _listen_unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            _remove_if_left(path)
        listener.bind(os.fspath(path))
        path.chmod(0o666)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SocketRefused(f"cannot listen on {path}: {error}") from error
    return listener


def _remove_if_left(path: Path) -> None:
    """Remove a socket that nobody listens on any more; one that is served stays, and binding will fail."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
