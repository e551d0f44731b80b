"""Hostile clients against the real process: what policy judged is what the upstream received, and others are unharmed."""

import asyncio
import contextlib
import itertools
import re
import resource
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from audit.entry import DecisionEntry
from tests.gateway.peers import Received
from tests.gateway.rig import Agent, Rig, until

GET = b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n"
POST = b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\n"
LAST = b"GET /.doorless/self HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n\r\n"
CAMPAIGN = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Sent:
    """One request as it is written, and what an upstream must see of it if it sees it at all."""

    method: str
    target: bytes
    head: bytes
    framed: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """All of it."""
        return (
            self.method.encode() + b" " + self.target + b" HTTP/1.1\r\n" + self.head + b"\r\n" + self.framed
        )


METHODS = st.sampled_from(
    ["GET"] * 12
    + ["POST"] * 6
    + ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "M-SEARCH"]
)
ODD_SEGMENTS = st.sampled_from(
    [
        *(
            b"..",
            b".",
            b"%2e%2e",
            b"%2E.",
            b"%252e",
            b"%2f",
            b"a%2Fb",
            b"%5c",
            b"%00",
            b"%0d%0a",
            b"%3b",
            b"a;b",
        ),
        *(
            b"%c3%a9",
            b"%C3%A9",
            b"%c0%ae",
            b"%ed%a0%80",
            b"%ff",
            b"%20",
            b"+",
            b"~",
            b"%7e",
            b"%7E",
            b"@:",
            b"!$&'()*,=",
        ),
        *(
            b"notes",
            b"no%74es",
            b"",
            b"a\\b",
            b"a|b",
            b'a"b',
            b"<a>",
            b"\xc3\xa9",
            b"\x80",
            b"[x]",
            b"{x}",
            b"a#b",
            b"%",
            b"%4",
        ),
    ]
)
PIECES = st.text("abcXYZ019-._~!$&'()*+,=:@%2fFeE/?;#|\\ \"<>[]{}^`", max_size=24).map(str.encode)
SOUND = st.text("abcXYZ019-._~!$&'()*+,=:@", min_size=1, max_size=12).map(str.encode)
QUERIES = st.text('abc019=&+,;:@/?%41~|"<>[]{}^`', max_size=16).map(str.encode)
TARGETS = st.one_of(
    *[st.just(b"/notes/notes")] * 2,
    *[SOUND.map(lambda piece: b"/notes/notes/" + piece)] * 3,
    *[QUERIES.map(lambda piece: b"/keyed/ask?" + piece)] * 2,
    QUERIES.map(lambda piece: b"/notes/notes?x" + piece),
    ODD_SEGMENTS.map(lambda segment: b"/notes/notes/" + segment),
    ODD_SEGMENTS.map(lambda segment: b"/notes/refs/" + segment),
    PIECES.map(lambda piece: b"/notes/notes/" + piece),
    PIECES,
)
HARMLESS = [
    b"Accept: a",
    b"User-Agent: \t spaced \t",
    b"Range: bytes=0-1",
    b'If-None-Match: "x"',
    b"Prefer: wait=1",
]
HEADERS = st.lists(
    st.sampled_from(
        [
            *(HARMLESS * 6),
            *(
                b"Authorization: Bearer stolen",
                b"Cookie: stolen=1",
                b"X-Api-Key: stolen",
                b"X_Api_Key: stolen",
            ),
            *(b"Proxy-Authorization: stolen", b"X-Forwarded-For: stolen", b"Forwarded: for=stolen"),
            *(
                b"X-Original-URL: /stolen",
                b"X-HTTP-Method-Override: DELETE",
                b"Connection: keep-alive, accept",
            ),
            *(
                b"Accept: a",
                b"Accept: b",
                b"Accept:",
                b"User-Agent:  \tspaced \t",
                b'If-None-Match: "\xc3\xa9"',
            ),
            *(
                b"TE: trailers",
                b"Trailer: Authorization",
                b"Expect: 100-continue",
                b"Expect: other",
                b"Range: bytes=0-1",
            ),
            *(
                b"Content-Type: text/plain",
                b"Content-Type: " + b"a" * 2000,
                b"Content-Encoding: gzip",
                b"Upgrade: h2c",
            ),
            *(
                b"Host: evil",
                b"X: " + b"a" * 9000,
                b"Keep-Alive: timeout=1",
                b"Idempotency-Key: 1",
                b"Prefer: wait=1",
            ),
        ]
    ),
    max_size=2,
)
BODIES = st.binary(max_size=40) | st.just(GET + b"\r\n") | st.just(b"0\r\n\r\n" + LAST)


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    """A request whose framing is sound, whatever else it is."""
    method = draw(METHODS)
    usual = method == "POST" and draw(st.integers(0, 3))
    target = b"/notes/notes" if usual else re.sub(rb"[\r\n ]", b"_", draw(TARGETS)) or b"/"
    head = b"".join(line + b"\r\n" for line in [b"Host: proxy", *draw(HEADERS)])
    body = draw(BODIES) if method in {"POST", "PUT", "PATCH"} or draw(st.booleans()) else b""
    if not draw(st.booleans()):
        framing = b"Content-Length: %d\r\n" % len(body) if body else b""
        return Sent(method, target, head + framing, body, body)
    framed, rest = b"", body
    while rest:
        size = draw(st.integers(1, len(rest)))
        extension = draw(st.sampled_from([b"", b"", b";a", b';a="b;c"']))
        framed += b"%x" % size + extension + b"\r\n" + rest[:size] + b"\r\n"
        rest = rest[size:]
    trailer = draw(st.sampled_from([b"", b"", b"Authorization: stolen\r\n", b"Host: evil\r\nX: y\r\n"]))
    return Sent(
        method, target, head + b"Transfer-Encoding: chunked\r\n", framed + b"0\r\n" + trailer + b"\r\n", body
    )


