"""Raw bytes on a channel: every row of the design's table of HTTP ambiguities, against the real process."""

import asyncio
import re

import pytest

from tests.gateway.peers import Received
from tests.gateway.rig import Rig, until

GET = b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n"
POST = b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\n"

REFUSED = {
    "both lengths": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two equal lengths": (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "a list of lengths": (POST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a signed length": (POST + b"Content-Length: +3\r\n\r\nabc", 400),
    "identity, chunked": (POST + b"Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked twice": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "bare line feeds": (b"GET /notes/notes HTTP/1.1\nHost: proxy\n\n", 400),
    "a folded header": (GET + b"X: a\r\n b\r\n\r\n", 400),
    "a space before the colon": (GET + b"X : a\r\n\r\n", 400),
    "no host": (b"GET /notes/notes HTTP/1.1\r\n\r\n", 400),
    "two hosts": (GET + b"Host: proxy\r\n\r\n", 400),
    "a host with a path": (b"GET /notes/notes HTTP/1.1\r\nHost: proxy/admin?x=\r\n\r\n", 421),
    "a foreign host": (b"GET /notes/notes HTTP/1.1\r\nHost: evil\r\n\r\n", 421),
    "absolute form": (b"GET http://evil/notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n", 400),
    "authority form": (b"CONNECT evil:443 HTTP/1.1\r\nHost: proxy\r\n\r\n", 405),
    "asterisk form": (b"OPTIONS * HTTP/1.1\r\nHost: proxy\r\n\r\n", 400),
    "a fragment": (b"GET /notes/notes#x HTTP/1.1\r\nHost: proxy\r\n\r\n", 400),
    "two slashes": (b"GET //notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n", 400),
    "dot segments": (b"GET /notes/x/../notes HTTP/1.1\r\nHost: proxy\r\n\r\n", 400),
    "hidden dots": (b"GET /notes/%2e%2e/notes HTTP/1.1\r\nHost: proxy\r\n\r\n", 400),
    "HTTP/1.0": (b"GET /notes/notes HTTP/1.0\r\nHost: proxy\r\n\r\n", 505),
    "an upgrade": (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
    "an unknown method": (b"TRACE /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n", 405),
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", 400),
    "too many headers": (GET + b"".join(b"X-%d: 1\r\n" % i for i in range(200)) + b"\r\n", 431),
    "a header too long": (GET + b"X: " + b"a" * 40000 + b"\r\n\r\n", 431),
}


def _answers(received: bytes) -> int:
    return len(re.findall(rb"HTTP/1\.1 \d{3} ", received))


@pytest.mark.parametrize("name", REFUSED)
def test_ambiguous_http_is_refused_and_recorded_and_never_forwarded(rig: Rig, name: str) -> None:
    """Each row answers its status, closes the connection, leaves one recorded refusal and reaches no upstream."""
    request, status = REFUSED[name]
    agent = rig.agent()
    answer = agent.raw(request)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:80]
    assert _answers(answer) == 1
    assert b"connection: close" in answer.lower()
    [decision] = until(lambda: rig.decisions(agent.workflow))
    assert (decision.kind, decision.decision) == ("refusal", "deny")
    assert rig.upstream.received == []


def test_a_trailer_is_dropped(rig: Rig) -> None:
    """A trailer that names `Authorization` neither reaches the upstream nor changes what was judged."""
    agent = rig.agent()
    answer = agent.raw(
        POST
        + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nAuthorization: Bearer trailer\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    [seen] = rig.upstream.received
    assert b"trailer" not in seen.head + seen.body
    assert seen.body == b"ok"


def test_a_header_with_underscores_never_travels(rig: Rig) -> None:
    """`X_Forwarded_For` and `X-Forwarded-For` are both gone at the upstream."""
    agent = rig.agent()
    agent.raw(GET + b"X_Forwarded_For: 1\r\nX-Forwarded-For: 2\r\nConnection: close\r\n\r\n")
    [seen] = rig.upstream.received
    assert b"forwarded" not in seen.head.lower()


def test_a_refused_body_never_becomes_the_next_request(rig: Rig) -> None:
    """The body of a denied request, which looks like a request, is not answered as one."""
    agent = rig.agent("reader")
    hidden = b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n"
    answer = agent.raw(POST + b"Content-Length: %d\r\n\r\n" % len(hidden) + hidden)
    assert _answers(answer) == 1
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert rig.upstream.received == []


def test_a_refused_connection_can_be_used_again(rig: Rig) -> None:
    """After a denial with a whole body the same connection serves the next request."""
    agent = rig.agent()
    answer = agent.raw(
        b"DELETE /notes/notes/1 HTTP/1.1\r\nHost: proxy\r\nContent-Length: 2\r\n\r\nxx"
        + GET
        + b"Connection: close\r\n\r\n"
    )
    assert _answers(answer) == 2
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.endswith(b"ok")


def test_pipelined_requests_are_answered_in_order(rig: Rig) -> None:
    """Three requests in one segment get three answers, in their order."""
    agent = rig.agent()
    one = b"GET /notes/notes/%d HTTP/1.1\r\nHost: proxy\r\n"
    answer = agent.raw(one % 1 + b"\r\n" + one % 2 + b"\r\n" + one % 3 + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 3
    assert [seen.line.split(b" ")[1] for seen in rig.upstream.received] == [
        b"/notes/1",
        b"/notes/2",
        b"/notes/3",
    ]


def test_a_client_that_leaves_ends_its_call(rig: Rig) -> None:
    """When the agent hangs up in the middle of an answer, the upstream's connection is closed and it is recorded."""
    gone = asyncio.Event()

    async def stream(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        await writer.drain()
        while not writer.is_closing():
            writer.write(b"1\r\nx\r\n")
            try:
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0.02)
        gone.set()

    rig.upstream.answer = stream
    agent = rig.agent()
    connection = agent.connect()
    connection.sendall(GET + b"\r\n")
    connection.recv(1)
    connection.close()
    outcome = rig.outcome(until(lambda: rig.decisions(agent.workflow))[0].id)
    assert outcome.result == "client_gone"
    until(gone.is_set)
