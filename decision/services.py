"""The shape of `services.yaml`: which upstream services exist, and which routes each of them has.

Models and what they demand, nothing else. What is not declared here does not exist for any agent.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from decision.headers import check_request_headers, check_response_headers
from decision.route_template import Parameter, common_path, one_is_more_specific, parse_template
from decision.validation import Name, Strict, validate
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument

ErrorShape = Literal["problem", "openai", "anthropic", "gemini", "github", "git", "mcp"]

_HOST = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*(?::[0-9]{1,5})?"
)
_BASE = re.compile(r"(?:/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)*")


def _check_upstream(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"the upstream {url!r} is not a URL: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError(f"the upstream {url!r} must be http://host[:port][/base] or https://…")
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


Count = Annotated[int, Field(ge=1, lt=2**53)]


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
    params: dict[str, ParameterEntry] = Field(default_factory=dict)

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


class ServiceEntry(Strict):
    """One upstream service."""

    upstream: Annotated[str, AfterValidator(_check_upstream)]
    allow_loopback: bool = False
    credential: Name | None = None
    errors: ErrorShape = "problem"
    hosts: tuple[Annotated[str, AfterValidator(_check_host)], ...] = ()
    request_headers: Annotated[tuple[str, ...], AfterValidator(check_request_headers)] = ()
    response_headers: Annotated[tuple[str, ...], AfterValidator(check_response_headers)] = ()
    ca_file: Annotated[str, AfterValidator(_check_absolute)] | None = None
    scan_bodies: bool = False
    limits: ServiceLimits = ServiceLimits()
    routes: Annotated[dict[Name, RouteEntry], Field(min_length=1)]


class ServicesFile(Strict):
    """The whole of `services.yaml`."""

    services: dict[Name, ServiceEntry]


def read_services(document: YamlDocument) -> ServicesFile:
    """The services that a document declares. Raises `ConfigErrors`: wrong shape, or paths that match twice."""
    file = validate(document, ServicesFile)
    errors = [
        error
        for name, service in file.services.items()
        for error in itertools.chain(
            _ambiguous_routes(document, name, service), _ambiguous_hosts(document, name, file.services)
        )
    ]
    if errors:
        raise ConfigErrors(errors)
    return file


def _ambiguous_routes(document: YamlDocument, name: str, service: ServiceEntry) -> Iterator[ConfigError]:
    parsed = [
        (route_id, route.method, parse_template(route.path)) for route_id, route in service.routes.items()
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
