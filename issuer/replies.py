"""Answers as JSON, in one shape on both faces of the issuer."""

import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from decision.model import Reason


def json_reply(status: int, document: object, headers: Mapping[str, str] | None = None) -> Response:
    """The document as JSON, not to be stored by anybody unless `headers` say otherwise."""
    given = {"cache-control": "no-store", "content-type": "application/json", **(headers or {})}
    return Response(msgspec.json.encode(document), status, given)


def failure(
    status: int, code: str, message: str, *, reasons: Sequence[Reason] = (), decision: str = ""
) -> Response:
    """A refusal: its code and message, and where there was a decision all its reasons and its id."""
    document: dict[str, object] = {"code": code, "message": message}
    if reasons:
        document["reasons"] = reasons
    if decision:
        document["decision"] = decision
    return json_reply(status, document)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """What Starlette or a handler refused, in our shape."""
    if not isinstance(error, HTTPException):
        raise error
    code = "request." + HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return json_reply(error.status_code, {"code": code, "message": error.detail}, error.headers)


def now() -> int:
    """Unix seconds."""
    return int(time.time())
