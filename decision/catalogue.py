"""The service catalogue at run time: which route of which service a method and a path are.

Pure and frozen; on the hot path of every request. Only what is declared exists, and at most one route matches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes, urlsplit

from decision.route_template import Parameter, parse_template
from decision.services import ErrorShape, GitEntry, RouteEntry, ServiceEntry, ServicesFile


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
    credential: str | None
    """A reference; what goes with a call of this route."""
    max_body_bytes: int
    people_credential: str = ""
    """What goes with a call of this route that a person's approval makes; empty where the agent repeats it."""
    output: str = ""
    """The type of document that its bodies are; empty where they are nothing that takes effect."""

    @property
    def git(self) -> bool:
        """Whether this is git's own protocol: `git-refs`, `git-fetch` or `git-push`."""
        return self.id in _GIT_ROUTES

    @property
    def scope_word(self) -> str:
        """`action:data`, or the action alone."""
        return f"{self.action}:{self.data}" if self.data else self.action


@dataclass(frozen=True, slots=True)
class GitSide:
    """Where the repositories of a service are: `{upstream}/{owner}/{repo}.git`; and what a push needs."""

    upstream: Upstream
    allow_loopback: bool
    credential: str | None
    base: str
    staging: tuple[str, ...]
    push_data: str
    """The data class of a push; empty where it names none."""
    require_evidence: tuple[str, ...]
    max_push_bytes: int


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
    personal: bool
    """Whether what is asked of it may name people: then it stands beside the log, where it can be forgotten."""
    max_body_bytes: int
    timeout_s: int
    routes: tuple[Route, ...]
    git: GitSide | None

    @property
    def credentials(self) -> tuple[str, ...]:
        """Every credential that some route of the service takes, each once."""
        named = (name for route in self.routes for name in (route.credential, route.people_credential))
        return tuple(dict.fromkeys(name for name in named if name))


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

_GIT_ROUTES = frozenset({"git-refs", "git-fetch", "git-push"})
_NO_SERVICE = NoService()
_NO_ROUTE = NoRoute()


@dataclass(frozen=True, slots=True)
class _Leaf:
    route: Route
    parameters: tuple[tuple[int, str], ...]
    takes_rest: bool
    """Whether the last parameter is all that follows."""


@dataclass(slots=True)
class _Node:
    """One place in the tree of paths of one service and method; literal segments are tried first."""

    literals: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    leaf: _Leaf | None = None
    rest: _Leaf | None = None
    """The route whose last parameter takes all that follows from here."""


class Catalogue:
    """All services and their routes, and the data classes that are marked sensitive."""

    __slots__ = ("_trees", "sensitive", "services")

    def __init__(self, services: Mapping[str, Service], sensitive: frozenset[str] = frozenset()) -> None:
        self.services = services
        self.sensitive = sensitive
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
            rest = leaf.takes_rest and place == leaf.parameters[-1][0]
            text = "/".join(raw_path_segments[place:]) if rest else raw_path_segments[place]
            if "%" in text:
                decoded = _decode(text, slash=rest or name in leaf.route.encoded_slash)
                if decoded is None:
                    return _NO_ROUTE
                text = decoded
            params[name] = text
        return Matched(leaf.route, params)


def _find(node: _Node, segments: Sequence[str], place: int = 0) -> _Leaf | None:
    """The most specific leaf for the segments from `place` on: literal first, then a parameter, then all the rest."""
    if place == len(segments):
        return node.leaf
    segment = segments[place]
    for following in (node.literals.get(segment), node.parameter if segment else None):
        found = _find(following, segments, place + 1) if following is not None else None
        if found is not None:
            return found
    return node.rest if node.rest is not None and all(segments[place:]) else None


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
    services = {name: _service(name, entry) for name, entry in file.services.items()}
    return Catalogue(services, frozenset(file.sensitive))


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
        personal=entry.personal,
        max_body_bytes=entry.limits.max_body_bytes,
        timeout_s=entry.limits.timeout_s,
        routes=tuple(_routes(name, entry)),
        git=_git_side(entry.git) if entry.git else None,
    )


def _upstream(url: str) -> Upstream:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Upstream(parts.scheme, parts.hostname or "", port, parts.path.rstrip("/"))


def _git_side(entry: GitEntry) -> GitSide:
    push = entry.push
    return GitSide(
        upstream=_upstream(entry.upstream),
        allow_loopback=entry.allow_loopback,
        credential=entry.credential,
        base=entry.base,
        staging=entry.staging,
        push_data=(push.data if push else None) or "",
        require_evidence=push.require_evidence if push else (),
        max_push_bytes=push.max_bytes if push else 0,
    )


def _routes(service: str, entry: ServiceEntry) -> Iterator[Route]:
    largest = entry.limits.max_body_bytes
    for route_id, route in entry.routes.items():
        yield _route(service, route_id, route, entry.credential, largest)
    if entry.git is None:
        return
    for route_id, route in entry.git.routes.items():
        push = entry.git.push if route_id == "git-push" else None
        yield _route(
            service, route_id, route, entry.git.credential, push.max_bytes if push is not None else largest
        )


def _route(
    service: str, route_id: str, entry: RouteEntry, credential: str | None, max_body_bytes: int
) -> Route:
    return Route(
        service=service,
        id=route_id,
        method=entry.method,
        path=entry.path,
        action=entry.action,
        data=entry.data or "",
        irreversible=entry.irreversible,
        people_credential=entry.people_credential or "",
        encoded_slash=frozenset(name for name, of in entry.params.items() if of.encoded_slash),
        credential=credential,
        max_body_bytes=max_body_bytes,
        output=entry.output or "",
    )


def _trees(service: Service) -> dict[str, _Node]:
    trees: dict[str, _Node] = {}
    for route in service.routes:
        node = trees.setdefault(route.method, _Node())
        parameters: list[tuple[int, str]] = []
        rest = False
        for place, segment in enumerate(parse_template(route.path)):
            if isinstance(segment, Parameter):
                parameters.append((place, segment.name))
                if segment.rest:
                    rest = True
                    continue
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment.text, _Node())
        leaf = _Leaf(route, tuple(parameters), takes_rest=rest)
        if rest:
            node.rest = leaf
        else:
            node.leaf = leaf
    return trees
