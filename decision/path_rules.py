"""Which rule speaks for a path: the forbidden paths of a role and the protected classes, each with its place.

Pure. What policy decides is decided in Rego, from tables of the same patterns; this explains it to people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from decision.path_patterns import covers
from decision.protected import ProtectedFile
from decision.roles import RolesFile
from decision.yaml_source import Where, YamlDocument


@dataclass(frozen=True, slots=True)
class PathRule:
    """One pattern, whose it is, and where it stands; `line` counts from 1."""

    kind: Literal["forbidden", "protected"]
    owner: str
    """The role, or the protected class."""
    pattern: str
    reason: str
    """Why the class is protected; empty for a role's own pattern."""
    file: str
    line: int


def forbidden_rules(document: YamlDocument, file: RolesFile) -> tuple[PathRule, ...]:
    """The forbidden paths of all roles."""
    return tuple(
        PathRule("forbidden", name, pattern, "", document.file, _line(document, where))
        for name, role in file.roles.items()
        for place, pattern in enumerate(role.forbidden_paths)
        for where in [("roles", name, "forbidden_paths", place)]
    )


def protected_rules(document: YamlDocument, file: ProtectedFile) -> tuple[PathRule, ...]:
    """The patterns of all protected classes."""
    return tuple(
        PathRule("protected", name, pattern, entry.reason, document.file, _line(document, where))
        for name, entry in file.classes.items()
        for place, pattern in enumerate(entry.patterns)
        for where in [("classes", name, "patterns", place)]
    )


def speaking(rules: Iterable[PathRule], role: str, path: str, *, agent: bool) -> tuple[PathRule, ...]:
    """The rules that forbid this path to this role; none means that it is free. Protected are paths from agents only."""
    return tuple(
        rule
        for rule in rules
        if (agent if rule.kind == "protected" else rule.owner == role) and covers(rule.pattern, path)
    )


def _line(document: YamlDocument, where: Where) -> int:
    return document.error_at(where, "").line
