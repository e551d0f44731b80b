"""The routes of the telemetry service: queries, the list of series, annotations.

Every route but /health wants the one API key, compared in constant time. Promise: a wrong query is answered with
the position and what was expected, never with a fault.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenants.services.api_key import check_key
from tenants.services.problems import Problem, json_answer
from tenants.services.telemetry.evaluation import Axis, EvaluationError, evaluate
from tenants.services.telemetry.language import parse
from tenants.services.telemetry.series import Series
from tenants.services.telemetry.tokenizer import QueryError

ANNOTATIONS_LIMIT = 1_000
TEXT_LIMIT = 500  # characters

Handler = Callable[[Request], Awaitable[Response]]


class QueryBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /query`."""

    q: str


class Annotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A remark on the time axis; `time` is in unix seconds."""

    time: int
    text: str


class Handlers:
    """The handlers over one set of series. They never authenticate: `routes` does, before each of them."""

    def __init__(self, stored: list[Series], axis: Axis) -> None:
        """Serve `stored`, whose samples lie on `axis`."""
        self._stored = stored
        self._axis = axis
        self._annotations: list[Annotation] = []

    async def get_query(self, request: Request) -> Response:
        """GET /query?q=…"""
        return self._answer(request.query_params.get("q", ""))

    async def post_query(self, request: Request) -> Response:
        """POST /query with {"q": …}: the same answers, for queries too long for a target."""
        try:
            body = msgspec.json.decode(await request.body(), type=QueryBody)
        except msgspec.DecodeError:
            raise Problem(400, "body_invalid", 'The body must be {"q": "a query"}.') from None
        return self._answer(body.q)

    async def list_series(self, _request: Request) -> Response:
        """GET /series: each metric with its labels and their values."""
        metrics: dict[str, dict[str, list[str]]] = {}
        for series in self._stored:
            labels = metrics.setdefault(series.metric, {})
            for name, value in series.labels.items():
                if value not in labels.setdefault(name, []):
                    labels[name].append(value)
        axis = {"begin": self._axis.begin, "end": self._axis.end, "step_s": self._axis.step_s}
        return json_answer({"axis": axis, "metrics": metrics})

    async def add_annotation(self, request: Request) -> Response:
        """POST /annotations: the one write; kept in memory."""
        try:
            annotation = msgspec.json.decode(await request.body(), type=Annotation)
        except msgspec.DecodeError:
            raise Problem(
                400, "body_invalid", 'The body must be {"time": unix seconds, "text": "…"}.'
            ) from None
        if not 1 <= len(annotation.text) <= TEXT_LIMIT:
            raise Problem(400, "text_invalid", f"`text` must hold 1 to {TEXT_LIMIT} characters.")
        if len(self._annotations) >= ANNOTATIONS_LIMIT:
            raise Problem(503, "annotations_full", f"This service keeps {ANNOTATIONS_LIMIT} annotations.")
        self._annotations.append(annotation)
        return json_answer({"number": len(self._annotations)}, 201)

    async def list_annotations(self, _request: Request) -> Response:
        """GET /annotations: all of them, in the order they came."""
        return json_answer({"annotations": self._annotations})

    def _answer(self, text: str) -> Response:
        try:
            return json_answer(evaluate(parse(text), self._stored, self._axis))
        except QueryError as error:
            extra: dict[str, str | int] = {"position": error.position, "expected": error.expected}
            raise Problem(400, "query_invalid", f"The query is wrong {error}.", extra) from None
        except EvaluationError as error:
            raise Problem(400, "query_unanswerable", f"The query cannot be answered: {error}.") from None


async def health(_request: Request) -> Response:
    """GET /health: the one route without a key."""
    return json_answer({"status": "ok"})


def routes(handlers: Handlers, api_key: str) -> list[Route]:
    """List every route; all but /health want `api_key`."""
    wanted = api_key.encode()

    def keyed(path: str, handler: Handler, method: str = "GET") -> Route:
        async def admitted(request: Request) -> Response:
            check_key(request, wanted)
            return await handler(request)

        return Route(path, admitted, methods=[method])

    return [
        Route("/health", health),
        keyed("/query", handlers.get_query),
        keyed("/query", handlers.post_query, "POST"),
        keyed("/series", handlers.list_series),
        keyed("/annotations", handlers.add_annotation, "POST"),
        keyed("/annotations", handlers.list_annotations),
    ]
