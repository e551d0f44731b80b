"""The control socket: made with mode 0600, and open only to processes of our own user and of root.

The mode of a socket file is what the file system enforces; SO_PEERCRED (unix(7)) is what the kernel saw when
the peer connected. Both must hold.
"""

import asyncio
import logging
import os
import socket
import stat
import struct
from pathlib import Path

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_PATH_BYTES = 107
"""Of `sun_path`, which has 108 with its closing zero (unix(7))."""

_CREDENTIALS = struct.Struct("iII")
"""`struct ucred`: process, user and group."""


class SocketError(Exception):
    """A listening socket cannot be made; the text names it and what to do."""


class OwnersOnly(HttpToolsProtocol):
    """HTTP for peers of our own user or root; everybody else is cut off before a byte is read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look at who connected, first of all."""
        if may_connect(transport.get_extra_info("socket"), os.geteuid()):
            super().connection_made(transport)
            return
        logging.getLogger("issuer").warning("a process of another user was refused at the control socket")
        # Never handed to HTTP: what arrives before the abort must not be parsed.
        transport.set_protocol(asyncio.Protocol())
        transport.abort()


def may_connect(peer: socket.socket, our_uid: int) -> bool:
    """Whether the process at the other end belongs to `our_uid` or root."""
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return _CREDENTIALS.unpack(raw)[1] in {our_uid, 0}


def listen_unix(path: Path) -> socket.socket:
    """A listening socket at `path`, mode 0600 from its first moment. Replaces a dead one; raises `SocketError`."""
    length = len(os.fsencode(path))
    if length > MAX_PATH_BYTES:
        raise SocketError(
            f"{path}: {length} bytes, a socket path has at most {MAX_PATH_BYTES}; use a shorter home"
        )
    _remove_dead(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise SocketError(f"{path}: {error.strerror}") from None
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening socket at a loopback address. Raises `SocketError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's algorithm off only where it is: without that an answer
    # in two writes waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise SocketError(f"{host}:{port}: {error.strerror}; is another issuer running?") from None
    return listener


def _remove_dead(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SocketError(f"{path}: exists and is not a socket; move it away")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise SocketError(f"{path}: an issuer is running here already")
    path.unlink()
