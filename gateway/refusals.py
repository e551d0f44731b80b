"""How a refusal looks: one table of status codes, and one writer per client family; pure.

What an agent reads never holds an operator's reason, another role's rules, exception text or an upstream address.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec.structs import replace

from decision.model import Deny, Hold, Reason
from gateway.holding.holds import Opened
from gateway.limits import REFUSALS_KEY, Exceeded
from gateway.wire import Headers

STATUS = {
    "caller.token_expired": 401,
    "caller.workflow_ended": 401,
    "decision_invalid": 503,
    "log_unavailable": 503,
    "obligation_failed": 503,
    "obligation_unsupported": 503,
    "pdp_error": 503,
    "pdp_unavailable": 503,
    "pdp_undefined": 503,
    "push.disk_full": 503,
    "push.failed": 503,
    "push.repository_unknown": 404,
    "rate_limited": 429,
    "request.body_too_large": 413,
    "request.not_found": 404,
    "upstream.failed": 502,
    "upstream.secret_returned": 502,
    "upstream.timeout": 504,
    "upstream.unreachable": 502,
}
"""Status of a refusal by the code of its first reason; 403 for every code that is not here."""

DECISION_HEADER = b"x-doorless-decision"
"""Names the decision in every answer, so that each side can find it in the log."""

SELF_URL = "http://127.0.0.1:8080/.doorless/self"
"""Where an agent reads what it may do, as it is reached inside a room."""

HOLDS_URL = "http://127.0.0.1:8080/.doorless/holds/"
"""Where an agent reads what became of a hold."""

HOLD_HEADER = b"x-doorless-hold"

NOT_FOUND = Reason(
    code="request.not_found",
    message="There is nothing here for this workflow.",
    remedy="GET /.doorless/self lists what this workflow may call.",
    rule="gateway.not_found",
)

NO_APPROVER = Reason(
    code="hold_no_approver",
    message="This call needs a person's approval, and nobody is configured who could give it.",
    remedy="Leave this step to a person; the operator can name approvers.",
    rule="gateway.hold_no_approver",
)


HELD = Reason(
    code="held",
    message="A person must approve this call.",
    remedy="Wait until this very call is approved, then send it again unchanged.",
    rule="gateway.held",
    retry="retry",
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is shown to an agent instead of an answer."""

    status: int
    reasons: tuple[Reason, ...]
    decision: str
    exceeded: Exceeded | None = None
    hold: Opened | None = None
    """What waits for a person."""

    @property
    def message(self) -> str:
        """One text that holds all an agent needs, for clients that show a message and nothing else."""
        told = " ".join(f"{reason.message} [{reason.code}] {reason.remedy}" for reason in self.reasons)
        if self.hold is None:
            return f"{told} (decision {self.decision})"
        state = f"GET {HOLDS_URL}{self.hold.hold} tells its state until {_clock(self.hold.expires_at)}."
        return f"{told} {state} (decision {self.decision}, hold {self.hold.hold})"

    @property
    def held(self) -> dict[str, Any]:
        """The member `hold` of an answer in JSON; nothing where nothing waits."""
        if self.hold is None:
            return {}
        name, expires_at = self.hold.hold, self.hold.expires_at
        return {"hold": {"id": name, "status_url": HOLDS_URL + name, "expires_at": expires_at}}


def refusal_of(
    denied: Deny | Hold,
    decision: str,
    *,
    status: int | None = None,
    exceeded: Exceeded | None = None,
    opened: Opened | None = None,
) -> Refusal:
    """What of a denial may be shown, and under which status. `opened` is the hold that now waits for a person.

    A denial that has no reason for the agent shows as "not found": what a workflow may not know of does not exist.
    """
    shown = tuple(reason for reason in denied.reasons if reason.audience == "agent")
    match denied:
        case Hold() if opened is not None:
            shown = shown or (HELD,)
        case Hold():
            # A rule that says "wait for the approval" would lead nowhere: nobody can give it.
            leads_on = (replace(reason, remedy=NO_APPROVER.remedy, retry="final") for reason in shown)
            shown = (NO_APPROVER, *leads_on)
        case Deny() if not shown:
            return Refusal(404, (NOT_FOUND,), decision)
        case Deny():
            pass
    return Refusal(status or STATUS.get(shown[0].code, 403), shown, decision, exceeded, opened)


def headers_of(refusal: Refusal, content_type: str, length: int) -> Headers:
    """The header block of a refusal. Only a rate limit invites to try again (see `docs/refusals.md`)."""
    headers = [
        (b"content-type", content_type.encode("ascii")),
        (b"content-length", b"%d" % length),
        (b"cache-control", b"no-store"),
        (DECISION_HEADER, refusal.decision.encode("ascii")),
    ]
    if refusal.hold is not None:
        headers.append((HOLD_HEADER, refusal.hold.hold.encode("ascii")))
    exceeded = refusal.exceeded
    if exceeded is None:
        return (*headers, (b"x-should-retry", b"false"))
    limit = exceeded.limit
    name = b"refusals" if limit.key == REFUSALS_KEY else b"role"
    return (
        *headers,
        (b"retry-after", b"%d" % exceeded.retry_after_s),
        (b"ratelimit-policy", b'"%b";q=%d;w=%d' % (name, limit.limit, limit.window_s)),
        (b"ratelimit", b'"%b";r=0;t=%d' % (name, exceeded.retry_after_s)),
    )


