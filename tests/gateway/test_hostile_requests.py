"""Hostile clients against the real process: what policy judged is what the upstream received, and others are unharmed."""

import contextlib
import itertools
import re
import socket
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from audit.entry import DecisionEntry
from tests.gateway.hostile import GET, LAST, Sent, requests
from tests.gateway.peers import Received
from tests.gateway.rig import Agent, Rig

POST = b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\n"
CAMPAIGN = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
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


def test_a_refused_body_that_keeps_coming_ends_the_connection(rig: Rig) -> None:
    """A refusal before the body is whole says `close` and means it: what still comes is never a request."""
    agent = rig.agent(role="reader")
    head = b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\nContent-Length: 900\r\n\r\n"
    received = _until_closed(agent, [head, *[GET + b"\r\n"] * 10])
    assert _statuses(received) == [403]
    assert b"connection: close" in received
    assert rig.upstream.received == []
    assert len(rig.decisions(agent.workflow)) == 1
