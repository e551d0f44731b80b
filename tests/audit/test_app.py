"""The writer as a process: create, serve, stop, and what it ends with when something is wrong."""

import contextlib
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audit import wire
from audit.entry import MAX_ENTRY_BYTES, encode
from audit.reader import log_size, read_records
from tests.audit.conftest import StartWriter
from tests.audit.programs import DEADLINE_S, ROOT
from tests.audit.samples import FIRST_SEGMENT, event, make_log, small_entries


def call(path: Path, *requests: bytes) -> list[tuple[int, bytes]]:
    """Send all requests at once and read one reply for each; fewer if the writer closed the connection."""
    replies: list[tuple[int, bytes]] = []
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(DEADLINE_S)
        peer.connect(str(path))
        peer.sendall(b"".join(requests))
        stream = peer.makefile("rb")
        while len(replies) < len(requests) and (head := stream.read(wire.HEAD_BYTES)):
            length, status = wire.HEAD.unpack(head)
            replies.append((status, stream.read(length - 1)))
        stream.close()
    return replies


def test_create_is_a_verb_of_its_own(tmp_path: Path) -> None:
    """`create` makes a log once; a second time it refuses with 66 and says why."""
    argv = [sys.executable, "-m", "audit", "create", "--log", str(tmp_path / "log")]
    assert subprocess.run(argv, cwd=ROOT, check=True, capture_output=True).stdout.startswith(
        b"audit: created"
    )
    again = subprocess.run(argv, cwd=ROOT, check=False, capture_output=True)
    assert again.returncode == 66
    assert b"not empty" in again.stderr


def test_serve_and_stop(start_writer: StartWriter, socket_path: Path, log: Path) -> None:
    """A ready line, a private socket, replies in the order of requests, and a clean end on SIGTERM."""
    writer = start_writer()
    assert writer.ready == f"audit: ready, 0 records, socket {socket_path}\n"
    assert stat.S_IMODE(socket_path.stat().st_mode) == 0o600
    one, two = small_entries(2)
    stat_request = wire.pack(wire.OP_STAT)
    replies = call(
        socket_path,
        stat_request,
        wire.pack(wire.OP_APPEND, one),
        wire.pack(wire.OP_APPEND, b"{}"),
        wire.pack(wire.OP_APPEND, two),
        wire.pack(wire.OP_READ, wire.READ_REQUEST.pack(0, 10)),
        wire.pack(wire.OP_READ, wire.READ_REQUEST.pack(2, 10)),
    )
    assert [status for status, _ in replies] == [0, 0, 1, 0, 0, 0]
    assert [replies[place][1] for place in (1, 3)] == [wire.SEQ.pack(0), wire.SEQ.pack(1)]
    assert b"not an entry" in replies[2][1]
    assert list(wire.unpack_items(replies[4][1])) == [(0, one), (1, two)]
    assert replies[5][1] == b""
    assert call(socket_path, stat_request) == [(0, wire.SEQ.pack(2))]
    writer.terminate()
    assert writer.wait() == (0, "")
    assert not socket_path.exists()
    assert [payload for _, payload in read_records(log)] == [one, two]


def test_what_was_accepted_before_sigterm_is_finished(
    start_writer: StartWriter, socket_path: Path, log: Path
) -> None:
    """Several batches arrive together with the stop: all or nothing of them is taken, and what is, is answered."""
    writer = start_writer()
    entries = small_entries(1_100)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(DEADLINE_S)
        peer.connect(str(socket_path))
        peer.sendall(wire.pack(wire.OP_STAT))
        assert peer.recv(100)
        writer.signal(signal.SIGSTOP)
        peer.sendall(b"".join(wire.pack(wire.OP_APPEND, entry) for entry in entries))
        writer.terminate()
        writer.signal(signal.SIGCONT)
        replies = 0
        with contextlib.suppress(ConnectionResetError):
            while piece := peer.recv(65536):
                replies += len(piece)
    assert writer.wait()[0] == 0
    assert replies in {0, len(entries) * wire.APPEND_REPLY.size}
    assert log_size(log) == replies // wire.APPEND_REPLY.size


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        wire.pack(9),
        wire.pack(wire.OP_STAT, b"x"),
        wire.pack(wire.OP_READ, b"short"),
        b"\0\0\0\0\0",
        b"\xff" * 64,
        wire.pack(wire.OP_APPEND, b"x" * (MAX_ENTRY_BYTES + 1)),
    ],
)
def test_garbage_ends_its_own_connection_only(
    start_writer: StartWriter, socket_path: Path, garbage: bytes
) -> None:
    """Whoever sends what is no request is cut off; another connection, open all the while, is served."""
    start_writer()
    with socket.socket(socket.AF_UNIX) as bystander:
        bystander.settimeout(DEADLINE_S)
        bystander.connect(str(socket_path))
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(DEADLINE_S)
            peer.connect(str(socket_path))
            peer.sendall(garbage)
            with contextlib.suppress(ConnectionResetError):
                assert peer.recv(1) == b""
        bystander.sendall(wire.pack(wire.OP_STAT))
        assert bystander.recv(100) == wire.pack(0, wire.SEQ.pack(0))


