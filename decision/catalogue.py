"""The service catalogue at run time: which route of which service a method and a path are.

Pure and frozen; on the hot path of every request. Only what is declared exists, and at most one route matches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlsplit

from decision.route_template import Parameter, parse_template
from decision.services import ErrorShape, RouteEntry, ServiceEntry, ServicesFile


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a service is: `base` is empty or begins with a slash, and never ends with one."""

    scheme: str
    host: str
    port: int
    base: str


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that a service can be asked. `data` is empty where the route touches no data class."""

    service: str
    id: str
    method: str
    path: str
    action: str
    data: str
    irreversible: bool
    encoded_slash: frozenset[str]
    """The parameters of the path that may hold `%2F`."""

    @property
    def scope_word(self) -> str:
        """`action:data`, or the action alone."""
        return f"{self.action}:{self.data}" if self.data else self.action


@dataclass(frozen=True, slots=True)
class Service:
    """One upstream service as the catalogue declares it."""

    name: str
    upstream: Upstream
    allow_loopback: bool
    credential: str | None
    errors: ErrorShape
    hosts: tuple[str, ...]
    request_headers: tuple[str, ...]
    response_headers: tuple[str, ...]
    ca_file: str | None
    scan_bodies: bool
    """Whether request bodies are searched for secrets before policy is asked."""
    max_body_bytes: int
    timeout_s: int
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """The route that was meant, and the parameters of its path, percent-decoded once."""

    route: Route
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class NoService:
    """No service of this name is declared."""


@dataclass(frozen=True, slots=True)
class NoRoute:
    """The service has no route with this path."""


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The service has this path, but only for these methods (sorted)."""

    methods: tuple[str, ...]


Match = Matched | NoService | NoRoute | MethodNotAllowed

_NO_SERVICE = NoService()
_NO_ROUTE = NoRoute()


@dataclass(frozen=True, slots=True)
class _Leaf:
    route: Route
    parameters: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class _Node:
    """One place in the tree of paths of one service and method; literal segments are tried first."""

    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    leaf: _Leaf | None = None


class Catalogue:
    """All services and their routes."""

    __slots__ = ("_trees", "services")

    def __init__(self, services: Mapping[str, Service]) -> None:
        self.services = services
        self._trees = {name: _trees(service) for name, service in services.items()}

    def match(self, service: str, method: str, raw_path_segments: Sequence[str]) -> Match:
        """The route of `service` that `method` and the raw, still percent-encoded segments mean.

        Where two templates match, the more specific one counts; the loader refused every other overlap.
        An encoded slash counts as part of a segment only where the route's parameter takes it.
        """
        trees = self._trees.get(service)
        if trees is None:
            return _NO_SERVICE
        tree = trees.get(method)
        leaf = _find(tree, raw_path_segments) if tree is not None else None
        if leaf is None:
            methods = tuple(sorted(name for name, other in trees.items() if _find(other, raw_path_segments)))
            return MethodNotAllowed(methods) if methods else _NO_ROUTE
        params: dict[str, str] = {}
        for place, name in leaf.parameters:
            text = raw_path_segments[place]
            if "%" in text:
                decoded = _decode(text, slash=name in leaf.route.encoded_slash)
                if decoded is None:
                    return _NO_ROUTE
                text = decoded
            params[name] = text
        return Matched(leaf.route, params)


def _find(node: _Node, segments: Sequence[str]) -> _Leaf | None:
    """The most specific leaf for the segments: literal first, then back to the last parameter passed over."""
    end = len(segments)
    passed: list[tuple[_Node, int]] = []
    place = 0
    while True:
        following: _Node | None = None
        if place == end:
            if node.leaf is not None:
                return node.leaf
        else:
            segment = segments[place]
            parameter = node.parameter if segment else None
            following = node.literals.get(segment)
            if following is None:
                following = parameter
            elif parameter is not None:
                passed.append((parameter, place + 1))
        if following is not None:
            node = following
            place += 1
        elif passed:
            node, place = passed.pop()
        else:
            return None


def _decode(segment: str, *, slash: bool) -> str | None:
    """The segment percent-decoded once; `None` where it is not UTF-8 or would become more than one segment."""
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    if "/" in text and (not slash or {"", ".", ".."} & set(text.split("/"))):
        return None
    return text


def build_catalogue(file: ServicesFile) -> Catalogue:
    """The catalogue that a validated `services.yaml` describes."""
    return Catalogue({name: _service(name, entry) for name, entry in file.services.items()})


def _service(name: str, entry: ServiceEntry) -> Service:
    return Service(
        name=name,
        upstream=_upstream(entry.upstream),
        allow_loopback=entry.allow_loopback,
        credential=entry.credential,
        errors=entry.errors,
        hosts=entry.hosts,
        request_headers=entry.request_headers,
        response_headers=entry.response_headers,
        ca_file=entry.ca_file,
        scan_bodies=entry.scan_bodies,
        max_body_bytes=entry.limits.max_body_bytes,
        timeout_s=entry.limits.timeout_s,
        routes=tuple(_route(name, route_id, route) for route_id, route in entry.routes.items()),
    )


def _upstream(url: str) -> Upstream:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Upstream(parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"))


def _route(service: str, route_id: str, entry: RouteEntry) -> Route:
    return Route(
        service=service,
        id=route_id,
        method=entry.method,
        path=entry.path,
        action=entry.action,
        data=entry.data or "",
        irreversible=entry.irreversible,
        encoded_slash=frozenset(name for name, of in entry.params.items() if of.encoded_slash),
    )


def _trees(service: Service) -> dict[str, _Node]:
    trees: dict[str, _Node] = {}
    for route in service.routes:
        node = trees.setdefault(route.method, _Node())
        parameters: list[tuple[int, str]] = []
        for place, segment in enumerate(parse_template(route.path)):
            if isinstance(segment, Parameter):
                parameters.append((place, segment.name))
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment.text, _Node())
        node.leaf = _Leaf(route, tuple(parameters))
    return trees
