"""How the reference agents call their services: plain HTTP to $DOORLESS_URL, no credential, no proxy settings.

Everything an agent knows of the gateway is here: the address, and how a refusal looks (RFC 9457 problem+json).
Promise: every call ends in a JSON object, a `RefusedError` or an `UnreachableError`.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

DONE = 0
USAGE = 2
REFUSED = 3
UNREACHABLE = 4

ANSWER_LIMIT = 32 * 1024 * 1024  # bytes
_TIMEOUT_S = 30.0
_FIRST_ERROR = 400
_OK = 200
_MADE = 201
_LOOK_EVERY_S = 1.0
_ACCEPT = "application/json, application/problem+json"
"""So that a refusal has its reasons apart, whatever shape its service has."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal, as the gateway words it."""

    code: str
    message: str
    remedy: str


class RefusedError(Exception):
    """The call was refused; `decision` is the id under which the refusal is in the log, "" where none came.

    `hold` is the id under which it waits for a person, "" where it does not.
    """

    def __init__(
        self, request: str, status: int, reasons: tuple[Reason, ...], decision: str, hold: str = ""
    ) -> None:
        super().__init__(f"{request}: {status}")
        self.request = request
        self.status = status
        self.reasons = reasons
        self.decision = decision
        self.hold = hold


class UnreachableError(Exception):
    """The gateway or the service did not answer, or not with what it promises; the text says which."""


class Proxy:
    """One connection pool to the gateway; counts its requests."""

    def __init__(self, client: httpx.Client) -> None:
        """Call through `client`, whose base URL is the gateway."""
        self._client = client
        self.requests = 0

    def get(self, path: str, parameters: Mapping[str, str | int]) -> dict[str, Any]:
        """GET `path` (service first); return the JSON object. Raises RefusedError, UnreachableError."""
        return self._call("GET", path, (_OK,), params=dict(parameters))

    def get_list(self, path: str, parameters: Mapping[str, str | int]) -> list[Any]:
        """GET `path`; return the JSON array. Raises RefusedError, UnreachableError."""
        body, status = self._exchange("GET", path, params=dict(parameters))
        try:
            listed = json.loads(body) if status == _OK else None
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list):
            raise UnreachableError(f"GET {path}: status {status} without the JSON array it promises")
        return listed

    def get_text(self, path: str) -> str:
        """GET `path`; return the text. Raises RefusedError, UnreachableError."""
        body, status = self._exchange("GET", path)
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise UnreachableError(f"GET {path}: status {status} without the text it promises") from None

    def send(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """Send a JSON document; return the JSON object. Raises RefusedError, UnreachableError."""
        return self._call(method, path, (_OK, _MADE), json=dict(document), headers={"Accept": _ACCEPT})

    def send_when_approved(
        self, method: str, path: str, document: Mapping[str, Any], patience_s: float
    ) -> dict[str, Any]:
        """As `send`; a call that waits for a person is sent once more, unchanged, when one said yes."""
        try:
            return self.send(method, path, document)
        except RefusedError as refused:
            if not refused.hold:
                raise
            print(f"waiting: {refused.request}: {refused.hold}", flush=True)
            deadline = time.monotonic() + patience_s
            while self.get(f"/.doorless/holds/{refused.hold}", {}).get("state") == "open":
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_EVERY_S)
            return self.send(method, path, document)

    def _call(self, method: str, path: str, good: tuple[int, ...], **more: Any) -> dict[str, Any]:
        body, status = self._exchange(method, path, **more)
        document = _object(body)
        if status not in good or document is None:
            raise UnreachableError(f"{method} {path}: status {status} without the JSON object it promises")
        return document

    def _exchange(self, method: str, path: str, **more: Any) -> tuple[bytes, int]:
        """The body of an answer that is no error, and its status."""
        self.requests += 1
        request = f"{method} {path}"
        try:
            with self._client.stream(method, path, **more) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if len(body) > ANSWER_LIMIT:
                        raise UnreachableError(f"{request}: the answer is larger than {ANSWER_LIMIT} bytes")
        except httpx.HTTPError as error:
            raise UnreachableError(f"{request}: {str(error) or type(error).__name__}") from error
        if answer.status_code >= _FIRST_ERROR:
            raise _refusal(request, answer.status_code, bytes(body))
        return bytes(body), answer.status_code


def run(url: str, work: Callable[[Proxy], None], timeout_s: float = _TIMEOUT_S) -> int:
    """Do `work` against the gateway at `url`; return the exit code and tell on stderr what went wrong.

    `timeout_s`: how long one call may take; what is judged by checks and a jury first takes longer than most.
    """
    if not url:
        print("error: DOORLESS_URL is not set; start this agent with `doorless run`", file=sys.stderr)
        return USAGE
    try:
        with httpx.Client(base_url=url, timeout=timeout_s, trust_env=False, follow_redirects=False) as client:
            work(Proxy(client))
    except RefusedError as refused:
        print(_told(refused), file=sys.stderr)
        return REFUSED
    except (UnreachableError, httpx.InvalidURL) as trouble:
        print(printable(f"error: {trouble}; is the gateway at {url} up?"), file=sys.stderr)
        return UNREACHABLE
    return DONE


def printable(text: str) -> str:
    """Return `text` with every control character escaped: what a report quotes was written by strangers."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def _told(refused: RefusedError) -> str:
    lines = [f"refused: {refused.request} ({refused.status})"]
    for reason in refused.reasons:
        lines.append(f"  code:     {reason.code}")
        lines.append(f"  reason:   {reason.message}")
        lines.append(f"  remedy:   {reason.remedy}")
    lines.append(f"  decision: {refused.decision or 'none given'}")
    return "\n".join(printable(line) for line in lines)


def _refusal(request: str, status: int, body: bytes) -> RefusedError | UnreachableError:
    """Read a problem document; an error without a code is trouble, not a refusal."""
    problem = _object(body)
    if problem is None or not isinstance(problem.get("code"), str):
        return UnreachableError(f"{request}: status {status}, and no problem document that says why")
    listed = problem.get("reasons")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    reasons = tuple(_reason(entry) for entry in entries or [problem])
    waiting = problem.get("hold")
    hold = _text(waiting, "id") if isinstance(waiting, dict) else ""
    return RefusedError(request, status, reasons, _text(problem, "decision"), hold)


def _reason(entry: Mapping[str, Any]) -> Reason:
    message = _text(entry, "message") or _text(entry, "detail") or "no reason given"
    return Reason(_text(entry, "code"), message, _text(entry, "remedy") or "none given")


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
