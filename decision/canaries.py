"""The questions whose answers are known beforehand, and the judgement on what policy answered to them; pure.

Some must be denied by policy itself. One grant per role must be known to policy: allowed, held, or denied
by a rule that names its own reason. What cannot be undone must not be allowed without a person. A policy that fails one
of them never serves, or stops serving. Changes are asked about where something can be pushed, or merged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from decision.canary_questions import (
    PASS,
    STRANGER,
    VETO,
    change_asked,
    granted_beforehand,
    jury_asked,
    request_asked,
    stranger_asked,
    token_asked,
)
from decision.catalogue import Catalogue, Route
from decision.config import Configuration
from decision.model import Allow, Decision, Deny, Hold, Reason, Source
from decision.output import EXAMPLE_SHA256, passing
from decision.question import Question

_UNGRANTED = ("not_granted", "_unknown", "not_in_token", "incomplete", "mismatch")


@dataclass(frozen=True, slots=True)
class Canary:
    """A question, and whether policy must deny it, must know the grant behind it, or must not allow it by itself."""

    name: str
    question: Question
    expected: Literal["denied", "granted", "not_allowed"]


def canaries(configuration: Configuration, now: int) -> tuple[Canary, ...]:
    """The canaries for a configuration; `now` in Unix seconds."""
    fixed = (
        Canary("stranger's request", stranger_asked(now), "denied"),
        Canary("stranger's token", token_asked(STRANGER, now), "denied"),
    )
    grants, catalogue = configuration.compiled["grants"], configuration.catalogue
    return (
        *fixed,
        *_of_roles(grants, catalogue, now),
        *_of_pushes(grants, catalogue, now),
        *_of_outputs(grants, catalogue, now),
        *_of_people(configuration, now),
    )


def judge(canary: Canary, decision: Decision) -> str | None:
    """What is wrong with the answer to a canary; `None` if nothing is."""
    judges = {"denied": _judge_denied, "granted": _judge_granted, "not_allowed": _judge_not_allowed}
    verdict = judges[canary.expected](decision)
    return None if verdict is None else f"canary {canary.name!r}: {verdict}"


def _judge_denied(decision: Decision) -> str | None:
    match decision:
        case Deny(source=Source.POLICY):
            return None
        case Deny(reasons=reasons):
            return f"policy did not answer ({_codes(reasons)})"
        case Allow():
            return "policy allowed what nobody was granted"
        case Hold():
            return "policy would let a person approve what nobody was granted"


def _judge_granted(decision: Decision) -> str | None:
    match decision:
        case Allow() | Hold():
            return None
        case Deny(source=Source.GATEWAY, reasons=reasons):
            return f"policy did not answer ({_codes(reasons)})"
        case Deny(reasons=reasons):
            if any(reason.code.endswith(_UNGRANTED) for reason in reasons):
                return f"policy does not know a grant of roles.yaml ({_codes(reasons)})"
            return None


def _judge_not_allowed(decision: Decision) -> str | None:
    match decision:
        case Hold() | Deny(source=Source.POLICY):
            return None
        case Deny(reasons=reasons):
            return f"policy did not answer ({_codes(reasons)})"
        case Allow():
            return "policy allowed without a person what cannot be undone"


def _codes(reasons: tuple[Reason, ...]) -> str:
    return ", ".join(reason.code for reason in reasons)


def _of_roles(
    grants: Mapping[str, Mapping[str, Mapping[str, bool]]], catalogue: Catalogue, now: int
) -> Iterator[Canary]:
    for role, services in grants.items():
        route = _granted_route(services, catalogue)
        if route is None:
            continue
        granted = request_asked(role, route, now)
        stranger = msgspec.structs.replace(granted, role=STRANGER)
        unscoped = msgspec.structs.replace(granted, scope=())
        yield Canary(f"request of {role}", granted, "granted")
        yield Canary(f"token of {role}", token_asked(role, now), "granted")
        yield Canary(f"request of {role} by a stranger", stranger, "denied")
        yield Canary(f"request of {role} without scope", unscoped, "denied")


def _of_pushes(
    grants: Mapping[str, Mapping[str, Mapping[str, bool]]], catalogue: Catalogue, now: int
) -> Iterator[Canary]:
    pushes = {
        service.name: route
        for service in catalogue.services.values()
        for route in service.routes
        if route.id == "git-push"
    }
    for push in pushes.values():
        yield Canary(f"stranger's change of {push.service}", change_asked(STRANGER, push, now), "denied")
    for role, services in grants.items():
        may_push = (push for name, push in pushes.items() if push.scope_word in services.get(name, ()))
        route = next(may_push, None)
        if route is None:
            continue
        granted = change_asked(role, route, now)
        elsewhere = msgspec.structs.replace(granted, namespace="refs/heads/")
        unscoped = msgspec.structs.replace(granted, scope=())
        yield Canary(f"change of {role}", granted, "granted")
        yield Canary(f"change of {role} outside its namespace", elsewhere, "denied")
        yield Canary(f"change of {role} without scope", unscoped, "denied")


def _of_outputs(
    grants: Mapping[str, Mapping[str, Mapping[str, bool]]], catalogue: Catalogue, now: int
) -> Iterator[Canary]:
    """What takes effect is denied without its validation, and a jury's proven veto is one."""
    outputs = [route for service in catalogue.services.values() for route in service.routes if route.output]
    if outputs:
        yield Canary("a jury without votes", jury_asked(now, ()), "denied")
        yield Canary("a jury with a veto", jury_asked(now, (VETO, PASS)), "denied")
    for route in outputs:
        role = next(
            (name for name, of in grants.items() if route.scope_word in of.get(route.service, ())), None
        )
        if role is not None:
            name = f"unvalidated {route.output} of {route.service}"
            yield Canary(name, request_asked(role, route, now), "denied")


def _of_people(configuration: Configuration, now: int) -> Iterator[Canary]:
    """What cannot be undone, as well founded as can be, and with a grant that everybody gave beforehand."""
    grants, catalogue = configuration.compiled["grants"], configuration.catalogue
    for service in catalogue.services.values():
        for route in service.routes:
            merging = route.output == "merge-pr" and service.git is not None
            role = next(
                (name for name, of in grants.items() if route.scope_word in of.get(service.name, ())), None
            )
            if role is None or not (route.irreversible or merging):
                continue
            beforehand = granted_beforehand(configuration, "merge" if merging else "irreversible", now)
            asked = {"call_sha256": EXAMPLE_SHA256, "approval": beforehand}
            call = request_asked(role, route, now)
            if route.irreversible:
                found = {"body_sha256": EXAMPLE_SHA256, "validation": passing(route.output)}
                question = msgspec.structs.replace(call, **asked, **(found if route.output else {}))
                yield Canary(f"{route.id} of {service.name} without a person", question, "not_allowed")
            if merging:
                passed = dict.fromkeys(("schema", "semgrep", "tests", "jury"), "passed")
                merge = msgspec.structs.replace(
                    change_asked(role, route, now), action="merge", via="api", evidence=passed, **asked
                )
                yield Canary(f"merge of {service.name} without a person", merge, "not_allowed")


def _granted_route(services: Mapping[str, Mapping[str, bool]], catalogue: Catalogue) -> Route | None:
    """A route that the role may use, and one that can be taken back if there is any."""
    routes = [
        route
        for service, words in services.items()
        for route in catalogue.services[service].routes
        if route.scope_word in words
    ]
    return min(routes, key=lambda route: (route.irreversible, route.service, route.id), default=None)
