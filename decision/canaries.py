"""The questions whose answers are known beforehand, and the judgement on what policy answered to them; pure.

Some must be denied by policy itself. One grant per role must be known to policy: allowed, held, or denied
by a rule that names its own reason. A policy that fails one of them never serves, or stops serving. Changes are
asked about where something can be pushed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from decision.catalogue import Catalogue, Route
from decision.change import BaseFact, ChangeFacts, FileFact, Person, RefFact, Totals
from decision.config import Configuration
from decision.jury import JurorFact, JuryFinding, JuryQuestion, Vote
from decision.model import Allow, Decision, Deny, Hold, Reason, Source
from decision.question import ChangeQuestion, Question, RequestQuestion, TokenQuestion
from decision.route_template import Parameter, parse_template

STRANGER = "doorless-canary"
"""A role, service and scope word that no configuration should declare."""

_UNGRANTED = ("not_granted", "_unknown", "not_in_token", "incomplete", "mismatch")
_WORKFLOW = "wf-canary"


@dataclass(frozen=True, slots=True)
class Canary:
    """A question, and whether policy must deny it or must know the grant behind it."""

    name: str
    question: Question
    expected: Literal["denied", "granted"]


def canaries(configuration: Configuration, now: int) -> tuple[Canary, ...]:
    """The canaries for a configuration; `now` in Unix seconds."""
    fixed = (
        Canary("stranger's request", _stranger(now), "denied"),
        Canary("stranger's token", _token(STRANGER, now), "denied"),
    )
    grants, catalogue = configuration.compiled["grants"], configuration.catalogue
    return (
        *fixed,
        *_of_roles(grants, catalogue, now),
        *_of_pushes(grants, catalogue, now),
        *_of_outputs(grants, catalogue, now),
    )


def judge(canary: Canary, decision: Decision) -> str | None:
    """What is wrong with the answer to a canary; `None` if nothing is."""
    verdict = _judge_denied(decision) if canary.expected == "denied" else _judge_granted(decision)
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


def _codes(reasons: tuple[Reason, ...]) -> str:
    return ", ".join(reason.code for reason in reasons)


def _of_roles(
    grants: Mapping[str, Mapping[str, Mapping[str, bool]]], catalogue: Catalogue, now: int
) -> Iterator[Canary]:
    for role, services in grants.items():
        route = _granted_route(services, catalogue)
        if route is None:
            continue
        granted = _request(role, route, now)
        stranger = msgspec.structs.replace(granted, role=STRANGER)
        unscoped = msgspec.structs.replace(granted, scope=())
        yield Canary(f"request of {role}", granted, "granted")
        yield Canary(f"token of {role}", _token(role, now), "granted")
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
        yield Canary(f"stranger's change of {push.service}", _change(STRANGER, push, now), "denied")
    for role, services in grants.items():
        may_push = (push for name, push in pushes.items() if push.scope_word in services.get(name, ()))
        route = next(may_push, None)
        if route is None:
            continue
        granted = _change(role, route, now)
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
        yield Canary("a jury without votes", _jury(now, ()), "denied")
        yield Canary("a jury with a veto", _jury(now, (_VETO, _PASS)), "denied")
    for route in outputs:
        role = next(
            (name for name, of in grants.items() if route.scope_word in of.get(route.service, ())), None
        )
        if role is not None:
            name = f"unvalidated {route.output} of {route.service}"
            yield Canary(name, _request(role, route, now), "denied")


def _jury(now: int, votes: tuple[Vote, ...]) -> JuryQuestion:
    roster = (
        JurorFact(name="one", vendor="one", model="canary"),
        JurorFact(name="two", vendor="two", model="canary"),
    )
    return JuryQuestion(now=now, type="create-pr", digest="0" * 64, roster=roster, votes=votes)


_PASS = Vote(juror="two", verdict="pass", confidence=100)
_VETO = Vote(
    juror="one",
    verdict="veto",
    confidence=100,
    findings=(JuryFinding(title="It would do harm.", quote="harm"),),
)


def _granted_route(services: Mapping[str, Mapping[str, bool]], catalogue: Catalogue) -> Route | None:
    """A route that the role may use, and one that can be taken back if there is any."""
    routes = [
        route
        for service, words in services.items()
        for route in catalogue.services[service].routes
        if route.scope_word in words
    ]
    return min(routes, key=lambda route: (route.irreversible, route.service, route.id), default=None)


def _request(role: str, route: Route, now: int) -> RequestQuestion:
    segments = parse_template(route.path)
    texts = ["canary" if isinstance(segment, Parameter) else segment.text for segment in segments]
    return RequestQuestion(
        now=now,
        workflow=_WORKFLOW,
        role=role,
        scope=(route.scope_word,),
        service=route.service,
        route=route.id,
        action=route.action,
        data=route.data,
        method=route.method,
        path="/" + "/".join(texts),
        params={segment.name: "canary" for segment in segments if isinstance(segment, Parameter)},
        query="",
        body_bytes=0,
        content_type="",
    )


def _stranger(now: int) -> RequestQuestion:
    return RequestQuestion(
        now=now,
        workflow=_WORKFLOW,
        role=STRANGER,
        scope=(STRANGER,),
        service=STRANGER,
        route=STRANGER,
        action=STRANGER,
        data="",
        method="GET",
        path=f"/{STRANGER}",
        params={},
        query="",
        body_bytes=0,
        content_type="",
    )


def _token(role: str, now: int) -> TokenQuestion:
    return TokenQuestion(now=now, workflow=_WORKFLOW, role=role, only=(), ttl_s=300, renewal=False)


def _change(role: str, route: Route, now: int) -> ChangeQuestion:
    me, namespace = Person(name=_WORKFLOW, email=_WORKFLOW), f"refs/heads/agent/{_WORKFLOW}/"
    old, new = "1" * 40, "2" * 40
    file = FileFact(
        path=STRANGER,
        folded=STRANGER,
        change="add",
        old_mode="",
        new_mode="100644",
        lines=1,
        bytes=1,
        binary=False,
    )
    facts = ChangeFacts(
        refs=(RefFact(name=f"{namespace}canary", old=old, new=new, change="update"),),
        base=BaseFact(ref="main", commit=old),
        head=new,
        merge_base=old,
        files=(file,),
        touched=(),
        commits=(),
        secrets=(),
        irregular=(),
        totals=Totals(files=1, lines=1, bytes=1),
    )
    return ChangeQuestion(
        now=now,
        workflow=_WORKFLOW,
        role=role,
        scope=(route.scope_word,),
        service=route.service,
        repository="",
        action="create-branch",
        data=route.data,
        via="push",
        identity=me,
        namespace=namespace,
        facts=facts,
        findings=(),
        evidence={},
        require=(),
    )
