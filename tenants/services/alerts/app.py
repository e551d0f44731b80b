"""Wiring of the alerts service: settings, routes, one listener.

By hand, in one place; nothing is decided here.
"""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from tenants.services.alerts.routes import Handlers, routes
from tenants.services.alerts.settings import parse
from tenants.services.intake import Intake, RequestLog
from tenants.services.problems import Problem, on_fault, on_http_exception, on_problem
from tenants.services.serving import open_request_log, run, secret_from, serve


def build(api_key: str, log: RequestLog | None) -> ASGIApp:
    """Put the service together; `log` None keeps no request log."""
    starlette = Starlette(
        routes=routes(Handlers(), api_key),
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception, Exception: on_fault},
    )
    return Intake(starlette, log)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the service until SIGTERM; exit code 2 where a flag or a file is wrong."""
    settings = parse(argv)
    api_key = secret_from(settings.api_key_file, "--api-key-file")
    log = open_request_log(settings.request_log)
    run(serve(build(api_key, log), settings.listen))
