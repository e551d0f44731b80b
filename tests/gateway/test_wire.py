"""The rules on raw bytes: each ambiguity has its flaw, and what passes is the same bytes."""

import pytest
from hypothesis import given, strategies as st

from gateway.wire import (
    Flaw,
    Target,
    announced_body,
    read_headers,
    read_method,
    read_target,
    without_underscores,
)

HOSTS = frozenset({b"proxy", b"127.0.0.1:8080"})


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "request.target_form"),
        (b"*", "request.target_form"),
        (b"http://evil/x", "request.target_form"),
        (b"evil:443", "request.target_form"),
        (b"//a/b", "request.path_bytes"),
        (b"/a//b", "request.path_bytes"),
        (b"/a/../b", "request.path_dots"),
        (b"/a/./b", "request.path_dots"),
        (b"/..", "request.path_dots"),
        (b"/a/%2e%2e/b", "request.path_escape"),
        (b"/a/%2E./b", "request.path_escape"),
        (b"/a%252e", "request.path_escape"),
        (b"/a%00", "request.path_escape"),
        (b"/a%0d%0aX", "request.path_escape"),
        (b"/a%5cb", "request.path_escape"),
        (b"/a%3bb", "request.path_escape"),
        (b"/a\\b", "request.path_bytes"),
        (b"/a;b", "request.path_bytes"),
        (b"/a#b", "request.path_bytes"),
        (b"/a%zz", "request.path_bytes"),
        (b"/a%4", "request.path_bytes"),
        (b"/a b", "request.path_bytes"),
        (b"/a\x00", "request.path_bytes"),
        (b"/\xc3\xa9", "request.path_bytes"),
        (b"/a?", "request.query_bytes"),
        (b"/a?x#y", "request.query_bytes"),
        (b"/a?x y", "request.query_bytes"),
        (b"/a?%4", "request.query_bytes"),
        (b"/" + b"a" * 8192, "request.target_too_long"),
    ],
)
def test_an_ambiguous_target_has_a_flaw_with_its_code(raw: bytes, code: str) -> None:
    """Every spelling that two readers could read differently is refused under its own code."""
    flaw = read_target(raw)
    assert isinstance(flaw, Flaw)
    assert flaw.code == code


@pytest.mark.parametrize(
    "raw", [b"/", b"/a", b"/a/", b"/a/b%20c", b"/a%2Fb", b"/a?x=%2e&y=../..", b"/~a.b-c_d/@:"]
)
def test_the_nearest_harmless_targets_pass_unchanged(raw: bytes) -> None:
    """What is unambiguous passes, byte for byte."""
    target = read_target(raw)
    assert isinstance(target, Target)
    assert target.raw == raw


@given(st.binary(max_size=60).map(lambda tail: b"/" + tail))
def test_reading_a_target_never_changes_it(raw: bytes) -> None:
    """Whatever the bytes are: a flaw, or a target whose bytes are the same and hold no dot segment."""
    target = read_target(raw)
    if isinstance(target, Target):
        assert target.raw == raw
        assert not {b".", b".."} & set(target.path.split(b"/"))
        assert b"//" not in target.path
        assert target.path.isascii()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ((), "request.host_missing"),
        (((b"host", b"evil"),), "request.host"),
        (((b"host", b"proxy/admin?x="),), "request.host"),
        (((b"host", b"proxy:80"),), "request.host"),
        (((b"host", b"proxy"), (b"host", b"proxy")), "request.header_twice"),
        (((b"host", b"proxy"), (b"authorization", b"a"), (b"authorization", b"b")), "request.header_twice"),
        (((b"host", b"proxy"), (b"transfer-encoding", b"identity, chunked")), "request.transfer_encoding"),
        (((b"host", b"proxy"), (b"transfer-encoding", b"Chunked")), "request.transfer_encoding"),
        (
            ((b"host", b"proxy"), (b"transfer-encoding", b"chunked"), (b"content-length", b"1")),
            "request.framing",
        ),
        (((b"host", b"proxy"), (b"upgrade", b"websocket")), "request.upgrade"),
        (((b"host", b"proxy"), (b"expect", b"something")), "request.expect"),
        (((b"host", b"proxy"), (b"content-length", b"1" * 16)), "request.length"),
        (((b"host", b"proxy"), (b"content-type", b"a" * 1025)), "request.content_type"),
        (((b"host", b"proxy"), (b"if-match", b'"\xc3\xa9"')), "request.header_bytes"),
    ],
)
def test_an_ambiguous_header_block_has_a_flaw_with_its_code(
    headers: tuple[tuple[bytes, bytes], ...], code: str
) -> None:
    """Doubled security headers, foreign hosts, odd framing and upgrades are refused."""
    flaw = read_headers(headers, HOSTS)
    assert flaw is not None
    assert flaw.code == code


def test_ordinary_headers_pass() -> None:
    """The nearest harmless block: one Host in any case, lists in other headers."""
    headers = ((b"host", b"Proxy"), (b"accept", b"a"), (b"accept", b"b"), (b"transfer-encoding", b"chunked"))
    assert read_headers(headers, HOSTS) is None


def test_only_spoken_methods_pass() -> None:
    """CONNECT, TRACE and inventions are 405."""
    assert read_method("GET") is None
    for method in ("CONNECT", "TRACE", "PROPFIND", "get"):
        flaw = read_method(method)
        assert flaw is not None
        assert flaw.status == 405


def test_names_with_underscores_are_dropped() -> None:
    """`X_Forwarded_For` must not arrive where somebody reads it as `X-Forwarded-For`."""
    assert without_underscores(((b"a_b", b"1"), (b"a-b", b"2"))) == ((b"a-b", b"2"),)


def test_the_announced_body_is_known_before_it_arrives() -> None:
    """Length, absence and chunks are told apart."""
    assert announced_body(((b"content-length", b"12"),)) == 12
    assert announced_body(((b"transfer-encoding", b"chunked"),)) == -1
    assert announced_body(((b"host", b"proxy"),)) == 0
