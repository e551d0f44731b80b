"""What a workflow may do, told to its agent before it acts: derived by asking the decision policy itself.

Only what policy allows now is listed, or what a person could approve, so nothing advertised is denied; nothing of other
roles shows.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from decision.catalogue import Route, Service
from decision.decider import Decider
from decision.model import Allow, Decision, Hold, RateLimit
from decision.output import EXAMPLE_SHA256, passing
from decision.pdp_model import Policy
from decision.question import RequestQuestion
from decision.route_template import Parameter, example, parse_template
from gateway.caller import Caller
from gateway.git.asked import PUSH_ROUTE
from gateway.git.doors import OPEN_CALLS, has_doors
from gateway.git.identity import identity_of, namespace_of
from gateway.limits import RateLimits

KEPT_S = 5.0
"""How long an answer of policy is told again, in seconds; a new policy or new tokens end it at once."""

_Open = Allow | Hold
"""An answer that is worth telling: a hold where somebody could say yes."""
_Allowed = tuple[tuple[Service, Route, _Open], ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """What policy allowed a caller under one policy, and until when that is told again."""

    caller: Caller
    policy: Policy
    until: float
    asking: "asyncio.Future[_Allowed]"


class SelfDescription:
    """Answers `GET /.doorless/self`."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def of(self, caller: Caller, policy: Policy, now: int) -> dict[str, Any]:
        """Role, services with their allowed routes, limits with what is left of them, and the expiry."""
        allowed = await self._allowed(caller, policy, now)
        services = _services(caller, policy)
        return {
            "workflow": caller.workflow,
            "role": caller.role,
            "expires_at": caller.expires_at,
            "services": [_service(service, caller, allowed) for service in services],
            "limits": self._limits_of(tuple(decision for _, _, decision in allowed)),
        }

    async def _allowed(self, caller: Caller, policy: Policy, now: int) -> "_Allowed":
        """What policy allows, asked at most once in `KEPT_S` for a workflow, however often its agent asks.

        One question leads to as many as there are routes: without this a single agent could keep the engine busy.
        """
        known = self._known.get(caller.workflow)
        if (
            known is None
            or known.caller is not caller
            or known.policy is not policy
            or self._clock() > known.until
        ):
            asking = asyncio.ensure_future(_ask_all(caller, policy, now))
            known = _Known(caller, policy, self._clock() + KEPT_S, asking)
            self._known[caller.workflow] = known
        allowed = await asyncio.shield(known.asking)
        if not allowed:
            self._known.pop(
                caller.workflow, None
            )  # most likely an engine that is just being healed: ask again
        return allowed

    def forget(self, workflow: str) -> None:
        """The workflow has ended."""
        self._known.pop(workflow, None)

    def _limits_of(self, decisions: tuple[_Open, ...]) -> list[dict[str, Any]]:
        known: dict[str, RateLimit] = {}
        for decision in decisions:
            known.update({limit.key: limit for limit in decision.terms.rate_limits})
        return [
            {
                "key": limit.key,
                "limit": limit.limit,
                "window_s": limit.window_s,
                "remaining": self._limits.remaining(limit),
            }
            for limit in known.values()
        ]


def _services(caller: Caller, policy: Policy) -> list[Service]:
    known = policy.catalogue.services
    return [known[name] for name in sorted(caller.grants) if name in known]


async def _ask_all(caller: Caller, policy: Policy, now: int) -> "_Allowed":
    routes = [(service, route) for service in _services(caller, policy) for route in service.routes]
    decisions = await asyncio.gather(*(_ask(policy.decider, caller, route, now) for _, route in routes))
    return tuple(
        (service, route, decision)
        for (service, route), decision in zip(routes, decisions, strict=True)
        if isinstance(decision, Allow) or (isinstance(decision, Hold) and decision.approvers)
    )


async def _ask(decider: Decider, caller: Caller, route: Route, now: int) -> Decision:
    """The decision on an example of a route: each parameter of its path is its own name."""
    names = [segment.name for segment in parse_template(route.path) if isinstance(segment, Parameter)]
    return await decider.ask(
        RequestQuestion(
            now=now,
            workflow=caller.workflow,
            role=caller.role,
            scope=caller.scope_for(route.service),
            service=route.service,
            route=route.id,
            action=route.action,
            data=route.data,
            method=route.method,
            path=example(route.path),
            params={name: name for name in names},
            query="",
            body_bytes=0,
            content_type="",
            started_by=caller.started_by,
            body_sha256=EXAMPLE_SHA256 if route.output else "",
            validation=passing(route.output),
        )
    )


def _git(service: Service, caller: Caller, allowed: "_Allowed") -> dict[str, Any]:
    """Where git finds the repositories, and what a push is allowed to touch and to name; nothing without a git side."""
    granted = {
        route.id
        for of, route, decision in allowed
        if of is service and route.git and isinstance(decision, Allow)
    }
    if service.git is None or not granted:
        return {}
    told: dict[str, Any] = {"url": f"/{service.name}/git/{{owner}}/{{repo}}.git", "base": service.git.base}
    if PUSH_ROUTE in granted:
        identity = identity_of(caller.role, caller.workflow)
        told["push"] = {
            "namespace": namespace_of(caller.workflow),
            "identity": {"name": identity.name, "email": identity.email},
            "require_evidence": list(service.git.require_evidence),
            "by_api": list(OPEN_CALLS) if has_doors(service) else [],
        }
    return {"git": told}


def _service(service: Service, caller: Caller, allowed: "_Allowed") -> dict[str, Any]:
    return {
        "name": service.name,
        "base": f"/{service.name}",
        "errors": service.errors,
        **_git(service, caller, allowed),
        "routes": [
            {
                "id": route.id,
                "method": route.method,
                "path": route.path,
                "action": route.action,
                "data": route.data,
                **({"output": route.output} if route.output else {}),
                **(_held(route) if isinstance(decision, Hold) else {}),
            }
            for of, route, decision in allowed
            # What git asks is told apart: no agent calls it by itself.
            if of is service and not route.git
        ],
    }


def _held(route: Route) -> dict[str, Any]:
    """That a call of this route waits for a person, and whether the approval makes it or the agent repeats it."""
    return {"held": True, "needs": "person", "then": "made" if route.people_credential else "repeat"}
