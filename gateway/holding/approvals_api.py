"""What persons ask about holds, and what they say of them, as part of the operator's socket.

Who speaks is the user of the process at the other end, as the kernel tells it; a request never says it.
"""

import asyncio
import json
import pwd
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from audit.entry import quote_untrusted
from audit.faults import LogUnavailable
from decision.pdp_model import Policy
from gateway.holding.account import Account, Accounts
from gateway.holding.approvals import Approvals
from gateway.holding.holds import Hold, State
from gateway.holding.means import Unheard
from gateway.holding.performing import NotPerformed, Performing
from gateway.holding.protected import protected_paths

PEER_KEY = "doorless.peer_uid"
"""Where the uid of the peer stands in the ASGI scope."""
REASON_LIMIT = 500
MAX_BODY_BYTES = 64 * 1024
MOST_SHOWN = 10_000
HEARTBEAT_S = 15.0

_STATUS = {"hold.unknown": 404, "hold.not_an_approver": 403, "hold.nobody": 403}


class _Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalsApi:
    """The routes, and what they need."""

    approvals: Approvals
    performing: Performing
    accounts: Accounts
    policy: Callable[[], Policy]
    """The one in force."""
    own_only: bool = False
    """Whether a person sees nothing but the holds that are theirs to decide."""

    def routes(self) -> list[Route]:
        """For the operator's application."""
        return [
            Route("/holds", self.list, methods=["GET"]),
            Route("/holds/watch", self.watch, methods=["GET"]),
            Route("/holds/{hold}", self.show, methods=["GET"]),
            Route("/holds/{hold}/account", self.account, methods=["GET"]),
            Route("/holds/{hold}/approve", self.approve, methods=["POST"]),
            Route("/holds/{hold}/refuse", self.refuse, methods=["POST"]),
            Route("/holds/{hold}/delivered", self.delivered, methods=["POST"]),
        ]

    def approvers_routes(self) -> list[Route]:
        """For persons beside the operator: what it takes to decide, and nothing more."""
        offered = {self.list, self.show, self.account, self.approve, self.refuse}
        return [route for route in self.routes() if route.endpoint in offered]

    async def list(self, request: Request) -> Response:
        """What waits now, oldest first, and how many they are."""
        try:
            limit = min(MOST_SHOWN, int(request.query_params.get("limit", "100")))
        except ValueError:
            return JSONResponse({"code": "limit_invalid", "message": "`limit` is a number"}, 400)
        person = person_of(request)
        waiting = [hold for hold in self.approvals.open_ones() if self._sees(hold, person)]
        for hold in waiting[:limit]:
            self._tell(hold, person)
        told = {"count": len(waiting), "holds": [self._told(hold) for hold in waiting[:limit]]}
        # Ten thousand of them must not hold up the requests of agents: this takes a tenth of json's time.
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def show(self, request: Request) -> Response:
        """One hold, whatever became of it, until its time is over."""
        hold = self._found(request)
        if hold is None:
            return _unheard("hold.unknown")
        self._tell(hold, person_of(request))
        return JSONResponse(self._told(hold))

    async def account(self, request: Request) -> Response:
        """The same, with all that the log knows behind it, and last what the agent sent."""
        hold = self._found(request)
        if hold is None:
            return _unheard("hold.unknown")
        self._tell(hold, person_of(request))
        policy = self.policy()
        try:
            account = await self.accounts.of(hold.opened)
        except LogUnavailable as error:
            return JSONResponse({"code": "log_unavailable", "message": str(error)}, 503)
        told = {
            "hold": self._told(hold),
            "credential": _credential(hold, policy),
            "protected": _protected(account, policy),
            **msgspec.structs.asdict(account),
        }
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def approve(self, request: Request) -> Response:
        """The caller says yes."""
        person = person_of(request)
        if person is None:
            return _unheard("hold.nobody")
        try:
            await _body(request)  # nothing in it counts, and what is left of it would end the connection
            hold = await self.approvals.approve(request.path_params["hold"], person, self.policy().revision)
            performed = await self._perform(hold, person)
        except msgspec.DecodeError as error:
            return JSONResponse({"code": "body_invalid", "message": str(error)}, 400)
        except Unheard as unheard:
            return _unheard(unheard.code)
        except NotPerformed as fault:
            message = f"It is approved, and was not made: {fault.code} {fault.decision}".rstrip()
            return JSONResponse({"code": fault.code, "message": message}, 409)
        except LogUnavailable as error:
            return JSONResponse({"code": "log_unavailable", "message": str(error)}, 503)
        return JSONResponse({**self._told(hold), "performed": performed})

    async def _perform(self, hold: Hold, person: str) -> dict[str, Any] | None:
        """Make the call, where that is what an approval of it does."""
        if not hold.opened.kept or self.approvals.state(hold) is not State.APPROVED:
            return None
        return asdict(await self.performing.perform(hold, person))

    async def refuse(self, request: Request) -> Response:
        """The caller says no."""
        person = person_of(request)
        if person is None:
            return _unheard("hold.nobody")
        try:
            said = msgspec.json.decode(await _body(request) or b"{}", type=_Said)
            reason = quote_untrusted(said.reason, REASON_LIMIT)
            hold = await self.approvals.refuse(request.path_params["hold"], person, reason)
        except msgspec.DecodeError as error:
            return JSONResponse({"code": "body_invalid", "message": str(error)}, 400)
        except Unheard as unheard:
            return _unheard(unheard.code)
        except LogUnavailable as error:
            return JSONResponse({"code": "log_unavailable", "message": str(error)}, 503)
        return JSONResponse(self._told(hold))

    async def delivered(self, request: Request) -> Response:
        """The console sent a hold to where persons read."""
        hold = self.approvals.get(request.path_params["hold"])
        if hold is None:
            return _unheard("hold.unknown")
        self.approvals.notices.told(hold, "webhook")
        return JSONResponse({})

    async def watch(self, request: Request) -> Response:
        """What waits now and each hold that is opened from now on, one line each; an empty line when all is quiet."""
        return StreamingResponse(self._lines(person_of(request)), media_type="application/x-ndjson")

    async def _lines(self, person: str | None) -> AsyncIterator[bytes]:
        queue = self.approvals.notices.watch()
        try:
            for hold in self.approvals.open_ones():
                self._tell(hold, person)
                yield json.dumps(self._told(hold)).encode() + b"\n"
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        hold = await queue.get()
                except TimeoutError:
                    yield b"\n"  # so that a reader that has gone is noticed
                    continue
                self._tell(hold, person)
                yield json.dumps(self._told(hold)).encode() + b"\n"
        finally:
            self.approvals.notices.unwatch(queue)

    def _found(self, request: Request) -> Hold | None:
        """The hold that a request names, if this person may see it."""
        hold = self.approvals.get(request.path_params["hold"])
        return hold if hold is not None and self._sees(hold, person_of(request)) else None

    def _sees(self, hold: Hold, person: str | None) -> bool:
        return not self.own_only or person in hold.opened.approvers

    def _tell(self, hold: Hold, person: str | None) -> None:
        """A hold reached somebody only where that is one who may approve it."""
        if person is not None and person in hold.opened.approvers:
            self.approvals.notices.told(hold, person)

    def _told(self, hold: Hold) -> dict[str, Any]:
        opened = hold.opened
        return {
            "hold": opened.hold,
            "state": str(self.approvals.state(hold)),
            "template": opened.template,
            "why": opened.why,
            "workflow": opened.workflow,
            "role": opened.role,
            "service": opened.service,
            "route": opened.route,
            "target": opened.target,
            "body_bytes": opened.body_bytes,
            "digest": opened.digest,
            "decision": opened.decision,
            "revision": opened.revision,
            "opened_at": opened.at,
            "expires_at": opened.expires_at,
            "approvers": list(opened.approvers),
            "needed": opened.needed,
            "change": opened.change,
            "by_people": opened.kept != "",
            "approved_by": [{"approver": said.approver, "at": said.at} for said in hold.approvals],
            "used_by": "" if hold.used is None else hold.used.decision,
            "refused_by": None if hold.refusal is None else hold.refusal.approver,
            "reason": "" if hold.refusal is None else hold.refusal.reason,
        }


