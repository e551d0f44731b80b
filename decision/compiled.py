"""Roles and services as the lookup tables that Rego reads at `data.compiled`.

Pure. Lookup in an object is several times as fast in OPA as walking lists, so all multiplying happens here.
"""

from typing import Any

import msgspec

from decision.catalogue import Catalogue, Service
from decision.roles import RoleEntry, RolesFile


class CompiledRoute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One route; `word` is its scope word."""

    action: str
    data: str
    method: str
    irreversible: bool
    word: str


class CompiledService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service; `credential` is a reference, empty where it takes none."""

    credential: str
    max_body_bytes: int
    timeout_ms: int


class CompiledRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One role's actions and limits; a limit that is not set is absent, so that rules find it undefined."""

    actions: dict[str, bool]
    max_requests_per_min: int | msgspec.UnsetType = msgspec.UNSET
    max_diff_lines: int | msgspec.UnsetType = msgspec.UNSET
    max_files_changed: int | msgspec.UnsetType = msgspec.UNSET
    max_body_bytes: int | msgspec.UnsetType = msgspec.UNSET
    forbidden_paths: list[str] = []


class Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `data.compiled`; the outer keys are the names of roles, services and routes."""

    grants: dict[str, dict[str, dict[str, bool]]]
    """Role, service, scope word: present means granted."""
    routes: dict[str, dict[str, CompiledRoute]]
    services: dict[str, CompiledService]
    roles: dict[str, CompiledRole]
    body_limits: dict[str, dict[str, int]]
    """Role, service: the smaller of both limits."""


def compile_tables(roles: RolesFile, catalogue: Catalogue) -> dict[str, Any]:
    """The tables `grants`, `routes`, `services` and `roles`; JSON-like, and the same for the same files.

    Promises: a grant holds only scope words of routes that the service really has, so no role can be given
    a word that nothing answers to.
    """
    services = catalogue.services
    return {
        "grants": {name: _grants(role, catalogue) for name, role in roles.roles.items()},
        "routes": {name: _routes(service) for name, service in services.items()},
        "services": {
            name: {
                "credential": service.credential or "",
                "max_body_bytes": service.max_body_bytes,
                "timeout_ms": service.timeout_s * 1000,
            }
            for name, service in services.items()
        },
        "roles": {
            name: {
                **role.limits.model_dump(exclude_none=True),
                "actions": dict.fromkeys(role.actions, True),
                "forbidden_paths": list(role.forbidden_paths),
            }
            for name, role in roles.roles.items()
        },
        "body_limits": {name: _body_limits(role, catalogue) for name, role in roles.roles.items()},
    }


def _grants(role: RoleEntry, catalogue: Catalogue) -> dict[str, dict[str, bool]]:
    return {
        name: {
            route.scope_word: True
            for route in sorted(catalogue.services[name].routes, key=lambda route: route.scope_word)
            if route.action in role.actions and (not route.data or route.data in role.data)
        }
        for name in role.services
    }


def _body_limits(role: RoleEntry, catalogue: Catalogue) -> dict[str, int]:
    of_services = {name: catalogue.services[name].max_body_bytes for name in role.services}
    of_role = role.limits.max_body_bytes
    if of_role is None:
        return of_services
    return {name: min(limit, of_role) for name, limit in of_services.items()}


def _routes(service: Service) -> dict[str, dict[str, Any]]:
    return {
        route.id: {
            "action": route.action,
            "data": route.data,
            "method": route.method,
            "irreversible": route.irreversible,
            "word": route.scope_word,
        }
        for route in service.routes
    }
