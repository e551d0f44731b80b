"""What a configuration allows and forbids, as a flat list of terms of which each can only go one way; pure.

Two lists are compared key by key. Every key of `roles.yaml`, `services.yaml`, `protected.yaml` and `approvals.yaml`
that bears on what may be done is in it, or the test that lists their keys fails.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from decision.catalogue import GitSide, Route, Service
from decision.config import Configuration
from decision.narrowing import META_ROLE
from decision.path_patterns import covers
from decision.roles import RoleEntry, RoleLimits
from decision.route_template import Parameter, parse_template

Key = tuple[str, ...]
Form = Literal["may", "must_not", "at_most", "at_least", "is"]
"""More is looser, more is stricter, higher is looser, higher is stricter, and what has no order."""


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is so. `within`: the term without which on both sides this one means nothing of its own."""

    form: Form
    text: str
    value: Any = True
    example: Mapping[str, Any] | None = None
    within: Key | None = None


class Granted(NamedTuple):
    """A route that a role may use."""

    role: str
    route: Route


def terms(configuration: Configuration) -> dict[Key, Term]:
    """All terms of a configuration, by a key that is the same in another version of it."""
    granted = list(_granted(configuration))
    found: dict[Key, Term] = {}
    for name, role in configuration.roles.items():
        found |= _role(name, role)
        found |= _paths(name, role, configuration)
    for each in granted:
        found |= _grant(each, configuration)
    services = {each.route.service for each in granted}
    for name in sorted(services):
        found |= _service(configuration.catalogue.services[name])
    for data in sorted(configuration.catalogue.sensitive):
        found["sensitive", data] = Term("must_not", f"what was read of {data} must not leave a workflow")
    found |= _approvals(configuration)
    found |= {
        ("protected", pattern): Term(
            "must_not", f"no agent changes {pattern}", example=_change("any agent's role", pattern)
        )
        for pattern in _protected(configuration)
    }
    return found


def _granted(configuration: Configuration) -> Iterator[Granted]:
    for role, services in configuration.compiled["grants"].items():
        for service, words in services.items():
            for route in configuration.catalogue.services[service].routes:
                if route.scope_word in words:
                    yield Granted(role, route)


def _role(name: str, role: RoleEntry) -> dict[Key, Term]:
    there: Key = ("role", name)
    found: dict[Key, Term] = {there: Term("may", f"there is a role {name}", example={"role": name})}
    if role.agent:
        found["agent", name] = Term("may", f"a workflow can have the role {name}", example={"role": name})
    else:
        found["people", name] = Term(
            "may", f"{name} is no agent's role, so protected paths do not hold it", example={"role": name}
        )
    for service in role.services:
        text = f"{name} knows that there is a service {service}"
        found["known", name, service] = Term("may", text, example={"role": name, "service": service})
    for action in {"create-branch", "create-pr"} & set(role.actions):
        text = f"{name} may have changes checked that it would {action}"
        found["proposes", name, action] = Term("may", text, example={"role": name, "action": "check"})
    for kind in role.special_files:
        text = f"changes of {name} may hold special files: {kind}"
        found["special", name, kind] = Term("may", text, example={"role": name, "change": {"holds": kind}})
    for limit in sorted(set(RoleLimits.model_fields) - {"max_body_bytes"}):
        value = getattr(role.limits, limit)
        if value is not None:
            example = {"role": name, limit: value + 1}
            found["limit", name, limit] = Term("at_most", f"{limit} of {name}", value, example, there)
    return found


def _paths(name: str, role: RoleEntry, configuration: Configuration) -> dict[Key, Term]:
    """The forbidden paths that are not forbidden by something else already."""
    above = () if not role.agent or name == META_ROLE else _protected(configuration)
    return {
        ("forbidden", name, pattern): Term(
            "must_not", f"{name} changes nothing in {pattern}", True, _change(name, pattern), ("role", name)
        )
        for pattern in _needed(role.forbidden_paths, above)
    }


def _protected(configuration: Configuration) -> tuple[str, ...]:
    """The protected patterns; everything where none are declared."""
    rules = [rule.pattern for rule in configuration.path_rules if rule.kind == "protected"]
    return _needed(rules, ()) if "protected" in configuration.compiled else ("*",)


def _needed(patterns: Iterable[str], above: Iterable[str]) -> tuple[str, ...]:
    """The patterns that no other one covers whole."""
    kept: list[str] = []
    every = sorted(set(patterns))
    for place, pattern in enumerate(every):
        others = [*above, *kept, *every[place + 1 :]]
        if not any(_covers_whole(other, pattern) for other in others):
            kept.append(pattern)
    return tuple(kept)


def _covers_whole(pattern: str, other: str) -> bool:
    """Whether all that `other` covers is covered by `pattern`: its text, read as a path, stands for all of it.

    What a star of `other` stands for is matched by a star of `pattern`, because only a star matches a star.
    """
    if not other.startswith("**/"):
        return covers(pattern, other)
    rest = other.removeprefix("**/")
    return covers(pattern, rest) and covers(pattern, f"*/{rest}")


