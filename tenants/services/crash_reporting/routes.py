"""The routes of the crash-reporting service and the scope word that each one wants.

Handlers read the request, ask the store and answer; who may come in is `guard.py`'s word. Every route but
/health is listed with its scope in `routes`, so that none can be added without one.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenants.services.crash_reporting.events import event_stream
from tenants.services.crash_reporting.guard import Guard
from tenants.services.crash_reporting.model import (
    Report,
    StatusChange,
    contact_view,
    is_time,
    report_view,
    trace_view,
)
from tenants.services.crash_reporting.store import CursorUnknownError, Store, Window
from tenants.services.problems import Problem, json_answer

READ_REPORTS = "read:crash-reports"
READ_TRACES = "read:stack-traces"
WRITE_REPORTS = "write:crash-reports"
READ_CONTACTS = "read:reporter-contacts"

PAGE_LIMIT = 200
BULK_LIMIT = 100
EVENTS_LIMIT = 1_000

Handler = Callable[[Request], Awaitable[Response]]


class Handlers:
    """The handlers over one store. They never authenticate: `routes` does, before each of them."""

    def __init__(self, store: Store) -> None:
        """Serve from `store`."""
        self._store = store

    async def list_reports(self, request: Request) -> Response:
        """GET /reports: one page, oldest first."""
        query = request.query_params
        window = Window(
            since=_time(query.get("since", ""), "since"),
            until=_time(query.get("until", ""), "until"),
            cursor=query.get("cursor", ""),
            limit=_number(query.get("limit", "50"), "limit", PAGE_LIMIT),
        )
        try:
            page = self._store.page(window)
        except CursorUnknownError:
            raise Problem(400, "cursor_unknown", "The cursor is none that this service gave.") from None
        reports = [report_view(report) for report in page.reports]
        return json_answer({"reports": reports, "next_cursor": page.next_cursor})

    async def show_report(self, request: Request) -> Response:
        """GET /reports/{id}."""
        return json_answer(report_view(self._report(request)))

    async def show_reporter(self, request: Request) -> Response:
        """GET /reports/{id}/reporter."""
        return json_answer(contact_view(self._report(request)))

    async def show_trace(self, request: Request) -> Response:
        """GET /stack-traces/{id}."""
        return json_answer(trace_view(self._report(request)))

    async def list_traces(self, request: Request) -> Response:
        """GET /stack-traces?reports=id,id: in the order asked; ids that do not exist are named, not dropped."""
        wanted = [word for word in request.query_params.get("reports", "").split(",") if word]
        if not 1 <= len(wanted) <= BULK_LIMIT:
            raise Problem(400, "reports_invalid", f"`reports` must name 1 to {BULK_LIMIT} report ids.")
        found = {report_id: self._store.get(report_id) for report_id in wanted}
        traces = [trace_view(report) for report in found.values() if report is not None]
        missing = [report_id for report_id, report in found.items() if report is None]
        return json_answer({"stack_traces": traces, "missing": missing})

    async def change_status(self, request: Request) -> Response:
        """POST /reports/{id}/status."""
        try:
            change = msgspec.json.decode(await request.body(), type=StatusChange)
        except msgspec.DecodeError:
            detail = 'The body must be {"status": "open" | "triaged" | "closed"}.'
            raise Problem(400, "body_invalid", detail) from None
        report = self._store.set_status(self._report(request).id, change.status)
        assert report is not None
        return json_answer(report_view(report))

    async def events(self, request: Request) -> Response:
        """GET /events?count=N: N crashes as server-sent events, then the end."""
        count = _number(request.query_params.get("count", "10"), "count", EVENTS_LIMIT)
        return event_stream(self._store, count)

    async def metrics(self, _request: Request) -> Response:
        """GET /internal/metrics: for the operator of this service; no catalogue names it."""
        return Response(f"crash_reports_stored {len(self._store)}\n", media_type="text/plain")

    def _report(self, request: Request) -> Report:
        report = self._store.get(request.path_params["id"])
        if report is None:
            raise Problem(404, "report_unknown", "There is no report with this id.")
        return report


async def health(_request: Request) -> Response:
    """GET /health: the one route without a token."""
    return json_answer({"status": "ok"})


def routes(handlers: Handlers, guard: Guard) -> list[Route]:
    """List every route with its scope word; "" wants a valid token and no particular scope."""

    def guarded(path: str, handler: Handler, scope_word: str, method: str = "GET") -> Route:
        async def admitted(request: Request) -> Response:
            await guard.admit(request, scope_word)
            return await handler(request)

        return Route(path, admitted, methods=[method])

    return [
        Route("/health", health),
        guarded("/reports", handlers.list_reports, READ_REPORTS),
        guarded("/reports/{id}", handlers.show_report, READ_REPORTS),
        guarded("/reports/{id}/status", handlers.change_status, WRITE_REPORTS, "POST"),
        guarded("/reports/{id}/reporter", handlers.show_reporter, READ_CONTACTS),
        guarded("/stack-traces", handlers.list_traces, READ_TRACES),
        guarded("/stack-traces/{id}", handlers.show_trace, READ_TRACES),
        guarded("/events", handlers.events, READ_REPORTS),
        guarded("/internal/metrics", handlers.metrics, ""),
    ]


def _time(text: str, name: str) -> str:
    if text and not is_time(text):
        raise Problem(400, f"{name}_invalid", f"`{name}` must be a UTC time like 2026-11-21T14:05:00Z.")
    return text


def _number(text: str, name: str, limit: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= limit:  # noqa: PLR2004
        raise Problem(400, f"{name}_invalid", f"`{name}` must be a whole number from 1 to {limit}.")
    return int(text)
