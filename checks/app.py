"""The checks as a process, wired by hand: one application on one unix socket, until SIGTERM.

`ready` on standard output means that the socket answers. What is under way at the end is answered.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from checks.bot_checks import bot_check
from checks.bots import BotsApi, bot_token
from checks.change import ScanSecrets
from checks.describe_api import DescribeApi
from checks.evidence_api import EvidenceApi
from checks.gather import Place
from checks.jury.session import court_of
from checks.listener import SocketError, listen
from checks.outputs import OutputSchemas
from checks.secrets import SecretScanner
from checks.settings import Settings, parse
from checks.statement import KeyUnusable, Signer, signer_of
from checks.validate import Jury, no_jury
from checks.validate_api import ValidateApi
from decision.yaml_source import ConfigErrors

EXIT_SOCKET = 71
EXIT_KEY = 78

_STOP_WITHIN_S = 2


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; the exit code (see `settings`)."""
    settings = parse(argv)
    try:
        asyncio.run(serve(settings))
    except SocketError as error:
        print(f"checks: {error}", file=sys.stderr)
        return EXIT_SOCKET
    except ConfigErrors as error:
        print(
            f"checks: the jury's roster cannot be used; correct it and start again\n{error}", file=sys.stderr
        )
        return EXIT_KEY
    except (KeyUnusable, OSError) as error:
        print(f"checks: the key that signs statements cannot be used: {error}", file=sys.stderr)
        return EXIT_KEY
    return 0


def application(
    settings: Settings, scan: ScanSecrets, signer: Signer | None, jury: Jury = no_jury
) -> Starlette:
    """Every route of the checks, and nothing else."""
    place = Place(dict(os.environ), settings.virtual_environment, settings.cache)
    return Starlette(
        routes=[
            Route("/describe", DescribeApi(scan).describe, methods=["POST"]),
            Route("/evidence", EvidenceApi(place, signer).evidence, methods=["POST"]),
            Route("/validate", ValidateApi(OutputSchemas(), signer, jury).validate, methods=["POST"]),
        ]
    )


async def serve(settings: Settings) -> None:
    """Listen, say so, answer, and end on a signal. Raises `SocketError`, `KeyUnusable`, OSError."""
    signer = signer_of(settings.key)
    listener = listen(settings.socket)
    scan = SecretScanner(os.environ)
    loop = asyncio.get_running_loop()
    try:
        async with _bots_served(settings, scan, signer), _jury(settings) as jury:
            server = _Server(_config(application(settings, scan, signer, jury)))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, server.stop)
            await server.serve(sockets=[listener])
    finally:
        scan.close()
        settings.socket.unlink(missing_ok=True)
        listener.close()


@contextlib.asynccontextmanager
async def _jury(settings: Settings) -> AsyncIterator[Jury]:
    """Whoever judges documents while the context lasts."""
    if settings.jury is None:
        yield no_jury
        return
    async with court_of(settings.jury) as court:
        yield court.judge


@contextlib.asynccontextmanager
async def _bots_served(settings: Settings, scan: ScanSecrets, signer: Signer | None) -> AsyncIterator[None]:
    """Answer bots while the context lasts, if any are to be answered."""
    bots = settings.bots
    if bots is None:
        yield
        return
    api = BotsApi(bot_check(settings, bots, scan, signer), bot_token(bots.token))
    server = _Quiet(_config(Starlette(routes=api.routes)))
    with socket.create_server((bots.host, bots.port)) as listener:
        tasks = [asyncio.create_task(server.serve(sockets=[listener])), asyncio.create_task(api.work())]
        try:
            yield
        finally:
            server.should_exit = True
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _Quiet(uvicorn.Server):
    """A uvicorn server that leaves signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: the signals are ours."""
        yield


class _Server(_Quiet):
    """One that says when it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it."""
        await super().startup(sockets)
        print("ready", flush=True)

    def stop(self) -> None:
        """End, soon."""
        self.should_exit = True


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )
