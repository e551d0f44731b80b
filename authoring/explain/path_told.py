"""Which rule speaks for a path in a change, and where its pattern stands; pure but for the names of files.

Read from the same files as policy's tables; the deciding is Rego's, and a test holds the two against each other.
"""

from dataclasses import dataclass
from pathlib import Path

from decision.config import PROTECTED_FILE, Configuration
from decision.path_patterns import covers
from decision.path_rules import speaking

_KINDS = {"forbidden": "change.rules.forbidden_path", "protected": "change.rules.protected_path"}
_STEERING = {"gitattributes": "**/.gitattributes", "gitmodules": "**/.gitmodules"}


@dataclass(frozen=True, slots=True)
class PathRule:
    """One rule that denies the path: its name, the pattern that did it, why, and where that stands."""

    rule: str
    pattern: str
    reason: str
    file: str
    line: int


def path_rules(configuration: Configuration, folder: Path, role: str, path: str) -> tuple[PathRule, ...]:
    """The rules that deny this path to this role, which must exist; none means that it is free."""
    entry = configuration.roles[role]
    found = [
        PathRule(
            _KINDS[rule.kind],
            rule.pattern,
            f"{rule.owner}: {rule.reason}" if rule.reason else f"forbidden to {rule.owner}",
            rule.file,
            rule.line,
        )
        for rule in speaking(configuration.path_rules, role, path, agent=entry.agent)
    ]
    if entry.agent and PROTECTED_FILE not in configuration.sources:
        missing = str(folder / PROTECTED_FILE)
        found.append(
            PathRule(_KINDS["protected"], "*", "the file is missing, so nothing is free", missing, 1)
        )
    found += [
        PathRule("change.rules.special_file", pattern, f"needs special_files: [{kind}]", _roles(folder), 1)
        for kind, pattern in _STEERING.items()
        if kind not in entry.special_files and covers(pattern, path)
    ]
    return tuple(found)


def _roles(folder: Path) -> str:
    return str(folder / "roles.yaml")
