"""Loads the configuration half of a policies folder: `roles.yaml` and `services.yaml`.

Either everything in both files is right, or nothing is loaded and every error is named with its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision.catalogue import Catalogue, build_catalogue
from decision.compiled import compile_tables
from decision.roles import RoleEntry, RolesFile, read_roles
from decision.services import ServicesFile, read_services
from decision.yaml_source import ConfigError, ConfigErrors, YamlDocument, read_yaml

ROLES_FILE = "roles.yaml"
SERVICES_FILE = "services.yaml"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Roles and services that fit each other, and the tables that policy reads them as."""

    roles: Mapping[str, RoleEntry]
    catalogue: Catalogue
    compiled: dict[str, Any]
    sources: Mapping[str, bytes]
    """File name to the bytes that were read."""


def load_policies(folder: Path) -> Configuration:
    """The configuration in `folder`. Raises `ConfigErrors` with all errors of both files."""
    errors: list[ConfigError] = []
    sources: dict[str, bytes] = {}
    services: ServicesFile | None = None
    roles: RolesFile | None = None
    try:
        services = read_services(_read(folder, SERVICES_FILE, sources))
    except ConfigErrors as found:
        errors += found.errors
    try:
        roles = read_roles(_read(folder, ROLES_FILE, sources), services)
    except ConfigErrors as found:
        errors += found.errors
    if services is None or roles is None:
        raise ConfigErrors(errors)
    catalogue = build_catalogue(services)
    return Configuration(roles.roles, catalogue, compile_tables(roles, catalogue), sources)


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
