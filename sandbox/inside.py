"""The first process inside a room: limits itself, offers the gateway's socket on loopback, runs the agent.

Standard library only, and no asyncio: it starts in front of every agent (`python -I -S`). It holds no more rights
than the agent, so nothing rests on it but comfort. Promises the agent's exit code (127 not found, 126 not executable,
128+n killed by signal n), and that the room ends with it.
"""

import contextlib
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping

CONTROL = 0  # our stdin: a socket to whoever built the room; its end is the room's end
READY, TERMINATE = b"R", b"T"
_CHUNK = 65_536
_RETRY_S = 0.01
_READABLE = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR
_WRITABLE = select.EPOLLOUT | select.EPOLLHUP | select.EPOLLERR
# In the form that most client libraries show, and with a status after which none of them asks again.
_CLOSED_TEXT = b"The gateway does not accept connections for this workflow any more. [channel_closed] Start a new workflow."
_CLOSED_BODY = (
    b'{"status":403,"title":"Forbidden","code":"channel_closed","detail":"%b","message":"%b",'
    b'"error":{"message":"%b","code":"channel_closed"}}\n' % (_CLOSED_TEXT, _CLOSED_TEXT, _CLOSED_TEXT)
)
_CLOSED_ANSWER = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"x-should-retry: false\r\nConnection: close\r\n\r\n%b" % (len(_CLOSED_BODY), _CLOSED_BODY)
)


class Flow:
    """One direction of a connection: reads from `source` only when `sink` has taken everything before."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.pending = b""
        self.ended = False

    def pull(self) -> None:
        """Take one chunk and pass on what the sink accepts. Raises OSError when either side is gone."""
        with contextlib.suppress(BlockingIOError):
            self.pending = self.source.recv(_CHUNK)
            self.ended = not self.pending
        self.push()

    def push(self) -> None:
        """Pass on what is pending; the end of the source is passed on after its last byte."""
        with contextlib.suppress(BlockingIOError):
            while self.pending:
                self.pending = self.pending[self.sink.send(self.pending) :]
        if self.ended:
            self.sink.shutdown(socket.SHUT_WR)


class Forwarder:
    """Copies bytes between loopback connections and the gateway's socket, on one epoll."""

    def __init__(self, port: int, path: str, capacity: int) -> None:
        self.path = path
        self.capacity = capacity
        self.epoll = select.epoll()
        self.handlers: dict[int, Callable[[int], None]] = {}
        self.watched: dict[int, int] = {}
        self.pairs: set[tuple[Flow, Flow]] = set()
        self.waiting: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.listener.setblocking(False)
        self.watch(self.listener.fileno(), select.EPOLLIN, lambda _: self.accept())

    def watch(self, number: int, mask: int, handler: Callable[[int], None]) -> None:
        """Wait for `mask` on a descriptor; a mask of 0 stops waiting, hang-ups included."""
        if not mask:
            if self.watched.pop(number, 0):
                self.epoll.unregister(number)
            return
        (self.epoll.modify if number in self.watched else self.epoll.register)(number, mask)
        self.watched[number] = mask
        self.handlers[number] = handler

    def turn(self) -> None:
        """Wait for events once and handle them."""
        for number, mask in self.epoll.poll(_RETRY_S if self.waiting else -1):
            if number in self.watched:
                self.handlers[number](mask)
        retry, self.waiting = self.waiting, []
        for client in retry:
            self.join(client)

    def accept(self) -> None:
        """Take one connection; at capacity the listener rests, and the kernel's queue holds the others."""
        with contextlib.suppress(BlockingIOError, ConnectionError):
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setblocking(False)
            self.join(client)
        self.rest()

    def join(self, client: socket.socket) -> None:
        """Connect a client to the gateway; a full queue there is tried again, a closed one answered."""
        gateway = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            gateway.connect(self.path)
        except BlockingIOError:
            gateway.close()
            self.waiting.append(client)
            return
        except OSError:
            gateway.close()
            with contextlib.suppress(OSError):
                client.send(_CLOSED_ANSWER)
            client.close()
            return
        pair = (Flow(client, gateway), Flow(gateway, client))
        self.pairs.add(pair)
        self.refresh(pair)

    def serve(self, pair: tuple[Flow, Flow], side: socket.socket, mask: int) -> None:
        """Handle one event of one side of a connection."""
        try:
            for flow in pair:
                if flow.sink is side and flow.pending and mask & _WRITABLE:
                    flow.push()
                if flow.source is side and not flow.pending and not flow.ended and mask & _READABLE:
                    flow.pull()
        except OSError:
            self.close(pair)
            return
        if all(flow.ended and not flow.pending for flow in pair):
            self.close(pair)
        else:
            self.refresh(pair)

    def refresh(self, pair: tuple[Flow, Flow]) -> None:
        """Wait on each side for exactly what can move."""
        up, down = pair
        for side, read, write in ((up.source, up, down), (down.source, down, up)):
            mask = 0 if read.pending or read.ended else select.EPOLLIN
            mask |= select.EPOLLOUT if write.pending else 0
            self.watch(side.fileno(), mask, lambda event, side=side: self.serve(pair, side, event))  # type: ignore[misc]

    def close(self, pair: tuple[Flow, Flow]) -> None:
        """End a connection on both sides."""
        self.pairs.discard(pair)
        for flow in pair:
            self.watch(flow.source.fileno(), 0, lambda _: None)
            flow.source.close()
        self.rest()

    def rest(self) -> None:
        """Listen only below capacity."""
        full = len(self.pairs) + len(self.waiting) >= self.capacity
        self.watch(self.listener.fileno(), 0 if full else select.EPOLLIN, lambda _: self.accept())


