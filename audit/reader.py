"""Reading the log from outside the writer: from its folder, or through its socket. Synchronous, for people's tools.

Never writes and takes no lock, so it works beside a running writer. Promises flat memory, and never to take bytes
that a writer is just writing for damage.
"""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from audit import wire
from audit.entry import decode
from audit.faults import DamagedJournal, LogUnavailable
from audit.folder import open_journal, read_mark, reader_of
from audit.frames import Frame, Scan
from audit.query import Stored
from audit.recovery import check_end

POLL_S: Final = 0.2
REPLY_TIMEOUT_S: Final = 10.0


def read_entries(source: Path, *, first: int = 0, follow: bool = False) -> Iterator[Stored]:
    """Entries from number `first` on, oldest first. `source` is the log's folder or the writer's socket.

    With `follow` it waits for more and never ends. Raises LogMissing, DamagedJournal, EntryInvalid (folder), or
    LogUnavailable (socket).
    """
    for seq, encoded in read_records(source, first=first, follow=follow):
        yield Stored(seq, decode(encoded))


def read_records(source: Path, *, first: int = 0, follow: bool = False) -> Iterator[tuple[int, bytes]]:
    """Like `read_entries`, as the bytes that stand in the log."""
    return (
        _socket_records(source, first, follow)
        if source.is_socket()
        else _folder_records(source, first, follow)
    )


def log_size(source: Path) -> int:
    """How many records there are. A folder is read through for it, a socket is asked."""
    if source.is_socket():
        with _Caller(source) as caller:
            return int(wire.SEQ.unpack(caller.ask(wire.OP_STAT))[0])
    with JournalReader(source) as journal:
        for _ in journal.frames():
            pass
        return journal.size


class JournalReader:
    """The journal of a folder, frame by frame, whether a writer is at work on it or not."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises LogMissing, or DamagedJournal if it does not begin as a journal."""
        self._folder = folder
        self._descriptor = open_journal(folder, os.O_RDONLY)
        try:
            self._acknowledged = read_mark(
                folder
            )  # before the records: these were all there when it was written
        except DamagedJournal:
            os.close(self._descriptor)
            raise
        self._read_at = reader_of(self._descriptor)
        self._scan = Scan(self._read_at)

    @property
    def size(self) -> int:
        """Records read so far."""
        return self._scan.seq

    @property
    def offset(self) -> int:
        """Where the next record is expected, in bytes."""
        return self._scan.offset

    @property
    def torn_bytes(self) -> int:
        """Bytes after the last whole record: a torn tail, or a batch that is being written."""
        return max(0, os.fstat(self._descriptor).st_size - self._scan.offset)

    def frames(self) -> Iterator[Frame]:
        """Frames up to the end; again later for those that came since. Raises DamagedJournal."""
        yield from self._scan
        while (damage := self._damage()) is not None:
            # A batch may have been half written when we looked, and finished when we looked for later ones. Once
            # something later proves that it was durable, looking again settles it.
            before = self._scan.seq
            yield from self._scan
            if self._scan.seq == before:
                raise damage

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _damage(self) -> DamagedJournal | None:
        try:
            check_end(self._folder, self._read_at, self._scan, self._acknowledged)
        except DamagedJournal as damage:
            return damage
        return None


class _Caller:
    """One blocking connection to the writer's socket."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(REPLY_TIMEOUT_S)
        try:
            self._socket.connect(os.fspath(path))
        except OSError as error:
            self._socket.close()
            raise LogUnavailable(f"no audit writer at {path}: {error}") from error

    def ask(self, op: int, payload: bytes = b"") -> bytes:
        """The payload of the reply. Raises LogUnavailable if it is not "ok" or does not come."""
        try:
            self._socket.sendall(wire.pack(op, payload))
            length, status = wire.HEAD.unpack(self._take(wire.HEAD_BYTES))
            reply = self._take(length - 1) if 1 <= length <= wire.MAX_REPLY_BYTES else b"not a reply"
        except OSError as error:
            raise LogUnavailable(f"the audit writer at {self._path} did not answer: {error}") from error
        if status != wire.STATUS_OK:
            raise LogUnavailable(reply.decode("utf-8", "replace"))
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _take(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            piece = self._socket.recv(size - len(taken))
            if not piece:
                raise ConnectionResetError("the connection was closed")
            taken += piece
        return bytes(taken)


def _folder_records(folder: Path, first: int, follow: bool) -> Iterator[tuple[int, bytes]]:
    with JournalReader(folder) as journal:
        while True:
            for frame in journal.frames():
                if frame.seq >= first:
                    yield frame.seq, frame.payload
            if not follow:
                return
            time.sleep(POLL_S)


def _socket_records(path: Path, first: int, follow: bool) -> Iterator[tuple[int, bytes]]:
    with _Caller(path) as caller:
        while True:
            reply = caller.ask(wire.OP_READ, wire.READ_REQUEST.pack(first, wire.MAX_READ_COUNT))
            for seq, encoded in wire.unpack_items(reply):
                yield seq, encoded
                first = seq + 1
            if not reply:
                if not follow:
                    return
                time.sleep(POLL_S)
