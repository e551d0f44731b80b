"""The secret that readers of the log show: read from its file, compared in constant time; and how a refusal looks.

Knows nothing of what is read.
"""

import hmac
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from audit.faults import LogMissing

SHORTEST_SECRET: Final = 16
NO_STORE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Refusal(Exception):
    """What is asked is not answered; `status`, `code` and the text go to who asked."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code

    def answer(self) -> Response:
        """The refusal as a problem document (RFC 9457)."""
        told = {"type": "about:blank", "status": self.status, "code": self.code, "detail": str(self)}
        headers = {**NO_STORE, "content-type": "application/problem+json"}
        return Response(msgspec.json.encode(told), self.status, headers=headers)


def read_secret(file: Path) -> str:
    """The secret in a file. Raises LogMissing, which is how a program ends without it."""
    try:
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LogMissing(f"the secret that readers show cannot be read: {error}") from error
    if len(secret) < SHORTEST_SECRET:
        raise LogMissing(f"the secret in {file} is shorter than {SHORTEST_SECRET} characters")
    return secret


def is_shown(request: Request, secret: str) -> bool:
    """Whether a request shows the secret, as `Authorization: Bearer SECRET`."""
    given = request.headers.get("authorization", "").encode()
    return hmac.compare_digest(given, f"Bearer {secret}".encode())


def json_answer(document: Any) -> Response:
    """A document, not to be stored on the way."""
    return Response(msgspec.json.encode(document), headers={**NO_STORE, "content-type": "application/json"})
