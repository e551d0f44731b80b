"""The audit socket: connections in, group commit, replies out.

One thread does it all: while it waits in fdatasync, requests gather in the sockets, and the next pass of the loop
commits them together. That is the group commit, with no queue between threads and no lock to get wrong; its cost
is that nothing else is answered during a sync. Promises: replies of a connection come in the order of its
requests, an append is acknowledged only after the sync, whoever seals the tree hears of every durable record in order
and after the replies, and garbage ends the connection that sent it and no other.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, cast

from audit import side_store, wire
from audit.entry import EntryInvalid, encode
from audit.faults import DamagedLog, KeyRefused, LogFault, LogPoisoned
from audit.writer import Writer, check

MAX_BATCH: Final = 512  # records in one sync
MAX_WAITING: Final = 4_096  # requests that wait; an append over that is refused as overloaded
MAX_READS_WAITING: Final = 16  # reads that wait: their replies are large, and all are made before any is sent


class Refused(str):
    """The text of a refusal, in the place of the entry that it refuses."""

    __slots__ = ()


Request = tuple["Connection", int, bytes | Refused]  # op OP_APPEND carries an entry that passed `check`


class LogService:
    """Gathers requests, commits them in batches, answers."""

    def __init__(
        self, writer: Writer, take: Callable[[Sequence[bytes]], None], on_poisoned: Callable[[LogFault], None]
    ) -> None:
        """`take` hears of entries that became durable; `on_poisoned`, once, of the failure that is the end."""
        self._writer = writer
        self._take = take
        self._durable: list[bytes] = []
        self._on_poisoned = on_poisoned
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Request] = []
        self._scheduled = False
        self._reads_waiting = 0
        self._poisoned: LogFault | None = None
        self.connections: set[Connection] = set()

    def submit(self, connection: "Connection", op: int, payload: bytes) -> None:
        """Take one request; it is answered after the commit that follows this pass of the loop."""
        content = self._admit(op, payload)
        self._waiting.append((connection, op, content))
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._run_batch)

    def poison(self, fault: LogFault) -> None:
        """Refuse everything from now on; also what whoever seals the tree says when it fails."""
        if self._poisoned is None:
            self._poisoned = fault
            self._on_poisoned(fault)

    def finish(self) -> None:
        """Commit and answer everything that was taken."""
        while self._waiting:
            self._commit_some()
        self._hand_over()

    async def close_connections(self) -> None:
        """End all connections; peers that read get their last replies, for a second at most."""
        for connection in list(self.connections):
            connection.close()
        gone = [connection.gone for connection in self.connections]
        if gone:
            await asyncio.wait(gone, timeout=1.0)

    def _admit(self, op: int, payload: bytes) -> bytes | Refused:
        if op == wire.OP_READ:
            self._reads_waiting += 1
            if self._reads_waiting > MAX_READS_WAITING:
                return Refused("overloaded: too many reads at once")
        if op == wire.OP_APPEND:
            if len(self._waiting) >= MAX_WAITING:
                return Refused("overloaded: too many entries wait for the disk")
            try:
                check(payload)
            except EntryInvalid as error:
                return Refused(f"not an entry: {error}")
        return payload

    def _run_batch(self) -> None:
        self._scheduled = False
        self._commit_some()
        if self._waiting:
            self._scheduled = True
            self._loop.call_soon(self._run_batch)

    def _commit_some(self) -> None:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        entries = [content for _, op, content in batch if op == wire.OP_APPEND and type(content) is bytes]
        seq = self._append(entries) if entries and self._poisoned is None else 0
        for connection, op, content in batch:
            self._reads_waiting -= op == wire.OP_READ
            if isinstance(content, Refused):
                connection.reply(wire.pack(wire.STATUS_REFUSED, content.encode()))
            elif self._poisoned is not None:
                connection.reply(wire.pack(wire.STATUS_FAILED, str(self._poisoned).encode()))
            elif op == wire.OP_APPEND:
                connection.reply(wire.APPEND_REPLY.pack(9, wire.STATUS_OK, seq))
                seq += 1
            elif op in {wire.OP_KEEP, wire.OP_FORGET}:
                connection.reply(self._put_aside(op, content))
            elif op == wire.OP_RECALL:
                connection.reply(self._recall(content))
            else:
                connection.reply(self._look_up(op, content))
        for connection in {request[0] for request in batch}:
            connection.flush()

    def _hand_over(self) -> None:
        """Tell whoever seals the tree. One pass of the loop after the replies, which leave only when a pass ends."""
        if self._durable:
            durable, self._durable = self._durable, []
            self._take(durable)

    def _append(self, entries: list[bytes]) -> int:
        """Make entries durable; the number of the first. Where that fails, everything is poisoned."""
        try:
            seq = self._writer.append(entries)
        except LogPoisoned as error:
            self.poison(error)
            return 0
        if not self._durable:
            self._loop.call_soon(self._hand_over)
        self._durable += entries
        return seq

    def _look_up(self, op: int, payload: bytes) -> bytes:
        if op == wire.OP_STAT:
            return wire.pack(wire.STATUS_OK, wire.SEQ.pack(self._writer.journal.size))
        if op == wire.OP_ROTATE_KEY:
            return self._rotate_key()
        first, count = wire.READ_REQUEST.unpack(payload)
        count = min(count, wire.MAX_READ_COUNT)
        try:
            records = self._writer.read(first, count, wire.MAX_READ_BYTES)
        except (OSError, DamagedLog) as error:  # says nothing about what was written, so it poisons nothing
            return wire.pack(wire.STATUS_REFUSED, f"the log cannot be read: {error}".encode())
        return wire.pack(wire.STATUS_OK, wire.pack_items(records))

    def _rotate_key(self) -> bytes:
        keys = self._writer.keys
        try:
            entry = keys.begin_rotation(time.time_ns() // 1_000_000)
        except KeyRefused as error:
            return wire.pack(wire.STATUS_REFUSED, str(error).encode())
        except LogPoisoned as error:
            self.poison(error)
            return wire.pack(wire.STATUS_FAILED, str(error).encode())
        seq = self._append([encode(entry)])
        if self._poisoned is not None:
            return wire.pack(wire.STATUS_FAILED, str(self._poisoned).encode())
        # Before the entry is taken into the tree: the first checkpoint that covers it must be signed by both keys.
        keys.rotated_at = seq
        return wire.pack(wire.STATUS_OK, str(entry.detail["vkey"]).encode())

    def _put_aside(self, op: int, payload: bytes) -> bytes:
        """Keep or forget a document beside the log. A failure here says nothing of the journal: it poisons nothing."""
        try:
            if op == wire.OP_KEEP:
                return wire.pack(wire.STATUS_OK, bytes.fromhex(side_store.keep(self._writer.folder, payload)))
            was_there = side_store.forget(self._writer.folder, payload.hex())
        except OSError as error:
            return wire.pack(wire.STATUS_REFUSED, f"the side store failed: {error}".encode())
        return wire.pack(wire.STATUS_OK, bytes([was_there]))

    def _recall(self, payload: bytes) -> bytes:
        try:
            content = side_store.content_of(self._writer.folder, payload.hex()) or b""
        except (OSError, side_store.SideDamaged) as error:
            return wire.pack(wire.STATUS_REFUSED, f"the side store failed: {error}".encode())
        if len(content) > wire.MAX_READ_BYTES:
            return wire.pack(wire.STATUS_REFUSED, b"the document is too large to be recalled")
        return wire.pack(wire.STATUS_OK, content)


class Connection(asyncio.Protocol):
    """One peer. Peers that do not take their replies are not read from until they do."""

    def __init__(self, service: LogService) -> None:
        self._service = service
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._replies: list[bytes] = []
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its base class
        self._service.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the protocol's signature
        """End; what was taken is committed all the same, only nobody is told."""
        self._transport = None
        self._service.connections.discard(self)
        self.gone.set_result(None)

    def pause_writing(self) -> None:
        """Stop reading: replies pile up."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Take whole requests off the stream; keep the rest."""
        received = self._received + data if self._received else data
        position, available = 0, len(received)
        while available - position >= wire.HEAD_BYTES:
            length, op = wire.HEAD.unpack_from(received, position)
            if not _is_request(length, op):
                self.abort()
                return
            end = position + wire.LENGTH_BYTES + length
            if end > available:
                break
            self._service.submit(self, op, received[position + wire.HEAD_BYTES : end])
            position = end
        self._received = received[position:]

    def reply(self, reply: bytes) -> None:
        """Put one reply in line."""
        self._replies.append(reply)

    def flush(self) -> None:
        """Send what is in line."""
        if self._transport is not None and self._replies:
            self._transport.write(b"".join(self._replies))
        self._replies.clear()

    def close(self) -> None:
        """End after sending what was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End at once."""
        if self._transport is not None:
            self._transport.abort()


def _is_request(length: int, op: int) -> bool:
    match op:
        case wire.OP_APPEND:
            return 1 <= length <= wire.MAX_REQUEST_BYTES
        case wire.OP_READ:
            return length == 1 + wire.READ_REQUEST.size
        case wire.OP_STAT | wire.OP_ROTATE_KEY:
            return length == 1
        case wire.OP_KEEP:
            return side_store.SALT_BYTES < length - 1 <= wire.MAX_KEEP_BYTES
        case wire.OP_FORGET | wire.OP_RECALL:
            return length == 1 + side_store.DIGEST_BYTES
        case _:
            return False
