"""What `doorless policy explain --role --path` does: which rule speaks for a path, and where it stands.

Read from the same files as policy's tables; the deciding is Rego's, and a test holds the two against each other.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from decision.config import PROTECTED_FILE, Configuration, load_policies
from decision.path_patterns import covers
from decision.path_rules import speaking
from decision.validation import unknown
from decision.yaml_source import ConfigErrors
from doorless.problem import Problem

_KINDS = {"forbidden": "change.rules.forbidden_path", "protected": "change.rules.protected_path"}
_STEERING = {"gitattributes": "**/.gitattributes", "gitmodules": "**/.gitmodules"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """One rule that denies the path: its name, the pattern that did it, why, and where that stands."""

    rule: str
    pattern: str
    reason: str
    file: str
    line: int


def explain(folder: Path, role: str, path: str) -> tuple[Spoken, ...]:
    """The rules that deny this path to this role; none means that it is free. Raises `Problem`."""
    _check(path)
    try:
        configuration = load_policies(folder)
    except ConfigErrors as errors:
        raise Problem("The policies do not load.", str(errors), "Mend the named lines.") from None
    if role not in configuration.roles:
        raise Problem(
            f"There is no role {role}.",
            unknown("role", role, configuration.roles),
            f"Name a role of {folder / 'roles.yaml'}.",
        )
    return tuple(_speaking(configuration, folder, role, path))


def shown(spoken: tuple[Spoken, ...], role: str, path: str, form: Literal["text", "json"]) -> str:
    """The answer as it is printed."""
    if form == "json":
        answer = {"role": role, "path": path, "allowed": not spoken, "rules": [asdict(one) for one in spoken]}
        return json.dumps(answer, indent=2) + "\n"
    if not spoken:
        return f"{path}: free for {role}; size, secrets, findings and names are judged with the change.\n"
    lines = [f"{path}: denied to {role}"]
    lines += [f"  {one.rule}: {one.pattern} at {one.file}:{one.line} ({one.reason})" for one in spoken]
    return "\n".join(lines) + "\n"


def _speaking(configuration: Configuration, folder: Path, role: str, path: str) -> list[Spoken]:
    entry = configuration.roles[role]
    found = [
        Spoken(
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
        found.append(Spoken(_KINDS["protected"], "*", "the file is missing, so nothing is free", missing, 1))
    found += [
        Spoken("change.rules.special_file", pattern, f"needs special_files: [{kind}]", _roles(folder), 1)
        for kind, pattern in _STEERING.items()
        if kind not in entry.special_files and covers(pattern, path)
    ]
    return found


def _roles(folder: Path) -> str:
    return str(folder / "roles.yaml")


def _check(path: str) -> None:
    if not path or path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
        raise Problem(
            f"{path!r} is no path within a repository.",
            "Git names files from the root of the repository, without a leading slash, . or ..",
            "Name it as `git ls-files` does, like src/app.py.",
        )
