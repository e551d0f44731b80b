"""No secret comes back: an upstream that reflects its credential, in whatever form, ends the workflow instead."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable

import pytest

from tests.canaries import CANARIES
from tests.gateway.peers import Received
from tests.gateway.rig import STATIC_KEY, Agent, Rig, until

Reflect = Callable[[bytes], bytes]


def _credential(request: Received) -> bytes:
    """The credential that the gateway added."""
    if b"x-api-key" in request.headers:
        return request.headers[b"x-api-key"]
    return request.headers[b"authorization"].removeprefix(b"Bearer ")


def _reflect(rig: Rig, answer: Reflect) -> None:
    """Let the upstream answer with what `answer` makes of the credential."""

    async def reflecting(request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(_credential(request)))
        await writer.drain()

    rig.upstream.answer = reflecting


def _plain(body: bytes, status: bytes = b"200 OK", *headers: bytes) -> bytes:
    lines = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers, b"", body)
    return b"\r\n".join(lines)


def _chunked(*chunks: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def _json(key: bytes) -> bytes:
    return json.dumps({"you": {"sent": base64.b64encode(b"key=" + key).decode()}}).encode()


WHOLE: dict[str, Reflect] = {
    "in the body": lambda key: _plain(b"you sent " + key),
    "in a header": lambda key: _plain(b"fine", b"200 OK", b'ETag: "' + key + b'"'),
    "reversed in a header": lambda key: _plain(b"", b"200 OK", b"Last-Modified: " + key[::-1]),
    "in an error text": lambda key: _plain(b'{"error": "invalid key ' + key + b'"}', b"401 Unauthorized"),
    "as base64 in JSON": lambda key: _plain(_json(key)),
    "as hex": lambda key: _plain(key.hex().encode()),
    "without a length": lambda key: b"HTTP/1.1 200 OK\r\nX-Key: " + key + b"\r\nETag: " + key + b"\r\n\r\n",
}


@pytest.mark.parametrize("target", ["/notes/notes", "/keyed/ask"])
@pytest.mark.parametrize("place", WHOLE)
def test_a_reflected_credential_is_refused_and_the_workflow_ends(rig: Rig, place: str, target: str) -> None:
    """A token or a static key in an answer is 502; nothing of it is sent; the event names it; the workflow is over.

    Without the scan of headers and body the agent read the credential (each of both was taken out once).
    """
    _reflect(rig, WHOLE[place])
    agent = rig.agent()
    answer = agent.get(target)
    code = answer.json["error"]["code"] if target == "/keyed/ask" else answer.json["code"]
    assert (answer.status, code) == (502, "upstream.secret_returned")
    event = rig.event("secret.returned", agent.workflow)
    expected = "static-key" if target == "/keyed/ask" else "workflow-jwt"
    assert (event.detail["credential"], event.detail["decision"]) == (expected, answer.decision)
    outcome = rig.outcome(answer.decision)
    assert (outcome.result, outcome.status, outcome.forwarded) == ("cut", 502, True)
    until(lambda: (agent.workflow, "secret_leak") in rig.issuer.told)
    assert rig.event("channel.closed", agent.workflow).detail["reason"] == "secret_returned"
    assert not agent.socket.exists()


def _read(connection: socket.socket) -> bytes:
    received = b""
    connection.settimeout(5)
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def _ask(agent: Agent, target: str) -> bytes:
    with agent.connect() as connection:
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: proxy\r\n\r\n" % target.encode())
        return _read(connection)


def _dechunked(received: bytes) -> bytes:
    """The body of a chunked answer that may break off."""
    framed, body = received.partition(b"\r\n\r\n")[2], b""
    while framed:
        size, _, framed = framed.partition(b"\r\n")
        body, framed = body + framed[: int(size, 16)], framed[int(size, 16) + 2 :]
    return body


@pytest.mark.parametrize("size", [1, 7, 20])
def test_a_credential_in_pieces_is_cut_before_eight_bytes_of_it_left(rig: Rig, size: int) -> None:
    """Spread over chunks that arrive one by one, the key never leaves: the stream breaks off without an end.

    Without holding back, all but the last piece was read by the agent.
    """

    async def pieces(request: Received, writer: asyncio.StreamWriter) -> None:
        key = _credential(request)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        for place in range(0, len(key), size):
            piece = key[place : place + size]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.002)
        writer.write(b"0\r\n\r\n")

    rig.upstream.answer = pieces
    agent = rig.agent()
    received = _ask(agent, "/keyed/ask")
    body = _dechunked(received)
    assert body.startswith(b"hello")
    assert b"\r\n0\r\n\r\n" not in received
    assert CANARIES.found_in(body) == set()
    assert rig.outcome(rig.decisions(agent.workflow)[-1].id).result == "cut"
    assert rig.event("secret.returned", agent.workflow).detail["rendering"] == "raw"


def test_a_trailer_never_returns(rig: Rig) -> None:
    """Trailers are dropped, so a credential in one harms nobody. There is no guard to remove: nothing relays them."""
    _reflect(rig, lambda key: _chunked(b"fine").removesuffix(b"\r\n") + b"X-Key: " + key + b"\r\n\r\n")
    agent = rig.agent()
    answer = agent.get("/keyed/ask")
    assert (answer.status, answer.body) == (200, b"fine")
    assert agent.get("/.doorless/self").status == 200


def test_the_key_of_another_service_and_the_token_of_another_workflow_do_not_come_back(rig: Rig) -> None:
    """Every live secret counts, not only the one that this call carried.

    With a scrubber of the call's own credential, both came through.
    """
    other = rig.new_workflow()
    foreign = rig.tokens(other)[0].encode()
    for secret, reference in (
        (STATIC_KEY.encode(), "static-key"),
        (foreign, "workflow-jwt"),
    ):
        rig.upstream.answer = _plain(b"somebody sent " + secret)
        agent = rig.agent()
        assert agent.get("/notes/notes").status == 502
        assert rig.event("secret.returned", agent.workflow).detail["credential"] == reference


def test_a_token_that_was_replaced_does_not_come_back_while_it_lives(rig: Rig) -> None:
    """After a renewal the earlier tokens are still live, and still looked for.

    With only the newest tokens in the scrubber the earlier one's signature came through.
    """
    agent = rig.agent("reader")
    assert agent.get("/notes/notes").status == 200
    earlier = rig.upstream.received[-1].headers[b"authorization"]
    renewed = rig.admin.put(
        f"/channels/{agent.workflow}/tokens", json={"tokens": rig.tokens(agent.workflow, "reader")}
    )
    assert renewed.status_code == 200
    assert agent.get("/notes/notes").status == 200
    assert rig.upstream.received[-1].headers[b"authorization"] != earlier
    rig.upstream.answer = _plain(earlier.rpartition(b".")[2])
    assert agent.get("/notes/notes").status == 502


def test_an_open_stream_of_the_same_workflow_is_cut_within_a_second_and_others_go_on(rig: Rig) -> None:
    """A leak ends the whole workflow, its open event stream included, and no other workflow.

    Without `expel` the stream went on.
    """

    async def events_or_key(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.line.startswith(b"GET /base"):
            writer.write(_plain(_credential(request)))
            return
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while not writer.is_closing():
            writer.write(b"9\r\ndata: 1\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    rig.upstream.answer = events_or_key
    agent, other = rig.agent(), rig.agent()
    with agent.connect() as stream, other.connect() as beside:
        for connection in (stream, beside):
            connection.sendall(b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n")
            while b"data: 1" not in connection.recv(4096):
                pass
        assert agent.get("/keyed/ask").status == 502
        stream.settimeout(1)
        try:
            while stream.recv(65536):
                pass
        except ConnectionResetError:
            pass
        assert beside.recv(65536)
    assert other.get("/.doorless/self").status == 200


def test_what_is_nearly_a_secret_passes_unchanged(rig: Rig) -> None:
    """Beginnings, a token's header and claims, and other people's random text are answers like any other.

    With a match on any 8 bytes, the claims alone ended the workflow.
    """
    agent = rig.agent()
    agent.get("/notes/notes")
    header, claims, _ = rig.upstream.received[-1].headers[b"authorization"].split(b".")
    bodies = (STATIC_KEY[:-1], STATIC_KEY.swapcase(), claims.decode(), header.decode()[:60], "x" * 70_000)
    for body in bodies:
        # These are parts of a canary on purpose: they are not kept where the rig looks for canaries.
        rig.upstream.answer = _plain(body.encode())
        assert _ask_once(agent, len(body)).endswith(body.encode())
        rig.upstream.answer = _chunked(
            *(body[place : place + 11].encode() for place in range(0, min(len(body), 500), 11))
        )
        assert b"\r\n0\r\n\r\n" in _ask_once(agent, 0)


def _ask_once(agent: Agent, length: int) -> bytes:
    """One answer, of `length` bytes behind its head or up to its last chunk."""
    with agent.connect() as connection:
        connection.settimeout(5)
        connection.sendall(b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n")
        received = b""
        while not (
            b"\r\n0\r\n\r\n" in received or (length and len(received.partition(b"\r\n\r\n")[2]) == length)
        ):
            part = connection.recv(65536)
            assert part, received
            received += part
        return received


def test_an_answer_that_breaks_off_before_its_first_byte_is_502(rig: Rig) -> None:
    """The head waits for the body's first bytes; if none come, the agent is told so instead of being cut.

    Without the refusal the server below made a 500 of it.
    """

    async def head_only(_request: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        await writer.drain()
        writer.transport.abort()

    rig.upstream.answer = head_only
    answer = rig.agent().get("/notes/notes")
    assert (answer.status, answer.json["code"]) == (502, "upstream.failed")
    assert rig.outcome(answer.decision).result == "upstream_error"
