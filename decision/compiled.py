"""Roles and services as the lookup tables that Rego reads at `data.compiled`.

Pure. Lookup in an object is several times as fast in OPA as walking lists, so all multiplying happens here.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from decision.approvals import ApprovalsFile
from decision.catalogue import Catalogue, Service
from decision.path_patterns import expression, needles
from decision.protected import ProtectedFile
from decision.roles import RoleEntry, RolesFile


class CompiledRoute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One route; `word` is its scope word, the credentials are references, empty where it takes none."""

    action: str
    data: str
    method: str
    irreversible: bool
    people_credential: str
    word: str
    credential: str
    output: str
    """The type of document that a body is validated as; empty where none is."""


class CompiledService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What calls to one service may take."""

    max_body_bytes: int
    timeout_ms: int


class CompiledPush(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a push is in the words of roles, and which evidence it needs."""

    word: str
    require_evidence: list[str]


class CompiledGit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The git side of one service; without `push` nothing can be pushed."""

    credential: str
    base: str
    staging: list[str]
    push: CompiledPush | msgspec.UnsetType = msgspec.UNSET


class CompiledPaths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of paths; see `decision.path_patterns`.

    `match` is an RE2 expression for a path and for its folded form. What it matches holds one of `needles`.
    """

    match: str
    needles: list[str]


class CompiledClass(CompiledPaths, frozen=True, forbid_unknown_fields=True):
    """One class of protected paths."""

    reason: str


class CompiledRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One role's actions and limits; a limit that is not set is absent, so that rules find it undefined."""

    agent: bool
    actions: dict[str, bool]
    special_files: dict[str, bool]
    forbidden: dict[str, CompiledPaths]
    """By pattern."""
    max_requests_per_min: int | msgspec.UnsetType = msgspec.UNSET
    max_tokens_per_workflow: int | msgspec.UnsetType = msgspec.UNSET
    max_tokens_per_day: int | msgspec.UnsetType = msgspec.UNSET
    max_diff_lines: int | msgspec.UnsetType = msgspec.UNSET
    max_files_changed: int | msgspec.UnsetType = msgspec.UNSET
    max_body_bytes: int | msgspec.UnsetType = msgspec.UNSET
    hold_after_denials: int | msgspec.UnsetType = msgspec.UNSET


class CompiledTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may approve what is held under one name."""

    approvers: dict[str, bool]
    needed: int
    expires_in_s: int
    not_starter: bool | msgspec.UnsetType = msgspec.UNSET
    """Whether who started the workflow is not heard; absent where it makes no difference."""


class Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `data.compiled`; the outer keys are the names of roles, services and routes."""

    grants: dict[str, dict[str, dict[str, bool]]]
    """Role, service, scope word: present means granted."""
    routes: dict[str, dict[str, CompiledRoute]]
    services: dict[str, CompiledService]
    roles: dict[str, CompiledRole]
    body_limits: dict[str, dict[str, dict[str, int]]]
    """Role, service, route: the smaller of both limits."""
    git: dict[str, CompiledGit]
    approvals: dict[str, CompiledTemplate]
    """By the name of the template."""
    sensitive: dict[str, bool]
    """Data classes: present means that what was read of it must not leave the workflow."""
    protected: dict[str, CompiledClass] | msgspec.UnsetType = msgspec.UNSET
    """By class. Absent where there is no `protected.yaml`: then no agent may change anything."""


_NOBODY = ApprovalsFile(templates={})


def compile_tables(
    roles: RolesFile,
    catalogue: Catalogue,
    protected: ProtectedFile | None = None,
    approvals: ApprovalsFile = _NOBODY,
) -> dict[str, Any]:
    """The tables of `Tables`; JSON-like, and the same for the same files.

    Promises: a grant holds only scope words of routes that the service really has, so no role can be given
    a word that nothing answers to.
    """
    services = catalogue.services
    return {
        "grants": {name: _grants(role, catalogue) for name, role in roles.roles.items()},
        "routes": {name: _routes(service) for name, service in services.items()},
        "services": {
            name: {
                "max_body_bytes": service.max_body_bytes,
                "timeout_ms": service.timeout_s * 1000,
            }
            for name, service in services.items()
        },
        "roles": {
            name: {
                **role.limits.model_dump(exclude_none=True),
                "agent": role.agent,
                "actions": dict.fromkeys(role.actions, True),
                "special_files": dict.fromkeys(role.special_files, True),
                "forbidden": {pattern: _paths([pattern]) for pattern in role.forbidden_paths},
            }
            for name, role in roles.roles.items()
        },
        "body_limits": {name: _body_limits(role, catalogue) for name, role in roles.roles.items()},
        "git": {name: _git(service) for name, service in services.items() if service.git},
        "approvals": {
            name: {
                "approvers": dict.fromkeys(template.approvers, True),
                "needed": template.needed,
                "expires_in_s": template.expires_in_s,
                **({"not_starter": True} if template.not_starter else {}),
            }
            for name, template in approvals.templates.items()
        },
        "sensitive": dict.fromkeys(sorted(catalogue.sensitive), True),
        **({"protected": _protection(protected)} if protected else {}),
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


def _body_limits(role: RoleEntry, catalogue: Catalogue) -> dict[str, dict[str, int]]:
    of_role = role.limits.max_body_bytes
    return {
        name: {
            route.id: route.max_body_bytes if of_role is None else min(route.max_body_bytes, of_role)
            for route in catalogue.services[name].routes
        }
        for name in role.services
    }


def _git(service: Service) -> dict[str, Any]:
    git = service.git
    assert git is not None
    push = next((route for route in service.routes if route.id == "git-push"), None)
    declared = {"word": push.scope_word, "require_evidence": list(git.require_evidence)} if push else None
    return {
        "credential": git.credential or "",
        "base": git.base,
        "staging": list(git.staging),
        **({"push": declared} if declared else {}),
    }


def _protection(file: ProtectedFile) -> dict[str, Any]:
    return {name: {**_paths(entry.patterns), "reason": entry.reason} for name, entry in file.classes.items()}


def _paths(patterns: Iterable[str]) -> dict[str, Any]:
    every = tuple(patterns)
    return {"match": expression(every), "needles": list(needles(every))}


def _routes(service: Service) -> dict[str, dict[str, Any]]:
    return {
        route.id: {
            "action": route.action,
            "data": route.data,
            "method": route.method,
            "irreversible": route.irreversible,
            "people_credential": route.people_credential,
            "word": route.scope_word,
            "credential": route.credential or "",
            "output": route.output,
        }
        for route in service.routes
    }