class Watch:
    """What the log and the upstream hold of one agent's doings since the last look."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._agent: Agent | None = None
        self._known = 0

    @property
    def agent(self) -> Agent:
        """One agent for many looks."""
        if self._agent is None:
            self._agent = self._rig.agent()
        return self._agent

    def new_decisions(self) -> list[DecisionEntry]:
        """Decisions that were not there at the last look."""
        decisions = self._rig.decisions(self.agent.workflow)
        new = decisions[self._known :]
        self._known = len(decisions)
        return new

    def converse(self, parts: list[bytes]) -> bytes:
        """Send each part by itself; everything that came back until the gateway closed."""
        self._rig.upstream.reset()
        return _until_closed(self.agent, parts)


def _until_closed(agent: Agent, parts: list[bytes], patience_s: float = 15) -> bytes:
    """Send each part by itself; what came back until the gateway closed, or was silent for so long."""
    received = b""
    with agent.connect() as connection:
        connection.settimeout(15)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                connection.sendall(part)
        connection.settimeout(patience_s)
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    return received


@pytest.fixture(scope="module")
def watch(module_rig: Rig) -> Watch:
    """One look at the module's rig."""
    return Watch(module_rig)


def _statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]


def _shed(decisions: list[DecisionEntry]) -> int:
    """How many of them say that the policy engine was late: on a busy machine that is overload."""
    return sum(entry.reasons[0].code == "pdp_unavailable" for entry in decisions if entry.decision == "deny")


def _asked(allow: DecisionEntry) -> tuple[str, bytes]:
    asked = allow.input
    assert asked is not None
    base = "/base" if asked["service"] == "keyed" else ""
    query = f"?{asked['query']}" if asked["query"] else ""
    return asked["method"], f"{base}{asked['path']}{query}".encode()


def _line(request: Received) -> tuple[str, bytes]:
    method, target, version = request.line.split(b" ")
    assert version == b"HTTP/1.1"
    return method.decode(), target