def test_a_request_may_come_in_pieces(start_writer: StartWriter, socket_path: Path) -> None:
    """A request cut at every place is one request."""
    start_writer()
    request = wire.pack(wire.OP_APPEND, encode(event()))
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(DEADLINE_S)
        peer.connect(str(socket_path))
        for seq, cut in enumerate((1, 4, 5, 6, len(request) - 1)):
            peer.sendall(request[:cut])
            with socket.socket(socket.AF_UNIX) as other:  # its answer shows that the first piece was taken in
                other.connect(str(socket_path))
                other.sendall(wire.pack(wire.OP_STAT))
                assert other.recv(100)
            peer.sendall(request[cut:])
            assert peer.recv(100) == wire.APPEND_REPLY.pack(9, 0, seq)


def test_too_many_at_once_are_refused_as_overloaded(start_writer: StartWriter, socket_path: Path) -> None:
    """While the disk hangs, a bounded number waits; the rest is refused at once and nothing is lost or mixed up."""
    strace = ("strace", "-D", "-f", "-q", "-o", "/dev/null", "-e", "trace=fdatasync")
    start_writer(wrapper=(*strace, "-e", "inject=fdatasync:delay_enter=500000:when=1"))
    requests = [wire.pack(wire.OP_APPEND, entry) for entry in small_entries(40_000)]
    replies = call_in_parallel(socket_path, requests, peers=20)
    accepted = [payload for status, payload in replies if status == wire.STATUS_OK]
    refused = [payload for status, payload in replies if status == wire.STATUS_REFUSED]
    assert accepted
    assert refused
    assert len(accepted) + len(refused) == len(requests)
    assert sorted(accepted) == [wire.SEQ.pack(seq) for seq in range(len(accepted))]
    assert all(b"overloaded" in payload for payload in refused)


def call_in_parallel(path: Path, requests: list[bytes], peers: int) -> list[tuple[int, bytes]]:
    """The replies to all requests, sent over several connections at once."""
    share = len(requests) // peers
    with ThreadPoolExecutor(peers) as pool:
        parts = pool.map(
            lambda place: call(path, *requests[place * share : (place + 1) * share]), range(peers)
        )
        return [reply for part in parts for reply in part]


def test_a_peer_that_takes_no_replies_holds_up_nobody(start_writer: StartWriter, socket_path: Path) -> None:
    """Replies nobody reads stop the reading from that peer, cost little memory, and other peers are served."""
    writer = start_writer(
        make_log(socket_path.parent / "full", [[encode(event(detail={"x": "x" * 60_000}))] * 4])
    )
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.connect(str(socket_path))
        deaf.setblocking(False)
        read = wire.pack(wire.OP_READ, wire.READ_REQUEST.pack(0, 4)) * 10_000
        for _ in range(50):
            with contextlib.suppress(BlockingIOError):
                deaf.send(read)
            assert call(socket_path, wire.pack(wire.OP_STAT)) == [(0, wire.SEQ.pack(4))]
        resident = int(Path(f"/proc/{writer.pid}/statm").read_text().split()[1]) * 4096
    assert resident < 100 * 1024 * 1024
    writer.terminate()
    assert writer.wait()[0] == 0


def test_a_second_writer_ends_with_75(start_writer: StartWriter, socket_path: Path) -> None:
    """Another process on the same folder is told the pid of the first, which does not notice."""
    first = start_writer()
    second = start_writer(socket=socket_path.with_name("second.sock"))
    assert second.ready == ""
    code, complaint = second.wait()
    assert code == 75
    assert f"pid {first.pid}" in complaint
    assert call(socket_path, wire.pack(wire.OP_STAT)) == [(0, wire.SEQ.pack(0))]


def test_no_log_ends_with_66_and_creates_nothing(start_writer: StartWriter, tmp_path: Path) -> None:
    """A log is never created implicitly."""
    code, complaint = start_writer(tmp_path / "absent").wait()
    assert code == 66
    assert "doorless init" in complaint
    assert list(tmp_path.glob("absent*")) == []


def test_damage_ends_with_65(start_writer: StartWriter, tmp_path: Path) -> None:
    """An acknowledged record that is gone keeps the writer from starting."""
    folder = make_log(tmp_path / "damaged", [small_entries(3)])
    content = (folder / FIRST_SEGMENT).read_bytes()
    (folder / FIRST_SEGMENT).write_bytes(content[:-1])
    code, complaint = start_writer(folder).wait()
    assert code == 65
    assert "record 2 at byte" in complaint


@pytest.mark.parametrize("way", ["long", "file", "served", "nowhere"])
def test_a_socket_that_cannot_be_served_ends_with_71(
    start_writer: StartWriter, socket_path: Path, way: str
) -> None:
    """A path that is too long, taken or in no folder is named; what stands there is left alone."""
    path, complaint = {
        "long": (socket_path.parent / ("x" * 108), "at most 107"),
        "file": (socket_path, "not a socket"),
        "served": (socket_path, "somebody serves it already"),
        "nowhere": (socket_path.parent / "no" / "where.sock", "No such file"),
    }[way]
    with socket.socket(socket.AF_UNIX) as other:
        if way == "file":
            path.write_text("precious")
        if way == "served":
            other.bind(str(path))
            other.listen()
        code, said = start_writer(socket=path).wait()
    assert code == 71
    assert complaint in said
    if way == "file":
        assert path.read_text() == "precious"


def test_a_stale_socket_is_replaced(start_writer: StartWriter, socket_path: Path) -> None:
    """After a kill the socket file is left over; the next writer takes its place."""
    start_writer().kill()
    assert socket_path.exists()
    writer = start_writer()
    assert writer.ready
    writer.signal(signal.SIGINT)
    assert writer.wait()[0] == 0
