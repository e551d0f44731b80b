"""The smallest grant that would have allowed a refused call: an edit of `roles.yaml` to be read by a person.

Only role data is ever drafted, and never applied. What no grant can give is said, with the rule that forbids it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from authoring.recorded import Recorded
from authoring.roles_loaded import with_roles
from authoring.roles_text import unified, with_limit, with_word
from decision.catalogue import Route
from decision.config import ROLES_FILE, Configuration
from decision.roles import RoleEntry
from decision.validation import unknown


class CannotDraft(Exception):
    """There is nothing to draft: it was not refused by policy, or is of a kind that no role grants."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What would have to be granted, and what no grant changes."""

    role: str
    kind: str
    service: str
    word: str
    refused_by: tuple[str, ...]
    """The rules that spoke when it was refused."""
    added: tuple[str, ...]
    """What the role would get, in words."""
    also: tuple[str, ...]
    """What that grants besides, because a role is services x actions x data."""
    new_text: str
    diff: str
    """Unified; empty where no grant can give it."""
    cannot: tuple[str, ...]
    """Why a grant alone does not allow it."""
    configuration: Configuration
    """With the draft applied."""


def draft(configuration: Configuration, refused: Recorded) -> Draft:
    """The draft for a recorded refusal under a configuration of today.

    Raises `CannotDraft`, and `CannotEdit` where the text of the file is laid out too oddly.
    """
    _check(refused)
    asked = refused.input()
    role = _role(configuration, refused.role)
    text = configuration.sources[ROLES_FILE].decode()
    word = ":".join(part for part in (asked["action"], asked["data"]) if part)
    cannot = list(_vetoes(configuration, refused, asked))
    new, added = text, list[str]()
    if _is_declared(configuration, asked, cannot):
        for key, missing in _missing(role, asked).items():
            new = with_word(new, refused.role, key, missing)
            added.append(f"{key}: {missing}")
    for limit, value in _limits(role, refused, asked):
        new = with_limit(new, refused.role, limit, value)
        added.append(f"{limit}: {value}")
    after = with_roles(configuration, new)
    return Draft(
        role=refused.role,
        kind=refused.kind,
        service=asked["service"],
        word=word,
        refused_by=refused.answered.rules,
        added=tuple(added),
        also=tuple(
            sorted(
                _words(after, refused.role)
                - _words(configuration, refused.role)
                - {f"{word} on {asked['service']}"}
            )
        ),
        new_text=new,
        diff=unified(text, new, f"policies/{ROLES_FILE}"),
        cannot=tuple(cannot),
        configuration=after,
    )


_LACKS = frozenset(
    f"{area}.rules.{name}"
    for area in ("request", "change")
    for name in ("service_not_granted", "action_not_granted", "data_not_granted")
)
_LIMITED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "request.rules.body_too_large": ("max_body_bytes", ("body_bytes",)),
    "change.rules.too_many_files": ("max_files_changed", ("facts", "totals", "files")),
    "change.rules.too_many_lines": ("max_diff_lines", ("facts", "totals", "lines")),
}
_NEVER: Mapping[str, str] = {
    "protected_path": "it changes a path that is protected from every agent, whatever its role says",
    "forbidden_path": "it changes a path that the role itself forbids; a person may take the pattern out of it",
    "route_unknown": "services.yaml declares no such route",
    "role_unknown": "there is no such role",
    "input_incomplete": "it was not described completely, which is a defect and not a matter of grants",
}


def _check(refused: Recorded) -> None:
    if refused.kind not in {"request", "change"}:
        raise CannotDraft(f"a decision on a {refused.kind} is no call; draft from a call that was refused")
    if refused.answered.decision == "allow":
        raise CannotDraft("it was allowed")
    if refused.answered.decision == "hold":
        raise CannotDraft("it waits for a person, and no grant changes that: `doorless approvals list`")


def _role(configuration: Configuration, name: str) -> RoleEntry:
    role = configuration.roles.get(name)
    if role is None:
        raise CannotDraft(unknown("role", name, configuration.roles))
    if not role.agent:
        raise CannotDraft(f"{name} is no agent's role, and reaches no service")
    return role


def _vetoes(configuration: Configuration, refused: Recorded, asked: Mapping[str, Any]) -> Iterator[str]:
    for rule in refused.answered.rules:
        if rule in _LACKS or rule in _LIMITED or rule.endswith(".scope_not_in_token"):
            continue
        why = _NEVER.get(rule.rpartition(".")[2], "it is a veto, which no grant outweighs")
        yield f"{rule}: {why}"
    route = _route(configuration, asked)
    if (route is not None and route.irreversible) or asked["action"] == "merge":
        yield "it cannot be undone: with the grant a person must still approve each call"


def _is_declared(configuration: Configuration, asked: Mapping[str, Any], cannot: list[str]) -> bool:
    """Whether the catalogue still knows what was asked; if not, that is said."""
    service = configuration.catalogue.services.get(asked["service"])
    if service is None:
        # A check of a change is asked of no service, and needs no grant of one.
        if asked["service"]:
            cannot.append(f"services.yaml declares no service {asked['service']}")
        return False
    declared = any((route.action, route.data) == (asked["action"], asked["data"]) for route in service.routes)
    if not declared:
        cannot.append(f"{service.name} has no route for {asked['action']} on {asked['data'] or 'no data'}")
    return declared


def _missing(role: RoleEntry, asked: Mapping[str, Any]) -> dict[str, str]:
    needed = {"services": asked["service"], "actions": asked["action"], "data": asked["data"]}
    return {key: word for key, word in needed.items() if word and word not in getattr(role, key)}


def _limits(role: RoleEntry, refused: Recorded, asked: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The limits of the role that were in the way, at just what was asked."""
    for rule in refused.answered.rules:
        if rule not in _LIMITED:
            continue
        limit, place = _LIMITED[rule]
        value: Any = asked
        for name in place:
            value = value[name]
        own = getattr(role.limits, limit)
        if own is not None and value > own:
            yield limit, value


def _route(configuration: Configuration, asked: Mapping[str, Any]) -> Route | None:
    service = configuration.catalogue.services.get(asked["service"])
    routes = service.routes if service else ()
    return next((route for route in routes if route.id == asked.get("route")), None)


def _words(configuration: Configuration, role: str) -> set[str]:
    grants: dict[str, dict[str, Any]] = configuration.compiled["grants"].get(role, {})
    return {f"{word} on {service}" for service, words in grants.items() for word in words}
