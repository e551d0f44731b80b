"""Packets and side bands, by the examples of gitprotocol-common(5) and what git 2.39 wrote."""

import pytest

from gateway.git.wire import (
    FLUSH,
    NotPackets,
    Packets,
    capabilities,
    packet,
    packet_length,
    refusals_in,
    told,
)


def test_packets_come_out_whole_however_they_are_cut() -> None:
    """A stream that is fed byte by byte gives the packets that it gives at once, flushes among them."""
    stream = packet(b"a\n") + FLUSH + packet(b"") + packet(b"x" * 1000) + FLUSH
    at_once = list(Packets().feed(stream))
    assert at_once == [b"0006a\n", b"0000", b"0004", b"03ec" + b"x" * 1000, b"0000"]
    one_by_one = Packets()
    assert [each for byte in stream for each in one_by_one.feed(bytes([byte]))] == at_once


@pytest.mark.parametrize("head", [b"zzzz", b"0003", b"-001", b"+123", b"0x12", b" 12a", b"1_23"])
def test_what_is_no_length_is_no_packet(head: bytes) -> None:
    """Four bytes that are no hexadecimal length are refused.."""
    with pytest.raises(NotPackets):
        packet_length(head)


def test_a_text_is_told_in_packets_that_every_client_takes() -> None:
    """Long texts are cut below the older side band's thousand bytes, and nothing is lost."""
    parts = list(Packets().feed(told("ä" * 3000)))
    assert max(map(len, parts)) <= 1000
    assert {part[4:5] for part in parts} == {b"\x02"}
    assert b"".join(part[5:] for part in parts).decode() == "ä" * 3000


def test_capabilities_stand_behind_the_first_ref() -> None:
    """The first line of a push holds them behind a NUL."""
    assert capabilities(b"0 1 refs/heads/x\0 report-status side-band-64k") == {
        b"report-status",
        b"side-band-64k",
    }


def test_a_report_says_what_was_refused() -> None:
    """The state of unpacking, and each refused ref's reason."""
    report = packet(b"unpack ok\n") + packet(b"ok refs/heads/a\n") + packet(b"ng refs/heads/b no\n") + FLUSH
    assert refusals_in(report) == (b"ok", (b"no",))
