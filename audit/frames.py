"""The journal's byte format: a file head, then one frame for each record.

Pure: bytes come through a `ReadAt`. Promises that a scan uses flat memory and never yields a frame that is
not whole, in its place and matching its checksum.

    frame = magic u16 | length u16 | crc32 u32 | seq u64 | durable u64 | payload     (big-endian)

The CRC covers seq, durable and payload. `durable` is the number of records that were already durable when the
frame's batch was put together. It is what lets recovery tell a torn write from damage: if any later frame says
durable > n, record n had been acknowledged. The magic begins with 0xFF, which no UTF-8 text contains, so an entry
cannot hold something that looks like a frame.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from audit.entry import MAX_ENTRY_BYTES

FILE_HEAD: Final = b"doorless audit journal, form 2".ljust(32, b"\n")
MAGIC: Final = 0xFFD0
MAGIC_BYTES: Final = MAGIC.to_bytes(2, "big")
HEAD: Final = struct.Struct(">HHIQQ")
HEAD_BYTES: Final = HEAD.size
CHECKED_FROM: Final = 8  # magic, length and the checksum itself stand before the checked part
CHECKED_HEAD: Final = struct.Struct(">QQ")
MAX_FRAME_BYTES: Final = HEAD_BYTES + MAX_ENTRY_BYTES
CHUNK_BYTES: Final = 1024 * 1024

ReadAt = Callable[[int, int], bytes]  # offset, size -> up to size bytes; fewer only at the end of the file


class Frame(NamedTuple):
    """One record as it stands in the journal."""

    seq: int
    offset: int
    durable: int
    payload: bytes


def pack_frames(payloads: Sequence[bytes], first: int) -> list[bytes]:
    """The frames of one batch whose first record is number `first`; all before it are durable."""
    frames = []
    for seq, payload in enumerate(payloads, first):
        checked = CHECKED_HEAD.pack(seq, first) + payload
        frames.append(HEAD.pack(MAGIC, len(payload), zlib.crc32(checked), seq, first) + payload)
    return frames


class Scan:
    """Reads frames one after the other, and stands still at the first that is not whole and right.

    `offset` and `seq` say where the next frame is expected. Iterating again resumes there, so a growing file
    can be followed.
    """

    def __init__(
        self, read_at: ReadAt, offset: int = len(FILE_HEAD), seq: int = 0, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._read_at = read_at
        self._chunk_bytes = max(chunk_bytes, MAX_FRAME_BYTES)  # a whole frame always fits into one chunk
        self.offset = offset
        self.seq = seq

    def __iter__(self) -> Iterator[Frame]:
        """Frames from here on."""
        while True:
            chunk = self._read_at(self.offset, self._chunk_bytes)
            before = self.seq
            yield from self._frames_of(chunk)
            if self.seq == before:
                return

    def _frames_of(self, chunk: bytes) -> Iterator[Frame]:
        view = memoryview(chunk)
        position = 0
        while (end := _frame_end(view, position)) > position:
            _, _, _, seq, durable = HEAD.unpack_from(chunk, position)
            if seq != self.seq:
                return
            offset = self.offset
            self.offset += end - position
            self.seq += 1
            yield Frame(seq, offset, durable, chunk[position + HEAD_BYTES : end])
            position = end


def find_proof(read_at: ReadAt, offset: int, seq: int) -> int:
    """How many records the frames after `offset` prove to have been durable; 0 if they prove nothing.

    Looks at every byte position, because the frame at `offset` does not say where the next one begins.
    """
    proof = 0
    while len(chunk := read_at(offset, CHUNK_BYTES + MAX_FRAME_BYTES)) >= HEAD_BYTES:
        view = memoryview(chunk)
        position = chunk.find(MAGIC_BYTES)
        while 0 <= position < CHUNK_BYTES:
            end = _frame_end(view, position)
            if end > position and HEAD.unpack_from(chunk, position)[3] > seq:
                proof = max(proof, HEAD.unpack_from(chunk, position)[4])
            position = chunk.find(MAGIC_BYTES, max(end, position + 1))
        offset += (
            CHUNK_BYTES  # a frame that begins before this line was seen whole: chunks overlap by one frame
        )
    return proof


def _frame_end(view: memoryview, position: int) -> int:
    """Where the frame at `position` ends; `position` itself if there is no whole and right frame."""
    if len(view) - position < HEAD_BYTES:
        return position
    magic, length, crc, seq, durable = HEAD.unpack_from(view, position)
    end: int = position + HEAD_BYTES + length
    if magic != MAGIC or length == 0 or durable > seq or end > len(view):
        return position
    return end if zlib.crc32(view[position + CHECKED_FROM : end]) == crc else position
