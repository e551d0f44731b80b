"""The shape of `services.yaml`: which upstream services exist, and which routes each of them has.

Models and what they demand, nothing else. What is not declared here does not exist for any agent.
"""

import ipaddress
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from decision.headers import check_request_headers, check_response_headers
from decision.route_template import Parameter, common_path, one_is_more_specific, parse_template
from decision.validation import Name, Names, Strict, unknown, validate
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument

ErrorShape = Literal["problem", "openai", "anthropic", "gemini", "github", "git", "mcp"]

_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::[0-9]{1,5})?"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UPSTREAM_NAME = re.compile(r"[a-z0-9._-]{1,253}")
_BRANCH = re.compile(r"(?!refs/)[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_BASE = re.compile(r"(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*")


def _check_upstream_host(host: str) -> None:
    """Refuse what some resolvers take for an address though it does not look like one: `127.1`, `0x7f.1`."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # The rule of browsers (WHATWG URL, "ends in a number"): such a host is an IPv4 address or nothing.
        if not _UPSTREAM_NAME.fullmatch(host) or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise ValueError(
                f"the upstream's host {host!r} must be a name in plain letters, or an address in its usual spelling "
                "(127.0.0.1, [::1])"
            ) from None


def _check_upstream(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"the upstream {url!r} is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(f"the upstream {url!r} must be http://host[:port][/base] or https://…")
    _check_upstream_host(parts.hostname)
    if "@" in parts.netloc:
        raise ValueError("the upstream must not hold a user or password; name a credential instead")
    if "?" in url or "#" in url:
        raise ValueError(f"the upstream {url!r} must not hold a query or a fragment")
    base = parts.path.rstrip("/")
    if not _BASE.fullmatch(base) or {".", ".."} & set(base.split("/")):
        raise ValueError(f"the upstream's base path {parts.path!r} must be plain segments")
    return url


def _check_host(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise ValueError(f"the host {host!r} must be a name in small letters, with a port where it needs one")
    return host


def _check_template(path: str) -> str:
    parse_template(path)
    return path


def _check_absolute(path: str) -> str:
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"{path!r} must be an absolute path")
    return path


def _check_branch(name: str) -> str:
    if not _BRANCH.fullmatch(name) or ".." in name or name.endswith((".lock", "/", ".")) or "//" in name:
        raise ValueError(f"the branch {name!r} must be a short branch name, like main")
    return name


Count = Annotated[int, Field(ge=1, lt=2**53)]
Branch = Annotated[str, AfterValidator(_check_branch)]


class ParameterEntry(Strict):
    """What is special about one parameter of a path."""

    encoded_slash: bool = False


class RouteEntry(Strict):
    """One thing that a service can be asked, and which action on which data it is."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    path: Annotated[str, AfterValidator(_check_template)]
    action: Name
    data: Name | None = None
    irreversible: bool = False
    output: Name | None = None
    """The type of document that a body of this route is; it is validated before the call is forwarded."""
    people_credential: Name | None = None
    """A credential that no agent's call ever takes: a person's approval makes the call at once, with it."""
    params: dict[str, ParameterEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _an_output_has_a_body(self) -> "RouteEntry":
        if self.output is not None and self.method not in {"POST", "PUT", "PATCH"}:
            raise ValueError(f"a {self.method} has no body that could be validated as {self.output!r}")
        return self

    @model_validator(mode="after")
    def _people_approve_what_cannot_be_undone(self) -> "RouteEntry":
        if self.people_credential is not None and not self.irreversible:
            raise ValueError("a route with a `people_credential` must be `irreversible: true`")
        return self

    @model_validator(mode="after")
    def _params_are_in_the_path(self) -> "RouteEntry":
        segments = parse_template(self.path)
        names = {segment.name for segment in segments if isinstance(segment, Parameter)}
        for name in self.params:
            if name not in names:
                raise ValueError(f"the path {self.path!r} has no parameter {name!r}")
        return self


class ServiceLimits(Strict):
    """What one call to the service may take."""

    max_body_bytes: Annotated[int, Field(ge=0, lt=2**53)] = 1_048_576
    timeout_s: Annotated[int, Field(ge=1, le=3600)] = 30


class FetchEntry(Strict):
    """What reading the repositories is, in the words of roles."""

    action: Name = "read"
    data: Name | None = None


class PushEntry(Strict):
    """What pushing to them is, and which checks must have passed before it goes on."""

    action: Literal["create-branch"] = "create-branch"
    data: Name | None = None
    require_evidence: tuple[Literal["semgrep", "tests"], ...] = ()
    max_bytes: Count = 134_217_728
    """The largest pack that is received."""


def _git_route(method: Literal["GET", "POST"], last: str, action: str, data: str | None) -> RouteEntry:
    return RouteEntry(method=method, path=f"/git/{{owner}}/{{repo}}/{last}", action=action, data=data)


class GitEntry(Strict):
    """The git side of a service: real git below the path `/git/{owner}/{repo}/`."""

    upstream: Annotated[str, AfterValidator(_check_upstream)]
    allow_loopback: bool = False
    credential: Name | None = None
    base: Branch = "main"
    """What changes are measured against."""
    staging: tuple[Branch, ...] = ()
    """The branches that the meta-workflow may aim at."""
    fetch: FetchEntry = FetchEntry()
    push: PushEntry | None = None

    @property
    def routes(self) -> dict[str, RouteEntry]:
        """The three things that git asks for over HTTP, by the ids that no other route may have."""
        read, push = self.fetch, self.push
        found = {
            "git-refs": _git_route("GET", "info/refs", read.action, read.data),
            "git-fetch": _git_route("POST", "git-upload-pack", read.action, read.data),
        }
        if push is not None:
            found["git-push"] = _git_route("POST", "git-receive-pack", push.action, push.data)
        return found


class ServiceEntry(Strict):
    """One upstream service: its routes, its git side, or both."""

    # Neither would be a service that can be asked nothing.
    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["routes"]}, {"required": ["git"]}]})

    upstream: Annotated[str, AfterValidator(_check_upstream)]
    allow_loopback: bool = False
    credential: Name | None = None
    errors: ErrorShape = "problem"
    hosts: tuple[Annotated[str, AfterValidator(_check_host)], ...] = ()
    request_headers: Annotated[tuple[str, ...], AfterValidator(check_request_headers)] = ()
    response_headers: Annotated[tuple[str, ...], AfterValidator(check_response_headers)] = ()
    ca_file: Annotated[str, AfterValidator(_check_absolute)] | None = None
    scan_bodies: bool = False
    personal: bool = False
    limits: ServiceLimits = ServiceLimits()
    routes: Annotated[dict[Name, RouteEntry], Field(min_length=1)] = Field(default_factory=dict)
    git: GitEntry | None = None

    @property
    def every_route(self) -> dict[str, RouteEntry]:
        """The routes that are written out, and those of the git side."""
        return self.routes | (self.git.routes if self.git else {})


