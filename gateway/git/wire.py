"""Git's packet lines and side bands: bytes in, bytes out; pure (gitprotocol-common(5), gitprotocol-pack(5)).

Reads only what a push needs: where packets end, which band one is on, and what the report says.
"""

import re
from collections.abc import Iterator

FLUSH = b"0000"
"""Ends a list of packets."""

_LENGTH = 4
_SPECIAL = 4
"""Lengths below this are no lengths: flush (0), delimiter (1) and end of response (2)."""
_HEAD = re.compile(rb"[0-9a-fA-F]{4}")
_ON_A_BAND = 990
"""Bytes of text in one packet: the older side band takes 1,000 with its length and band, every client knows it."""

REPORT, PROGRESS = b"\x01", b"\x02"


class NotPackets(ValueError):
    """The bytes are no packet lines."""


def packet(data: bytes) -> bytes:
    """One packet line with this content."""
    return b"%04x%b" % (len(data) + _LENGTH, data)


def told(text: str) -> bytes:
    """Packets that make git print a text as `remote:` lines; it ends a line where the text does."""
    data = text.encode()
    parts = (data[start : start + _ON_A_BAND] for start in range(0, len(data), _ON_A_BAND))
    return b"".join(packet(PROGRESS + part) for part in parts)


class Packets:
    """Cuts a stream into packets: each comes out whole, with its length in front, as it came in."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Every packet that is complete now. Raises `NotPackets`."""
        data = self._begun + chunk
        place = 0
        while len(data) - place >= _LENGTH:
            end = place + packet_length(data[place : place + _LENGTH])
            if end > len(data):
                break
            yield data[place:end]
            place = end
        self._begun = data[place:]

    @property
    def rest(self) -> bytes:
        """What was fed and is no whole packet."""
        return self._begun


def packet_length(head: bytes) -> int:
    """How long the packet is that begins with these four bytes, them included. Raises `NotPackets`."""
    if _HEAD.fullmatch(head) is None:
        raise NotPackets(f"{head!r} is no length of a packet")
    length = int(head, 16)
    if length == _LENGTH - 1:
        raise NotPackets(f"{head!r} is shorter than itself")
    return max(length, _SPECIAL)


def capabilities(first: bytes) -> frozenset[bytes]:
    """What the client of a push can do, by the first packet of its request."""
    return frozenset(first.partition(b"\0")[2].split())


def refusals_in(report: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """What `git receive-pack` reports (report-status): the state of unpacking, and the reason for each ref it refused."""
    packets = Packets()
    lines = [line[_LENGTH:].rstrip(b"\n") for line in packets.feed(report)]
    unpacked = next((line.removeprefix(b"unpack ") for line in lines if line.startswith(b"unpack ")), b"")
    refused = tuple(line.split(b" ", 2)[-1] for line in lines if line.startswith(b"ng "))
    return unpacked, refused
