"""One place for an exchange with OPA: keeps a connection, renews it when needed, keeps the deadline.

Bytes only. Every exchange ends exactly once, by its deadline. It is repeated in one case alone: the
connection had been closed while it was idle, so the question was not read.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from decision.exchange import UNREACHABLE, Connection, Failure, Outcome, connect


class _Exchange:
    """What is under way; compared by identity, so that nothing late answers something newer."""

    __slots__ = ("done", "request", "timer")

    def __init__(self, request: bytes, done: Callable[[Outcome], None], timer: asyncio.TimerHandle) -> None:
        self.request = request
        self.done = done
        self.timer = timer


class Lane:
    """At most one exchange at a time, on at most one connection. Used on one event loop only."""

    def __init__(self, socket_path: Path, deadline_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket_path = socket_path
        self._deadline_s = deadline_s
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._current: _Exchange | None = None

    def start(self, request: bytes, done: Callable[[Outcome], None]) -> None:
        """Send `request`; `done` is called once, later, with the outcome. The lane must be idle."""
        assert self._current is None
        timer = self._loop.call_later(self._deadline_s, self._give_up)
        self._current = _Exchange(request, done, timer)
        self._send(self._current)

    async def close(self) -> None:
        """Close the connection; an exchange under way ends as unreachable."""
        connecting = self._connecting
        self._give_up()
        if connecting is not None:
            await asyncio.gather(connecting, return_exceptions=True)
        if self._connection is not None:
            self._connection.abandon()
            self._connection = None

    def _send(self, exchange: _Exchange) -> None:
        connection = self._connection
        if connection is not None and connection.usable:
            connection.send(exchange.request, self._received)
        else:
            self._connecting = self._loop.create_task(self._connect(exchange))

    async def _connect(self, exchange: _Exchange) -> None:
        try:
            connection = await connect(self._socket_path)
        except OSError:
            if exchange is self._current:
                self._connecting = None
                self._end(UNREACHABLE)
            return
        if exchange is not self._current:
            connection.abandon()
            return
        self._connecting = None
        self._connection = connection
        connection.send(exchange.request, self._received)

    def _received(self, outcome: Outcome) -> None:
        """A connection has one exchange at a time, and is given up with it: this is the current one's."""
        exchange = self._current
        if exchange is None:
            return
        if isinstance(outcome, Failure) and outcome.closed_while_idle:
            self._send(exchange)  # on a new connection, which has never been idle: there is no third time
            return
        self._end(outcome)

    def _give_up(self) -> None:
        exchange = self._current
        connecting, self._connecting = self._connecting, None
        connection, self._connection = self._connection, None
        if connecting is not None:
            connecting.cancel()
        if connection is not None:
            connection.abandon()
        # Giving up the connection has ended the exchange, and may have started the next: that one goes on.
        if exchange is not None and exchange is self._current:
            self._end(UNREACHABLE)

    def _end(self, outcome: Outcome) -> None:
        exchange, self._current = self._current, None
        if exchange is not None:
            exchange.timer.cancel()
            exchange.done(outcome)
