"""Too much of everything from one workflow: memory stays bounded, and others are unharmed."""

import asyncio
import contextlib
import re
import resource
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.peers import Received
from tests.gateway.rig import Agent, Rig, until

GET = b"GET /notes/notes HTTP/1.1\r\nHost: proxy\r\n"
POST = b"POST /notes/notes HTTP/1.1\r\nHost: proxy\r\n"


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
