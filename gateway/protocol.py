"""The one HTTP parser of the agents' side: uvicorn's httptools protocol, made strict.

Here lives what never reaches an ASGI application: the raw target, trailers, the peer's uid, deadlines, and the
bounds on what one connection may make us hold. It refuses nothing by itself: a flaw travels in the scope, so that
each refusal is recorded like any other.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.alarm import Alarm
from gateway.cycle import Cycle, Flow
from gateway.wire import MAX_HEAD_BYTES, MAX_HEADER_COUNT, MAX_TARGET_BYTES, Flaw
from serving.peers import peer_uid

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

SCOPE_KEY = "doorless"
"""Where a `Line` stands in the ASGI scope."""

MAX_WAITING = 16
"""How many pipelined requests may wait behind the one that is answered."""

MAX_UNFINISHED_BYTES = MAX_HEAD_BYTES + MAX_TARGET_BYTES
"""How much of a head, a trailer or a chunk's extension may arrive without an end: the parser keeps all of it."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long a client may take, in seconds."""

    head_s: float = 10.0
    """From the first byte to the end of a request's head."""
    stalled_s: float = 120.0
    """Without reading enough of an answer that we may write on."""


DEADLINES = Deadlines()


class Line:
    """What the parser saw of one request: the raw target, and a flaw where the framing is broken."""

    __slots__ = ("flaw", "target")

    def __init__(self, target: bytes, flaw: Flaw | None) -> None:
        self.target = target
        self.flaw = flaw


class Gate(Protocol):
    """What a channel tells its connections, and what they tell it."""

    def admits(self, peer_uid: int, connections: int) -> bool:
        """Whether a peer with this uid may open one more connection."""

    def joined(self, connection: "ChannelProtocol") -> None:
        """A connection is open and must be closed with the channel."""

    def left(self, connection: "ChannelProtocol") -> None:
        """A connection is gone."""


class _TooManyWaiting(Exception):
    """Raised inside the parser to stop it in the middle of its bytes."""


