"""One connection of a client to the audit writer: requests out, replies matched in order, deadlines.

Knows nothing of receipts and does not reconnect (`client` does). Promises that everything that was sent is settled
once: by its reply, by its deadline, or by the end of the connection.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from audit import wire
from audit.entry import Entry
from audit.faults import LogUnavailable

MAX_WAITING: Final = 4_096  # appends without a reply: beyond that the log is as good as down
MAX_UNSENT_BYTES: Final = 8 * 1024 * 1024
LINGER_S: Final = 0.005  # so long may an entry nobody awaits wait for company, to cost no sync of its own


@dataclass(slots=True, eq=False)
class Waiting:
    """One request on its way. `answer` is None where nobody awaits it; `deadline` is on the loop's clock.

    entry: what is lost if an append that nobody awaits fails. reply_bytes: how long a good reply is; None: any length.
    """

    deadline: float
    answer: "asyncio.Future[bytes] | None"
    entry: Entry | None
    op: int = wire.OP_APPEND
    reply_bytes: int | None = wire.SEQ.size
    failed: bool = False  # its failure was told once, and is not told again


class Link(asyncio.Protocol):
    """`on_lost(entry, reason)` hears of entries nobody awaits, `on_end()` of the end of the connection."""

    def __init__(self, on_lost: Callable[[Entry, str], None], on_end: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_lost = on_lost
        self._on_end = on_end
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._outgoing: list[bytes] = []
        self._full = False
        self._flush_is_near = False
        self._timer: asyncio.TimerHandle | None = None
        self.ended = False
        self._drained: asyncio.Future[None] | None = None
        self.waiting: deque[Waiting] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its base class
        self._transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)

    def pause_writing(self) -> None:
        """Take no more: the writer does not read."""
        self._full = True

    def resume_writing(self) -> None:
        """Take more again."""
        self._full = False

    def send(self, encoded: bytes, waiting: Waiting) -> None:
        """Send one request, together with the others of this pass of the loop (awaited) or of a moment (not awaited).

        Raises LogUnavailable if too many wait.
        """
        if self._full or len(self.waiting) >= MAX_WAITING:
            raise LogUnavailable(f"{len(self.waiting)} entries wait for the audit writer already")
        if waiting.answer is not None and not self._flush_is_near:
            self._flush_is_near = True
            self._loop.call_soon(self._flush)
        elif not self._outgoing:
            self._loop.call_later(LINGER_S, self._flush)
        self._outgoing.append(wire.HEAD.pack(1 + len(encoded), waiting.op))
        self._outgoing.append(encoded)
        self.waiting.append(waiting)
        if self._timer is None:
            self._timer = self._loop.call_at(waiting.deadline, self._expire)

    def data_received(self, data: bytes) -> None:
        """Match replies to what waits, in order."""
        received = self._received + data if self._received else data
        position, available = 0, len(received)
        while available - position >= wire.HEAD_BYTES:
            length, status = wire.HEAD.unpack_from(received, position)
            end = position + wire.LENGTH_BYTES + length
            if not 1 <= length <= wire.MAX_REPLY_BYTES or not self.waiting:
                self.drop("the audit writer sent what is not a reply")
                return
            if end > available:
                break
            self._settle(status, received[position + wire.HEAD_BYTES : end])
            position = end
        self._received = received[position:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Settle everything that waits: what it sent may be durable or not."""
        self._transport = None
        self.ended = True
        if self._timer is not None:
            self._timer.cancel()
        while self.waiting:
            self._fail(
                self.waiting.popleft(), f"the connection to the audit writer broke: {exc or 'it closed'}"
            )
        self._on_end()

    async def drain(self, timeout_s: float) -> None:
        """Wait until nothing waits any more, or for so long."""
        if self.waiting:
            self._drained = self._loop.create_future()
            await asyncio.wait((self._drained,), timeout=timeout_s)

    def drop(self, reason: str) -> None:
        """End the connection now."""
        while self.waiting:
            self._fail(self.waiting.popleft(), reason)
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        self._flush_is_near = False
        if self._transport is not None and self._outgoing:
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _settle(self, status: int, payload: bytes) -> None:
        waiting = self.waiting.popleft()
        if status == wire.STATUS_OK and waiting.reply_bytes in {None, len(payload)}:
            if waiting.answer is not None and not waiting.answer.done():
                waiting.answer.set_result(payload)
        else:
            self._fail(waiting, payload.decode("utf-8", "replace") or f"the audit writer answered {status}")
        self._note_drained()

    def _note_drained(self) -> None:
        if self._drained is not None and not self.waiting and not self._drained.done():
            self._drained.set_result(None)

    def _expire(self) -> None:
        """One timer serves all: deadlines stand in the order of sending."""
        self._timer = None
        now = self._loop.time()
        for waiting in self.waiting:
            if waiting.failed:
                continue
            if waiting.deadline > now:
                self._timer = self._loop.call_at(waiting.deadline, self._expire)
                return
            # Its place in the line stays: the reply may still come, and belongs to it.
            self._fail(waiting, "the audit writer did not answer in time")

    def _fail(self, waiting: Waiting, reason: str) -> None:
        if waiting.failed:
            return
        waiting.failed = True
        if waiting.answer is None:
            if waiting.entry is not None:
                self._on_lost(waiting.entry, reason)
        elif not waiting.answer.done():
            waiting.answer.set_exception(LogUnavailable(reason))