def _cut(raw: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({0, len(raw), *(place % (len(raw) + 1) for place in places)})
    return [raw[start:end] for start, end in itertools.pairwise(ends)]


@settings(CAMPAIGN, max_examples=120)
@given(
    conversation=st.lists(requests(), min_size=1, max_size=3),
    places=st.lists(st.integers(0, 4000), max_size=4),
)
@example(conversation=[Sent("GET", b"/notes/notes/%2e%2e", b"Host: proxy\r\n", b"", b"")], places=[])
@example(
    conversation=[Sent("GET", b"/notes/notes", b'Host: proxy\r\nIf-None-Match: "\xc3\xa9"\r\n', b"", b"")],
    places=[],
)
def test_what_policy_judged_is_what_the_upstream_received(
    module_rig: Rig, watch: Watch, conversation: list[Sent], places: list[int]
) -> None:
    """Pipelined and split anyhow: the upstream's requests are the recorded allows, in order, target and body alike.

    Nothing is answered 5xx. Without `_AMBIGUOUS_ESCAPE`, `/notes/%2e%2e` reached the upstream; without the rule on
    bytes outside ASCII, an `If-None-Match` arrived with four bytes for two.
    """
    received = watch.converse(_cut(b"".join(sent.raw for sent in conversation) + LAST, places))
    decisions = watch.new_decisions()
    allows = [entry for entry in decisions if entry.decision == "allow"]
    seen = module_rig.upstream.received
    assert [_asked(allow) for allow in allows] == [_line(request) for request in seen]
    assert [status for status in _statuses(received) if status >= 500] == [503] * _shed(decisions), received
    remaining = iter(conversation)
    for request in seen:
        # Each request that arrived is one that was sent, in the order of sending, and nothing was added to it.
        sent = next(
            sent for sent in remaining if _line(request) == (sent.method, _above(request) + _below(sent))
        )
        assert request.body == sent.body
        assert all(value in sent.head for name, value in request.headers.items() if name not in OURS)
        assert b"stolen" not in request.head
        path = unquote_to_bytes(unquote_to_bytes(request.line.split(b" ")[1].partition(b"?")[0]))
        assert not {b".", b".."} & set(path.split(b"/"))
        assert not re.search(rb"[\x00-\x1f\\;\x7f]", path)


OURS = {b"accept-encoding", b"authorization", b"content-length", b"host", b"transfer-encoding", b"x-api-key"}
"""Headers that the gateway itself writes."""


def _above(request: Received) -> bytes:
    """The base path of the service that was called, which its upstream sees and the agent does not write."""
    return b"/base" if b" /base/" in request.line else b""


def _below(sent: Sent) -> bytes:
    return b"/" + sent.target[1:].partition(b"/")[2]


BROKEN = st.sampled_from(
    [
        *(
            b"\x00",
            b"\r",
            b"\n",
            b"\r\n\r\n",
            b"\xff" * 8,
            b" ",
            b"HTTP/1.1",
            b"Content-Length: 5\r\n",
            b"0\r\n\r\n",
        ),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: identity\r\n",
            b"\r\n \r\n",
            b"-1\r\n",
            b"\x0b\x0c",
            b":",
        ),
        *(
            b"GET / HTTP/0.9\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"Content-Length: 18446744073709551615\r\n",
        ),
        *(b"ffffffffffffffff0\r\n", b"Host: proxy\r\n", GET, POST),
    ]
)


@settings(CAMPAIGN, max_examples=120)
@given(
    conversation=st.lists(requests(), min_size=1, max_size=2),
    damage=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6), BROKEN), min_size=1, max_size=2),
    places=st.lists(st.integers(0, 4000), max_size=3),
)
def test_damaged_requests_reach_nothing_that_was_not_judged(
    module_rig: Rig,
    watch: Watch,
    conversation: list[Sent],
    damage: list[tuple[int, int, bytes]],
    places: list[int],
) -> None:
    """Bytes cut out and put in anywhere: whatever the upstream received was allowed, with that target, once.

    505 for another version is the one 5xx. With the path decoded on its way to the upstream, what arrived was not
    what was allowed.
    """
    raw = b"".join(sent.raw for sent in conversation)
    for at, gone, put in damage:
        raw = raw[: at % len(raw)] + put + raw[at % len(raw) + gone :]
    # A damaged length may swallow everything: what would make it whole is never sent, so we hang up.
    watch.agent.request("GET", "/.doorless/self")
    module_rig.upstream.reset()
    received = _until_closed(watch.agent, _cut(raw + LAST, places), patience_s=0.05)
    decisions = watch.new_decisions()
    failures = [status for status in _statuses(received) if status >= 500 and status != 505]
    assert failures == [503] * _shed(decisions), received
    allowed = [_asked(entry) for entry in decisions if entry.decision == "allow"]
    for request in list(module_rig.upstream.received):
        allowed.remove(_line(request))


