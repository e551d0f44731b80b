"""Frames: what a scan accepts, and what proves durability."""

import zlib

from hypothesis import given, settings, strategies as st

from audit.frames import (
    CHECKED_HEAD,
    CHUNK_BYTES,
    FILE_HEAD,
    HEAD,
    HEAD_BYTES,
    MAGIC,
    MAGIC_BYTES,
    ReadAt,
    Scan,
    find_proof,
    pack_frames,
)

PAYLOADS = st.lists(st.binary(min_size=1, max_size=300), max_size=20)


def read_from(content: bytes) -> ReadAt:
    """A file in memory."""
    return lambda offset, size: content[offset : offset + size]


@given(st.lists(PAYLOADS, max_size=5))
@settings(deadline=None)
def test_a_scan_gives_back_what_was_packed(batches: list[list[bytes]]) -> None:
    """Payloads come back in order, numbered without a gap, with the count that was durable before their batch."""
    content = FILE_HEAD
    expected: list[tuple[int, int, bytes]] = []
    for batch in batches:
        first = len(expected)
        content += b"".join(pack_frames(batch, first))
        expected += [(first + place, first, payload) for place, payload in enumerate(batch)]
    scan = Scan(read_from(content))
    assert [(frame.seq, frame.durable, frame.payload) for frame in scan] == expected
    assert (scan.seq, scan.offset) == (len(expected), len(content))


def test_a_scan_crosses_chunks_and_resumes() -> None:
    """Records larger than what is read at once come whole, and a scan goes on where the file has grown."""
    payloads = [bytes([65 + number % 20]) * 65_535 for number in range(40)]
    content = FILE_HEAD + b"".join(pack_frames(payloads, 0))
    assert len(content) > 2 * CHUNK_BYTES
    file = bytearray(content[:1_500_000])
    scan = Scan(lambda offset, size: bytes(file[offset : offset + size]))
    first = [frame.payload for frame in scan]
    file += content[1_500_000:]
    assert first + [frame.payload for frame in scan] == payloads


def test_a_scan_stops_at_a_wrong_number() -> None:
    """A whole frame in the wrong place is not accepted: swapped, repeated or left out records end the scan."""
    one, two, three = pack_frames([b"1", b"2", b"3"], 0)
    for frames, expected in ((one + three, 1), (one + one, 1), (two + one, 0), (one + two + three, 3)):
        scan = Scan(read_from(FILE_HEAD + frames))
        assert len(list(scan)) == expected


def test_a_frame_cannot_vouch_for_itself() -> None:
    """A frame that says of itself that it was durable before it was written is refused, checksum or not."""
    checked = CHECKED_HEAD.pack(0, 1) + b"x"
    frame = HEAD.pack(MAGIC, 1, zlib.crc32(checked), 0, 1) + b"x"
    assert list(Scan(read_from(FILE_HEAD + frame))) == []
    assert find_proof(read_from(frame), 0, -1) == 0


def test_proof_counts_only_whole_later_frames() -> None:
    """A later frame proves what its batch found durable; a frame of the same batch or a damaged one proves nothing."""
    batch = b"".join(pack_frames([b"a" * 10, b"b" * 10], 0))
    later = pack_frames([b"c" * 10], 2)[0]
    assert find_proof(read_from(batch), 0, 0) == 0
    assert find_proof(read_from(b"garbage" + MAGIC_BYTES + later), 0, 0) == 2
    assert find_proof(read_from(b"garbage" + later[:-1]), 0, 0) == 0
    assert find_proof(read_from(b"garbage" + later), 0, 2) == 0


def test_proof_is_found_wherever_chunks_end() -> None:
    """A frame that lies across the end of a chunk is seen."""
    later = pack_frames([b"c" * 1000], 9)[0]
    for shift in (-HEAD_BYTES - 1, -HEAD_BYTES, -1, 0, 1):
        content = bytes(CHUNK_BYTES + shift) + later
        assert find_proof(read_from(content), 0, 3) == 9