def _clock(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def shape_for(service: str, headers: Headers) -> str:
    """The shape of a refusal: that of the service, or what the client asks for.

    `service` is its `errors`, or "" where no service may be known by its shape. What the client says of itself then
    decides, and nothing else, so that the shape tells nothing of what exists.
    """
    if service in {"git", "mcp"}:
        return service
    if b"application/problem+json" in _header(headers, b"accept"):
        return "problem"
    if not service and _header(headers, b"user-agent").startswith(b"git/"):
        return "git"
    return service or "any"


def write(refusal: Refusal, shape: str, body: bytes) -> tuple[int, str, bytes]:
    """Status, content type and body of a refusal in a shape that `shape_for` chose.

    `body` is what was read of the request's body: JSON-RPC answers name the id of their question.
    """
    if shape == "git":
        # After a 401 git asks for a password; ours have none that would help.
        status = 403 if refusal.status == HTTPStatus.UNAUTHORIZED else refusal.status
        return status, "text/plain; charset=utf-8", (refusal.message + "\n").encode()
    if shape == "mcp":
        asked = _asked_id(body)
        # Only a question has an answer; a stream, an end or a notification is refused by status (MCP, transports).
        status = refusal.status if asked is None else 200
        return status, "application/json", msgspec.json.encode(_mcp(refusal, asked))
    if shape == "problem":
        return refusal.status, "application/problem+json", msgspec.json.encode(_problem(refusal))
    if shape == "github":
        # GitHub's own status for all of it. After most others Octokit and PyGithub send the request again, up to ten
        # times, Octokit sooner than `Retry-After` says and PyGithub without a word of the reason in the end.
        refusal = dataclasses.replace(refusal, status=403)
    return refusal.status, "application/json", msgspec.json.encode(_WRITERS[shape](refusal))


def _header(headers: Headers, wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")


def _problem(refusal: Refusal) -> dict[str, Any]:
    """RFC 9457 with extension members; `type` is left out and so means about:blank."""
    return {
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.message,
        "code": refusal.reasons[0].code,
        "decision": refusal.decision,
        "reasons": [
            {"code": reason.code, "message": reason.message, "remedy": reason.remedy, "retry": reason.retry}
            for reason in refusal.reasons
        ],
        **refusal.held,
    }


def _openai(refusal: Refusal) -> dict[str, Any]:
    error = {
        "message": refusal.message,
        "type": "doorless_refusal",
        "param": None,
        "code": refusal.reasons[0].code,
    }
    return {"message": refusal.message, "error": error, "decision": refusal.decision, **refusal.held}


_ANTHROPIC_TYPE = {
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def _anthropic(refusal: Refusal) -> dict[str, Any]:
    kind = _ANTHROPIC_TYPE.get(refusal.status, "permission_error")
    error = {"type": kind, "message": refusal.message, "code": refusal.reasons[0].code}
    told = {"type": "error", "message": refusal.message, "error": error, "decision": refusal.decision}
    return {**told, **refusal.held}


_GITHUB_LIMIT = "You have exceeded a secondary rate limit. "
"""The words that GitHub begins with, by which Octokit knows that it has to wait as long as `Retry-After` says."""


def _github(refusal: Refusal) -> dict[str, Any]:
    message = _GITHUB_LIMIT + refusal.message if refusal.exceeded else refusal.message
    return {
        "message": message,
        "documentation_url": SELF_URL,
        "status": str(refusal.status),
        "error": {"message": message, "code": refusal.reasons[0].code},
        **refusal.held,
    }


_GEMINI_STATUS = {
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def _gemini(refusal: Refusal) -> dict[str, Any]:
    status = _GEMINI_STATUS.get(refusal.status, "PERMISSION_DENIED")
    return {
        "message": refusal.message,
        "error": {"code": refusal.status, "message": refusal.message, "status": status},
        **refusal.held,
    }


def _any(refusal: Refusal) -> dict[str, Any]:
    """One document that every JSON client reads: what no service is named in has no service's shape.

    The members of problem+json, with `message` and `error.message`; `jsonrpc` and the number in `error.code` make it
    an error that MCP clients show too.
    """
    return {
        **_problem(refusal),
        "message": refusal.message,
        "documentation_url": SELF_URL,
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": refusal.status, "message": refusal.message, "type": "doorless_refusal"},
    }


_WRITERS: dict[str, Callable[[Refusal], dict[str, Any]]] = {
    "any": _any,
    "openai": _openai,
    "anthropic": _anthropic,
    "github": _github,
    "gemini": _gemini,
}


def _asked_id(body: bytes) -> str | int | None:
    """The id of the JSON-RPC question in a body, or nothing where there is none to read."""
    try:
        asked = msgspec.json.decode(body, type=_Asked).id
    except msgspec.DecodeError:
        return None
    return asked


class _Asked(msgspec.Struct):
    id: str | int | None = None


def _mcp(refusal: Refusal, asked: str | int | None) -> dict[str, Any]:
    """JSON-RPC 2.0, section 5: an error carries the id of its request, or null where there is none to read."""
    data = {"code": refusal.reasons[0].code, "decision": refusal.decision, **refusal.held}
    error = {"code": -32003, "message": refusal.message, "data": data}
    return {"jsonrpc": "2.0", "id": asked, "error": error}
