"""The audit writer as a process: create a log, or serve one until SIGTERM. Wiring, nothing else.

Promises the exit codes of `faults`, one ready line on stdout, and that what was accepted before SIGTERM is durable
and answered before it ends.
"""

import asyncio
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import assert_never

import uvloop

from audit.faults import LogFault, SocketRefused
from audit.folder import create
from audit.sealer import Sealer
from audit.server import Connection, LogService
from audit.settings import Create, Serve, parse
from audit.writer import Writer
from serving.listening import SocketError, listen_unix


def main(argv: Sequence[str]) -> int:
    """Run `python -m audit`; the exit code."""
    settings = parse(argv)
    try:
        match settings:
            case Create(places=places, name=name):
                create(places, name)
                print(f"audit: created an empty log in {places.log}, its key in {places.keys}", flush=True)
            case Serve():
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    runner.run(serve(settings))
            case _ as never:
                assert_never(never)
    except LogFault as fault:
        print(f"audit: {fault}", file=sys.stderr, flush=True)
        return fault.exit_code
    return 0


async def serve(settings: Serve) -> None:
    """Serve until SIGTERM or SIGINT. Raises LogFault: what it is tells the exit code."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def stop(poison: LogFault | None = None) -> None:
        if not stopped.done():
            stopped.set_exception(poison) if poison is not None else stopped.set_result(None)

    def fail(fault: LogFault) -> None:
        service.poison(fault)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with Writer(settings.places) as writer:
        listener = listen(settings.socket)
        sealer = Sealer(writer.tree, writer.publisher, writer.journal.let_go, fail)
        service = LogService(writer, sealer.take, stop)
        server = await loop.create_unix_server(lambda: Connection(service), sock=listener)
        _say_ready(settings, writer)
        try:
            await stopped
        finally:
            server.close()
            service.finish()
            await service.close_connections()
            with suppress(FileNotFoundError):
                settings.socket.unlink()
            sealer.finish()


def listen(path: Path) -> socket.socket:
    """A listening unix socket that only this user may connect to. Raises SocketRefused."""
    try:
        return listen_unix(path)
    except SocketError as error:
        raise SocketRefused(f"cannot listen: {error}") from error


def _say_ready(settings: Serve, writer: Writer) -> None:
    torn = f", a torn tail was set aside in {writer.journal.torn}" if writer.journal.torn else ""
    print(f"audit: ready, {writer.journal.size} records, socket {settings.socket}{torn}", flush=True)
