"""The shape of `roles.yaml`: what each kind of agent may do, in the words of the service catalogue.

Models and what they demand, nothing else. A role that names something undeclared does not load.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from decision.services import Count, ServicesFile
from decision.validation import Name, Strict, unknown, validate
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument


def _check_pattern(pattern: str) -> str:
    if not pattern or pattern.startswith("/") or ".." in pattern.split("/") or not pattern.isprintable():
        raise ValueError(f"the path pattern {pattern!r} must be relative to the repository, like auth/*")
    return pattern


def _check_no_duplicates(words: tuple[str, ...]) -> tuple[str, ...]:
    for place, word in enumerate(words):
        if word in words[:place]:
            raise ValueError(f"{word!r} stands here twice")
    return words


Names = Annotated[tuple[Name, ...], AfterValidator(_check_no_duplicates)]
SomeNames = Annotated[Names, Field(min_length=1)]


class RoleLimits(Strict):
    """How much an agent of the role may do; a limit that is not given is not set."""

    max_requests_per_min: Count | None = None
    max_diff_lines: Count | None = None
    max_files_changed: Count | None = None
    max_body_bytes: Annotated[int, Field(ge=0, lt=2**53)] | None = None


class RoleEntry(Strict):
    """One role: services, actions and data multiply, so it may do each action on each data of each service."""

    services: SomeNames
    actions: SomeNames
    data: Names = ()
    limits: RoleLimits = RoleLimits()
    forbidden_paths: tuple[Annotated[str, AfterValidator(_check_pattern)], ...] = ()


class RolesFile(Strict):
    """The whole of `roles.yaml`."""

    roles: dict[Name, RoleEntry]


def read_roles(document: YamlDocument, services: ServicesFile | None) -> RolesFile:
    """The roles that a document declares. Raises `ConfigErrors`: wrong shape, or names nobody declared.

    `services` is `None` where the catalogue itself did not load; then names are not compared with it.
    """
    file = validate(document, RolesFile)
    errors = list(_unknown_names(document, file, services)) if services else []
    if errors:
        raise ConfigErrors(errors)
    return file


def _unknown_names(document: YamlDocument, file: RolesFile, services: ServicesFile) -> Iterator[ConfigError]:
    routes = [route for service in services.services.values() for route in service.routes.values()]
    known: dict[str, Iterable[str]] = {
        "services": services.services.keys(),
        "actions": {route.action for route in routes},
        "data": {route.data for route in routes if route.data},
    }
    kinds = {"services": "service", "actions": "action", "data": "data class"}
    for name, role in file.roles.items():
        for key, names in known.items():
            for place, word in enumerate(getattr(role, key)):
                if word not in names:
                    message = f"{unknown(kinds[key], word, names)}; declare it in services.yaml or correct it"
                    yield document.error_at(("roles", name, key, place), message)
