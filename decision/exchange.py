"""One connection to OPA's unix socket: one question out, one whole answer back, at most one at a time.

HTTP/1.1 as far as OPA speaks it, on httptools. Nothing here knows what a decision is. An answer that is
late, long, garbled or followed by more is a failure and costs the connection, so that no answer meets
another's question.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import httptools

from decision.decider import MAX_ANSWER_BYTES

_MAX_RECEIVED_BYTES = MAX_ANSWER_BYTES + 65_536  # with its head


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer. `unreachable`: refused, reset, closed, late. `garbled`, `too_long`: no HTTP of OPA's."""

    kind: Literal["unreachable", "garbled", "too_long"]
    closed_while_idle: bool = False
    """The connection had served before and broke without one byte: the question was hardly read."""


Outcome = Answer | Failure

UNREACHABLE = Failure("unreachable")


class Connection(asyncio.Protocol):
    """A connected socket. `send` starts an exchange, its callback ends it."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._finish: Callable[[Outcome], None] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._received = 0
        self._complete = False
        self._surplus = False
        self._reusable = True
        self._served = 0

    @property
    def usable(self) -> bool:
        """Whether a question can be sent now."""
        return self._transport is not None and not self._transport.is_closing() and self._finish is None

    def send(self, request: bytes, finish: Callable[[Outcome], None]) -> None:
        """Send one whole request; `finish` is called exactly once, later, with its outcome."""
        assert self.usable
        self._finish = finish
        cast("asyncio.Transport", self._transport).write(request)

    def abandon(self, outcome: Failure = UNREACHABLE) -> None:
        """Close at once; an exchange under way ends with `outcome`."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        # The parser and we hold each other: what was received would stay until the collector, which runs seldom.
        self._chunks = []
        self._end(outcome)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the socket is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio: some bytes of an answer, or bytes that nobody asked for."""
        if self._finish is None:
            self.abandon()
            return
        self._received += len(data)
        if self._received > _MAX_RECEIVED_BYTES:
            self.abandon(Failure("too_long"))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.abandon(Failure("garbled"))
            return
        if self._surplus:
            self.abandon(Failure("garbled"))
        elif self._complete:
            self._answer()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it broke changes nothing
        """asyncio: the other side closed, or we did."""
        self._transport = None
        self._end(Failure("unreachable", closed_while_idle=self._served > 0 and self._received == 0))

    def on_message_begin(self) -> None:
        """httptools: an answer begins; a second one to a single question is nobody's."""
        self._surplus = self._complete

    def on_body(self, chunk: bytes) -> None:
        """httptools: a piece of the body."""
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        """httptools: the answer is whole. Only here does the parser still know what its head said."""
        self._complete = True
        self._reusable = self._parser.should_keep_alive()

    def _answer(self) -> None:
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        status = self._parser.get_status_code()
        if len(body) > MAX_ANSWER_BYTES:
            self.abandon(Failure("too_long"))
            return
        if not self._reusable and self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._chunks = []
        self._received = 0
        self._complete = False
        self._served += 1
        self._end(Answer(status, body))

    def _end(self, outcome: Outcome) -> None:
        finish, self._finish = self._finish, None
        if finish is not None:
            finish(outcome)


async def connect(socket_path: Path) -> Connection:
    """A new connection. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_unix_connection(Connection, str(socket_path))
    return connection
