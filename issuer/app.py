"""The issuer process, wired by hand: keys, policy, log and workflows behind two faces on one event loop.

Everything that can be wrong with its files is found before a socket opens. `ready` on standard output means that
both faces answer. SIGTERM or SIGINT ends it cleanly: streams end, what is under way is answered.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence

from audit.client import AuditClient
from audit.faults import LogUnavailable
from issuer import keys, resource_servers
from issuer.control import Control
from issuer.endings import Endings
from issuer.issue import Issuer
from issuer.policy import PolicyLink
from issuer.public import Public
from issuer.replies import now
from issuer.ring import WINDOW, Window
from issuer.settings import Settings, parse
from issuer.workflows import Workflows
from serving.listening import SocketError, listen_tcp, listen_unix
from serving.peers import OwnersOnly
from serving.server import QuietServer

EXIT_NO_LOG = 69
EXIT_SOCKET = 71
EXIT_FILES = 78

_TICK_S = 0.5

_LOGGER = logging.getLogger("issuer")


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM; the exit code (see `settings`)."""
    settings = parse(argv)
    logging.basicConfig(level=logging.WARNING, format="issuer: %(levelname)s: %(message)s")
    try:
        asyncio.run(serve(settings))
    except LogUnavailable as error:
        return _failed(EXIT_NO_LOG, f"{error.reason}; start the audit writer first")
    except SocketError as error:
        return _failed(EXIT_SOCKET, str(error))
    except (keys.KeysUnusable, resource_servers.ResourceServersInvalid) as error:
        return _failed(EXIT_FILES, str(error))
    return 0


async def serve(settings: Settings, window: Window = WINDOW) -> None:
    """Everything, from the files to the end. Raises what `main` names."""
    held = keys.load(settings.keys, window)
    servers = resource_servers.load(settings.resource_servers)
    log = await AuditClient.connect(settings.audit_socket)
    policy = PolicyLink(settings.run)
    endings = Endings(lambda: [workflow.id for workflow in workflows.active(now())])
    workflows = Workflows(on_end=endings.publish)
    issuer = Issuer(settings.issuer_url, policy, log, held, workflows)
    control = QuietServer(Control(issuer, endings).app(), http=OwnersOnly)
    public = QuietServer(Public(issuer, servers).app())
    try:
        with _sockets(settings) as (control_socket, public_socket):
            await _run([(control, control_socket), (public, public_socket)], issuer, endings)
    finally:
        await policy.close()
        await log.close()


async def _run(
    servers: Sequence[tuple[QuietServer, socket.socket]], issuer: Issuer, endings: Endings
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = [asyncio.create_task(server.serve(sockets=[listener])) for server, listener in servers]
    others = [asyncio.create_task(each) for each in (_tick(issuer), _wait(stop))]
    print("ready", flush=True)
    # Whichever of these ends first: we were asked to stop, or a part of us failed and the rest must not go on.
    await asyncio.wait([*others, *serving], return_when=asyncio.FIRST_COMPLETED)
    endings.close()
    for server, _ in servers:
        server.stop()
    await asyncio.gather(*serving)
    for task in others:
        task.cancel()
    for ended in await asyncio.gather(*others, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _tick(issuer: Issuer) -> None:
    """Note what the clock has done: workflows past their time, keys past their use."""
    while True:
        await asyncio.sleep(_TICK_S)
        await issuer.expire()
        try:
            issuer.keys.prune(now())
        except OSError as error:
            # The old key is out of the JWKS all the same; only its file stays until this succeeds.
            _LOGGER.warning("an old key could not be removed: %s", error)


@contextlib.contextmanager
def _sockets(settings: Settings) -> Iterator[tuple[socket.socket, socket.socket]]:
    public = listen_tcp(settings.host, settings.port)
    try:
        control = listen_unix(settings.control_socket)
    except SocketError:
        public.close()
        raise
    try:
        yield control, public
    finally:
        settings.control_socket.unlink(missing_ok=True)
        control.close()
        public.close()


def _failed(code: int, message: str) -> int:
    print(f"issuer: {message}", file=sys.stderr)
    return code