def main(argv: list[str]) -> int:
    """Run `PORT SOCKET LIMITS -- COMMAND...` and return the agent's exit code."""
    port, path, limits, _, *command = argv
    apply_limits(dict(pair.split("=") for pair in limits.split(",")))
    control = socket.socket(fileno=os.dup(CONTROL))
    environment = receive_environment(control)
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    forwarder = Forwarder(int(port), path, capacity=max(1, (open_files - 16) // 2))
    control.send(READY)
    agent = start_agent(command, environment)
    signal.signal(signal.SIGTERM, lambda *_: terminate(agent))
    return run(forwarder, control, agent)


def apply_limits(limits: Mapping[str, str]) -> None:
    """Lower our own hard limits, which the agent inherits; a lower limit that stands already is kept."""
    for name, text in limits.items():
        kind: int = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        value = int(text) if hard == resource.RLIM_INFINITY else min(int(text), hard)
        resource.setrlimit(kind, (value, value))


def receive_environment(control: socket.socket) -> dict[bytes, bytes]:
    """Read the agent's environment: a length of four bytes, then NAME=VALUE words separated by NUL."""
    length = int.from_bytes(control.recv(4, socket.MSG_WAITALL), "big")
    block = control.recv(length, socket.MSG_WAITALL)
    if not block or len(block) < length:  # whoever built the room is gone: without it there is no agent
        os._exit(128 + signal.SIGKILL)
    words = block.split(b"\0")
    return {name: value for name, _, value in (word.partition(b"=") for word in words)}


def start_agent(command: list[str], environment: Mapping[bytes, bytes]) -> int:
    """Start the agent in a session of its own, with nothing open but null, stdout and stderr. Returns its pid."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.closerange(3, 64)
    # What Python changed for itself, and what whoever started us ignored (nohup: SIGHUP), is not the agent's.
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606
    except (FileNotFoundError, NotADirectoryError):
        code, problem = 127, "not found in the room"
    except OSError as reason:
        code, problem = 126, f"cannot be executed in the room ({reason.strerror})"
    os.write(2, os.fsencode(f"doorless: {command[0]}: {problem}\n"))
    os._exit(code)


def terminate(agent: int) -> None:
    """Ask the agent and its process group to end."""
    try:
        os.killpg(agent, signal.SIGTERM)
    except ProcessLookupError:  # not yet the leader of its group
        os.kill(agent, signal.SIGTERM)


def run(forwarder: Forwarder, control: socket.socket, agent: int) -> int:
    """Forward until the agent ends, or until whoever built the room is gone."""
    codes: list[int] = []

    def on_control(_: int) -> None:
        word = control.recv(1)
        terminate(agent) if word == TERMINATE else codes.append(128 + signal.SIGKILL)

    def on_exit(_: int) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(agent, 0)[1])
        codes.append(code if code >= 0 else 128 - code)

    forwarder.watch(control.fileno(), select.EPOLLIN, on_control)
    forwarder.watch(os.pidfd_open(agent), select.EPOLLIN, on_exit)
    while not codes:
        forwarder.turn()
    return codes[0]


if __name__ == "__main__":
    # os._exit: nothing here needs tidying, and the room ends the sooner.
    os._exit(main(sys.argv[1:]))
