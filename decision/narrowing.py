"""Proofs that a change to the policies makes them stricter: what the one exception for the meta-workflow rests on; pure.

By set inclusion over compiled tables and by the shape of a parsed module, never by reading a diff. What is not
proven is not so: anything unknown, missing or merely different is no narrowing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Tables = Mapping[str, Any]

META_ROLE = "meta-workflow"
"""The role that may propose stricter policies, and never a change of its own; `data.lib.change` names the same."""

_LIMITS = (
    *("max_requests_per_min", "max_diff_lines", "max_files_changed", "max_body_bytes"),
    *("max_tokens_per_workflow", "max_tokens_per_day", "hold_after_denials"),
)
_ROLE_KEYS = {"agent", "actions", "special_files", "forbidden", *_LIMITS}


def grants_subset(old: Tables, new: Tables, own_role: str) -> bool:
    """Whether `new` grants strictly less than `old` and is in nothing else wider.

    Both are tables of `compile_tables`, of two versions of `roles.yaml` with the same other files. No role is new,
    no limit higher or gone, no forbidden path gone, and `own_role`, whoever proposes this, stays as it is.
    """
    if any(
        old.get(key) != new.get(key)
        for key in ("routes", "services", "git", "protected", "approvals", "sensitive")
    ):
        return False
    before, after = _words(old), _words(new)
    # A service without a word of it grants nothing, and is still no longer unknown to the role.
    if any(set(services) - set(old["grants"].get(role, ())) for role, services in new["grants"].items()):
        return False
    if not after < before or own_role not in new["roles"]:
        return False
    unchanged = ("roles", "grants", "body_limits")
    if any(old[key].get(own_role) != new[key].get(own_role) for key in unchanged):
        return False
    return all(
        name in old["roles"] and _role_is_no_wider(old["roles"][name], role)
        for name, role in new["roles"].items()
    ) and _no_higher(old["body_limits"], new["body_limits"])


def exports_only_deny(module: Mapping[str, Any], area: str, name: str) -> bool:
    """Whether a module, as `opa parse --format json` gives it, is one of the vetoes of `area`, and nothing else.

    Its package is that of its folder, `deny` is a set and the only name without an underscore, it imports nothing
    but what all rules share, and nothing of it has a default or annotates an entry point.
    """
    if _package(module) != ["data", area, "vetoes", name] or not _imports_only_shared(module):
        return False
    rules = module.get("rules", [])
    if any(rule.get("default") for rule in rules) or _entry_point(module):
        return False
    exported = [rule["head"] for rule in rules if not rule["head"]["ref"][0]["value"].startswith("_")]
    return bool(exported) and all(_is_deny_set(head) for head in exported)


def exports_only_tests(module: Mapping[str, Any], area: str, name: str) -> bool:
    """Whether a module is the test of a veto: in a package of its own, with tests, and nothing else that has a name."""
    if _package(module) != ["data", area, "vetoes", f"{name}_test"] or _entry_point(module):
        return False
    names = [rule["head"]["ref"][0]["value"] for rule in module.get("rules", [])]
    return any(name.startswith("test_") for name in names) and all(
        name.startswith(("test_", "_")) for name in names
    )


def gathers_vetoes(module: Mapping[str, Any], area: str) -> bool:
    """Whether a module, the entry point of `area`, asks for `data.<area>.vetoes[_].deny`: else a veto never speaks."""
    return _package(module) == ["data", area] and any(_asks_every(part, area) for part in _parts(module))


def _parts(module: Mapping[str, Any]) -> Iterator[Any]:
    """All that a parsed module holds, however deep."""
    waiting: list[Any] = [module]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)


def _asks_every(part: Any, area: str) -> bool:
    match part:
        case [
            {"value": "data"},
            {"value": of},
            {"value": "vetoes"},
            {"type": "var"},
            {"value": "deny"},
        ]:
            return bool(of == area)
    return False


def _package(module: Mapping[str, Any]) -> list[Any]:
    return [part.get("value") for part in module.get("package", {}).get("path", [])]


def _imports_only_shared(module: Mapping[str, Any]) -> bool:
    paths = [[part["value"] for part in each["path"]["value"]] for each in module.get("imports", [])]
    return all(path[:2] == ["data", "lib"] for path in paths)


def _words(tables: Tables) -> set[tuple[str, str, str]]:
    return {
        (role, service, word)
        for role, services in tables["grants"].items()
        for service, words in services.items()
        for word in words
    }


def _role_is_no_wider(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if set(new) - _ROLE_KEYS or old["agent"] != new["agent"]:
        return False
    limits = all(key not in old or (key in new and new[key] <= old[key]) for key in _LIMITS)
    forbidden = all(new["forbidden"].get(pattern) == of for pattern, of in old["forbidden"].items())
    fewer = all(set(new[key]) <= set(old[key]) for key in ("actions", "special_files"))
    return limits and forbidden and fewer


def _no_higher(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return all(
        limit <= old[role][service][route]
        for role, services in new.items()
        for service, routes in services.items()
        for route, limit in routes.items()
        if service in old[role]
    )


def _entry_point(module: Mapping[str, Any]) -> bool:
    return any(annotation.get("entrypoint") for annotation in module.get("annotations", []))


def _is_deny_set(head: Mapping[str, Any]) -> bool:
    return [part["value"] for part in head["ref"]] == ["deny"] and "key" in head and "value" not in head