def _grant(granted: Granted, configuration: Configuration) -> dict[Key, Term]:
    role, route = granted
    where = (role, route.service, route.id)
    example = {"role": role, "service": route.service, "method": route.method, "path": example_path(route)}
    text = f"{role} may {route.scope_word} on {route.service} by {route.id} ({route.method} {route.path})"
    limit = configuration.compiled["body_limits"][role][route.service][route.id]
    return {
        ("grant", *where): Term("may", text, example=example),
        ("body", *where): Term(
            "at_most",
            f"bytes of a body of {role} to {route.id} of {route.service}",
            limit,
            {**example, "body_bytes": limit + 1},
            ("grant", *where),
        ),
        **_route(route, example),
    }


def _route(route: Route, example: Mapping[str, Any]) -> dict[Key, Term]:
    """What is so of a route for everybody who may use it."""
    here: Key = (route.service, route.id)
    name = f"{route.id} of {route.service}"
    found: dict[Key, Term] = {
        ("route", *here): Term("is", f"what {name} is", f"{route.method} {route.path}", example),
        ("words", *here): Term("is", f"the scope word of {name}", route.scope_word, example),
        ("credential", *here): Term("is", f"the credential of {name}", route.credential or "none", example),
        ("people", *here): Term(
            "is", f"the credential of people for {name}", route.people_credential or "none", example
        ),
    }
    within = ("route", *here)
    if route.irreversible:
        found["held", *here] = Term("must_not", f"{name} waits for a person", True, example, within)
    if route.output:
        text = f"a body of {name} is validated as {route.output}"
        found["validated", *here, route.output] = Term("must_not", text, True, example, within)
    for parameter in sorted(route.encoded_slash):
        text = f"{parameter} in the path of {name} may hold an encoded slash"
        found["slash", *here, parameter] = Term("may", text, True, example, within)
    return found


def _service(service: Service) -> dict[Key, Term]:
    name = service.name
    upstream = service.upstream
    here: Key = ("service", name)
    address = f"{upstream.scheme}://{upstream.host}:{upstream.port}{upstream.base}"
    found: dict[Key, Term] = {
        here: Term("is", f"where {name} is", address),
        ("timeout", name): Term("at_most", f"seconds that {name} may take", service.timeout_s, within=here),
        ("trusted", name): Term(
            "is", f"the authorities that {name} is trusted by", service.ca_file or "usual"
        ),
    }
    if service.allow_loopback:
        found["loopback", name] = Term("may", f"{name} may be on this machine", within=here)
    if service.scan_bodies:
        found["scanned", name] = Term("must_not", f"bodies to {name} are searched for secrets", within=here)
    for kind, words in (
        ("host", service.hosts),
        ("request header", service.request_headers),
        ("response header", service.response_headers),
    ):
        for word in words:
            found[kind, name, word] = Term("may", f"{name} lets a {kind} through: {word}", within=here)
    return found | (_git(name, service.git) if service.git else {})


def _git(name: str, git: GitSide) -> dict[Key, Term]:
    here: Key = ("git", name)
    upstream = git.upstream
    address = f"{upstream.scheme}://{upstream.host}:{upstream.port}{upstream.base}"
    found: dict[Key, Term] = {
        here: Term("is", f"where the repositories of {name} are", address),
        ("git base", name): Term("is", f"what changes of {name} are measured against", git.base),
        ("git credential", name): Term("is", f"the credential for git of {name}", git.credential or "none"),
        ("git size", name): Term(
            "at_most", f"bytes of a push to {name}", git.max_push_bytes, {"service": name}, here
        ),
    }
    if git.allow_loopback:
        found["git loopback", name] = Term(
            "may", f"the repositories of {name} may be on this machine", within=here
        )
    for branch in git.staging:
        text = f"the {META_ROLE} may aim at {branch} of {name}"
        found["staging", name, branch] = Term("may", text, True, {"service": name, "base": branch}, here)
    for kind in git.require_evidence:
        text = f"a push to {name} needs {kind} passed"
        found["evidence", name, kind] = Term("must_not", text, True, {"service": name, kind: "absent"}, here)
    return found


def _approvals(configuration: Configuration) -> dict[Key, Term]:
    found: dict[Key, Term] = {}
    for name, template in configuration.compiled["approvals"].items():
        here: Key = ("template", name)
        found[here] = Term("may", f"there are terms under which {name} can be approved")
        for person in template["approvers"]:
            text = f"{person} may approve {name}"
            found["approver", name, person] = Term(
                "may", text, example={"template": name, "approver": person}
            )
        found["needed", name] = Term(
            "at_least", f"persons that {name} takes", template["needed"], within=here
        )
        found["expires", name] = Term(
            "at_most", f"seconds that {name} waits", template["expires_in_s"], within=here
        )
    return found


def example_path(route: Route) -> str:
    """A path that the route matches."""
    parts = ["x" if isinstance(part, Parameter) else part.text for part in parse_template(route.path)]
    return "/" + "/".join(parts)


def _change(role: str, pattern: str) -> dict[str, Any]:
    """A change of a path that the pattern covers."""
    path = pattern.removeprefix("**/").replace("*", "x")
    return {"role": role, "change": {"path": path}}
