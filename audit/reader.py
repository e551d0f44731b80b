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
from audit.files import reader_of
from audit.folder import read_mark
from audit.frames import Frame, Scan
from audit.query import Stored
from audit.recovery import check_end
from audit.retention import first_kept
from audit.sealed import read_checkpoint, sealed_records
from audit.segments import Segment, open_segment, segments_of
from audit.tiles import HASHES

POLL_S: Final = 0.2
REPLY_TIMEOUT_S: Final = 10.0


def read_entries(source: Path, *, first: int = 0, follow: bool = False) -> Iterator[Stored]:
    """Entries from number `first` on, oldest first. `source` is the log's folder or the writer's socket.

    With `follow` it waits for more and never ends. Raises LogMissing, DamagedLog, EntryInvalid (folder), or
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
    """How many records there are. A folder is asked for its checkpoint and its journal, a socket is asked."""
    if source.is_socket():
        with Caller(source) as caller:
            return int(wire.SEQ.unpack(caller.ask(wire.OP_STAT))[0])
    with JournalReader(source, read_checkpoint(source).size) as journal:
        for _ in journal.frames():
            pass
        return journal.size


class JournalReader:
    """The records of a folder, whether a writer is at work on it or not: sealed ones first, then the journal's."""

    def __init__(self, folder: Path, first: int = 0) -> None:
        """Begin at record `first`. Raises LogMissing, LogOfOldForm or DamagedLog."""
        self._folder = folder
        self._seq = max(first, first_kept(folder))  # what was pruned is not there any more
        self._segment: Segment | None = None
        self._descriptor = -1
        segments_of(folder)  # says that there is no log before anything says that a file of it is missing
        # Before the records: these were all there when it was written.
        self._acknowledged = read_mark(folder)
        read_checkpoint(folder)

    @property
    def size(self) -> int:
        """The number of the record that comes next: read from 0 on, how many were read."""
        return self._seq

    @property
    def offset(self) -> int:
        """Where the next record of the journal is expected in its segment, in bytes."""
        return self._scan.offset if self._segment is not None else 0

    @property
    def torn_bytes(self) -> int:
        """Bytes after the last whole record: a torn tail, or a batch that is being written."""
        if self._segment is None:
            return 0
        return max(0, os.fstat(self._descriptor).st_size - self._scan.offset)

    def frames(self) -> Iterator[Frame]:
        """Frames up to the end; again later for those that came since. Raises DamagedLog.

        Of a sealed record, `durable` is its own number and `offset` its place in its bundle, counted in entries.
        """
        while True:
            before = (self._seq, self._segment)
            for seq, entry in sealed_records(self._folder, self._seq, read_checkpoint(self._folder).size):
                self._seq = seq + 1
                yield Frame(seq, seq % HASHES, seq, entry)
            if not self._enter():
                continue  # it was sealed, and its segment removed, since we looked
            yield from self._scanned()
            if (self._seq, self._segment) == before:
                damage = self._damage()
                if damage is None:
                    return
                # A batch may have been half written when we looked, and finished when we looked for later ones.
                # Once something later proves that it was durable, looking again settles it.
                yield from self._scanned()
                if self._seq == before[0] and not self._is_elsewhere():
                    raise damage

    def close(self) -> None:
        """Let go of the file."""
        if self._segment is not None:
            os.close(self._descriptor)
            self._segment = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _enter(self) -> bool:
        """Be in the segment of the next record. False: it went away under us. Raises DamagedJournal where none is."""
        segment = self._find_segment()
        if segment is None:
            if read_checkpoint(self._folder).size > self._seq:
                return False
            raise DamagedJournal(
                f"{self._folder}: record {self._seq} is neither sealed nor in the journal", seq=self._seq
            )
        if segment != self._segment:
            try:
                descriptor = open_segment(segment, os.O_RDONLY)
            except FileNotFoundError:
                return False
            self.close()
            self._segment, self._descriptor = segment, descriptor
            self._read_at = reader_of(descriptor)
            self._scan = Scan(self._read_at, seq=segment.first)
        return True

    def _find_segment(self) -> Segment | None:
        early = [segment for segment in segments_of(self._folder) if segment.first <= self._seq]
        return early[-1] if early else None

    def _is_elsewhere(self) -> bool:
        """Whether the next record stands in a later segment or a bundle by now: then this segment just ended."""
        return self._find_segment() != self._segment or read_checkpoint(self._folder).size > self._seq

    def _scanned(self) -> Iterator[Frame]:
        for frame in self._scan:
            if frame.seq >= self._seq:
                self._seq = frame.seq + 1
                yield frame

    def _damage(self) -> DamagedJournal | None:
        """Whether records that do not read had been acknowledged; a later segment says so too."""
        segments = segments_of(self._folder)
        acknowledged = max(self._acknowledged, segments[-1].first)
        try:
            check_end(segments[0].path.parent, self._read_at, self._scan, acknowledged)
        except DamagedJournal as damage:
            return damage
        return None


class Caller:
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
    with JournalReader(folder, first) as journal:
        while True:
            for frame in journal.frames():
                yield frame.seq, frame.payload
            if not follow:
                return
            time.sleep(POLL_S)


def _socket_records(path: Path, first: int, follow: bool) -> Iterator[tuple[int, bytes]]:
    with Caller(path) as caller:
        while True:
            reply = caller.ask(wire.OP_READ, wire.READ_REQUEST.pack(first, wire.MAX_READ_COUNT))
            for seq, encoded in wire.unpack_items(reply):
                yield seq, encoded
                first = seq + 1
            if not reply:
                if not follow:
                    return
                time.sleep(POLL_S)
