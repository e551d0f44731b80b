"""Standing grants as part of the operator's socket: give, show, take back. Who speaks is told by the kernel."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from audit.faults import LogUnavailable
from decision.catalogue import Catalogue
from decision.pdp_model import Policy
from gateway.holding.approvals_api import person_of
from gateway.holding.granting import Granting
from gateway.holding.means import Unheard
from gateway.holding.standing import LONGEST_S, GrantTerms


@dataclass(frozen=True, slots=True)
class GrantsApi:
    """The routes, and what they need."""

    granting: Granting
    policy: Callable[[], Policy]
    """The one in force."""

    def routes(self) -> list[Route]:
        """For the operator's application."""
        return [
            Route("/grants", self.list, methods=["GET"]),
            Route("/grants", self.give, methods=["POST"]),
            Route("/grants/{grant}", self.revoke, methods=["DELETE"]),
        ]

    async def list(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        """Those that stand."""
        return JSONResponse({"grants": [asdict(grant) for grant in self.granting.all()]})

    async def give(self, request: Request) -> Response:
        """The caller grants something for a time."""
        person = person_of(request)
        try:
            terms = msgspec.json.decode(await request.body(), type=GrantTerms)
            fault = _fault(terms, person, self.policy().catalogue)
            if fault:
                return _unheard(fault)
            grant = await self.granting.give(terms, person or "", self.policy().revision)
        except msgspec.DecodeError as error:
            return JSONResponse({"code": "body_invalid", "message": str(error)}, 400)
        except ValueError:
            return _unheard("grant.too_long")
        except LogUnavailable as error:
            return JSONResponse({"code": "log_unavailable", "message": str(error)}, 503)
        return JSONResponse(asdict(grant))

    async def revoke(self, request: Request) -> Response:
        """Whoever reaches this socket may take a grant back."""
        person = person_of(request)
        if person is None:
            return _unheard("hold.nobody")
        try:
            await self.granting.revoke(request.path_params["grant"], person)
        except Unheard as unheard:
            return _unheard(unheard.code)
        except LogUnavailable as error:
            return JSONResponse({"code": "log_unavailable", "message": str(error)}, 503)
        return JSONResponse({})


def _fault(terms: GrantTerms, person: str | None, catalogue: Catalogue) -> str:
    """Why a grant would not count, as a code; empty where it would, if policy names the person."""
    if person is None:
        return "hold.nobody"
    service = catalogue.services.get(terms.service)
    routes = () if service is None else service.routes
    route = next((route for route in routes if route.id == terms.route), None)
    if route is None:
        return "grant.route_unknown"
    return "grant.irreversible" if route.irreversible else ""


def _unheard(code: str) -> JSONResponse:
    return JSONResponse({"code": code, "message": _TEXTS[code]}, 404 if code.endswith("unknown") else 409)


_TEXTS = {
    "hold.nobody": "Your user has no name on this machine, so nobody could be named as the approver.",
    "grant.unknown": "There is no such grant, or its time is over.",
    "grant.route_unknown": "The catalogue has no such service and route.",
    "grant.irreversible": "That route cannot be undone: each call of it needs an approval of its own.",
    "grant.too_long": f"A grant stands for at most {LONGEST_S} seconds, and for at least one.",
}
