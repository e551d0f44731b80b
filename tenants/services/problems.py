"""Answers of the reference services: JSON bodies and RFC 9457 problem documents, nothing else.

No route and no rule lives here. Promise: a refusal never carries exception text or a credential.
"""

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    413: "Body too large",
    503: "Not available",
}


class Problem(Exception):
    """A refusal that a handler raises and the client sees.

    `status` is the HTTP status, `code` a stable word, `detail` one sentence for a person, `extra` further
    members of the problem document (RFC 9457, section 3.2), and `challenge` the WWW-Authenticate value, which
    every 401 has (RFC 9110, section 15.5.2).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        extra: Mapping[str, str | int] | None = None,
        challenge: str = "",
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = extra or {}
        self.challenge = challenge


def json_answer(value: object, status: int = 200) -> Response:
    """Return `value` as an `application/json` response."""
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def problem_answer(problem: Problem) -> Response:
    """Return `problem` as `application/problem+json`."""
    document = {
        "type": "about:blank",
        "title": _TITLES.get(problem.status, "Refused"),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **problem.extra,
    }
    response = Response(msgspec.json.encode(document), problem.status, media_type="application/problem+json")
    if problem.challenge:
        response.headers["WWW-Authenticate"] = problem.challenge
    return response


async def on_problem(_request: Request, error: Exception) -> Response:
    """Answer a raised `Problem`."""
    assert isinstance(error, Problem)
    return problem_answer(error)


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """Answer what Starlette's router refuses (404, 405) in the same shape."""
    assert isinstance(error, HTTPException)
    code = {404: "route_unknown", 405: "method_not_allowed"}.get(error.status_code, "refused")
    answer = problem_answer(Problem(error.status_code, code, "This service has no such route."))
    answer.headers.update(error.headers or {})
    return answer


async def on_fault(_request: Request, _error: Exception) -> Response:
    """Answer a fault of ours without a word about it; uvicorn prints the trace on our own stderr."""
    return problem_answer(Problem(500, "internal", "The service failed; its operator sees why."))
