"""The first process of a room, run here without one: the forwarder, the limits, the agent's start and end."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import sandbox.inside

PROGRAM = sandbox.inside.__file__
LIMITS = "NOFILE=1024,CORE=0"
WAIT = "import time; time.sleep(600)"
Serve = Callable[[socket.socket], None]


class Inside:
    """A running first process; `control` is the builder's end."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, port: int) -> None:
        self.process = process
        self.control = control
        self.port = port

    def connect(self) -> socket.socket:
        """Open a loopback connection to the forwarder."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end; return code, stdout and stderr."""
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out.decode(), err.decode()


@contextmanager
def inside(
    path: Path, *command: str, limits: str = LIMITS, env: dict[str, str] | None = None
) -> Iterator[Inside]:
    """Start the first process and wait until it is ready."""
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-I", "-S", PROGRAM, str(port), str(path), limits, "--", *command]
    with (
        ours,
        subprocess.Popen(
            argv, stdin=theirs.fileno(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}
        ) as process,
    ):
        theirs.close()
        words = b"\0".join(
            f"{name}={value}".encode() for name, value in (env or {"PATH": "/usr/bin:/bin"}).items()
        )
        ours.sendall(len(words).to_bytes(4, "big") + words)
        assert ours.recv(1) == sandbox.inside.READY
        try:
            yield Inside(process, ours, port)
        finally:
            with contextlib.suppress(OSError):
                ours.send(sandbox.inside.TERMINATE)  # no room is around it here: the agent must end by itself
            process.wait(30)


@contextmanager
def gateway(path: Path, serve: Serve, backlog: int = 128) -> Iterator[Path]:
    """Serve every connection to a unix socket by a thread of its own."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(backlog)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    threading.Thread(target=_closing, args=(serve, peer), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)


def _closing(serve: Serve, peer: socket.socket) -> None:
    with peer, contextlib.suppress(OSError):
        serve(peer)


def echo(peer: socket.socket) -> None:
    """Send back what comes, until it ends."""
    while chunk := peer.recv(65_536):
        peer.sendall(chunk)


def read_all(peer: socket.socket) -> bytes:
    """Read until the end."""
    return b"".join(iter(lambda: peer.recv(65_536), b""))


def test_large_bodies_pass_both_ways_at_once(open_folder: Path) -> None:
    """32 MB go up while they come down, unchanged, and the end of one direction is passed on."""
    content = os.urandom(2**20) * 32
    with (
        gateway(open_folder / "gw", echo) as path,
        inside(path, sys.executable, "-c", WAIT) as first,
        first.connect() as peer,
    ):

        def send() -> None:
            peer.sendall(content)
            peer.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        assert read_all(peer) == content
        sender.join()


def test_a_half_close_is_a_half_close(open_folder: Path) -> None:
    """A request ended by shutdown is answered afterwards, whole."""

    def answer_at_end(peer: socket.socket) -> None:
        peer.sendall(b"got " + str(len(read_all(peer))).encode())

    with (
        gateway(open_folder / "gw", answer_at_end) as path,
        inside(path, "sleep", "600") as first,
        first.connect() as peer,
    ):
        peer.sendall(b"x" * 100_000)
        peer.shutdown(socket.SHUT_WR)
        assert read_all(peer) == b"got 100000"


def test_events_arrive_one_by_one(open_folder: Path) -> None:
    """Each event is delivered while the stream stays open: the gateway sends the next only when asked."""

    def on_request(peer: socket.socket) -> None:
        while peer.recv(1):
            peer.sendall(b"data: event\n\n")

    with (
        gateway(open_folder / "gw", on_request) as path,
        inside(path, "sleep", "600") as first,
        first.connect() as peer,
    ):
        for _ in range(50):
            peer.sendall(b"?")
            assert peer.recv(100) == b"data: event\n\n"


def test_a_slow_reader_holds_the_gateway_back(open_folder: Path) -> None:
    """What the agent does not read is not collected: the gateway's sending stops long before its end."""
    sent = [0]

    def pour(peer: socket.socket) -> None:
        while sent[0] < 2**28:
            sent[0] += peer.send(bytes(65_536))

    with (
        gateway(open_folder / "gw", pour) as path,
        inside(path, "sleep", "600") as first,
        first.connect() as peer,
    ):
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        assert peer.recv(1)
        _until_still(sent)
        assert sent[0] < 2**25
        assert _rests(first.process.pid)