class ServicesFile(Strict):
    """The whole of `services.yaml`."""

    services: dict[Name, ServiceEntry]
    sensitive: Names = ()
    """Data classes: a workflow that has read one of them writes nowhere any more."""


def read_services(document: YamlDocument) -> ServicesFile:
    """The services that a document declares. Raises `ConfigErrors`: wrong shape, or paths that match twice."""
    file = validate(document, ServicesFile)
    errors = [
        error
        for name, service in file.services.items()
        for error in itertools.chain(
            _no_routes(document, name, service),
            _ambiguous_routes(document, name, service),
            _ambiguous_hosts(document, name, file.services),
            _people_only(document, name, file.services),
        )
    ]
    errors += _unknown_sensitive(document, file)
    if errors:
        raise ConfigErrors(errors)
    return file


def _no_routes(document: YamlDocument, name: str, service: ServiceEntry) -> Iterator[ConfigError]:
    where = ("services", name)
    if not service.routes and service.git is None:
        yield document.error_at(where, "the key 'routes' is missing", key=True)
    if service.git is not None:
        for route_id in service.git.routes.keys() & service.routes.keys():
            message = f"the route name {route_id!r} belongs to the git side of the service; choose another"
            yield document.error_at((*where, "routes", route_id), message, key=True)


def _unknown_sensitive(document: YamlDocument, file: ServicesFile) -> Iterator[ConfigError]:
    """A class that no route names would protect nothing, and look as if it did."""
    known = {route.data for service in file.services.values() for route in service.every_route.values()}
    named = sorted(data for data in known if data)
    for place, data in enumerate(file.sensitive):
        if data not in named:
            message = f"{unknown('data class', data, named)}; name it at a route or correct it"
            yield document.error_at(("sensitive", place), message)


def _people_only(
    document: YamlDocument, name: str, services: dict[str, ServiceEntry]
) -> Iterator[ConfigError]:
    """What people alone may use, no service may send with an agent's call."""
    sent = {service.credential for service in services.values()}
    sent |= {service.git.credential for service in services.values() if service.git is not None}
    for route_id, route in services[name].routes.items():
        if route.people_credential is not None and route.people_credential in sent | {"workflow-jwt"}:
            message = f"the credential {route.people_credential!r} goes with agents' calls; name one for people only"
            yield document.error_at(("services", name, "routes", route_id, "people_credential"), message)


def _ambiguous_routes(document: YamlDocument, name: str, service: ServiceEntry) -> Iterator[ConfigError]:
    parsed = [
        (route_id, route.method, parse_template(route.path))
        for route_id, route in service.every_route.items()
    ]
    for (one_id, one_method, one), (other_id, other_method, other) in itertools.combinations(parsed, 2):
        path = common_path(one, other) if one_method == other_method else None
        if path is not None and not one_is_more_specific(one, other):
            yield document.error_at(
                ("services", name, "routes", other_id, "path"),
                f"the routes {one_id!r} and {other_id!r} of {name!r} both match {one_method} {path};"
                " make one of them literal wherever they differ, or remove one",
            )


def _ambiguous_hosts(
    document: YamlDocument, name: str, services: dict[str, ServiceEntry]
) -> Iterable[ConfigError]:
    hosts = services[name].hosts
    taken = {
        host: other
        for other, service in itertools.takewhile(lambda item: item[0] != name, services.items())
        for host in service.hosts
    }
    for place, host in enumerate(hosts):
        where = ("services", name, "hosts", place)
        if host in hosts[:place]:
            yield document.error_at(where, f"the host {host!r} stands here twice")
        elif host in taken:
            yield document.error_at(
                where, f"the host {host!r} belongs to the service {taken[host]!r} already"
            )
