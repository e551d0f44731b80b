"""The shape of `roles.yaml`: what each kind of agent may do, in the words of the service catalogue.

Models and what they demand, nothing else. A role that names something undeclared does not load.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from decision.path_patterns import check_pattern
from decision.services import Count, ServicesFile
from decision.validation import Name, Names, Strict, unknown, validate
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument

SomeNames = Annotated[Names, Field(min_length=1)]


class RoleLimits(Strict):
    """How much an agent of the role may do; a limit that is not given is not set."""

    max_requests_per_min: Count | None = None
    max_diff_lines: Count | None = None
    max_files_changed: Count | None = None
    max_body_bytes: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    max_tokens_per_workflow: Count | None = None
    """Of models, by their providers' counts."""
    max_tokens_per_day: Count | None = None
    """The same for all workflows of the role, by UTC days."""
    hold_after_denials: Count | None = None
    """After so many denials in a row a person must approve a workflow's next call."""


SpecialFile = Literal["mode", "symlink", "gitlink", "gitattributes", "gitmodules"]
"""What a change holds only where the role says so: anything that is no plain file, or steers git itself."""


class RoleEntry(Strict):
    """One role: services, actions and data multiply, so it may do each action on each data of each service.

    An empty entry is a role that may do nothing yet. A role with `agent: false` is no workflow's: people's
    changes are checked as it.
    """

    # One without the other would grant nothing, and look as if it did.
    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {"services": ["actions"], "actions": ["services"]}}
    )

    agent: bool = True
    services: SomeNames = ()
    actions: SomeNames = ()
    data: Names = ()
    limits: RoleLimits = RoleLimits()
    forbidden_paths: tuple[Annotated[str, AfterValidator(check_pattern)], ...] = ()
    special_files: tuple[SpecialFile, ...] = ()


class RolesFile(Strict):
    """The whole of `roles.yaml`."""

    roles: dict[Name, RoleEntry]


def read_roles(document: YamlDocument, services: ServicesFile | None) -> RolesFile:
    """The roles that a document declares. Raises `ConfigErrors`: wrong shape, or names nobody declared.

    `services` is `None` where the catalogue itself did not load; then names are not compared with it.
    """
    file = validate(document, RolesFile)
    errors = list(_halves(document, file))
    errors += _unknown_names(document, file, services) if services else ()
    if errors:
        raise ConfigErrors(errors)
    return file


def _halves(document: YamlDocument, file: RolesFile) -> Iterator[ConfigError]:
    for name, role in file.roles.items():
        where = ("roles", name)
        given = {key for key in ("services", "actions") if getattr(role, key)}
        for missing in {"services", "actions"} - given if given else ():
            yield document.error_at(where, f"the key {missing!r} is missing", key=True)
        if not role.agent and given:
            message = "a role that is no agent's reaches no service; leave out its services and actions"
            yield document.error_at((*where, "services"), message, key=True)


def _unknown_names(document: YamlDocument, file: RolesFile, services: ServicesFile) -> Iterator[ConfigError]:
    routes = [route for service in services.services.values() for route in service.every_route.values()]
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
