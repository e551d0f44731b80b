"""The body of add-checkpoint against the specification's rules."""

import base64
import contextlib

import pytest
from hypothesis import given, strategies as st

from audit.note import Signer, sign_note
from audit.witness.request import RequestInvalid, encode_request, parse_request
from tests.audit.reference_tlog import ReferenceLog

NOTE = ReferenceLog([b"a", b"b"]).checkpoint("log.example/one", bytes(32))
HASH = base64.b64encode(bytes(32)).decode()


def test_there_and_back() -> None:
    """What is sent is what is read; the form is the specification's."""
    body = encode_request(1, [bytes(32), bytes([1]) * 32], NOTE)
    assert body.startswith(f"old 1\n{HASH}\n".encode())
    asked = parse_request(body)
    assert (asked.old, asked.proof, asked.note) == (1, (bytes(32), bytes([1]) * 32), NOTE)
    assert (asked.checkpoint.origin, asked.checkpoint.size) == ("log.example/one", 2)
    assert parse_request(encode_request(0, [], NOTE)).proof == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n" + NOTE,
        b"old 00\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"old 1 \n\n" + NOTE,
        b"old\n\n" + NOTE,
        b"old 1\nAAAA\n\n" + NOTE,
        f"old 1\n{HASH[:-2]}B=\n\n".encode() + NOTE,
        b"old 1\n!\n\n" + NOTE,
        ("old 1\n" + f"{HASH}\n" * 64 + "\n").encode() + NOTE,
        "old 1\n\u2014\n\n".encode() + NOTE,
        b"old 1\n\n" + NOTE[:-1],
        b"old 1\n\n",
        b"old 1\n\n" + sign_note("no checkpoint\n", [Signer("a", bytes(32))]),
        NOTE,
    ],
)
def test_what_is_no_request(body: bytes) -> None:
    """Another spelling, too many hashes, or no checkpoint behind them is refused."""
    with pytest.raises(RequestInvalid):
        parse_request(body)


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 40))
def test_hostile_bodies(garbage: bytes, place: int, cut: int) -> None:
    """Whatever comes is a request or is refused; nothing else is raised."""
    body = encode_request(1, [bytes(32)], NOTE)
    with contextlib.suppress(RequestInvalid):
        parse_request(body[:place] + garbage + body[place + cut :])
