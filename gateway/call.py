"""What is asked: a raw request and the service catalogue become a `Call`, or a `Refused` with the true reason.

Pure. The bytes that a `Call` carries towards the upstream are the bytes that policy judges.
"""

from dataclasses import dataclass

from decision.catalogue import Catalogue, Matched, MethodNotAllowed, NoRoute, NoService, Route, Service
from decision.model import Deny, Reason, Source, gateway_denial
from decision.question import NO_HISTORY, History, RequestQuestion
from gateway.caller import Caller
from gateway.git.asked import PUSH_ROUTE, GitCall, read_git_call
from gateway.git.doors import OpenDoor, ShutDoor, read_door
from gateway.git.proposed import Proposed
from gateway.request import RawRequest, Refused, Stamp
from gateway.wire import (
    Flaw,
    Headers,
    Target,
    announced_body,
    read_headers,
    read_method,
    read_query,
    read_target,
    without_underscores,
)

SELF_PATH = b"/.doorless/self"
HOLDS_PATH = b"/.doorless/holds/"

FORWARDER_PORT = 8080
"""Where the loopback forwarder listens inside a sandbox."""

LOCAL_HOSTS = frozenset({b"proxy", b"127.0.0.1:%d" % FORWARDER_PORT, b"localhost:%d" % FORWARDER_PORT})
"""The values of `Host` that mean a channel, whatever the service."""


@dataclass(frozen=True, slots=True)
class Call:
    """One described call: complete, canonical and frozen."""

    id: str
    """The decision id, made before the decision, so that a refusal can always name it."""
    service: Service
    path: bytes
    """The canonical raw target below the service, without the query."""
    query: bytes
    headers: Headers
    question: RequestQuestion
    git: GitCall | None = None
    """What it is in git's own protocol, where it is that."""
    irreversible: bool = False
    """Whether the catalogue says that it cannot be undone, so that it may need a person."""
    by_people: bool = False
    """Whether a person's approval makes it, with a credential that no agent's call takes."""
    output: str = ""
    """The type of document that its body is, where it takes effect; empty where it is none."""
    change: Proposed | None = None
    """The change that it would make to a repository, once policy was asked about that."""

    @property
    def errors(self) -> str:
        """The shape in which its client reads a refusal."""
        return self.service.errors if self.git is None or self.git.is_door else "git"


@dataclass(frozen=True, slots=True)
class SelfCall:
    """The agent asks what it may do; answered by the gateway, never forwarded."""

    id: str


