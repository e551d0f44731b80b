"""What passes in which direction: allow-lists that no spelling, no `Connection` and no control byte gets around."""

from hypothesis import example, given, strategies as st

from gateway.headers import REQUEST_ALLOWED, RESPONSE_ALLOWED, forwardable, returnable

NAMES = st.sampled_from(
    sorted(REQUEST_ALLOWED | RESPONSE_ALLOWED | {b"set-cookie", b"location", b"connection", b"x"})
)
SPELLED = st.tuples(NAMES, st.booleans()).map(lambda pair: pair[0].upper() if pair[1] else pair[0])
BLOCKS = st.lists(st.tuples(SPELLED, st.binary(max_size=8) | NAMES), max_size=8).map(tuple)


@given(BLOCKS)
def test_only_listed_names_with_clean_values_come_back(block: tuple[tuple[bytes, bytes], ...]) -> None:
    """Whatever an upstream sends: listed names, no control byte but the tab, nothing that `Connection` names.

    Without the look at values, a CR came back.
    """
    named = {
        token.strip().lower()
        for name, value in block
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    for name, value in returnable(block, RESPONSE_ALLOWED):
        assert name in RESPONSE_ALLOWED - named
        assert not [byte for byte in value if byte == 0x7F or (byte < 0x20 and byte != 0x09)]


def test_a_length_comes_back_only_where_it_frames_the_body() -> None:
    """Beside `Transfer-Encoding` it would be a second framing. Without the look at it, or at any case, it came back wrong."""
    length = (b"Content-Length", b"3")
    assert returnable((length,), RESPONSE_ALLOWED) == [(b"content-length", b"3")]
    assert returnable((length, (b"Transfer-Encoding", b"chunked")), RESPONSE_ALLOWED) == []


@given(BLOCKS)
@example(((b"connection", b"close, Range"), (b"range", b"bytes=0-1")))
def test_what_connection_names_stays_here(block: tuple[tuple[bytes, bytes], ...]) -> None:
    """A header that a client calls hop-by-hop does not travel, listed or not (RFC 9110, 7.6.1).

    Without the subtraction, `Range` travelled although `Connection` named it.
    """
    lowered = tuple((name.lower(), value) for name, value in block)
    named = {
        token.strip().lower()
        for name, value in lowered
        if name == b"connection"
        for token in value.split(b",")
    }
    assert not {name for name, _ in forwardable(lowered, REQUEST_ALLOWED)} - (REQUEST_ALLOWED - named)
