"""What `doorless policy explain --role --path` does: which rule speaks for a path, and where it stands."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from authoring.explain.path_told import PathRule, path_rules
from decision.config import load_policies
from decision.validation import unknown
from decision.yaml_source import ConfigErrors
from doorless.problem import Problem


def explain(folder: Path, role: str, path: str) -> tuple[PathRule, ...]:
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
    return path_rules(configuration, folder, role, path)


def shown(spoken: tuple[PathRule, ...], role: str, path: str, form: Literal["text", "json"]) -> str:
    """The answer as it is printed."""
    if form == "json":
        answer = {"role": role, "path": path, "allowed": not spoken, "rules": [asdict(one) for one in spoken]}
        return json.dumps(answer, indent=2) + "\n"
    if not spoken:
        return f"{path}: free for {role}; size, secrets, findings and names are judged with the change.\n"
    lines = [f"{path}: denied to {role}"]
    lines += [f"  {one.rule}: {one.pattern} at {one.file}:{one.line} ({one.reason})" for one in spoken]
    return "\n".join(lines) + "\n"


def _check(path: str) -> None:
    if not path or path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
        raise Problem(
            f"{path!r} is no path within a repository.",
            "Git names files from the root of the repository, without a leading slash, . or ..",
            "Name it as `git ls-files` does, like src/app.py.",
        )