def _until_still(counter: list[int]) -> None:
    deadline = time.monotonic() + 20
    before = -1
    while counter[0] != before and time.monotonic() < deadline:
        before = counter[0]
        time.sleep(0.2)


def test_many_connections_at_once(open_folder: Path) -> None:
    """200 connections are open together, each with its own bytes."""
    with (
        gateway(open_folder / "gw", echo) as path,
        inside(path, "sleep", "600") as first,
        contextlib.ExitStack() as held,
    ):
        peers = [held.enter_context(first.connect()) for _ in range(200)]
        for number, peer in enumerate(peers):
            peer.sendall(f"{number:04}".encode())
        assert [int(peer.recv(4)) for peer in peers] == list(range(200))


def test_more_connections_than_descriptors_wait(open_folder: Path) -> None:
    """At capacity the next connection waits until one ends, and the forwarder survives."""
    with (
        gateway(open_folder / "gw", echo) as path,
        inside(path, "sleep", "600", limits="NOFILE=40") as first,
        contextlib.ExitStack() as held,
    ):
        early = [held.enter_context(first.connect()) for _ in range(12)]
        for peer in early:
            peer.sendall(b"a")
            assert peer.recv(1) == b"a"
        late = held.enter_context(first.connect())
        late.sendall(b"b")
        late.settimeout(0.2)
        with pytest.raises(TimeoutError):
            late.recv(1)
        early[0].close()
        late.settimeout(20)
        assert late.recv(1) == b"b"


def test_a_full_queue_at_the_gateway_is_waited_for(open_folder: Path) -> None:
    """Connections that the gateway does not accept yet are tried again and lost by none."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(open_folder / "gw"))
        listener.listen(1)
        with inside(open_folder / "gw", "sleep", "600") as first, contextlib.ExitStack() as held:
            peers = [held.enter_context(first.connect()) for _ in range(20)]
            for peer in peers:
                peer.sendall(b"x")
                peer.shutdown(socket.SHUT_WR)
            for _ in peers:
                accepted, _ = listener.accept()
                with accepted:
                    echo(accepted)
            assert [read_all(peer) for peer in peers] == [b"x"] * 20


def test_a_closed_channel_is_said(open_folder: Path) -> None:
    """Where the gateway no longer listens, the agent's client gets a refusal that names the cause."""
    with inside(open_folder / "gone", "sleep", "600") as first, first.connect() as peer:
        answer = read_all(peer)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b'"code":"channel_closed"' in answer


def test_a_gateway_that_cuts_is_passed_on(open_folder: Path) -> None:
    """When the gateway ends a stream, the agent's connection ends; when the client goes, the gateway sees it."""
    ended = threading.Event()

    def cut(peer: socket.socket) -> None:
        if peer.recv(1) == b"c":
            peer.sendall(b"part")
            return
        read_all(peer)
        ended.set()

    with gateway(open_folder / "gw", cut) as path, inside(path, "sleep", "600") as first:
        with first.connect() as peer:
            peer.sendall(b"c")
            assert read_all(peer) == b"part"
        with first.connect() as peer:
            peer.sendall(b"x")
        assert ended.wait(20)


def test_an_idle_forwarder_costs_nothing(open_folder: Path) -> None:
    """With half-closed and idle connections open, no processor time is used."""
    with (
        gateway(open_folder / "gw", echo) as path,
        inside(path, "sleep", "600") as first,
        first.connect() as idle,
        first.connect() as half,
    ):
        for peer in (idle, half):
            peer.sendall(b"x")
            assert peer.recv(1) == b"x"
        assert _rests(first.process.pid)


def _rests(pid: int) -> bool:
    before = _ticks(pid)
    time.sleep(0.3)
    return _ticks(pid) - before <= 2


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 3"), 3),
        (("sh", "-c", "kill -TERM $$"), 143),
        (("no-such-program",), 127),
        (("/no/such/program",), 127),
        (("/etc/passwd",), 126),
        (("/usr",), 126),
    ],
)
def test_exit_codes(open_folder: Path, command: tuple[str, ...], code: int) -> None:
    """The agent's code passes; 127 not found, 126 not executable, 128+n killed by signal n."""
    with inside(open_folder / "gw", *command) as first:
        assert first.finish()[0] == code