def test_a_length_that_no_body_has_is_refused(rig: Rig) -> None:
    """2**64-1 and 10**15 are 413, recorded; as numbers they could not stand in the log, and were answered 503."""
    agent = rig.agent()
    for length in (b"18446744073709551615", b"1000000000000000"):
        received = _until_closed(agent, [POST + b"Content-Length: " + length + b"\r\n\r\n"])
        assert received.startswith(b"HTTP/1.1 413 ")
    assert [entry.kind for entry in rig.decisions(agent.workflow)] == ["refusal"] * 2
    assert rig.upstream.received == []


def test_facts_that_policy_reads_fit_into_the_log(rig: Rig) -> None:
    """The longest target and content type are judged or refused, never lost: without the limits they were 503."""
    agent = rig.agent()
    longest = b"GET /notes/notes?" + b'"' * 8000 + b" HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\n"
    assert agent.raw(longest + b"\r\n").startswith(b"HTTP/1.1 200 ")
    for kind, status in ((b"\t" + b"a" * 1000, 200), (b"a" * 30000, 431), (b"\xff" * 1000, 400)):
        answer = agent.raw(GET + b"Connection: close\r\nContent-Type: x" + kind + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 %d " % status), kind[:10]


@pytest.mark.parametrize("end", ["hang up", "half close", "say nothing"])
def test_half_a_request_is_never_forwarded(rig: Rig, end: str) -> None:
    """A head or a body without its end reaches no upstream as a whole request, whatever the client does then."""
    agent = rig.agent()
    for begin in (
        b"GET /notes/no",
        GET,
        POST + b"Content-Length: 10\r\n\r\nhalf",
        POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nha",
    ):
        with agent.connect() as connection:
            connection.sendall(begin)
            if end == "half close":
                connection.shutdown(socket.SHUT_WR)
            if end == "say nothing":
                connection.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    connection.recv(1)
    assert agent.get("/notes/notes").status == 200
    assert [request.line for request in rig.upstream.received] == [b"GET /notes HTTP/1.1"]


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for some thousand sockets in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def poor_rig(many_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:  # noqa: ARG001
    """A rig whose processes were granted few descriptors at first, as shells do."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, limits[1]))
    rig = Rig(tmp_path_factory.mktemp("home"))
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    yield rig
    rig.close()


def _memory_kib(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


@contextlib.contextmanager
def _bystander(rig: Rig) -> Iterator[list[int]]:
    """Another workflow that works on meanwhile; the statuses that it saw."""
    agent, seen, enough = rig.agent(), [], threading.Event()

    def work() -> None:
        while not enough.is_set():
            seen.append(agent.get("/keyed/ask").status)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        until(lambda: seen)
        yield seen
        count = len(seen)
        until(lambda: 200 in seen[count:])
    finally:
        enough.set()
        thread.join()
    assert set(seen) <= {200, 503}, set(seen)  # 503: the policy engine was late on a busy machine


def test_five_hundred_idle_event_streams_beside_live_traffic(poor_rig: Rig) -> None:
    """They stay open and cost little memory each, and another workflow's calls go on.

    Without `_allow_open_files`, a gateway that was granted 400 descriptors had none left, for anybody.
    """
    hold = asyncio.Event()

    async def events(request: Received, writer: asyncio.StreamWriter) -> None:
        if b"/notes" not in request.line:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            return
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n3\r\n:\n\n\r\n"
        )
        await hold.wait()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    poor_rig.upstream.answer = events
    agent = poor_rig.agent()
    with _bystander(poor_rig) as seen:
        before = _memory_kib(poor_rig.gateway.pid)
        streams = [_stream(agent) for _ in range(500)]
        served = len(seen)
        until(lambda: len(seen) > served + 5)
        grown = _memory_kib(poor_rig.gateway.pid) - before
    assert grown < 500 * 100, f"{grown / 500} KiB a stream"
    poor_rig.loop.loop.call_soon_threadsafe(hold.set)
    assert streams[0].recv(100) == b"0\r\n\r\n"


def _stream(agent: Agent) -> socket.socket:
    """A connection with an event stream on it, whose first event has arrived. A shed call is made again."""
    while True:
        stream = agent.connect()
        stream.sendall(GET + b"\r\n")
        received = stream.recv(65536)
        if received.startswith(b"HTTP/1.1 200 "):
            while not received.endswith(b":\n\n\r\n"):
                received += stream.recv(65536)
            return stream
        assert received.startswith(b"HTTP/1.1 503 "), received


@pytest.mark.usefixtures("many_files")
def test_a_flood_of_connections_ends_at_the_cap_and_harms_nobody_else(rig: Rig) -> None:
    """The channel takes 1,024; the next are closed at once; when they go, it takes more. Others never notice.

    Without the cap all 1,100 stayed open.
    """
    agent = rig.agent()
    with _bystander(rig):
        flood = [agent.connect() for _ in range(1100)]
        until(lambda: sum(_closed(connection) for connection in flood) >= 76)
        assert sum(_closed(connection) for connection in flood) == 76
        for connection in flood:
            connection.close()
        until(lambda: agent.raw(GET + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 "))


def _closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def _flood(connections: list[socket.socket], data: bytes, seconds: float) -> int:
    """Push `data` again and again into every connection while somebody takes it; how many bytes went."""
    total, deadline = 0, time.monotonic() + seconds
    for connection in connections:
        connection.setblocking(False)
    while time.monotonic() < deadline:
        before = total
        for connection in connections:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                total += connection.send(data)
        if total == before:
            time.sleep(0.01)
    return total


FLOODS = {
    "a header that never ends": (GET + b"X: ", b"a" * 200_000),
    "headers without end": (GET, b"X: aaaaaaaa\r\n" * 10_000),
    "a trailer that never ends": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"a" * 200_000),
    "a chunk extension that never ends": (POST + b"Transfer-Encoding: chunked\r\n\r\n1;", b"a" * 200_000),
    "pipelined requests": (b"", (GET + b"\r\n") * 4000),
    "bodies of refused requests": (
        b"",
        POST.replace(b"/notes/notes", b"/nowhere/x") + b"Content-Length: 100000\r\n\r\n" + b"a" * 100_000,
    ),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_bounded_in_memory_and_harms_nobody_else(rig: Rig, name: str) -> None:
    """Ten connections that never stop: the gateway's memory stays, and another workflow's calls go on.

    Without `MAX_UNFINISHED_BYTES` and `MAX_WAITING` one header's value and one line of waiting requests alone took
    hundreds of MiB in these two seconds.
    """
    begin, more = FLOODS[name]
    agent = rig.agent()
    with _bystander(rig):
        connections = [agent.connect() for _ in range(10)]
        for connection in connections:
            connection.sendall(begin)
        before = _memory_kib(rig.gateway.pid)
        _flood(connections, more, 1.0)
        grown = _memory_kib(rig.gateway.pid) - before
        for connection in connections:
            connection.close()
    assert grown < 40_000, f"{grown} KiB more"


def test_a_refused_body_that_keeps_coming_ends_the_connection(rig: Rig) -> None:
    """A refusal before the body is whole says `close` and means it: what still comes is never a request."""
    agent = rig.agent()
    head = b"DELETE /notes/notes/1 HTTP/1.1\r\nHost: proxy\r\nContent-Length: 900\r\n\r\n"
    received = _until_closed(agent, [head, *[GET + b"\r\n"] * 10])
    assert _statuses(received) == [403]
    assert b"connection: close" in received
    assert rig.upstream.received == []
    assert len(rig.decisions(agent.workflow)) == 1
