"""The control API on the unix socket: the orchestrator's and the operator's door to the issuer.

It translates HTTP into calls of `Issuer` and values into answers, and decides nothing. Who may connect is
settled before a byte is read here (`issuer.peers`). The answers are for our own side and hide no reason.
"""

from typing import Annotated, assert_never

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from audit.faults import LogUnavailable
from issuer.bodies import read_body
from issuer.endings import Endings, LineStream
from issuer.issue import Issuer
from issuer.keyset import write_jwks
from issuer.model import AlreadyEnded, Denied, Issued, IssuedToken, Unavailable, Unknown, Wish
from issuer.replies import failure, json_reply, now, on_http_error
from issuer.workflows import Ending, Workflow

_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,62}\Z")]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,62}(:[a-z][a-z0-9-]{0,62})?\Z")]


class _StartBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    role: _Name
    ttl_s: Annotated[int, msgspec.Meta(ge=0, le=1 << 31)]
    only: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=64)] = ()
    task: Annotated[str, msgspec.Meta(max_length=4096)] = ""


_read_start = msgspec.json.Decoder(_StartBody)


class Control:
    """The handlers of the control API."""

    def __init__(self, issuer: Issuer, endings: Endings) -> None:
        """`endings` must be fed by the issuer's own workflows."""
        self._issuer = issuer
        self._endings = endings

    def app(self) -> Starlette:
        """The application: every route of the control API, and nothing else."""
        return Starlette(
            routes=[
                Route("/workflows", self.start, methods=["POST"]),
                Route("/workflows", self.list, methods=["GET"]),
                Route("/workflows", self.end_all, methods=["DELETE"]),
                Route("/workflows/{workflow}", self.end, methods=["DELETE"]),
                Route("/workflows/{workflow}/tokens", self.renew, methods=["POST"]),
                Route("/endings", self.endings, methods=["GET"]),
                Route("/keys/rotate", self.rotate, methods=["POST"]),
                Route("/.well-known/jwks.json", self.jwks, methods=["GET"]),
            ],
            exception_handlers={HTTPException: on_http_error},
        )

    async def start(self, request: Request) -> Response:
        """Start a workflow: 201 with its first tokens, 403 denied, 503 not decided or not recorded."""
        try:
            body = _read_start.decode(await read_body(request))
        except msgspec.DecodeError as error:
            raise HTTPException(400, f"{error}.") from None
        wish = Wish(role=body.role, ttl_s=body.ttl_s, only=body.only, task=body.task)
        return _answer(await self._issuer.start(wish), started=True)

    async def renew(self, request: Request) -> Response:
        """New tokens for an active workflow: 200, or 404, 409, 403, 503."""
        return _answer(await self._issuer.renew(request.path_params["workflow"]), started=False)

    async def end(self, request: Request) -> Response:
        """End a workflow: 200 whether it was active or had ended already, 404 if there is none."""
        workflow = request.path_params["workflow"]
        if not await self._issuer.end(workflow, _reason(request)):
            return _answer(Unknown(), started=False)
        return json_reply(200, {"workflow": workflow, "state": "ended"})

    async def end_all(self, request: Request) -> Response:
        """End every active workflow."""
        return json_reply(200, {"ended": await self._issuer.end_all(_reason(request))})

    async def list(self, _request: Request) -> Response:
        """Every workflow that is remembered."""
        at = now()
        return json_reply(
            200, {"workflows": [_shown(workflow, at) for workflow in self._issuer.workflows.all()]}
        )

    async def endings(self, _request: Request) -> Response:
        """The stream of endings."""
        return _Stream(self._endings)

    async def rotate(self, _request: Request) -> Response:
        """Publish a new signing key."""
        try:
            return json_reply(200, {"kid": await self._issuer.rotate()})
        except LogUnavailable as error:
            return failure(503, "log_unavailable", f"Nothing was rotated: {error.reason}.")
        except OSError as error:
            return failure(503, "keys_unavailable", f"Nothing was rotated: {error}.")

    async def jwks(self, _request: Request) -> Response:
        """The public keys, as on the public face."""
        return json_reply(200, write_jwks(self._issuer.keys.published(now()).values()))


class _Stream(Response):
    """A response that is the stream of endings; it begins to listen when it is sent."""

    def __init__(self, endings: Endings) -> None:
        super().__init__()
        self._endings = endings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await LineStream(self._endings.lines())(scope, receive, send)


def _answer(result: Issued | Denied | Unavailable | Unknown | AlreadyEnded, *, started: bool) -> Response:
    match result:
        case Issued(workflow=workflow, decision=decision, tokens=tokens):
            shown = {"tokens": [_token(token) for token in tokens]}
            if not started:
                return json_reply(200, shown)
            about = {"workflow": workflow.id, "role": workflow.role, "expires_at": workflow.expires_at}
            return json_reply(201, {**about, "decision": decision, **shown})
        case Denied(reasons=reasons, decision=decision):
            return failure(403, reasons[0].code, reasons[0].message, reasons=reasons, decision=decision)
        case Unavailable(reasons=reasons, decision=decision):
            return failure(503, reasons[0].code, reasons[0].message, reasons=reasons, decision=decision)
        case Unknown():
            return failure(404, "workflow_unknown", "This issuer knows no such workflow.")
        case AlreadyEnded():
            return failure(
                409, "workflow_ended", "The workflow has ended; nothing is issued for it any more."
            )
        case _:
            assert_never(result)


def _token(token: IssuedToken) -> dict[str, object]:
    return {
        "audience": token.audience,
        "scope": token.scope,
        "token": token.compact,
        "expires_at": token.expires_at,
    }


def _shown(workflow: Workflow, at: int) -> dict[str, object]:
    active = workflow.active(at)
    reason = "" if active else str(workflow.ended_reason or Ending.EXPIRED)
    return {
        "workflow": workflow.id,
        "role": workflow.role,
        "state": "active" if active else "ended",
        "started_at": workflow.started_at,
        "expires_at": workflow.expires_at,
        "task": workflow.task,
        "ended_reason": reason,
    }


def _reason(request: Request) -> Ending:
    """The reason in the query; only the clock says `expired`."""
    given = request.query_params.getlist("reason") or [Ending.REVOKED]
    if len(given) > 1 or given[0] not in set(Ending) - {Ending.EXPIRED}:
        raise HTTPException(
            400, "reason is completed, failed, timeout, revoked, lease_lost or secret_leak, once."
        )
    return Ending(given[0])