def test_a_missing_program_is_named(open_folder: Path) -> None:
    """The error names the program and the cause."""
    with inside(open_folder / "gw", "no-such-program") as first:
        assert first.finish()[2] == "doorless: no-such-program: not found in the room\n"


def test_the_environment_is_the_one_handed_over(open_folder: Path) -> None:
    """The agent has exactly the variables that were sent, bytes of any kind included."""
    with inside(open_folder / "gw", "/usr/bin/env", env={"A": "x=y\nz", "B": ""}) as first:
        assert first.finish()[1] == "A=x=y\nz\nB=\n"


def test_a_large_environment_passes(open_folder: Path) -> None:
    """An environment larger than a socket's buffer arrives whole."""
    env = {f"N{number}": "x" * 100_000 for number in range(10)}
    with inside(open_folder / "gw", "/usr/bin/env", env=env) as first:
        assert len(first.finish()[1]) > 1_000_000


def test_limits_are_hard_and_inherited(open_folder: Path) -> None:
    """The agent's limits are what was asked, soft and hard, and a lower one that stands already is kept."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with inside(
        open_folder / "gw",
        "sh",
        "-c",
        "ulimit -n; ulimit -Hf; ulimit -c",
        limits=f"NOFILE={hard + 1},FSIZE=1024,CORE=0",
    ) as first:
        files, size, core = first.finish()[1].split()
    assert (int(files), int(size), int(core)) == (hard, 2, 0)


def test_signals_are_as_a_program_expects(open_folder: Path) -> None:
    """The agent ignores and blocks no signal: what Python, or nohup before it, changed is undone."""
    with inside(open_folder / "gw", "cat", "/proc/self/status") as first:
        status = dict(line.split(":\t", 1) for line in first.finish()[1].splitlines() if ":\t" in line)
    library = 0b11 << 31  # signals 32 and 33 belong to the C library: no program can set them
    assert [int(status[name], 16) & ~library for name in ("SigIgn", "SigBlk", "SigCgt")] == [0, 0, 0]


@pytest.mark.parametrize("way", ["signal", "word"])
def test_termination_reaches_the_agents_group(open_folder: Path, way: str) -> None:
    """SIGTERM, or the builder's word, reaches the agent and its children; its own exit code passes."""
    code = (
        "import signal,subprocess,sys,time\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "signal.signal(15, lambda *_: sys.exit(5 if child.wait() == -15 else 6))\n"
        "print('ready', flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    with inside(open_folder / "gw", sys.executable, "-c", code) as first:
        assert first.process.stdout is not None
        assert first.process.stdout.readline() == b"ready\n"
        if way == "signal":
            first.process.send_signal(signal.SIGTERM)
        else:
            first.control.send(sandbox.inside.TERMINATE)
        assert first.finish()[0] == 5


def test_it_ends_with_its_builder(open_folder: Path) -> None:
    """When the control socket closes, the first process ends at once, and the room with it."""
    with inside(open_folder / "gw", "sleep", "1") as first:
        first.control.close()
        assert first.process.wait(30) == 137


@pytest.mark.parametrize("part", [b"", b"\0\0", b"\0\0\0\7A=B"])
def test_a_builder_that_dies_early_starts_no_agent(open_folder: Path, part: bytes) -> None:
    """When the control socket ends before the whole environment came, the agent is never started."""
    ours, theirs = socket.socketpair()
    witness = open_folder / "started"
    argv = [
        sys.executable,
        "-I",
        "-S",
        PROGRAM,
        "0",
        str(open_folder / "gw"),
        LIMITS,
        "--",
        "touch",
        str(witness),
    ]
    with ours, theirs, subprocess.Popen(argv, stdin=theirs.fileno(), stderr=subprocess.PIPE) as process:
        theirs.close()
        ours.sendall(part)
        ours.close()
        assert process.wait(30) == 137
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert not witness.exists()
