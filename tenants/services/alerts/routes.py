"""The routes of the alerts service: somebody is woken, and what woke them can be read again.

Every route but /health wants the one API key. It believes what it is told: who may wake somebody, and with what, is
judged before a call comes here.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenants.services.api_key import check_key
from tenants.services.problems import Problem, json_answer

ALERTS_LIMIT = 1_000

Handler = Callable[[Request], Awaitable[Response]]


class Alert(msgspec.Struct, frozen=True):
    """A message to the people of one team."""

    team: Annotated[str, msgspec.Meta(min_length=1, max_length=63)]
    severity: Literal["low", "medium", "high", "critical"]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=8192)]
    links: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()


class Handlers:
    """The handlers over the alerts of this process. They never authenticate: `routes` does, before each of them."""

    def __init__(self) -> None:
        self._alerts: list[Alert] = []

    async def raise_alert(self, request: Request) -> Response:
        """POST /alerts: 201 with its number; kept in memory."""
        try:
            alert = msgspec.json.decode(await request.body(), type=Alert)
        except (msgspec.DecodeError, UnicodeDecodeError):
            message = "The body must be an alert: team, severity, title, summary, and links if there are any."
            raise Problem(400, "body_invalid", message) from None
        if len(self._alerts) >= ALERTS_LIMIT:
            raise Problem(503, "alerts_full", f"This service keeps {ALERTS_LIMIT} alerts.")
        self._alerts.append(alert)
        return json_answer({"number": len(self._alerts)}, 201)

    async def list_alerts(self, _request: Request) -> Response:
        """GET /alerts: all of them, in the order they came."""
        return json_answer({"alerts": self._alerts})


async def health(_request: Request) -> Response:
    """GET /health: the one route without a key."""
    return json_answer({"status": "ok"})


def routes(handlers: Handlers, api_key: str) -> list[Route]:
    """List every route; all but /health want `api_key`."""
    wanted = api_key.encode()

    def keyed(handler: Handler, method: str) -> Route:
        async def admitted(request: Request) -> Response:
            check_key(request, wanted)
            return await handler(request)

        return Route("/alerts", admitted, methods=[method])

    return [
        Route("/health", health),
        keyed(handlers.raise_alert, "POST"),
        keyed(handlers.list_alerts, "GET"),
    ]