class ChannelProtocol(HttpToolsProtocol):
    """One connection on one workflow's channel.

    Promises: at most one header block per request (trailers are dropped), an untouched raw target in the
    scope, a bounded head in size and time, a bounded number of waiting requests, no next request behind a body
    that nobody read, and a request whose client left is cancelled at once.
    """

    cycle: Cycle
    flow: Flow

    def __init__(
        self, config: Config, state: ServerState, gate: Gate, deadlines: Deadlines = DEADLINES
    ) -> None:
        super().__init__(config, state, {})
        self._gate = gate
        self._admitted = False
        self._deaf = False
        self._head_bytes = 0
        self._head_done = True
        self._unfinished = 0
        self._head_alarm = Alarm(self.loop, deadlines.head_s, self._head_too_slow)
        self._stall_alarm = Alarm(self.loop, deadlines.stalled_s, self.cut)
        self._running: Cycle | None = None
        self._task: asyncio.Task[None] | None = None

    # Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Ask the gate about the peer; a stranger's connection is closed before a byte is read."""
        peer = transport.get_extra_info("socket")
        if not self._gate.admits(peer_uid(peer), len(self.connections)):
            transport.abort()
            return
        self._admitted = True
        super().connection_made(transport)
        self.flow = Flow(transport, self._may_read)
        self._gate.joined(self)
        # A client that connects and never speaks is as idle as one between two requests.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and end the request that nobody waits for any more."""
        if not self._admitted:
            return
        self._head_alarm.call_off()
        self._stall_alarm.call_off()
        self._unset_keepalive_if_required()
        self.pipeline.clear()
        super().connection_lost(exc)
        self._gate.left(self)
        running = self._running
        if running is not None and not running.response_complete and self._task is not None:
            # Not always `self.cycle`, the newest one: that may wait behind it.
            running.abandon()
            self._task.cancel()

    def cut(self) -> None:
        """Close the connection now, whatever is under way."""
        if self.transport is not None:
            self.transport.abort()

    def timeout_keep_alive_handler(self) -> None:
        """Nobody spoke for long; what is still not read of the last answer will not be."""
        self.cut()

    # Bytes

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it cannot read is refused and the connection ends."""
        if not self._admitted or self._deaf or self.parser is None:
            return
        self._unset_keepalive_if_required()
        if self.cycle is None or self.cycle.response_complete:
            self._head_alarm.set()
        self._unfinished += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # `read_headers` sees the header and refuses; what follows belongs to no request.
            self._stop_reading()
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, _TooManyWaiting):
                self._stop_reading()
            else:
                self._broken(Flaw("request.framing", "This is not an HTTP/1.1 request that can be read."))
        else:
            if self._unfinished > MAX_UNFINISHED_BYTES:
                self._broken(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A new request begins: nothing of the one before it counts."""
        if len(self.pipeline) >= MAX_WAITING:
            # Whoever waits is answered, then the connection ends; a client sends the rest again (RFC 9112, 9.3.2).
            self.cycle.keep_alive = False
            raise _TooManyWaiting
        super().on_message_begin()
        self._head_bytes = 0
        self._head_done = False
        self._unfinished = 0

    def on_url(self, url: bytes) -> None:
        """Collect the raw target, within its limit."""
        if len(self.url) + len(url) > MAX_TARGET_BYTES + 1:
            url = url[: max(0, MAX_TARGET_BYTES + 1 - len(self.url))]
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; a trailer (the head is done) is dropped, not merged."""
        if self._head_done:
            return
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes <= MAX_HEAD_BYTES and len(self.headers) < MAX_HEADER_COUNT:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: hand the request on, with its flaw if it has one."""
        self._head_done = True
        self._unfinished = 0
        self._head_alarm.call_off()
        version = self.parser.get_http_version()
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self._begin(self._head_flaw(version), keep_alive=version == "1.1" and self.parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body until it is asked for; too much of it stops the reading."""
        self._unfinished = 0
        super().on_body(body)

    def _head_flaw(self, version: str) -> Flaw | None:
        if version != "1.1":
            return Flaw("request.version", "Only HTTP/1.1 is spoken here.", 505)
        if self._head_bytes > MAX_HEAD_BYTES or len(self.headers) >= MAX_HEADER_COUNT:
            return _TOO_LARGE
        return None

    def _begin(self, flaw: Flaw | None, *, keep_alive: bool) -> None:
        scope: Any = self.scope
        scope[SCOPE_KEY] = Line(self.url, flaw)
        scope["path"], scope["raw_path"], scope["query_string"] = "/", b"/", b""
        before = self.cycle
        self.cycle = Cycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive and flaw is None,
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self._task = task
        assert isinstance(cycle, Cycle)  # every one is made in `_begin`
        self._running = cycle

    # Ends

    def on_response_complete(self) -> None:
        """An answer is complete: the next request's turn, or the connection's end."""
        if self._running is not None and self._running.more_body:
            # The rest of this request's body would be read for nobody, for as long as the client likes.
            self.transport.close()
        if self.transport.is_closing():
            # What the client does not read of its last answer must not hold the connection for ever.
            self._stall_alarm.set()
        super().on_response_complete()
        if self.transport.is_closing():
            return
        # The line of waiting requests is shorter now than when uvicorn asked for more to read.
        self.flow.resume_reading()
        if not self._head_done and self.cycle.response_complete:
            # Half a head came during the answer: it counts as begun now, not as an idle connection.
            self._unset_keepalive_if_required()
            self._head_alarm.set()

    def pause_writing(self) -> None:
        """The client does not read: wait for it, but not for ever."""
        super().pause_writing()
        self._stall_alarm.set()

    def resume_writing(self) -> None:
        """The client reads again."""
        if not self.transport.is_closing():
            self._stall_alarm.call_off()
        super().resume_writing()

    def _broken(self, flaw: Flaw) -> None:
        """Nothing after this can be read. Refuse it in its turn; a body that breaks off takes its request along."""
        self._head_alarm.call_off()
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete:
            self._broken_body(flaw)
            return
        self._stop_reading()
        if self._head_done:
            super().on_message_begin()
        self._head_done = True
        self.scope["method"] = "-"
        self._begin(flaw, keep_alive=False)
        self.cycle.more_body = False

    def _broken_body(self, flaw: Flaw) -> None:
        """A request that nobody has seen yet is refused for its body; one under way ends with its connection."""
        if self.cycle.begun:
            self.cut()
            return
        self._stop_reading()
        scope: Any = self.cycle.scope
        scope[SCOPE_KEY].flaw = flaw
        self.cycle.keep_alive = False
        self.cycle.more_body = False

    def _head_too_slow(self) -> None:
        if not self._head_done or self.cycle is None or self.cycle.response_complete:
            self._broken(Flaw("request.head_timeout", "The request's head did not arrive in time.", 408))

    def _may_read(self) -> bool:
        return not self._deaf and not self.pipeline

    def _stop_reading(self) -> None:
        self._deaf = True
        if not self.transport.is_closing():
            self.flow.pause_reading()


_TOO_LARGE = Flaw("request.head_too_large", "The request's headers are too many or too long.", 431)
