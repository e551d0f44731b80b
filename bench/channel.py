"""One workflow's channel as the orchestrator opens it, without a sandbox, and the way to it for TCP clients.

wrk speaks no unix sockets and the channel speaks to its own uid only: socat relays, as that uid, from the channel's
folder. The direct way to the upstream takes the same relay, so that it costs both sides the same.
"""

import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from bench import process
from bench.failure import CannotMeasure
from bench.home import ROLE
from doorless.home import Home
from workflows.gateway_client import GatewayClient
from workflows.issuer_client import IssuerClient
from workflows.model import Channel, EndReason, Task

_TTL_S = 300
_ANSWERS_WITHIN_S = 5.0


@contextlib.asynccontextmanager
async def open_channel(root: Path) -> AsyncIterator[Channel]:
    """Start a workflow at the issuer and open its channel at the gateway; leaving ends both."""
    home = Home(root)
    task = Task(role=ROLE, text="bench", ttl_s=_TTL_S, only=(), command=(), agent_folder=None)
    async with IssuerClient(home.issuer_socket) as issuer, GatewayClient(home.gateway_socket) as gateway:
        started = await issuer.start(task)
        try:
            async with gateway.channel(started.workflow, started.tokens) as lease:
                yield lease.channel
        finally:
            await issuer.end(started.workflow, EndReason.COMPLETED)


def relay_arguments(port: int, target: str, uid: int | None) -> list[str]:
    """The command line of socat from a TCP port to a unix socket, as `uid` (root only; `None` is ourselves)."""
    become = [] if uid is None else ["setpriv", "--reuid", str(uid), "--clear-groups", "--pdeathsig", "KILL"]
    listen = f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay,backlog=256"
    return [*become, "socat", listen, f"UNIX-CONNECT:{target}"]


@contextlib.contextmanager
def relay(port: int, target: Path, uid: int, core: int, log: Path) -> Iterator[str]:
    """A relay to the unix socket `target`; gives the URL that it answers at, and ends when the context does."""
    other = uid if os.geteuid() == 0 and uid != 0 else None
    argv = process.pinned(core, relay_arguments(port, target.name, other))
    with process.running(argv, target.parent, log):
        wait_for(port)
        yield f"http://127.0.0.1:{port}"


def wait_for(port: int) -> None:
    """Return when something listens on a loopback port."""
    end = time.monotonic() + _ANSWERS_WITHIN_S
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise CannotMeasure(f"nothing listens on port {port}", "Another program may have taken it: try again.")
