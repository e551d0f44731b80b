"""Wiring of the crash-reporting service: settings, store, issuer, guard, routes, one listener.

By hand, in one place; nothing is decided here.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from tenants.services.crash_reporting.guard import Guard
from tenants.services.crash_reporting.issuer import Issuer
from tenants.services.crash_reporting.routes import Handlers, routes
from tenants.services.crash_reporting.settings import Settings, parse
from tenants.services.crash_reporting.store import DataError, Store, load
from tenants.services.intake import Intake, RequestLog
from tenants.services.problems import Problem, on_fault, on_http_exception, on_problem
from tenants.services.serving import open_request_log, refuse_start, run, secret_from, serve


def build(store: Store, guard: Guard, log: RequestLog | None) -> ASGIApp:
    """Put the service together; `log` None keeps no request log."""
    starlette = Starlette(
        routes=routes(Handlers(store), guard),
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception, Exception: on_fault},
    )
    return Intake(starlette, log)


async def _serve(settings: Settings, store: Store, secret: str, log: RequestLog | None) -> None:
    issuer = Issuer(settings.issuer, settings.audience, secret)
    guard = Guard(issuer, settings.issuer, settings.audience)
    try:
        await serve(build(store, guard, log), settings.listen)
    finally:
        await issuer.close()


def main(argv: Sequence[str] | None = None) -> None:
    """Run the service until SIGTERM; exit code 2 where a flag or a file is wrong."""
    settings = parse(argv)
    secret = secret_from(settings.introspection_secret_file, "--introspection-secret-file")
    try:
        store = load(settings.data)
    except DataError as error:
        refuse_start(f"--data: {error}")
    run(_serve(settings, store, secret, open_request_log(settings.request_log)))
