"""One workflow's channel: a unix socket in a folder of its own, and everything that ends when it closes.

The socket is the identity: who may connect is checked by uid, and one workflow listens on one socket.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.caller import Caller
from gateway.protocol import ChannelProtocol
from gateway.tenant import Tenant

SOCKET_NAME = "gw.sock"
MAX_CONNECTIONS = 1024
LONGEST_SOCKET_PATH = 107
"""Bytes of a path in `sockaddr_un` (unix(7)), the ending NUL aside."""


class Channel:
    """An open channel. `closed` is set when it is no more, and `reason` then says why."""

    def __init__(self, tenant: Tenant, uid: int, folder: Path) -> None:
        self.tenant = tenant
        self.uid = uid
        self.folder = folder
        self._loop = asyncio.get_running_loop()
        self.closed = asyncio.Event()
        self.reason = ""
        self.strangers = 0
        """Connections that were refused because of their uid."""
        self._connections: set[ChannelProtocol] = set()
        self._server: asyncio.Server | None = None
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def socket(self) -> Path:
        """Where the agent connects."""
        return self.folder / SOCKET_NAME

    async def listen(self, config: Config) -> None:
        """Open the socket for the channel's uid alone. Raises `OSError`."""
        self.folder.mkdir(mode=0o755)
        state = ServerState()
        # 0600 from its first moment: the folder above is 0700, and the umask keeps the socket to its owner.
        before = os.umask(0o177)
        try:
            self._server = await self._loop.create_unix_server(
                lambda: ChannelProtocol(config, state, self), path=str(self.socket), backlog=256
            )
        finally:
            os.umask(before)
        if os.geteuid() == 0:
            os.chown(self.socket, self.uid, -1)

    def expire_at(self, moment: float, expired: Callable[[], None]) -> None:
        """Call `expired` at a moment of the loop's clock, instead of any moment named before."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = self._loop.call_at(moment, expired)

    def renew(self, caller: Caller) -> None:
        """From here on requests are made with these tokens."""
        self.tenant.caller = caller

    def close(self, reason: str) -> None:
        """End the channel at once: nobody is identified, open streams are cut, the socket is gone."""
        if not self.closed.is_set():
            self.tenant.end()
            self.reason = reason
            self.closed.set()
        # From here on all can be done twice: a channel may be closed while its socket is still being made.
        if self._expiry is not None:
            self._expiry.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cut()
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    # What a connection asks and tells: see `gateway.protocol.Gate`.

    def admits(self, peer_uid: int, connections: int) -> bool:
        """Only the channel's own uid, and no more than `MAX_CONNECTIONS` at once."""
        if peer_uid != self.uid:
            self.strangers += 1
            return False
        return connections < MAX_CONNECTIONS and not self.closed.is_set()

    def joined(self, connection: ChannelProtocol) -> None:
        """Remember a connection, so that it can be cut."""
        self._connections.add(connection)

    def left(self, connection: ChannelProtocol) -> None:
        """Forget a connection that is gone."""
        self._connections.discard(connection)
