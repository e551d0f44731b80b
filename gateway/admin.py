"""The operator's side of the gateway: channels, status and policy, as HTTP on a unix socket of mode 0600.

Opening a channel answers with a stream, the lease: whoever holds it holds the channel.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from audit.faults import LogUnavailable
from decision.pdp import Pdp
from decision.pdp_model import Activated, Refused, Unchanged
from gateway.caller import TokensDisagree
from gateway.channel import Channel
from gateway.channels import ChannelRefused, Channels
from gateway.holding.approvals_api import ApprovalsApi, person_of
from gateway.holding.grants_api import GrantsApi
from gateway.issuer_link import IssuerLink, IssuerUnavailable, TokenRefused
from gateway.shadow.api import ShadowApi

MAX_BODY_BYTES = 256 * 1024

_STATUS = {
    "body_invalid": 400,
    "channel_closed": 409,
    "channel_open": 409,
    "channel_unknown": 404,
    "issuer_unavailable": 503,
    "log_unavailable": 503,
    "token_refused": 403,
    "tokens_disagree": 403,
}
"""Status by code; 500 for what is not here: a fault of this machine."""


class _Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    workflow: str
    tokens: tuple[str, ...]


class _Renew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Admin:
    """The admin application's parts, wired in `app.py`."""

    channels: Channels
    issuer: IssuerLink
    pdp: Pdp
    status: Callable[[], dict[str, Any]]
    approvals: ApprovalsApi
    grants: GrantsApi
    shadow: ShadowApi

    def application(self) -> Starlette:
        """The Starlette application."""
        return Starlette(
            routes=[
                Route("/channels", self.open, methods=["POST"]),
                Route("/channels", self.show_channels, methods=["GET"]),
                Route("/channels", self.close_all, methods=["DELETE"]),
                Route("/channels/{workflow}", self.close, methods=["DELETE"]),
                Route("/channels/{workflow}/tokens", self.renew, methods=["PUT"]),
                Route("/status", self.show_status, methods=["GET"]),
                Route("/policy/reload", self.reload, methods=["POST"]),
                *self.approvals.routes(),
                *self.grants.routes(),
                *self.shadow.routes(),
            ]
        )

    async def open(self, request: Request) -> Response:
        """Open a channel for verified tokens; the answer is its lease."""
        try:
            asked = msgspec.json.decode(await _body(request), type=_Open)
            caller = await self.issuer.caller(asked.tokens)
            if caller.workflow != asked.workflow:
                raise TokensDisagree("the tokens are for another workflow")
            caller = replace(caller, started_by=person_of(request) or "")
            channel = await self.channels.open(caller)
            await self._keep_if_active(channel)
        except _FORESEEN as error:
            return _refuse(error)
        return StreamingResponse(self._lease(channel), media_type="application/x-ndjson")

    async def renew(self, request: Request) -> Response:
        """Hand over fresh tokens for an open channel."""
        try:
            asked = msgspec.json.decode(await _body(request), type=_Renew)
            caller = await self.issuer.caller(asked.tokens)
            if caller.workflow != request.path_params["workflow"]:
                raise TokensDisagree("the tokens are for another workflow")
            self.channels.renew(caller)
        except _FORESEEN as error:
            return _refuse(error)
        return JSONResponse({"workflow": caller.workflow, "expires_at": caller.expires_at})

    async def show_channels(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """Every open channel."""
        return JSONResponse({"channels": [_describe(channel) for channel in self.channels.all()]})

    async def close(self, request: Request) -> Response:
        """Close one channel at once."""
        workflow = request.path_params["workflow"]
        if not self.channels.close(workflow, request.query_params.get("reason", "revoked")):
            return _refuse(ChannelRefused("channel_unknown", f"workflow {workflow} has no channel"))
        return JSONResponse({"workflow": workflow, "state": "closed"})

    async def close_all(self, request: Request) -> Response:
        """The kill switch: close every channel at once."""
        closed = self.channels.close_all(request.query_params.get("reason", "stopped"))
        return JSONResponse({"closed": list(closed)})

    async def show_status(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """What is in force and what is well."""
        return JSONResponse(self.status())

    async def reload(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """Bring the policy folder's content into force now, or say why not."""
        match await self.pdp.reload():
            case Activated(revision=revision):
                return JSONResponse({"revision": revision, "changed": True})
            case Unchanged(revision=revision):
                return JSONResponse({"revision": revision, "changed": False})
            case Refused(errors=errors):
                return JSONResponse({"errors": [msgspec.to_builtins(error) for error in errors]}, 422)

    async def _keep_if_active(self, channel: Channel) -> None:
        """Close a channel again whose workflow has ended: its tokens still verify, and its end was told before.

        Asked once the channel is open, so that an end falls either into this answer or into the stream of endings.
        """
        workflow, active = channel.tenant.workflow, False
        try:
            active = await self.issuer.is_active(workflow)
        finally:
            if not active:
                self.channels.close(workflow, "workflow_ended")
        if not active:
            raise TokenRefused("token.workflow_ended: The workflow of these tokens has ended.")

    async def _lease(self, channel: Channel) -> AsyncIterator[bytes]:
        """The life of a channel as lines. When the reader goes, the channel goes, and the issuer is told."""
        workflow = channel.tenant.workflow
        try:
            yield _line({"event": "opened", **_describe(channel)})
            await channel.closed.wait()
            yield _line({"event": "closed", "workflow": workflow, "reason": channel.reason})
        finally:
            if self.channels.close(workflow, "lease_lost"):
                self.issuer.end_later(workflow, "lease_lost")


_FORESEEN = (
    msgspec.DecodeError,
    ChannelRefused,
    IssuerUnavailable,
    LogUnavailable,
    TokenRefused,
    TokensDisagree,
)


def _refuse(error: Exception) -> JSONResponse:
    match error:
        case ChannelRefused():
            code = error.code
        case IssuerUnavailable():
            code = "issuer_unavailable"
        case LogUnavailable():
            code = "log_unavailable"
        case TokenRefused():
            code = "token_refused"
        case TokensDisagree():
            code = "tokens_disagree"
        case _:
            code = "body_invalid"
    return JSONResponse({"code": code, "message": str(error)}, _STATUS.get(code, 500))


async def _body(request: Request) -> bytes:
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BODY_BYTES:
            raise ChannelRefused("body_invalid", f"the body is over {MAX_BODY_BYTES} bytes")
    return bytes(read)


def _describe(channel: Channel) -> dict[str, Any]:
    caller = channel.tenant.caller
    return {
        "workflow": channel.tenant.workflow,
        "role": channel.tenant.role,
        "socket": str(channel.socket),
        "uid": channel.uid,
        "expires_at": 0 if caller is None else caller.expires_at,
    }


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode() + b"\n"
