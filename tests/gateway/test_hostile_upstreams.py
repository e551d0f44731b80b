"""Hostile upstreams against the real process: what an answer may do to the agent, to the gateway, and to others."""

import asyncio
import contextlib
import gzip
import re
import socket
from pathlib import Path

import pytest

from tests.gateway.peers import Conversation, Received
from tests.gateway.rig import Agent, Answer, Rig, until

GET = b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n\r\n"
CLOSING = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
HEAD = b"HTTP/1.1 200 OK\r\n"
OK = HEAD + b"content-length: 2\r\n\r\nok"
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


def _ask(agent: Agent, method: str = "GET", target: str = "/notes/notes") -> Answer:
    return agent.request(method, target)


def _outcome(rig: Rig, agent: Agent) -> str:
    return rig.outcome(rig.decisions(agent.workflow)[-1].id).result


def _raw_status(agent: Agent) -> bytes:
    """The status line of an answer, or nothing where none came; read as bytes, for some answers break off."""
    with agent.connect() as connection:
        connection.sendall(GET)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while b"\r\n" not in received and (chunk := connection.recv(65536)):
                received += chunk
        return received.partition(b"\r\n")[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_leads_nowhere(rig: Rig, status: int) -> None:
    """The redirect itself is the answer, without its target. With `allow_redirects` the upstream was asked twice."""
    place = b"Location: http://127.0.0.1:%d/stolen\r\n" % rig.upstream.port
    rig.upstream.answer = (
        b"HTTP/1.1 %d Moved\r\n" % status + place + b"Refresh: 0\r\nContent-Length: 0\r\n\r\n"
    )
    answer = _ask(rig.agent())
    assert answer.status == status
    assert not {"location", "refresh"} & answer.headers.keys()
    assert len(rig.upstream.received) == 1


NO_ANSWER = {
    "nothing": b"",
    "garbage": b"\x00\x01\x02\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n",
    "both lengths": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "lengths that differ": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokx",
    "a length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    "a negative length": HEAD + b"Content-Length: -2\r\n\r\nok",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\nok",
    "a length too big": HEAD + b"Content-Length: 18446744073709551616\r\n\r\nok",
    "a status line without end": b"HTTP/1.1 200 " + b"a" * 100_000,
    "a header without end": HEAD + b"X: " + b"a" * 100_000,
    "headers without end": HEAD + b"X: a\r\n" * 20_000,
    "NUL in a header": HEAD + b"ETag: a\x00b\r\nContent-Length: 2\r\n\r\nok",
    "an upgrade": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi",
    "an upgrade and an answer": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"
    + OK,
    "a status over 599": b"HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok",
    "a status under 100": b"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok",
    "a status of four digits": b"HTTP/1.1 2000 Odd\r\nContent-Length: 2\r\n\r\nok",
}


@pytest.mark.parametrize("name", NO_ANSWER)
def test_what_is_no_answer_is_502_and_recorded(rig: Rig, name: str) -> None:
    """What cannot be read as one HTTP answer never reaches the agent in part; the outcome says `upstream_error`.

    Statuses over 599 and `101` used to pass the head on: the agent got no answer, and the log no outcome.
    """

    async def say(_head: bytes, _reader: Reader, writer: Writer) -> None:
        writer.write(NO_ANSWER[name])
        await writer.drain()

    rig.upstream.conversation = say
    agent = rig.agent()
    assert _raw_status(agent) == b"HTTP/1.1 502 Bad Gateway"
    assert _outcome(rig, agent) == "upstream_error"


BROKEN_BODIES = {
    "a bad chunk size": b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n",
    "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n-2\r\nok\r\n",
    "a huge chunk": b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nffffffffffffffff\r\nab",
    "a chunk too long": b"Transfer-Encoding: chunked\r\n\r\n2\r\nokokok\r\n0\r\n\r\n",
    "no last chunk": b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    "a short body": b"Content-Length: 10\r\n\r\nok",
}


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_a_body_that_breaks_never_looks_whole(rig: Rig, name: str) -> None:
    """The agent sees a broken answer, not a short one. With an `end` after the break it got a whole `ok`."""

    async def say(_head: bytes, _reader: Reader, writer: Writer) -> None:
        writer.write(HEAD + BROKEN_BODIES[name])
        await writer.drain()

    rig.upstream.conversation = say
    agent = rig.agent()
    received = agent.raw(CLOSING)
    assert received.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 502 "))
    assert not (received.startswith(b"HTTP/1.1 200 ") and received.endswith(b"0\r\n\r\n"))
    assert _outcome(rig, agent) == "upstream_error"


def test_a_body_until_the_end_of_the_connection_is_framed_anew(rig: Rig) -> None:
    """An answer without a length ends with its connection; the agent's connection goes on."""

    async def say(_head: bytes, _reader: Reader, writer: Writer) -> None:
        writer.write(HEAD + b"\r\nok")
        await writer.drain()

    rig.upstream.conversation = say
    received = rig.agent().raw(GET + CLOSING)
    assert received.count(b"HTTP/1.1 200 ") == received.count(b"2\r\nok\r\n0\r\n\r\n") == 2


def test_what_follows_an_answer_is_never_the_next_answer(rig: Rig) -> None:
    """Bytes behind an answer do not answer the next call: aiohttp closes such a connection, and must go on to."""

    async def say(_head: bytes, reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                writer.write(OK + HEAD + b"Content-Length: 4\r\n\r\nevil")
                await writer.drain()
                await reader.readuntil(b"\r\n\r\n")

    rig.upstream.conversation = say
    agent = rig.agent()
    assert [_ask(agent).body for _ in range(5)] == [b"ok"] * 5


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_has_none(rig: Rig, status: int) -> None:
    """A 304 with the length of what it does not send is passed on whole, and recorded as completed.

    With its length passed on, uvicorn broke the connection and the log had no outcome.
    """
    rig.upstream.answer = b"HTTP/1.1 %d Odd\r\nETag: x\r\nContent-Length: 10\r\n\r\n" % status
    agent = rig.agent()
    answer = _ask(agent)
    assert (answer.status, answer.headers["etag"], answer.body) == (status, "x", b"")
    assert _outcome(rig, agent) == "completed"


CONTROLS = [b"\x01", b"\x0b", b"\x1b[2J", b"\x7f", b"a\rSet-Cookie: x=1"]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_header_cannot_be_injected(rig: Rig, control: bytes) -> None:
    """A control byte in a header's value never reaches the agent; the rest of the answer does, or 502.

    With such values returned, uvicorn broke the connection after the head was begun: no answer, and no outcome.
    """
    rig.upstream.answer = HEAD + b"ETag: a" + control + b"\r\nVary: b\r\nContent-Length: 2\r\n\r\nok"
    agent = rig.agent()
    answer = _ask(agent)
    assert answer.status in {200, 502}
    assert not {"set-cookie", "etag"} & answer.headers.keys()
    assert _outcome(rig, agent) in {"completed", "upstream_error"}


def test_dangerous_headers_are_dropped_in_any_case(rig: Rig) -> None:
    """Cookies, challenges, hints to go elsewhere: none comes back, however it is written or listed."""
    names = [
        "set-COOKIE",
        "Set-Cookie2",
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Authentication-Info",
        "Location",
    ]
    names += [
        "Refresh",
        "Alt-Svc",
        "Clear-Site-Data",
        "Authorization",
        "Trailer",
        "Keep-Alive",
        "X-Doorless-Decision",
    ]
    head = (
        "".join(f"{name}: injected\r\n" for name in names)
        + "Connection: keep-alive, etag\r\nETag: dropped\r\n"
    )
    rig.upstream.answer = HEAD + head.encode() + b"Content-Length: 2\r\n\r\nok"
    answer = _ask(rig.agent())
    assert "injected" not in str(answer.headers)
    assert "etag" not in answer.headers


def test_a_compressed_bomb_passes_undecoded(rig: Rig) -> None:
    """20 MB of zeros in 20 KB stay 20 KB, and the gateway said that it wants no coding at all."""
    bomb = gzip.compress(bytes(20_000_000))
    rig.upstream.answer = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb
    before = _memory_kib(rig.gateway.pid)
    answer = _ask(rig.agent())
    assert (answer.body, answer.headers["content-encoding"]) == (bomb, "gzip")
    assert rig.upstream.received[0].headers[b"accept-encoding"] == b"identity"
    assert _memory_kib(rig.gateway.pid) - before < 10_000


def _memory_kib(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize(
    "head", [b"Transfer-Encoding: chunked\r\n\r\n", b"Content-Length: 100000000000\r\n\r\n"]
)
def test_an_endless_body_waits_for_its_reader(rig: Rig, head: bytes) -> None:
    """While the client does not read, the upstream cannot write on, and the gateway's memory is flat.

    With each chunk written without waiting, the gateway took 200 MB in a second.
    """
    written: list[int] = [0]
    chunk = b"x" * 65536
    framed = b"%x\r\n" % len(chunk) + chunk + b"\r\n" if head.startswith(b"Transfer") else chunk

    async def pour(_request: Received, writer: Writer) -> None:
        writer.write(HEAD + head)
        while not writer.is_closing():
            writer.write(framed)
            await writer.drain()
            written[0] += len(framed)

    rig.upstream.answer = pour
    agent = rig.agent()
    before = _memory_kib(rig.gateway.pid)
    with agent.connect() as connection:
        connection.sendall(GET)
        until(lambda: written[0])
        until(lambda: _settled(written))
        stopped = written[0]
        assert stopped < 20_000_000
        assert _memory_kib(rig.gateway.pid) - before < 10_000
        taken = 0
        while taken < 3 * stopped:  # what is read is written on
            taken += len(connection.recv(65536))
    assert _outcome(rig, agent) == "client_gone"


def _settled(written: list[int]) -> bool:
    """Whether nothing was written for a while."""
    before = written[0]
    waited = socket.socketpair()
    waited[0].settimeout(0.3)
    with contextlib.suppress(TimeoutError):
        waited[0].recv(1)
    for end in waited:
        end.close()
    return written[0] == before


def test_interim_answers_without_end_do_not_hold_a_call(rig: Rig) -> None:
    """A flood of 1xx answers is over at the service's time limit, in bounded memory, and none of them comes through.

    The bound is what the collector lets lie between two looks: over ten seconds it goes up and down, and not up.
    Without the service's time limit the call never ended.
    """

    async def flood(_request: Received, writer: Writer) -> None:
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </evil>\r\n\r\n" * 500)
            await writer.drain()
            await asyncio.sleep(0)

    rig.upstream.answer = flood
    agent = rig.agent()
    before = _memory_kib(rig.gateway.pid)
    answer = _ask(agent)
    assert (answer.status, answer.json["code"]) == (504, "upstream.timeout")
    assert _memory_kib(rig.gateway.pid) - before < 300_000
    assert _outcome(rig, agent) == "timeout"


def test_a_few_interim_answers_are_swallowed(rig: Rig) -> None:
    """`100 Continue` and early hints before the answer are not the answer."""
    rig.upstream.answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK
    answer = _ask(rig.agent())
    assert (answer.status, answer.body) == (200, b"ok")
    assert "link" not in answer.headers


async def _reset_after_request(_head: bytes, _reader: Reader, writer: Writer) -> None:
    _reset(writer)


async def _reset_in_head(_head: bytes, _reader: Reader, writer: Writer) -> None:
    writer.write(HEAD + b"Content-")
    await writer.drain()
    _reset(writer)


async def _reset_in_body(_head: bytes, _reader: Reader, writer: Writer) -> None:
    writer.write(HEAD + b"Content-Length: 1000\r\n\r\nhalf")
    await writer.drain()
    _reset(writer)


def _reset(writer: Writer) -> None:
    """RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


@pytest.mark.parametrize(
    "stage",
    [_reset_after_request, _reset_in_head, _reset_in_body],
    ids=lambda stage: stage.__name__,
)
def test_a_reset_at_any_stage_is_seen_and_recorded(rig: Rig, stage: Conversation) -> None:
    """502 where nothing was sent yet, a broken answer where it was; the log says `upstream_error`; the next call works."""
    rig.upstream.conversation = stage
    agent = rig.agent()
    received = agent.raw(CLOSING)
    if not received.startswith(b"HTTP/1.1 502 "):
        assert stage is _reset_in_body
        assert received.partition(b"\r\n\r\n")[2] in {b"", b"half"}
    assert _outcome(rig, agent) == "upstream_error"
    rig.upstream.reset()
    assert _ask(agent).status == 200


def test_an_early_answer_passes_while_the_body_is_still_sent(rig: Rig) -> None:
    """The agent has the answer before its body is complete; then its connection ends, and the call is completed.

    What is left of the body never becomes a request.
    """

    async def early(_head: bytes, reader: Reader, writer: Writer) -> None:
        writer.write(b"HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()

    rig.upstream.conversation = early
    agent = rig.agent()
    with agent.connect() as connection:
        connection.sendall(b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\nContent-Length: 900\r\n\r\nsome")
        received = b""
        while not received.endswith(b"no"):
            received += connection.recv(65536)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(GET * 10)
            while chunk := connection.recv(65536):
                received += chunk
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.startswith(b"HTTP/1.1 413 ")
    assert _outcome(rig, agent) == "completed"
    assert len(rig.decisions(agent.workflow)) == 1


def test_an_answer_to_head_has_no_body_whatever_the_upstream_sends(rig: Rig) -> None:
    """HEAD is refused or bodiless; a body behind it never becomes the next answer."""
    rig.upstream.answer = HEAD + b"Content-Length: 4\r\n\r\nevil"
    agent = rig.agent()
    received = agent.raw(GET.replace(b"GET", b"HEAD") + CLOSING)
    assert received.count(b"HTTP/1.1 ") == 2
    assert received.endswith(b"\r\n\r\nevil")
