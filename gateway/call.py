"""What is asked: a raw request and the service catalogue become a `Call`, or a `Refused` with the true reason.

Pure. The bytes that a `Call` carries towards the upstream are the bytes that policy judges.
"""

from dataclasses import dataclass

from decision.catalogue import Catalogue, Matched, MethodNotAllowed, NoRoute, NoService, Service
from decision.model import Deny, Reason, Source, gateway_denial
from decision.question import RequestQuestion
from gateway.caller import Caller
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


@dataclass(frozen=True, slots=True)
class SelfCall:
    """The agent asks what it may do; answered by the gateway, never forwarded."""

    id: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a request is read against: the catalogue, and the query parameters that carry credentials of ours."""

    catalogue: Catalogue
    reserved_query: frozenset[str] = frozenset()


def describe(raw: RawRequest, caller: Caller, known: Known, stamp: Stamp) -> Call | SelfCall | Refused:
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
    if service is None or not slash:
        return _unknown(stamp, "service_unknown", name)
    return _describe_call(raw, caller, known.catalogue, Below(service, target), stamp)


@dataclass(frozen=True, slots=True)
class Below:
    """A service, and what stands in the target below its name."""

    service: Service
    target: Target

    @property
    def path(self) -> bytes:
        """The path that the upstream sees: the target's bytes behind the service's name."""
        return self.target.path[len(self.service.name) + 1 :]


def _describe_call(
    raw: RawRequest, caller: Caller, catalogue: Catalogue, below: Below, stamp: Stamp
) -> Call | Refused:
    segments = below.path[1:].decode("ascii").split("/")
    match catalogue.match(below.service.name, raw.method, segments):
        case Matched() as matched:
            return Call(
                id=stamp.id,
                service=below.service,
                path=below.path,
                query=below.target.query,
                headers=without_underscores(raw.headers),
                question=_question(raw, caller, matched, below, stamp),
            )
        case NoService() | NoRoute():
            return _unknown(stamp, "route_unknown", below.target.path.decode("ascii"))
        case MethodNotAllowed():
            return _unknown(stamp, "method_unknown", raw.method)


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
        method=raw.method,
        path=below.path.decode("ascii"),
        params=matched.params,
        query=below.target.query.decode("ascii"),
        body_bytes=announced_body(raw.headers),
        content_type=_header(raw.headers, b"content-type"),
    )


def _header(headers: Headers, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), "")


def _flawed(stamp: Stamp, flaw: Flaw) -> Refused:
    denial = gateway_denial(flaw.code, flaw.message, "Send the request in its one unambiguous form.")
    return Refused(stamp.id, denial, flaw.status, unreadable=True)


def _unknown(stamp: Stamp, code: str, what: str) -> Refused:
    """Not in the catalogue: the true reason is for the operator, the agent is told what any stranger is told."""
    true = Reason(
        code=f"request.{code}",
        message=f"The catalogue does not know {what[:200]!r}.",
        remedy="Add a route to services.yaml if this call should exist.",
        rule=f"gateway.{code}",
        audience="operator",
    )
    return Refused(stamp.id, Deny(reasons=(true,), source=Source.GATEWAY), 404)
