"""What a workflow may do, told to its agent before it acts: derived by asking the decision policy itself.

Only what policy allows now is listed, so nothing advertised is denied; nothing of other roles shows.
"""

import asyncio
from typing import Any

from decision.catalogue import Route, Service
from decision.decider import Decider
from decision.model import Allow, Decision, RateLimit
from decision.pdp_model import Policy
from decision.question import RequestQuestion
from decision.route_template import Parameter, parse_template
from gateway.caller import Caller
from gateway.limits import RateLimits


class SelfDescription:
    """Answers `GET /.doorless/self`."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits

    async def of(self, caller: Caller, policy: Policy, now: int) -> dict[str, Any]:
        """Role, services with their allowed routes, limits with what is left of them, and the expiry."""
        catalogue = policy.configuration.catalogue
        services = [catalogue.services[name] for name in sorted(caller.grants) if name in catalogue.services]
        routes = [(service, route) for service in services for route in service.routes]
        decisions = await asyncio.gather(*(_ask(policy.decider, caller, route, now) for _, route in routes))
        allowed = [
            (service, route, decision)
            for (service, route), decision in zip(routes, decisions, strict=True)
            if isinstance(decision, Allow)
        ]
        return {
            "workflow": caller.workflow,
            "role": caller.role,
            "expires_at": caller.expires_at,
            "services": [_service(service, allowed) for service in services],
            "limits": self._limits_of(tuple(decision for _, _, decision in allowed)),
        }

    def _limits_of(self, decisions: tuple[Allow, ...]) -> list[dict[str, Any]]:
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
            path=route.path.replace("{", "").replace("}", ""),
            params={name: name for name in names},
            query="",
            body_bytes=0,
            content_type="",
        )
    )


def _service(service: Service, allowed: list[tuple[Service, Route, Allow]]) -> dict[str, Any]:
    return {
        "name": service.name,
        "base": f"/{service.name}",
        "errors": service.errors,
        "routes": [
            {
                "id": route.id,
                "method": route.method,
                "path": route.path,
                "action": route.action,
                "data": route.data,
            }
            for of, route, _ in allowed
            if of is service
        ],
    }
