"""Loads the configuration half of a policies folder: its YAML files, read in full.

Either everything in all files is right, or nothing is loaded and every error is named with its place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from decision.approvals import ApprovalsFile, read_approvals
from decision.catalogue import Catalogue, build_catalogue
from decision.compiled import compile_tables
from decision.path_rules import PathRule, forbidden_rules, protected_rules
from decision.protected import read_protected
from decision.roles import RoleEntry, read_roles
from decision.services import read_services
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument, read_yaml

ROLES_FILE = "roles.yaml"
SERVICES_FILE = "services.yaml"
PROTECTED_FILE = "protected.yaml"
APPROVALS_FILE = "approvals.yaml"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Roles, services and protected paths that fit each other, and the tables that policy reads them as."""

    roles: Mapping[str, RoleEntry]
    catalogue: Catalogue
    compiled: dict[str, Any]
    sources: Mapping[str, bytes]
    """File name to the bytes that were read."""
    path_rules: tuple[PathRule, ...]
    """Every forbidden and protected path, with its place."""


def load_policies(folder: Path) -> Configuration:
    """The configuration in `folder`. Raises `ConfigErrors` with all errors of all files.

    Without a `protected.yaml` it loads, and policy then denies every change that an agent makes; without an
    `approvals.yaml` nobody can approve anything.
    """
    reading = _Reading(folder)
    services = reading.read(SERVICES_FILE, read_services)
    roles = reading.read(ROLES_FILE, lambda document: read_roles(document, services))
    protected = reading.read_if_there(PROTECTED_FILE, read_protected)
    approvals = reading.read_if_there(APPROVALS_FILE, read_approvals) or ApprovalsFile(templates={})
    if services is None or roles is None or reading.errors:
        raise ConfigErrors(reading.errors)
    catalogue = build_catalogue(services)
    rules = forbidden_rules(reading.documents[ROLES_FILE], roles)
    if protected is not None:
        rules += protected_rules(reading.documents[PROTECTED_FILE], protected)
    tables = compile_tables(roles, catalogue, protected, approvals)
    return Configuration(roles.roles, catalogue, tables, reading.sources, rules)


_File = TypeVar("_File")


@dataclass(slots=True)
class _Reading:
    """What has been read of a folder so far, and everything that is wrong in it."""

    folder: Path
    errors: list[ConfigError] = field(default_factory=list)
    sources: dict[str, bytes] = field(default_factory=dict)
    documents: dict[str, YamlDocument] = field(default_factory=dict)

    def read(self, name: str, shape: Callable[[YamlDocument], _File]) -> _File | None:
        """One file in its shape; `None` where it is wrong, which is remembered."""
        try:
            self.documents[name] = _read(self.folder, name, self.sources)
            return shape(self.documents[name])
        except ConfigErrors as found:
            self.errors += found.errors
            return None

    def read_if_there(self, name: str, shape: Callable[[YamlDocument], _File]) -> _File | None:
        """The same for a file that need not be there."""
        return self.read(name, shape) if (self.folder / name).exists() else None


def _read(folder: Path, name: str, sources: dict[str, bytes]) -> YamlDocument:
    file = folder / name
    try:
        raw = file.read_bytes()
        sources[name] = raw
        return read_yaml(str(file), raw.decode())
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigErrors((ConfigError(str(file), line, 1, "not UTF-8 text"),)) from None
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ConfigErrors((ConfigError(str(file), 1, 1, message),)) from None
