"""Who is at the other end of a unix socket, by the kernel's account; nothing that is sent can change it.

The mode of a socket file is what the file system enforces; SO_PEERCRED (unix(7)) is what the kernel saw when the peer
connected. Where a socket is ours alone, both must hold.
"""

import asyncio
import logging
import os
import socket
import struct

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CREDENTIALS = struct.Struct("iII")
"""`struct ucred`: process, user and group."""
_LOGGER = logging.getLogger("serving")


def peer_uid(peer: socket.socket) -> int:
    """The uid of the process that connected."""
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(raw)[1]
    return uid


def may_connect(peer: socket.socket, our_uid: int) -> bool:
    """Whether the process at the other end belongs to `our_uid` or root."""
    return peer_uid(peer) in {our_uid, 0}


class OwnersOnly(HttpToolsProtocol):
    """HTTP for peers of our own user or root; everybody else is cut off before a byte is read."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look at who connected, first of all."""
        if may_connect(transport.get_extra_info("socket"), os.geteuid()):
            super().connection_made(transport)
            return
        _LOGGER.warning("a process of another user was refused at a socket of ours")
        # Never handed to HTTP: what arrives before the abort must not be parsed.
        transport.set_protocol(asyncio.Protocol())
        transport.abort()