def person_of(request: Request) -> str | None:
    """The user at the other end of the socket; nobody where that uid has no name here, as agents' have none."""
    return name_of(request.scope.get(PEER_KEY))


def name_of(uid: int | None) -> str | None:
    """The login name of a user of this machine."""
    try:
        return None if uid is None else pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


async def _body(request: Request) -> bytes:
    """A small body. Raises msgspec.DecodeError for one that is not."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MAX_BODY_BYTES:
            raise msgspec.DecodeError(f"the body has over {MAX_BODY_BYTES} bytes")
    return bytes(read)


def _credential(hold: Hold, policy: Policy) -> str:
    """The reference under which the credential of the approved call is kept; never what it is."""
    service = policy.catalogue.services.get(hold.opened.service)
    routes = () if service is None else service.routes
    route = next((route for route in routes if route.id == hold.opened.route), None)
    if route is None:
        return ""
    return route.people_credential if hold.opened.kept else route.credential or ""


def _protected(account: Account, policy: Policy) -> dict[str, list[str]]:
    asked = (account.change.input if account.change else None) or {}
    return protected_paths(asked.get("facts", {}), policy.configuration.compiled.get("protected", {}))


def _unheard(code: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": _TEXTS.get(code, "")}, _STATUS.get(code, 409))


_TEXTS = {
    "hold.unknown": "There is no such hold, or its time is over.",
    "hold.nobody": "Your user has no name on this machine, so nobody could be named as the approver.",
    "hold.not_an_approver": "Your user is not among the approvers of this hold.",
    "hold.approved_already": "You have approved it already; it needs another person too.",
    "hold.approved": "It is approved already and waits for the agent to repeat the call.",
    "hold.used": "Its approval was used already.",
    "hold.refused": "It was refused already.",
    "hold.void": "It is void: what was held is no more what would be done.",
    "hold.expired": "Its time is over; the agent may send the call again.",
    "hold.policy_changed": "The policy has changed since it was opened, so it is void; the agent may send the call again.",
}
