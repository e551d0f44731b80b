"""The checks as a process, wired by hand: one application on one unix socket, until SIGTERM.

`ready` on standard output means that the socket answers. What is under way at the end is answered.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence

from starlette.applications import Starlette
from starlette.routing import Route

from checks.bot_checks import bot_check
from checks.bots import BotsApi, bot_token
from checks.change import ScanSecrets
from checks.describe_api import DescribeApi
from checks.evidence_api import EvidenceApi
from checks.gather import Place
from checks.jury.session import court_of
from checks.outputs import OutputSchemas
from checks.secrets import SecretScanner
from checks.settings import Settings, parse
from checks.statement import KeyUnusable, Signer, signer_of
from checks.validate import Jury, no_jury
from checks.validate_api import ValidateApi
from decision.yaml_source import ConfigErrors
from serving.listening import SocketError, listen_tcp, listen_unix
from serving.server import QuietServer

EXIT_SOCKET = 71
EXIT_KEY = 78


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
    listener = listen_unix(settings.socket)
    scan = SecretScanner(os.environ)
    loop = asyncio.get_running_loop()
    try:
        async with _bots_served(settings, scan, signer), _jury(settings) as jury:
            server = QuietServer(application(settings, scan, signer, jury))
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, server.stop)
            print("ready", flush=True)
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
    server = QuietServer(Starlette(routes=api.routes))
    with listen_tcp(bots.host, bots.port) as listener:
        tasks = [asyncio.create_task(server.serve(sockets=[listener])), asyncio.create_task(api.work())]
        try:
            yield
        finally:
            server.stop()
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