@dataclass(frozen=True, slots=True)
class HoldCall:
    """The agent asks what became of a hold; answered by the gateway, never forwarded."""

    id: str
    hold: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a request is read against: the catalogue, and the query parameters that carry credentials of ours."""

    catalogue: Catalogue
    reserved_query: frozenset[str] = frozenset()
    history: History = NO_HISTORY
    """What its workflow has done so far."""


def describe(
    raw: RawRequest, caller: Caller, known: Known, stamp: Stamp
) -> Call | SelfCall | HoldCall | Refused:
    """The call that a request means.

    Promises: a `Call` names a service and a route of the catalogue and carries the target byte for byte; anything
    ambiguous or unknown is `Refused`, with the true code for the log.
    """
    target = raw.flaw or read_method(raw.method) or read_target(raw.target)
    if isinstance(target, Flaw):
        return _flawed(stamp, target)
    name, slash, _ = target.path[1:].decode("ascii").partition("/")
    service = known.catalogue.services.get(name)
    flaw = read_headers(raw.headers, _hosts(service)) or read_query(target, known.reserved_query)
    if flaw is not None:
        return _flawed(stamp, flaw)
    if target.path == SELF_PATH and raw.method == "GET":
        return SelfCall(stamp.id)
    if target.path.startswith(HOLDS_PATH) and raw.method == "GET":
        return HoldCall(stamp.id, target.path[len(HOLDS_PATH) :].decode("ascii"))
    if service is None or not slash:
        return _unknown(stamp, "service_unknown", name)
    return _describe_call(raw, caller, known.catalogue, Below(service, target, known.history), stamp)


def unknown_hold(asked: HoldCall) -> Refused:
    """Not a hold of this workflow, or its time is over."""
    return _absent(asked.id, "hold_unknown", "There is no such hold of this workflow.", "Leave it.")


@dataclass(frozen=True, slots=True)
class Below:
    """A service, what stands in the target below its name, and what the workflow had done before."""

    service: Service
    target: Target
    history: History

    @property
    def path(self) -> bytes:
        """The path that the upstream sees: the target's bytes behind the service's name."""
        return self.target.path[len(self.service.name) + 1 :]


def _describe_call(
    raw: RawRequest, caller: Caller, catalogue: Catalogue, below: Below, stamp: Stamp
) -> Call | Refused:
    segments = below.path[1:].decode("ascii").split("/")
    door = read_door(below.service, raw.method, segments)
    if door is not None:
        return _at_door(raw, caller, below, stamp, door)
    match catalogue.match(below.service.name, raw.method, segments):
        case Matched() as matched:
            git = read_git_call(matched.route, matched.params, below.target.query, raw.headers)
            if isinstance(git, Flaw):
                return _flawed(stamp, git)
            judged = _judged_route(matched.route, below.service, git)
            if judged is None:
                return _unknown(stamp, "route_unknown", below.target.path.decode("ascii"))
            return Call(
                id=stamp.id,
                service=below.service,
                path=below.path,
                query=below.target.query,
                headers=without_underscores(raw.headers),
                question=_question(raw, caller, Matched(judged, matched.params), below, stamp),
                git=git,
                output=judged.output,
                irreversible=judged.irreversible,
                by_people=judged.people_credential != "",
            )
        case NoService() | NoRoute():
            return _unknown(stamp, "route_unknown", below.target.path.decode("ascii"))
        case MethodNotAllowed():
            return _unknown(stamp, "method_unknown", raw.method)


def _at_door(
    raw: RawRequest, caller: Caller, below: Below, stamp: Stamp, door: OpenDoor | ShutDoor | Flaw
) -> Call | Refused:
    """A change by a forge's API: asked about as the push that it becomes, whatever route is declared for it."""
    match door:
        case Flaw() as flaw:
            return _flawed(stamp, flaw)
        case ShutDoor() if not caller.scope_for(below.service.name):
            return _unknown(stamp, "route_unknown", below.target.path.decode("ascii"))
        case ShutDoor(instead):
            message = "This way to change a repository is closed: what it does cannot be judged beforehand."
            return Refused(stamp.id, gateway_denial("request.door_closed", message, instead), 403)
        case OpenDoor(git, params):
            push = next(route for route in below.service.routes if route.id == PUSH_ROUTE)
            return Call(
                id=stamp.id,
                service=below.service,
                path=below.path,
                query=below.target.query,
                headers=without_underscores(raw.headers),
                question=_question(raw, caller, Matched(push, params), below, stamp),
                git=git,
            )


def _judged_route(route: Route, service: Service, git: GitCall | None) -> Route | None:
    """The route that policy is asked about: a push is judged as one from its first question on.

    Git shows a refusal's text there, and not behind the pack. Nothing where the service takes no pushes.
    """
    if git is None or git.part != "push-refs":
        return route
    return next((other for other in service.routes if other.id == PUSH_ROUTE), None)


def _hosts(service: Service | None) -> frozenset[bytes]:
    if service is None or not service.hosts:
        return LOCAL_HOSTS
    return LOCAL_HOSTS | {host.encode("ascii") for host in service.hosts}


def _question(
    raw: RawRequest, caller: Caller, matched: Matched, below: Below, stamp: Stamp
) -> RequestQuestion:
    route = matched.route
    return RequestQuestion(
        now=stamp.now,
        workflow=caller.workflow,
        role=caller.role,
        scope=caller.scope_for(route.service),
        service=route.service,
        route=route.id,
        action=route.action,
        data=route.data,
        method=route.method,
        path=below.path.decode("ascii"),
        params=matched.params,
        query=below.target.query.decode("ascii"),
        body_bytes=announced_body(raw.headers),
        content_type=_header(raw.headers, b"content-type"),
        history=below.history,
        started_by=caller.started_by,
    )


def _header(headers: Headers, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")


def _flawed(stamp: Stamp, flaw: Flaw) -> Refused:
    denial = gateway_denial(flaw.code, flaw.message, "Send the request in its one unambiguous form.")
    return Refused(stamp.id, denial, flaw.status, unreadable=True)


def _unknown(stamp: Stamp, code: str, what: str) -> Refused:
    """Not in the catalogue: the true reason is for the operator, the agent is told what any stranger is told."""
    message = f"The catalogue does not know {what[:200]!r}."
    return _absent(stamp.id, code, message, "Add a route to services.yaml if this call should exist.")


def _absent(decision: str, code: str, message: str, remedy: str) -> Refused:
    true = Reason(
        code=f"request.{code}",
        message=message,
        remedy=remedy,
        rule=f"gateway.{code}",
        audience="operator",
    )
    return Refused(decision, Deny(reasons=(true,), source=Source.GATEWAY), 404)
